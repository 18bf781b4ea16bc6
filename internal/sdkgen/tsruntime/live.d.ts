import { LoamError } from './errors.js';
import { type LinkState, type SocketClass } from './link.js';
import type { Http } from './request.js';
import { type ModelMeta } from './rows.js';
import type { SessionKeeper } from './session.js';
import type { Include, ListArgs, Model, Selected, FieldOf } from './types.js';
import { type Pending, type Row } from './window.js';
/**
 * How a live list is doing. `connecting`: its rows are not known yet. `live`: they
 * are, and stay true. `offline`: they are as of when the connection was lost.
 * `failed`: the server refuses the list.
 */
export type LiveState = 'connecting' | 'live' | 'offline' | 'failed';
/** What is known of a live list beside its rows. */
export interface LiveInfo {
    state: LiveState;
    /** Of what comes after the last row that the server has in the list; null where nothing does. It changes as they do. */
    nextCursor: string | null;
    /** Where the query asks for `count`. */
    total: number | undefined;
    /** Why it failed. */
    error: LoamError | undefined;
}
export interface LiveOptions<R> {
    onError?: (err: LoamError) => void;
    /** Hears the state, also where the rows stay as they are. */
    onState?: (info: LiveInfo) => void;
    /** Where a row stands that is created by the queue, until the server says; unless given, it is not shown before. */
    place?: (row: R, rows: readonly R[]) => number | 'first' | 'last' | undefined;
}
/** A model's live lists. */
export interface LiveMethods<M extends Model> {
    /**
     * Follows a list: hears all of its rows, now and whenever they have changed. Returns
     * what ends it.
     */
    live<const F extends readonly FieldOf<M>[] | undefined = undefined, const I extends Include<M> = {}>(args: ListArgs<M, F, I> & {
        count?: boolean;
    }, listener: (rows: Selected<M, F, I>[], info: LiveInfo) => void, options?: LiveOptions<Selected<M, F, I>>): () => void;
}
interface Listener {
    rows: (rows: Row[], info: LiveInfo) => void;
    options: LiveOptions<Row>;
    shown: Row[] | undefined;
    told: LiveInfo | undefined;
}
/** The live lists of a client, over one connection. */
export interface Live {
    readonly state: LinkState;
    onState(listener: (state: LinkState) => void): () => void;
    follow(meta: ModelMeta, args: object, listener: Listener['rows'], options?: LiveOptions<Row>): () => void;
    /** Shows rows anew: what is on its way has changed. */
    refresh(path?: string): void;
    close(): void;
}
export declare function createLive(http: Http, session: SessionKeeper, pending: () => readonly Pending[], socket?: SocketClass): Live;
export {};
