import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react'
import { QueryClient, QueryClientContext, QueryClientProvider } from '@tanstack/react-query'
import type { Auth, Core, Schema } from '@loam/client'
import { createFollower, type Follower } from './follow.js'
import { identityOf, nameOf, unknown, type Identity, type IdentityStore } from './identity.js'

/** Any client, whatever its schema: what the hooks need of it. */
export interface AnyClient {
  readonly http: object
  readonly auth: Pick<Auth, 'ready' | 'user' | 'organization' | 'onChange'>
}

/** What the provider hands down. */
export interface Loam {
  readonly client: Core<Schema>
  readonly queryClient: QueryClient
  readonly identity: IdentityStore
  readonly follower: Follower
}

/** The first part of the keys of all queries: `queryClient.invalidateQueries({ queryKey: ['loam'] })`. */
export const root = 'loam'

const Context = createContext<Loam | undefined>(undefined)

export interface LoamProviderProps<C extends AnyClient = AnyClient> {
  client: C
  /** The app's own, where it has one; that of a `QueryClientProvider` above is found by itself. */
  queryClient?: QueryClient
  children?: ReactNode
}

/** Makes a client known to the hooks and components below. */
export function LoamProvider({ client, queryClient, children }: LoamProviderProps): ReactNode {
  const above = useContext(QueryClientContext)
  const queries = useMemo(() => queryClient ?? above ?? new QueryClient(), [queryClient, above])
  const loam = useMemo<Loam>(
    () => ({ client: client as unknown as Core<Schema>, queryClient: queries, identity: identityOf(client.auth), follower: createFollower() }),
    [client, queries],
  )
  useEffect(() => {
    let name = nameOf(loam.identity.get())
    // What somebody has seen goes with them.
    const forget = (): void => {
      const now = nameOf(loam.identity.get())
      if (now === name) return
      name = now
      loam.follower.end()
      loam.queryClient.removeQueries({ queryKey: [root], predicate: (q) => q.queryKey[1] !== now })
      loam.queryClient.getMutationCache().findAll({ mutationKey: [root] }).forEach((m) => m.state.status !== 'pending' && loam.queryClient.getMutationCache().remove(m))
    }
    const stop = loam.identity.subscribe(forget)
    forget()
    return () => {
      stop()
      loam.follower.end()
    }
  }, [loam])
  return (
    <QueryClientProvider client={queries}>
      <Context.Provider value={loam}>{children}</Context.Provider>
    </QueryClientProvider>
  )
}

/** What the provider hands down; the components of `@loam/react/ui` are made with it. */
export function useLoam(): Loam {
  const loam = useContext(Context)
  if (!loam) throw new Error('there is no <LoamProvider client={…}> above: the hooks ask its client')
  return loam
}

/** Who is signed in. */
export function useIdentity(): Identity {
  const { identity } = useLoam()
  return useSyncExternalStore(identity.subscribe, identity.get, () => unknown)
}
