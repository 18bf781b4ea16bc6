import { LoamError } from './errors.js'
import { newId } from './id.js'
import { createListeners, type Listeners } from './listeners.js'
import { sleep } from './request.js'

/** What keeps texts by name: the browser's own storages, React Native's AsyncStorage, or yours. */
export interface Storage {
  getItem(key: string): string | null | Promise<string | null>
  setItem(key: string, value: string): unknown
  removeItem(key: string): unknown
}

/**
 * Where the session is kept. `local`: for all tabs, until it ends; what comes unless
 * something is said, where there is a localStorage. `session`: for this tab. `memory`:
 * until the page is left. `cookie`: in cookies that no script reads, for a page of the
 * server's own site; loam.yaml allows it by `auth.sessions.cookies`.
 */
export type StorageChoice = 'local' | 'session' | 'memory' | 'cookie' | Storage

/** A storage as the client uses it. */
export interface Store {
  read<T>(): Promise<T | null>
  write(value: unknown): Promise<void>
  /** Reads and writes as one, as far as the storage lets. */
  change<T>(fn: (value: T | null) => T): Promise<void>
  /** Runs fn while nobody else who shares the storage does. */
  alone<T>(fn: () => Promise<T>): Promise<T>
  /** Tells the others who share the storage; and hears them. */
  tell(message: unknown): void
  hear: Listeners<unknown>['on']
  close(): void
}

const lease = 20_000 // milliseconds that nobody else may come in, where there are no Web Locks
const propagation = 150 // until another process of the browser reads what was written
const settling = 40 // that everybody who saw no lease has written theirs within

function memory(): Storage {
  const kept = new Map<string, string>()
  return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) }
}

// A browser that forbids storage throws where it is looked at.
function browser(name: 'localStorage' | 'sessionStorage'): Storage | undefined {
  try {
    const found = globalThis[name] as Storage | undefined
    found?.getItem('')
    return found
  } catch {
    return undefined
  }
}

/** One name in a storage. */
export function createStore(choice: StorageChoice | undefined, key: string): Store {
  const common = typeof choice === 'object' ? choice : choice === 'memory' || choice === 'session' ? undefined : browser('localStorage')
  const shared = common !== undefined
  const storage = common ?? (choice === 'session' ? browser('sessionStorage') : undefined) ?? memory()
  const parse = <T>(text: string | null): T | null => {
    try {
      return text === null ? null : (JSON.parse(text) as T)
    } catch {
      return null // not ours
    }
  }
  const write = async (value: unknown): Promise<void> => {
    if (value === null) await storage.removeItem(key)
    else await storage.setItem(key, JSON.stringify(value))
  }
  const others = createListeners<unknown>()
  const channel = shared && typeof BroadcastChannel !== 'undefined' ? new BroadcastChannel(key) : undefined
  ;(channel as { unref?: () => void } | undefined)?.unref?.() // Node would wait for it
  const gone = new AbortController()
  const stored = (e: StorageEvent): void => {
    if (e.key === key || e.key === null) others.tell(undefined)
  }
  if (channel) channel.onmessage = (e: MessageEvent) => others.tell(e.data)
  if (shared) globalThis.addEventListener?.('storage', stored, { signal: gone.signal }) // the channel may be faster than what is stored
  let changes: Promise<unknown> = Promise.resolve()
  return {
    read: async <T>() => parse<T>(await storage.getItem(key)),
    write,
    change: <T>(fn: (value: T | null) => T) => {
      const next = changes.then(async () => {
        const text = storage.getItem(key)
        await write(fn(parse<T>(typeof text === 'object' && text ? await text : text))) // nobody comes between where neither waits
      })
      changes = next.catch(() => undefined)
      return next
    },
    alone: async (fn) => {
      if (!shared) return fn()
      const locks = globalThis.navigator?.locks as LockManager | undefined
      if (!locks) return byLease(storage, key + ':lock', fn)
      return new Promise((resolve, reject) => {
        locks.request(key, async () => {
          await fn().then(resolve, reject)
          await sleep(propagation) // nobody is waited for but the next
        }).catch(reject)
      })
    },
    tell: (message) => channel?.postMessage(message),
    hear: others.on,
    close: () => {
      channel?.close()
      gone.abort()
    },
  }
}

// Whoever's lease stands a moment after it was written has it.
async function byLease<T>(storage: Storage, key: string, fn: () => Promise<T>): Promise<T> {
  const me = newId()
  for (const end = Date.now() + 3 * lease; Date.now() < end; await sleep(settling * (1 + Math.random()))) {
    const [, until] = (await storage.getItem(key))?.split(' ') ?? []
    if (Number(until ?? 0) > Date.now()) continue
    await storage.setItem(key, me + ' ' + (Date.now() + lease))
    await sleep(settling)
    const mine = async (): Promise<boolean> => (await storage.getItem(key))?.startsWith(me) ?? false
    if (!(await mine())) continue
    try {
      return await fn()
    } finally {
      if (await mine()) await storage.removeItem(key)
    }
  }
  throw new LoamError({ code: 'client/timeout', message: 'another tab holds the session for too long', retryable: true })
}
