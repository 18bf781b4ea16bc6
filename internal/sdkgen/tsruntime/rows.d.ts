import type { Http } from './request.js';
import type { Draft, FieldOf, GetArgs, Include, ListArgs, Model, Page, Relation, Selected, TotalArgs, Totals } from './types.js';
/** How a call is made; what is asked stands before it. */
export interface CallOptions {
    signal?: AbortSignal | undefined;
    /** Milliseconds for one attempt. */
    timeout?: number;
    /** Whether a failure that may pass is tried again; it is unless this says no. */
    retry?: boolean;
}
export interface WriteOptions extends CallOptions {
    /** A key of your own; the client makes one for each call by itself. */
    idempotencyKey?: string;
}
export interface ChangeOptions extends WriteOptions {
    /** The version that the row must still have; otherwise `data/version`. */
    ifVersion?: number;
}
/** Of a write that may wait. */
export interface Queueing {
    /**
     * Applies it to live lists at once, and sends it when the server is reached, after
     * those before it: through lost connections, and after the page was loaded anew. It
     * is taken back where the server refuses it.
     */
    queue?: boolean;
}
type Fields<M extends Model> = readonly FieldOf<M>[] | undefined;
type Plain<M extends Model> = readonly M['plain'][];
type Numeric<M extends Model> = readonly M['number'][];
/** What can be done with the rows of a model. A collection has those of it that the rules leave to anybody. */
export interface Methods<M extends Model> {
    /** A page of rows. */
    list<const F extends Fields<M> = undefined, const I extends Include<M> = {}, const C extends boolean = false>(args?: ListArgs<M, F, I> & {
        count?: C;
    }, options?: CallOptions): Promise<Page<Selected<M, F, I>> & (C extends true ? {
        total: number;
    } : {})>;
    /** All pages, one after the other: `for await (const page of app.tasks.pages({ limit: 500 }))`. */
    pages<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(args?: ListArgs<M, F, I>, options?: CallOptions): AsyncGenerator<Selected<M, F, I>[], void, undefined>;
    /** How many rows match. */
    count(args?: {
        where?: M['filter'];
    }, options?: CallOptions): Promise<number>;
    /** Counts, sums, averages and extremes, by group. */
    aggregate<const G extends Plain<M> = [], const S extends Numeric<M> = [], const A extends Numeric<M> = [], const L extends Plain<M> = [], const H extends Plain<M> = []>(args?: TotalArgs<M, G, S, A, L, H>, options?: CallOptions): Promise<Totals<M, G, S, A, L, H>[]>;
    /** One row by its key; `data/not_found` where there is none that the caller may see. */
    get<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(key: M['key'], args?: GetArgs<M, F, I>, options?: CallOptions): Promise<Selected<M, F, I>>;
    create(input: M['create'], options?: WriteOptions & Queueing): Promise<M['row']>;
    /** Changes the fields that are given; null empties one. */
    update(key: M['key'], input: M['update'], options?: ChangeOptions & Queueing): Promise<M['row']>;
    /** Changes the row that has the same primary or unique key, or makes one. */
    upsert(input: M['create'], options?: ChangeOptions): Promise<M['row']>;
    delete(key: M['key'], options?: ChangeOptions & Queueing): Promise<void>;
}
/** A model's rows, and what can be done with them. */
export type Collection<M extends Model> = Pick<Methods<M>, keyof Methods<M> & M['can']>;
/** A model, as it is known when the app runs. */
export interface ModelMeta {
    /** `/api/tasks` */
    readonly path: string;
    /** The names of the key's fields, in order. */
    readonly key: readonly string[];
    readonly draft?: Draft<AnyModel> | undefined;
}
type AnyModel = Model & {
    row: Record<string, unknown>;
    create: {};
    relations: Record<string, Relation>;
};
interface AnyArgs {
    where?: object;
    fields?: readonly string[] | undefined;
    include?: object;
    sort?: string | readonly string[];
    limit?: number;
    cursor?: string | null;
    search?: string;
    count?: boolean;
}
/** What takes writes that may wait. */
export interface Writes {
    create(meta: ModelMeta, input: object): Promise<object>;
    update(meta: ModelMeta, key: unknown, input: object, ifVersion?: number): Promise<object>;
    remove(meta: ModelMeta, key: unknown, ifVersion?: number): Promise<void>;
}
/** The collection of a model. */
export declare function createCollection(http: Http, meta: ModelMeta, queue: Writes): Methods<Model>;
/** The path of a row: the values of its key in order, joined by commas. */
export declare function rowPath(meta: ModelMeta, key: unknown): string;
/** The query of a list's URL: the same text for the same arguments. */
export declare function listQuery(args: AnyArgs): string;
export {};
