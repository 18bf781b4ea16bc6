import { createAuth } from './auth.js'
import type { Auth } from './auth-types.js'
import { createBatch, type Batch, type Write, type Written } from './batch.js'
import { createChannels, type Channels } from './channels.js'
import type { LinkState, SocketClass } from './link.js'
import { createLive, type LiveMethods } from './live.js'
import { browserPasskeys, type PasskeyDevice } from './passkey.js'
import { createQueue, type Queue, type QueueKeeper } from './queue.js'
import { createHttp, type Http, type HttpOptions } from './request.js'
import { createCollection, type Collection, type ModelMeta, type WriteOptions } from './rows.js'
import { createSession } from './session.js'
import { createStore, type StorageChoice } from './storage.js'
import type { Drafts, Model, Schema } from './types.js'
import type { Row } from './window.js'

export interface ClientOptions extends HttpOptions {
  /** Where the session is kept, and writes that wait: `local` where there is one, unless given. */
  storage?: StorageChoice
  /** Where there is none of its own, as on Node 20: that of the package `ws`. Live lists do without, by a request for each. */
  webSocket?: SocketClass
  /** What makes passkeys, where that is not the browser. */
  passkeys?: PasskeyDevice
}

/** The names of the key's fields of each model. */
export type ModelKeys<S extends Schema> = { readonly [C in keyof S['models']]: readonly string[] }

/** A client: a collection for each model, and what is not a model's. */
export type Client<S extends Schema> = Core<S> & {
  readonly [C in keyof S['models']]: S['models'][C] extends infer M extends Model ? Collection<M> & ('live' extends M['can'] ? LiveMethods<M> : {}) : never
}

/** What a client has beside its collections. */
export interface Core<S extends Schema> {
  /** Requests of your own, with the client's sign-in, errors and retries. */
  readonly http: Http
  /** Signing in, and what belongs to the caller's account. */
  readonly auth: Auth<S>
  /** The connection that live lists share. */
  readonly connection: { readonly state: LinkState; onState(listener: (state: LinkState) => void): () => void }
  /** Named places where those who are connected tell each other things. */
  readonly channels: Channels
  /** Writes with `queue: true`: those that are on their way. */
  readonly queue: Queue
  /** Ends what is live, and hears no other tab any more. */
  close(): void
  /**
   * Several writes as one transaction, all or none; the answers are in order.
   *
   *     const [project, task] = await app.batch((tx) => [
   *       tx.projects.create({ id, code: 'APO', name: 'Apollo' }),
   *       tx.tasks.create({ title: 'Build it', projectId: id }),
   *     ])
   */
  batch<const W extends readonly Write<unknown>[]>(build: (tx: Batch<S>) => W, options?: WriteOptions): Promise<Written<W>>
}

/** Makes a client. The generated file calls it with what it knows of the models, and its own types. */
export function createClient<S extends Schema>(keys: ModelKeys<S>, options: ClientOptions = {}, drafts: Drafts<S> = {}): Client<S> {
  const metas: Record<string, ModelMeta> = {}
  for (const [name, key] of Object.entries<readonly string[]>(keys)) metas[name] = { path: '/api/' + name, key, draft: (drafts as Record<string, ModelMeta['draft']>)[name] }
  const cookie = options.storage === 'cookie'
  const http = createHttp(cookie ? { credentials: 'include', ...options, headers: { 'Loam-Session': 'cookie', ...options.headers } } : options)
  const name = 'loam:' + http.url
  const session = createSession(http, createStore(options.storage, name), cookie)
  http.credentials = session
  const queue: QueueKeeper = createQueue(http, session, createStore(options.storage, name + ':queue'), metas, (path) => live.refresh(path))
  const live = createLive(http, session, queue.pending, options.webSocket)
  const channels = createChannels(http, session, options.webSocket)
  const trips = createStore(typeof options.storage === 'object' ? options.storage : 'session', name + ':trip')
  const auth = createAuth(http, session, trips, options.passkeys ?? browserPasskeys, queue.clear)

  const collections = Object.fromEntries(
    Object.entries(metas).map(([name, meta]) => {
      const follow = (args: object, listener: (rows: Row[]) => void, o?: object): (() => void) => live.follow(meta, args, listener, o)
      return [name, { ...createCollection(http, meta, queue), live: follow }]
    }),
  )
  const close = (): void => [live, channels, queue, session, trips].forEach((part) => part.close())
  return {
    ...collections,
    http,
    batch: createBatch(http, metas),
    auth,
    connection: live,
    channels: Object.assign(channels, collections['channels']), // a model may have that name
    queue,
    close,
  } as unknown as Client<S>
}
