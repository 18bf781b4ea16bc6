/**
 * A new id, as the server would make it: a UUIDv7, which sorts by the time it was
 * made. For a row that others in the same batch refer to, or that is shown before
 * it is stored.
 */
export declare function newId(): string;
