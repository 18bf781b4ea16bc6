import { type Batch, type Write, type Written } from './batch.js';
import { type Http, type HttpOptions } from './request.js';
import { type Collection, type WriteOptions } from './rows.js';
import type { Model, Schema } from './types.js';
export interface ClientOptions extends HttpOptions {
}
/** The names of the key's fields of each model. */
export type ModelKeys<S extends Schema> = {
    readonly [C in keyof S['models']]: readonly string[];
};
/** A client: a collection for each model, and what is not a model's. */
export type Client<S extends Schema> = Core<S> & {
    readonly [C in keyof S['models']]: S['models'][C] extends infer M extends Model ? Collection<M> : never;
};
/** What a client has beside its collections. */
export interface Core<S extends Schema> {
    /** Requests of your own, with the client's sign-in, errors and retries. */
    readonly http: Http;
    /**
     * Several writes as one transaction, all or none; the answers are in order.
     *
     *     const [project, task] = await app.batch((tx) => [
     *       tx.projects.create({ id, code: 'APO', name: 'Apollo' }),
     *       tx.tasks.create({ title: 'Build it', projectId: id }),
     *     ])
     */
    batch<const W extends readonly Write<unknown>[]>(build: (tx: Batch<S>) => W, options?: WriteOptions): Promise<Written<W>>;
}
/** Makes a client. The generated file calls it with the models' keys, and its own types. */
export declare function createClient<S extends Schema>(keys: ModelKeys<S>, options?: ClientOptions): Client<S>;
