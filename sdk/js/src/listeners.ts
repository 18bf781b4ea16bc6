/** Who listens to something. */
export interface Listeners<T> {
  /** Adds one; returns what takes it away. */
  on(listener: (value: T) => void): () => void
  tell(value: T): void
}

/** Nobody yet. */
export function createListeners<T>(): Listeners<T> {
  const all = new Set<(value: T) => void>()
  return {
    on: (listener) => {
      all.add(listener)
      return () => void all.delete(listener)
    },
    tell: (value) => {
      for (const listener of all) {
        try {
          listener(value)
        } catch (err) {
          queueMicrotask(() => {
            throw err // the page hears of its mistake, and the others of what happened
          })
        }
      }
    },
  }
}
