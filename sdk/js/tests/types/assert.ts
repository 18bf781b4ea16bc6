/** Tells whether two types are the same, whatever makes them up. */
export type Same<A, B> = (<T>() => T extends Flat<A> ? 1 : 2) extends <T>() => T extends Flat<B> ? 1 : 2 ? true : false
type Flat<T> = T extends object ? { [K in keyof T]: Flat<T[K]> } : T

/** Fails to compile unless `T` is exactly what the value is: `exactly<string>()(task.title)`. */
export const exactly =
  <T>() =>
  <V>(_value: V, ..._same: Same<T, V> extends true ? [] : [never]): void => {}
