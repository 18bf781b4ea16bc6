// As whom, and in which organization, rows are looked at: as the admin, who sees all
// of them, or as a user, who sees what the rules allow.

import { useSyncExternalStore } from 'react'
import { json, type Wish } from './request'
import { store } from './store'

export interface Organization {
  id: string
  name: string
  slug: string
}

export interface ActingUser {
  id: string
  name: string
  email: string
  token: string
  write: boolean
  until: number // milliseconds since 1970
}

export interface Acting {
  organization: Organization | null // none: models that are everybody's alone
  user: ActingUser | null // none: the admin
}

const remembered = 'loam-console-organization'

function last(): Organization | null {
  try {
    return JSON.parse(localStorage.getItem(remembered) ?? 'null') as Organization | null
  } catch {
    return null
  }
}

const acting = store<Acting>({ organization: last(), user: null })

export const useActing = (): Acting => useSyncExternalStore(acting.subscribe, acting.get)
export const currentActing = acting.get

/** look takes an organization to look at. Whoever acted as a user there is the admin again. */
export function look(organization: Organization | null): void {
  localStorage.setItem(remembered, JSON.stringify(organization))
  void stop()
  acting.set({ organization, user: null })
}

/** become acts as a user from now on, for half an hour at most; the server has it on record. */
export async function become(user: { id: string; name: string; email: string }, reason: string, write: boolean, organization: Organization | null): Promise<void> {
  const answer = await json<{ accessToken: string; expiresIn: number }>('POST', `/auth/admin/users/${encodeURIComponent(user.id)}/impersonate`, {
    body: { reason, write, ...(organization ? { org: organization.id } : {}) },
  })
  acting.set({ organization, user: { ...user, write, token: answer.accessToken, until: Date.now() + answer.expiresIn * 1000 } })
}

/** stop ends acting as a user. */
export async function stop(): Promise<void> {
  const { user, organization } = acting.get()
  if (!user) return
  acting.set({ organization, user: null })
  await json('POST', '/auth/sign-out', { token: user.token }).catch(() => undefined) // its token ends by itself
}

/** as is what a request for rows carries. */
export function as({ user, organization }: Acting): Wish {
  if (user) return { token: user.token }
  return { headers: { 'Loam-As': organization ? `admin; organization=${organization.id}` : 'admin' } }
}

/** key tells one way of looking from another, for what is cached. */
export const key = ({ user, organization }: Acting): string => `${organization?.id ?? ''} ${user?.id ?? 'admin'}`
