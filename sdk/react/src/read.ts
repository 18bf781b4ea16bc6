// The hooks that read, whatever the model. What they answer has its types in model.ts, and
// none here: those that TypeScript finds are hundreds of lines.

import { useCallback, useSyncExternalStore } from 'react'
import { hashKey, useQuery, useSuspenseQuery, type QueryKey } from '@tanstack/react-query'
import type { LiveOptions, LoamError } from '@loam/client'
import { root, useIdentity, useLoam, type Loam } from './context.js'
import { nameOf } from './identity.js'
import type { Liveness, Row, Rows, Source } from './follow.js'

/** A collection of the client, as it is when the app runs. */
export interface AnyCollection extends Source {
  list(args: object, options: { signal?: AbortSignal }): Promise<Rows>
  get(key: unknown, args: object, options: { signal?: AbortSignal }): Promise<Row>
  create(input: object, options?: object): Promise<Row>
  update(key: unknown, input: object, options?: object): Promise<Row>
  upsert(input: object, options?: object): Promise<Row>
  delete(key: unknown, options?: object): Promise<void>
}

export interface AnyOptions {
  enabled?: boolean
  live?: boolean
  keepPrevious?: boolean
  place?: 'first' | 'last' | LiveOptions<Row>['place']
  staleTime?: number
  gcTime?: number
  refetchInterval?: number | false
  throwOnError?: boolean
}

export type Kind = 'list' | 'pages' | 'one'

// A condition on undefined is refused, where none at all is answered with every row: for
// TanStack Query, whose hashes leave it out, it is something.
function marked(asked: unknown): unknown {
  if (asked === undefined) return '\0'
  if (Array.isArray(asked)) return asked.map(marked)
  if (typeof asked !== 'object' || asked === null || Object.getPrototypeOf(asked) !== Object.prototype) return asked
  return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, marked(value)]))
}

/** `['loam', whose, 'tasks', 'list', { where }]` */
export const keyOf = (who: string, path: string, kind: Kind, ...asked: unknown[]): QueryKey => [root, who, path, kind, ...asked.map(marked)]

export const collectionOf = (loam: Loam, path: string): AnyCollection => (loam.client as unknown as Record<string, AnyCollection>)[path]!

export const onServer = typeof window === 'undefined'

/** What TanStack Query is asked with, for all kinds alike. The client itself has tried again. */
export function common(who: string, ready: boolean, o: AnyOptions) {
  const { enabled = true, keepPrevious, staleTime, gcTime, refetchInterval, throwOnError } = o
  return {
    enabled: ready && enabled,
    retry: false,
    notifyOnChangeProps: 'all' as const, // the results are taken apart here
    // Never somebody else's, whatever the app's defaults are.
    placeholderData: <T>(before: T | undefined, query: { queryKey: QueryKey } | undefined) => (keepPrevious && query?.queryKey[1] === who ? before : undefined),
    ...(staleTime !== undefined && { staleTime }),
    ...(gcTime !== undefined && { gcTime }),
    ...(refetchInterval !== undefined && { refetchInterval }),
    ...(throwOnError !== undefined && { throwOnError }),
  }
}

interface Asked<T> {
  queryKey: QueryKey
  /** The live list that holds it. */
  args: object
  /** What is cached of the list's rows; undefined where they lack it. */
  of(rows: Rows): T | undefined
  /** Asks without a connection. */
  fetch(signal: AbortSignal): Promise<T>
}

// Follows what is asked, as long as the component is there.
function useFollowed<T>(path: string, asked: Asked<T>, o: AnyOptions, ready: boolean) {
  const loam = useLoam()
  const name = hashKey(asked.queryKey)
  const wanted = ready && (o.live ?? true) && (o.enabled ?? true) && !onServer
  const { place } = o
  const follow = () =>
    loam.follower.follow(
      name,
      collectionOf(loam, path),
      asked.args,
      (rows) => {
        if (nameOf(loam.identity.get()) !== asked.queryKey[1]) return
        const data = asked.of(rows)
        if (data !== undefined) loam.queryClient.setQueryData(asked.queryKey, data)
        else if (loam.queryClient.getQueryData(asked.queryKey) !== undefined) void loam.queryClient.invalidateQueries({ queryKey: asked.queryKey, exact: true })
      },
      typeof place === 'string' ? () => place : place,
    )
  const subscribe = useCallback(
    (listener: () => void) => (wanted ? follow().subscribe(listener) : () => undefined),
    [loam, name, wanted], // all that is asked is in the name
  )
  const live = useSyncExternalStore<Liveness>(subscribe, () => (wanted ? loam.follower.state(name) : (o.live ?? true) ? 'connecting' : 'offline'), () => 'connecting')
  const queryFn = async ({ signal }: { signal: AbortSignal }): Promise<T> => {
    const rows = wanted ? await follow().first(signal) : undefined
    return (rows && asked.of(rows)) ?? asked.fetch(signal)
  }
  return { live, queryFn, queryClient: loam.queryClient }
}

