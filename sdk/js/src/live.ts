import { LoamError } from './errors.js'
import { createLink, failure, type Link, type LinkState, type Message, type SocketClass } from './link.js'
import type { Http } from './request.js'
import { listQuery, type ModelMeta } from './rows.js'
import type { SessionKeeper } from './session.js'
import type { Include, ListArgs, Model, Selected, FieldOf } from './types.js'
import { ahead, applied, nothing, whole, type EventData, type Pending, type Relations, type Row, type Window } from './window.js'

/**
 * How a live list is doing. `connecting`: its rows are not known yet. `live`: they
 * are, and stay true. `offline`: they are as of when the connection was lost.
 * `failed`: the server refuses the list.
 */
export type LiveState = 'connecting' | 'live' | 'offline' | 'failed'

/** What is known of a live list beside its rows. */
export interface LiveInfo {
  state: LiveState
  /** Of what comes after the last row that the server has in the list; null where nothing does. It changes as they do. */
  nextCursor: string | null
  /** Where the query asks for `count`. */
  total: number | undefined
  /** Why it failed. */
  error: LoamError | undefined
}

export interface LiveOptions<R> {
  onError?: (err: LoamError) => void
  /** Hears the state, also where the rows stay as they are. */
  onState?: (info: LiveInfo) => void
  /** Where a row stands that is created by the queue, until the server says; unless given, it is not shown before. */
  place?: (row: R, rows: readonly R[]) => number | 'first' | 'last' | undefined
}

/** A model's live lists. */
export interface LiveMethods<M extends Model> {
  /**
   * Follows a list: hears all of its rows, now and whenever they have changed. Returns
   * what ends it.
   */
  live<const F extends readonly FieldOf<M>[] | undefined = undefined, const I extends Include<M> = {}>(
    args: ListArgs<M, F, I> & { count?: boolean },
    listener: (rows: Selected<M, F, I>[], info: LiveInfo) => void,
    options?: LiveOptions<Selected<M, F, I>>,
  ): () => void
}

interface Listener {
  rows: (rows: Row[], info: LiveInfo) => void
  options: LiveOptions<Row>
  shown: Row[] | undefined
  told: LiveInfo | undefined
}

// One list, shared by all who follow it.
interface Followed {
  meta: ModelMeta
  path: string
  include: object
  drafts: WeakMap<Row, Row> // with what is included, one object as long as nothing changes
  id: number
  window: Window
  known: boolean // there were rows
  position: string | undefined
  error: LoamError | undefined
  tries: number
  listeners: Set<Listener>
  due: ReturnType<typeof setTimeout> | undefined
}

/** The live lists of a client, over one connection. */
export interface Live {
  readonly state: LinkState
  onState(listener: (state: LinkState) => void): () => void
  follow(meta: ModelMeta, args: object, listener: Listener['rows'], options?: LiveOptions<Row>): () => void
  /** Shows rows anew: what is on its way has changed. */
  refresh(path?: string): void
  close(): void
}

const restless = 1_000 // milliseconds within which to try again what the server could not do

