import type { Auth, Membership, User } from '@loam/client'

/** Who is signed in, as one value that changes as a whole. */
export interface Identity {
  /** Whether it is known who is signed in; `user` is null until then. */
  readonly ready: boolean
  readonly user: User | null
  readonly organization: Membership | null
}

export interface IdentityStore {
  /** Once it is known who is signed in. */
  readonly known: Promise<void>
  get(): Identity
  subscribe(listener: () => void): () => void
}

/** Nobody yet: what a server renders, and the first render that takes it over. */
export const unknown: Identity = { ready: false, user: null, organization: null }

/** Names who asks and where they work. What is cached is so under it, so that nobody sees another's. */
export const nameOf = (who: Identity): string => (who.user?.id ?? '') + '/' + (who.organization?.id ?? '')

/** Who is signed in, as useSyncExternalStore takes it. */
export function identityOf(auth: Pick<Auth, 'ready' | 'user' | 'organization' | 'onChange'>): IdentityStore {
  let ready = false
  let now = unknown
  const listeners = new Set<() => void>()
  const known = auth.ready.then(() => {
    ready = true
    listeners.forEach((l) => l())
  })
  return {
    known,
    get: () => {
      const { user, organization } = auth
      if (ready !== now.ready || user !== now.user || organization !== now.organization) now = { ready, user, organization }
      return now
    },
    subscribe: (listener) => {
      listeners.add(listener)
      const stop = auth.onChange(listener)
      return () => {
        listeners.delete(listener)
        stop()
      }
    },
  }
}