/** Who asks; with `waits` a component is suspended until that is known. */
export function useWho(waits: boolean) {
  const { identity } = useLoam()
  const now = useIdentity()
  if (waits && !onServer && !identity.get().ready) throw identity.known // Suspense waits for it
  return { who: nameOf(now), ready: now.ready || waits }
}

const listOf = (loam: Loam, who: string, path: string, args: object): Asked<Rows> => ({
  queryKey: keyOf(who, path, 'list', args),
  args,
  of: (rows) => rows,
  fetch: (signal) => collectionOf(loam, path).list(args, { signal }),
})

const whereOf = (names: readonly string[], key: unknown): object =>
  typeof key === 'object' && key !== null ? Object.fromEntries(names.map((name) => [name, (key as Row)[name]])) : { [names[0]!]: key }

function oneOf(loam: Loam, who: string, path: string, names: readonly string[], key: unknown, args: object): Asked<Row> {
  return {
    queryKey: keyOf(who, path, 'one', key, args),
    args: { ...args, where: whereOf(names, key), limit: 1 },
    of: (rows) => rows.items[0],
    fetch: (signal) => collectionOf(loam, path).get(key, args, { signal }),
  }
}

const listed = (data: Rows | undefined) => ({ data: data?.items, nextCursor: data?.nextCursor ?? null, total: data?.total })

export function useList(path: string, args: object, o: AnyOptions): object {
  const { who, ready } = useWho(false)
  const asked = listOf(useLoam(), who, path, args)
  const { live, queryFn, queryClient } = useFollowed(path, asked, o, ready)
  const query = useQuery<Rows, LoamError>({ ...common(who, ready, o), queryKey: asked.queryKey, queryFn }, queryClient)
  return { ...query, ...listed(query.data), live }
}

export function useSuspenseList(path: string, args: object, o: AnyOptions): object {
  const { who, ready } = useWho(true)
  const asked = listOf(useLoam(), who, path, args)
  const { live, queryFn, queryClient } = useFollowed(path, asked, { ...o, enabled: true }, ready)
  const { enabled: _, placeholderData: __, throwOnError: ___, ...rest } = common(who, ready, o)
  const query = useSuspenseQuery<Rows, LoamError>({ ...rest, queryKey: asked.queryKey, queryFn }, queryClient)
  return { ...query, ...listed(query.data), live }
}

export function useOne(path: string, names: readonly string[], key: unknown, args: object, o: AnyOptions): object {
  const { who, ready } = useWho(false)
  const options = key === undefined || key === null ? { ...o, enabled: false } : o
  const asked = oneOf(useLoam(), who, path, names, key, args)
  const { live, queryFn, queryClient } = useFollowed(path, asked, options, ready)
  const query = useQuery<Row, LoamError>({ ...common(who, ready, options), queryKey: asked.queryKey, queryFn }, queryClient)
  return { ...query, data: query.error?.code === 'data/not_found' ? undefined : query.data, live }
}

export function useSuspenseOne(path: string, names: readonly string[], key: unknown, args: object, o: AnyOptions): object {
  const { who, ready } = useWho(true)
  const asked = oneOf(useLoam(), who, path, names, key, args)
  const { live, queryFn, queryClient } = useFollowed(path, asked, { ...o, enabled: true }, ready)
  const { enabled: _, placeholderData: __, throwOnError: ___, ...rest } = common(who, ready, o)
  const query = useSuspenseQuery<Row, LoamError>({ ...rest, queryKey: asked.queryKey, queryFn }, queryClient)
  return { ...query, live }
}
