import type { Auth, Schema } from '@loam/client'
import { useIdentity, useLoam } from './context.js'
import type { Identity } from './identity.js'

/** Who is signed in, and all that the client's `auth` does. */
export type AuthState<S extends Schema = Schema> = Omit<Auth<S>, 'ready' | 'user' | 'organization' | 'onChange'> & {
  /** Whether it is known who is signed in; `user` is null until then. */
  ready: boolean
  user: Auth<S>['user']
  organization: Auth<S>['organization']
}

const states = new WeakMap<Identity, AuthState>() // one object as long as nothing changes

/** Who is signed in; the component is rendered anew when that changes, here or in another tab. */
export function useAuth(): AuthState {
  const { client } = useLoam()
  const now = useIdentity()
  let state = states.get(now)
  if (!state || state.signOut !== client.auth.signOut) {
    const { onChange: _, ...rest } = client.auth
    state = { ...rest, ...now }
    states.set(now, state)
  }
  return state
}
