import type { ReactNode } from 'react'
import type { UseInfiniteQueryResult, UseMutationResult, UseQueryResult, UseSuspenseQueryResult } from '@tanstack/react-query'
import type { Client, FieldOf, GetArgs, Include, ListArgs, LiveOptions, LoamError, Model, Schema, Selected } from '@loam/client'
import { useAuth, type AuthState } from './auth.js'
import { LoamProvider, useLoam, type LoamProviderProps } from './context.js'
import type { Liveness } from './follow.js'
import { usePages } from './pages.js'
import * as read from './read.js'
import * as write from './write.js'

/** How a hook reads. */
export interface ReadOptions {
  /** Nothing is asked while this is false. */
  enabled?: boolean
  /** False: the rows are those of one request, and of those that TanStack Query makes after it. */
  live?: boolean
  /** Shows the rows of before while those of other arguments are on their way. */
  keepPrevious?: boolean
  staleTime?: number
  gcTime?: number
  refetchInterval?: number | false
  /** Throws errors to the nearest error boundary. */
  throwOnError?: boolean
}

export interface ListOptions<R> extends ReadOptions {
  /** Where a row stands that was just created here, until the server says; unless given, it is not shown before. */
  place?: 'first' | 'last' | LiveOptions<R>['place']
}

/** What is known beside the rows. */
export interface Following {
  live: Liveness
}
export interface Listing extends Following {
  /** Of what comes after the last row; null where nothing does. */
  nextCursor: string | null
  /** Where the list asks for `count`. */
  total: number | undefined
}

/** How a hook writes. */
export interface MutationOptions<R, V> {
  /**
   * Whether the write waits in the client's queue where the server is not reached, and
   * is sent once it is, also after the page was loaded anew. It does where somebody is
   * signed in, unless this says no.
   */
  queue?: boolean
  onSuccess?: (answer: R, variables: V) => unknown
  onError?: (err: LoamError, variables: V) => unknown
  onSettled?: () => unknown
}

type Fields<M extends Model> = readonly FieldOf<M>[] | undefined
type ListOf<M extends Model, F, I> = ListArgs<M, F, I> & { count?: boolean }

/** What an update takes: the key's fields, those that change, and the version that the row must still have. */
export type Update<M extends Model, K> = Pick<M['row'], K & keyof M['row']> & M['update'] & { ifVersion?: number }

/** All hooks of a model; it has those that the rules leave to anybody. */
export interface AllHooks<M extends Model, K> {
  useList<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(
    args?: ListOf<M, F, I>,
    options?: ListOptions<Selected<M, F, I>>,
  ): UseQueryResult<Selected<M, F, I>[], LoamError> & Listing
  /** Suspends until there are rows; what goes wrong before is thrown. */
  useSuspenseList<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(
    args?: ListOf<M, F, I>,
    options?: Omit<ListOptions<Selected<M, F, I>>, 'enabled' | 'keepPrevious' | 'throwOnError'>,
  ): UseSuspenseQueryResult<Selected<M, F, I>[], LoamError> & Listing
  /** Page after page, by `fetchNextPage`: `data` are the rows of all. They are live as long as they are fewer than 1,000, and asked for anew after a write from there on. */
  useInfinite<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(
    args?: Omit<ListOf<M, F, I>, 'cursor'>,
    options?: ReadOptions,
  ): UseInfiniteQueryResult<Selected<M, F, I>[], LoamError> & Following & { total: number | undefined }
  /** One row; nothing is asked while the key is undefined. */
  useOne<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(
    key: M['key'] | undefined,
    args?: GetArgs<M, F, I>,
    options?: ReadOptions,
  ): UseQueryResult<Selected<M, F, I>, LoamError> & Following
  useSuspenseOne<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(
    key: M['key'],
    args?: GetArgs<M, F, I>,
    options?: Omit<ReadOptions, 'enabled' | 'keepPrevious' | 'throwOnError'>,
  ): UseSuspenseQueryResult<Selected<M, F, I>, LoamError> & Following
  useCreate(options?: MutationOptions<M['row'], M['create']>): UseMutationResult<M['row'], LoamError, M['create']>
  /** `mutate({ id, title: 'Build it' })` */
  useUpdate(options?: MutationOptions<M['row'], Update<M, K>>): UseMutationResult<M['row'], LoamError, Update<M, K>>
  useUpsert(options?: Omit<MutationOptions<M['row'], M['create']>, 'queue'>): UseMutationResult<M['row'], LoamError, M['create'] & { ifVersion?: number }>
  useDelete(options?: MutationOptions<void, M['key']>): UseMutationResult<void, LoamError, M['key']>
}

interface Needs {
  useList: 'list'
  useSuspenseList: 'list'
  useInfinite: 'list'
  useOne: 'get'
  useSuspenseOne: 'get'
  useCreate: 'create'
  useUpdate: 'update'
  useUpsert: 'upsert'
  useDelete: 'delete'
}

/** The hooks of a model. */
export type ModelHooks<M extends Model, K> = Pick<AllHooks<M, K>, { [H in keyof Needs]: Needs[H] extends M['can'] ? H : never }[keyof Needs]>

/** Hooks that know a schema. */
export interface Hooks<S extends Schema> {
  LoamProvider(props: LoamProviderProps<Client<S>>): ReactNode
  useClient(): Client<S>
  useAuth(): AuthState<S>
  /** The hooks of a model, by its name in paths and the names of its key's fields. */
  model<C extends keyof S['models'] & string, const K extends string>(
    path: C,
    key: readonly K[],
  ): S['models'][C] extends infer M extends Model ? ModelHooks<M, K> : never
}

/** Hooks with the types of a schema. The generated react.ts calls it. */
export function createHooks<S extends Schema>(): Hooks<S> {
  const model = (path: string, key: readonly string[]) => ({
    useList: (args: object = {}, o: object = {}) => read.useList(path, args, o),
    useSuspenseList: (args: object = {}, o: object = {}) => read.useSuspenseList(path, args, o),
    useInfinite: (args: object = {}, o: object = {}) => usePages(path, args, o),
    useOne: (id: unknown, args: object = {}, o: object = {}) => read.useOne(path, key, id, args, o),
    useSuspenseOne: (id: unknown, args: object = {}, o: object = {}) => read.useSuspenseOne(path, key, id, args, o),
    useCreate: (o: object = {}) => write.useCreate(path, o),
    useUpdate: (o: object = {}) => write.useUpdate(path, key, o),
    useUpsert: (o: object = {}) => write.useUpsert(path, o),
    useDelete: (o: object = {}) => write.useDelete(path, key, o),
  })
  return { LoamProvider, useClient: () => useLoam().client, useAuth, model } as unknown as Hooks<S>
}
