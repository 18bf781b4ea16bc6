import { LoamError } from './errors.js'
import { newId } from './id.js'
import { createListeners, type Listeners } from './listeners.js'
import { sleep, type Http } from './request.js'
import { rowPath, type ModelMeta, type Writes } from './rows.js'
import type { SessionKeeper } from './session.js'
import type { Store } from './storage.js'
import { idOf, type Pending, type Row } from './window.js'

/** A write that was refused: what it showed is taken back. */
export interface Refused {
  error: LoamError
  kind: 'create' | 'update' | 'delete'
  /** `/api/tasks` */
  path: string
  id: string
  input?: object
}

/** Writes that are applied at once, and sent when the server is reached. */
export interface Queue {
  /** How many are on their way. */
  readonly size: number
  onChange: Listeners<number>['on']
  /** Hears what was refused, also of writes from before the page was loaded anew. */
  onRefused: Listeners<Refused>['on']
  /** Gives up all that is on its way. */
  clear(): Promise<void>
}

// As it is stored.
interface Write extends Pending {
  /** Whose it is: the user and the organization, for it is sent as nobody else. */
  user: string
  org: string
  /** When it was made, as in ISO 8601. */
  at: string
  method: 'POST' | 'PATCH' | 'DELETE'
  url: string
  ifVersion?: number
}

const most = 1_000 // writes that may wait
const mostBytes = 1 << 20 // of their text
const echo = 5_000 // milliseconds for the live lists to tell of what was done
const longestWait = 30_000
const longestObeyed = 600_000 // of a Retry-After

export interface QueueKeeper extends Queue, Writes {
  pending(): readonly Pending[]
  close(): void
}

