// Live lists as what a cache is fed by: one for a query, however many components show it.

import type { LiveInfo, LiveOptions } from '@loam/client'

/** Whether what is shown stays true by itself: `offline` is as of when the connection was lost. */
export type Liveness = 'live' | 'connecting' | 'offline'

export type Row = Record<string, unknown>

/** A page of a list, as it is cached. */
export interface Rows {
  items: Row[]
  nextCursor: string | null
  total?: number
}

type Place = LiveOptions<Row>['place']

/** The part of a collection that is followed. */
export interface Source {
  live(args: object, listener: (rows: Row[], info: LiveInfo) => void, options?: LiveOptions<Row>): () => void
}

/** One live list. */
export interface Following {
  readonly state: Liveness
  /** As long as it is live. */
  readonly rows: Rows | undefined
  /** Keeps it while there is a subscriber, and hears its state. */
  subscribe(listener: () => void): () => void
  /** Its rows once they are known; undefined where it can't be followed now. */
  first(signal?: AbortSignal): Promise<Rows | undefined>
}

export interface Follower {
  /** The live list of a name: the one there is, or a new one. */
  follow(name: string, source: Source, args: object, feed: (rows: Rows) => void, place?: Place): Following
  state(name: string): Liveness
  /** What the server last said of one that is live. */
  rows(name: string): Rows | undefined
  /** Whether a query is kept true by one that is live: of its own name, or of as many pages as it has. */
  keeps(query: string): boolean
  /** Has these say once more what they know; false where there is none. */
  again(query: string): boolean
  /** Ends all of them. */
  end(): void
}

const linger = 3_000 // milliseconds that a list stays which no component shows
const abandoned = 15_000 // likewise, for one that no component has shown yet
const patience = 2_500 // milliseconds for a connection, before the rows are asked for without one

/** The live lists of one client. */
export function createFollower(): Follower {
  const lists = new Map<string, Following & { stop(): void; again(): void }>()
  const of = (query: string) => [...lists].flatMap(([name, l]) => (l.rows && (name === query || name.startsWith(query + ' ')) ? [l] : []))
  return {
    follow: (name, source, args, feed, place) => {
      const old = lists.get(name)
      if (old) return old
      const next = begin(source, args, feed, place, () => lists.delete(name))
      lists.set(name, next)
      return next
    },
    state: (name) => lists.get(name)?.state ?? 'connecting',
    rows: (name) => lists.get(name)?.rows,
    keeps: (query) => of(query).length > 0,
    again: (query) => {
      const found = of(query)
      found.forEach((l) => l.again())
      return found.length > 0
    },
    end: () => lists.forEach((l) => l.stop()),
  }
}

function begin(source: Source, args: object, feed: (rows: Rows) => void, place: Place, ended: () => void): Following & { stop(): void; again(): void } {
  let state: Liveness = 'connecting'
  let rows: Rows | undefined
  let refused = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const listeners = new Set<() => void>()
  const waiting = new Set<() => void>()
  const known = (): Rows | undefined => (state === 'live' ? rows : undefined)
  const settle = (): void => waiting.forEach((w) => w())

  const heard = (info: LiveInfo): void => {
    const next = info.state === 'failed' ? 'offline' : info.state
    refused = info.state === 'failed'
    if (next === 'offline') settle()
    if (next === state) return
    state = next
    listeners.forEach((l) => l())
  }
  let unfollow = (): void => undefined
  try {
    unfollow = source.live(
      args,
      (items, info) => {
        if (info.state === 'connecting') return // nobody's rows yet
        rows = { items, nextCursor: info.nextCursor, ...(info.total !== undefined && { total: info.total }) }
        feed(rows)
        heard(info)
        settle()
      },
      { onState: heard, ...(place && { place }) },
    )
  } catch {
    state = 'offline' // what can't be meant: the request that is made in its place says why
  }
  const stop = (): void => {
    clearTimeout(timer)
    ended()
    unfollow()
    state = 'offline'
    settle()
  }
  timer = setTimeout(stop, abandoned)

  return {
    get state() {
      return state
    },
    get rows() {
      return known()
    },
    stop,
    again: () => rows && feed(rows),
    subscribe: (listener) => {
      clearTimeout(timer)
      const own = (): void => listener() // the same listener may subscribe twice
      listeners.add(own)
      return () => {
        listeners.delete(own)
        if (listeners.size === 0) timer = setTimeout(stop, linger)
      }
    },
    first: (signal) => {
      if (known() || refused || state === 'offline') return Promise.resolve(known())
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(late)
          waiting.delete(done)
          signal?.removeEventListener('abort', done)
          resolve(known())
        }
        const late = setTimeout(done, patience)
        waiting.add(done)
        signal?.addEventListener('abort', done)
      })
    },
  }
}
