import type { LiveInfo, LiveOptions } from '@loam/client';
/** Whether what is shown stays true by itself: `offline` is as of when the connection was lost. */
export type Liveness = 'live' | 'connecting' | 'offline';
export type Row = Record<string, unknown>;
/** A page of a list, as it is cached. */
export interface Rows {
    items: Row[];
    nextCursor: string | null;
    total?: number;
}
type Place = LiveOptions<Row>['place'];
/** The part of a collection that is followed. */
export interface Source {
    live(args: object, listener: (rows: Row[], info: LiveInfo) => void, options?: LiveOptions<Row>): () => void;
}
/** One live list. */
export interface Following {
    readonly state: Liveness;
    /** As long as it is live. */
    readonly rows: Rows | undefined;
    /** Keeps it while there is a subscriber, and hears its state. */
    subscribe(listener: () => void): () => void;
    /** Its rows once they are known; undefined where it can't be followed now. */
    first(signal?: AbortSignal): Promise<Rows | undefined>;
}
export interface Follower {
    /** The live list of a name: the one there is, or a new one. */
    follow(name: string, source: Source, args: object, feed: (rows: Rows) => void, place?: Place): Following;
    state(name: string): Liveness;
    /** What the server last said of one that is live. */
    rows(name: string): Rows | undefined;
    /** Whether a query is kept true by one that is live: of its own name, or of as many pages as it has. */
    keeps(query: string): boolean;
    /** Has these say once more what they know; false where there is none. */
    again(query: string): boolean;
    /** Ends all of them. */
    end(): void;
}
/** The live lists of one client. */
export declare function createFollower(): Follower;
export {};
