/** Who listens to something. */
export interface Listeners<T> {
    /** Adds one; returns what takes it away. */
    on(listener: (value: T) => void): () => void;
    tell(value: T): void;
}
/** Nobody yet. */
export declare function createListeners<T>(): Listeners<T>;
