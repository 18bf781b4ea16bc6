import type { Auth } from './auth-types.js';
import { type Batch, type Write, type Written } from './batch.js';
import { type Channels } from './channels.js';
import type { LinkState, SocketClass } from './link.js';
import { type LiveMethods } from './live.js';
import { type PasskeyDevice } from './passkey.js';
import { type Queue } from './queue.js';
import { type Http, type HttpOptions } from './request.js';
import { type Collection, type WriteOptions } from './rows.js';
import { type StorageChoice } from './storage.js';
import type { Drafts, Model, Schema } from './types.js';
export interface ClientOptions extends HttpOptions {
    /** Where the session is kept, and writes that wait: `local` where there is one, unless given. */
    storage?: StorageChoice;
    /** Where there is none of its own, as on Node 20: that of the package `ws`. Live lists do without, by a request for each. */
    webSocket?: SocketClass;
    /** What makes passkeys, where that is not the browser. */
    passkeys?: PasskeyDevice;
}
/** The names of the key's fields of each model. */
export type ModelKeys<S extends Schema> = {
    readonly [C in keyof S['models']]: readonly string[];
};
/** A client: a collection for each model, and what is not a model's. */
export type Client<S extends Schema> = Core<S> & {
    readonly [C in keyof S['models']]: S['models'][C] extends infer M extends Model ? Collection<M> & ('live' extends M['can'] ? LiveMethods<M> : {}) : never;
};
/** What a client has beside its collections. */
export interface Core<S extends Schema> {
    /** Requests of your own, with the client's sign-in, errors and retries. */
    readonly http: Http;
    /** Signing in, and what belongs to the caller's account. */
    readonly auth: Auth<S>;
    /** The connection that live lists share. */
    readonly connection: {
        readonly state: LinkState;
        onState(listener: (state: LinkState) => void): () => void;
    };
    /** Named places where those who are connected tell each other things. */
    readonly channels: Channels;
    /** Writes with `queue: true`: those that are on their way. */
    readonly queue: Queue;
    /** Ends what is live, and hears no other tab any more. */
    close(): void;
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
/** Makes a client. The generated file calls it with what it knows of the models, and its own types. */
export declare function createClient<S extends Schema>(keys: ModelKeys<S>, options?: ClientOptions, drafts?: Drafts<S>): Client<S>;