/** The queue of a client. `shown` shows the live lists of a path anew. */
export function createQueue(http: Http, session: SessionKeeper, store: Store, metas: Record<string, ModelMeta>, shown: (path?: string) => void): QueueKeeper {
  let writes: Write[] = [] // what is stored, and what was done a moment ago
  // A new row as it will be.
  const drafted = (w: Write): Write =>
    w.kind === 'create' ? { ...w, row: { ...metas[w.path.slice(5)]?.draft?.row({ id: w.id, at: w.at, by: w.user }), ...w.input } } : w
  const waiting = new Map<string, { resolve: (row: never) => void; reject: (err: LoamError) => void }>()
  const changes = createListeners<number>()
  const refusals = createListeners<Refused>()
  const stop = new AbortController()
  let running = false
  let more = false
  let nudge: AbortController | undefined // ends a pause

  const mine = (w: Write): boolean => session.who === w.user + ' ' + w.org
  const undone = (): Write[] => writes.filter((w) => !w.done)
  const changed = (path?: string): void => {
    shown(path)
    changes.tell(undone().length)
  }
  const save = (fn: (stored: Write[]) => Write[]): Promise<void> =>
    store.change<Write[]>((stored) => {
      const next = fn(stored ?? [])
      const bytes = JSON.stringify(next).length
      if (next.length > most || bytes > mostBytes) {
        throw new LoamError({ code: 'client/queue_full', message: `${stored?.length ?? 0} writes wait to be sent; ${most} may, of ${mostBytes} bytes together` })
      }
      return next
    })
  const forget = (is: (w: Write) => boolean, why = new LoamError({ code: 'client/aborted', message: 'the write was given up before it was sent' })): void => {
    for (const { key } of writes.filter(is)) {
      waiting.get(key)?.reject(why)
      waiting.delete(key)
    }
    writes = writes.filter((w) => !is(w))
    changed()
  }
  const everything = (): boolean => true

  // A write is over: its row counts until the lists tell of it, or it is taken back.
  const settle = (key: string, row: Row | undefined, error: LoamError | undefined): void => {
    const w = writes.find((x) => x.key === key)
    const promise = waiting.get(key)
    waiting.delete(key)
    if (w && error) {
      writes = writes.filter((x) => x !== w)
      const { kind, path, id, input } = w
      refusals.tell({ error, kind, path, id, ...(input && { input }) })
    } else if (w) {
      w.done = row ?? true
      if (w.row) w.row = { ...w.row, ...row }
      setTimeout(() => {
        writes = writes.filter((x) => x !== w)
        shown(w.path)
      }, echo)
    }
    if (error) promise?.reject(error)
    else promise?.resolve(row as never)
    changed(w?.path)
  }

  // Sends what waits, in order; one tab does so for all.
  const run = async (): Promise<void> => {
    more = true // it may be about to find that there is nothing
    if (running) return
    running = true
    try {
      for (let failures = 0; more && !stop.signal.aborted; ) {
        more = false
        const pause = await store.alone(async () => {
          for (;;) {
            const w = ((await store.read<Write[]>()) ?? []).find(mine)
            if (!w || stop.signal.aborted) return
            let row: Row | undefined
            let error: LoamError | undefined
            try {
              const { method, input: body, ifVersion, key: idempotencyKey } = w
              row = await http.request<Row>(w.url, { method, body, ifVersion, idempotencyKey, retry: false, as: w.user + ' ' + w.org, signal: stop.signal })
            } catch (err) {
              error = err as LoamError
              if (!(err instanceof LoamError) || err.retryable || err.status === 401 || err.code === 'client/aborted') return error.retryAfter ?? 0
            }
            failures = 0
            await save((stored) => stored.filter((x) => x.key !== w.key))
            settle(w.key, row, error)
            store.tell({ key: w.key, row, error: error && { ...error, message: error.message } })
          }
        })
        if (pause === undefined) continue
        more = true
        nudge = new AbortController()
        await sleep(Math.min(pause, longestObeyed) + Math.random() * Math.min(longestWait, 500 * 2 ** failures++), nudge.signal).catch(() => undefined)
      }
    } finally {
      running = false
    }
  }
  const wake = (): void => {
    nudge?.abort()
    void run().catch(() => undefined)
  }

  const add = async (w: Omit<Write, 'user' | 'org' | 'at' | 'key'>): Promise<Row> => {
    await session.ready
    const { held } = session
    if (!held) throw new LoamError({ code: 'access/sign_in', message: 'sign in first: the queue is a user’s', status: 401 })
    const text = JSON.stringify({ ...w, key: newId(), at: new Date(), user: held.user.id, org: held.organization?.id ?? '' })
    const write = JSON.parse(text) as Write // as it is sent: without what is undefined
    writes.push(drafted(write))
    changed(write.path)
    const done = new Promise<Row>((resolve, reject) => waiting.set(write.key, { resolve, reject }))
    try {
      await save((stored) => [...stored, write])
    } catch (err) {
      done.catch(() => undefined)
      forget((w) => w.key === write.key, err as LoamError)
      throw err
    }
    store.tell({ added: write })
    wake()
    return done
  }

  store.hear((message) => {
    const m = message as { added?: Write; cleared?: true; key?: string; row?: Row; error?: LoamError } | undefined
    if (m?.added) {
      if (writes.every((w) => w.key !== m.added!.key)) writes.push(drafted(m.added))
      changed(m.added.path)
      wake() // should the other be gone before it is sent
    } else if (m?.cleared) forget(everything)
    else if (m?.key) settle(m.key, m.row, m.error && new LoamError(m.error))
  })
  const left = session.onChange((held) => {
    const theirs = (w: Write): boolean => held !== null && w.user !== held.user.id
    if (writes.some(theirs)) void save((stored) => stored.filter((w) => !theirs(w)))
    forget(theirs)
    wake()
  })
  void session.ready.then(async () => {
    const stored = (await store.read<Write[]>()) ?? []
    writes = [...stored.filter((s) => writes.every((w) => w.key !== s.key)).map(drafted), ...writes]
    if (!stored.length) return
    changed()
    wake()
  })
  globalThis.addEventListener?.('online', wake, { signal: stop.signal })

  const written = (meta: ModelMeta, kind: 'update' | 'delete', key: unknown, input?: Row, ifVersion?: number) => {
    const url = rowPath(meta, key)
    const id = typeof key === 'object' && key !== null ? idOf(meta.key, key as Row) : String(key)
    return add({ kind, path: meta.path, id, url, method: input ? 'PATCH' : 'DELETE', ...(input && { input }), ...(ifVersion !== undefined && { ifVersion }) })
  }
  return {
    get size() {
      return undone().length
    },
    onChange: changes.on,
    onRefused: refusals.on,
    clear: async () => {
      forget(everything)
      await store.write(null)
      store.tell({ cleared: true })
    },
    pending: () => writes.filter(mine),
    create: (meta, values) => {
      const given = values as Row
      const input = meta.key.length === 1 && given[meta.key[0]!] === undefined ? { [meta.key[0]!]: newId(), ...given } : given
      return add({ kind: 'create', path: meta.path, id: idOf(meta.key, input), url: meta.path, method: 'POST', input })
    },
    update: (meta, key, input, ifVersion) => written(meta, 'update', key, input as Row, ifVersion),
    remove: async (meta, key, ifVersion) => void (await written(meta, 'delete', key, undefined, ifVersion)),
    close: () => {
      stop.abort()
      nudge?.abort()
      left()
      store.close()
    },
  }
}