export function createLive(http: Http, session: SessionKeeper, pending: () => readonly Pending[], socket?: SocketClass): Live {
  const lists = new Map<string, Followed>()
  const byId = new Map<number, Followed>()
  let next = 1

  const stateOf = (f: Followed): LiveState =>
    f.error ? 'failed' : link.state === 'offline' ? 'offline' : link.state === 'live' && f.known ? 'live' : f.known ? 'offline' : 'connecting'

  const infoOf = (f: Followed, state: LiveState): LiveInfo => ({ state, nextCursor: f.window.nextCursor, total: f.window.total, error: f.error })

  const completed = (f: Followed, row: Row, rows: readonly Row[]): Row | undefined => {
    const made = f.drafts.get(row) ?? whole(row, f.include, (f.meta.draft?.relations ?? {}) as Relations, rows)
    if (made) f.drafts.set(row, made)
    return made
  }
  const show = (f: Followed): void => {
    clearTimeout(f.due)
    f.due = undefined
    const state = stateOf(f)
    const info = infoOf(f, state)
    const mine = pending().filter((p) => p.path === f.meta.path)
    for (const l of f.listeners) {
      const rows = mine.length ? ahead(f.window.rows, f.meta.key, mine, l.options.place, (row, rows) => completed(f, row, rows)) : f.window.rows
      const { told } = l
      l.told = info
      if (state !== told?.state) l.options.onState?.(info)
      if (!f.known && !rows.length) continue
      if (state === told?.state && info.nextCursor === told.nextCursor && l.shown?.length === rows.length && rows.every((r, i) => r === l.shown![i])) continue
      l.rows((l.shown = rows), info)
    }
  }
  // What comes in one go is shown at once.
  const soon = (f: Followed): void => {
    f.due ??= setTimeout(show, 0, f)
  }

  const ask = (f: Followed): void => {
    byId.delete(f.id)
    byId.set((f.id = next++), f)
    link.say({ type: 'subscribe', id: f.id, path: f.path, ...(f.position && { since: f.position }) })
  }
  const refused = (f: Followed, err: LoamError): void => {
    byId.delete(f.id)
    const again = (err.code === 'realtime/bad_position' && f.position !== undefined) || err.retryable || err.code === 'realtime/restart'
    if (err.code === 'realtime/bad_position') f.position = undefined
    if (again) {
      setTimeout(() => lists.get(f.path) === f && link.state === 'live' && !byId.has(f.id) && ask(f), Math.random() * Math.min(30_000, restless * 2 ** f.tries++))
      return
    }
    f.error = err
    show(f)
    f.listeners.forEach((l) => l.options.onError?.(err))
  }

  const link: Link = createLink(
    http,
    session,
    '/live',
    'loam-live',
    {
      opened: () => {
        byId.clear()
        for (const f of lists.values()) if (!f.error) ask(f)
      },
      heard: (m: Message) => {
        const f = byId.get(m.id as number)
        if (!f) return
        if (m.type === 'error') return refused(f, failure(m['data'] as object))
        if (typeof m['position'] === 'string') f.position = m['position']
        if (m.type === 'position') return
        f.tries = 0
        if (m.type === 'rows') f.known = true
        f.window = applied(f.window, m.type, (m['data'] ?? {}) as EventData, f.meta.key)
        soon(f)
      },
      changed: () => lists.forEach(soon),
    },
    socket,
    async () => (await import('./stream.js')).streamSocket(http),
  )

  // Rows of somebody else are nobody's to see.
  const stop = session.onSwitch(() => {
    for (const f of lists.values()) {
      f.window = nothing
      f.position = f.error = undefined
      f.known = false
      f.tries = 0
      f.listeners.forEach((l) => {
        if (l.shown) l.rows((l.shown = []), infoOf(f, 'connecting'))
      })
      soon(f)
    }
  })

  const begun = (path: string, meta: ModelMeta, include: object = {}): Followed => {
    const f: Followed = { meta, path, include, drafts: new WeakMap(), id: 0, window: nothing, known: false, position: undefined, error: undefined, tries: 0, listeners: new Set(), due: undefined }
    lists.set(path, f)
    link.need(true)
    if (link.state === 'live') ask(f)
    return f
  }
  const ended = (f: Followed): void => {
    clearTimeout(f.due)
    lists.delete(f.path)
    if (byId.delete(f.id)) link.say({ type: 'unsubscribe', id: f.id })
    if (!lists.size) link.need(false)
  }

  return {
    get state() {
      return link.state
    },
    onState: link.onState,
    follow: (meta, args, listener, options = {}) => {
      const query = listQuery(args)
      const path = meta.path + (query && '?' + query)
      const f = lists.get(path) ?? begun(path, meta, (args as { include?: object }).include)
      const l: Listener = { rows: listener, options, shown: undefined, told: undefined }
      f.listeners.add(l)
      soon(f)
      return () => {
        if (f.listeners.delete(l) && !f.listeners.size) ended(f)
      }
    },
    refresh: (path) => lists.forEach((f) => (path === undefined || f.meta.path === path) && soon(f)),
    close: () => {
      stop()
      lists.forEach(ended)
      link.close()
    },
  }
}
