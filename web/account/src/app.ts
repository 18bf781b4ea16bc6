// What all pages share: who is signed in, how one signs in here, and where to go.

import { ask, nothing, optional, type Me, type Page, type Settings } from './api'

interface App {
  settings: Settings
  me: Me | null
  permissions: string[] // in the active organization
  token: string // of the link that was followed; in memory alone
  page: string // whose link that was
  show: () => Promise<void>
}

export const app = { me: null, permissions: [], token: '', page: '' } as unknown as App

// load asks who is signed in, and what they may do in their organization.
export async function load(): Promise<Me | null> {
  app.me = await ask<Me>('GET', '/auth/me').catch(() => null)
  const org = app.me?.organization
  const roles = org ? await optional<Page<{ role: string; permissions: string[] }>>(`/auth/organizations/${org.id}/roles`, nothing) : nothing
  app.permissions = roles.items.find((r) => r.role === org?.role)?.permissions ?? []
  return app.me
}

// go shows another of these pages. Where a sign-in is to lead goes along.
export async function go(page: string, replaced = false): Promise<void> {
  history[replaced ? 'replaceState' : 'pushState'](null, '', to(page))
  await app.show()
  scrollTo(0, 0)
}

// to is the address of a page.
export function to(page: string): string {
  const given = new URLSearchParams(location.search)
  const search = new URLSearchParams()
  for (const name of signedOut(page) ? ['return_to', 'prompt'] : []) {
    const value = given.get(name)
    if (value) search.set(name, value)
  }
  return '/account' + (page && '/' + page) + (search.size > 0 ? '?' + search.toString() : '')
}

const entry = ['sign-in', 'sign-up', 'confirm', 'link', 'reset', 'return', 'invitation']

// signedOut tells the pages that need nobody to be signed in.
export const signedOut = (page: string): boolean => entry.includes(page) || page === 'email'

// leave goes to where a sign-in was asked for; the server has said that one may go
// there. Otherwise to what waits here.
export async function leave(): Promise<void> {
  await load()
  if (invitation()) return go('invitation', true)
  if (app.settings.returnTo) return location.assign(app.settings.returnTo)
  return go('', true)
}

const kept = 'loam-invitation'

// invitation is the token of an invitation that was looked at in this tab, for after
// the sign-in.
export const invitation = (): string => sessionStorage.getItem(kept) ?? ''

export function keepInvitation(token: string): void {
  if (token) sessionStorage.setItem(kept, token)
  else sessionStorage.removeItem(kept)
}
