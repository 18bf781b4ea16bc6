// The two frames of these pages: a card for who comes in, and the account of who
// is in.

import { ask, type Page } from './api'
import { app, go, to } from './app'
import { el, link, replace, tile, type Child } from './dom'

const name = (): string => app.settings.name || 'Account'

// card frames a page of coming in.
export function card(title: string, ...children: Child[]): HTMLElement {
  return el('div', { className: 'entry' },
    el('main', { className: 'card' },
      el('p', { className: 'brand' }, tile(app.settings.name || 'Loam'), app.settings.name || ''),
      el('h1', { tabIndex: -1 }, title),
      children))
}

interface Tab {
  page: string
  title: string
}

function tabs(): Tab[] {
  const own = [{ page: '', title: 'Profile' }, { page: 'security', title: 'Security' }, { page: 'sessions', title: 'Sessions' }]
  if (!app.settings.organizations.enabled) return own
  own.push({ page: 'organizations', title: 'Organizations' })
  return own
}

function organizationTabs(): Tab[] {
  if (!app.settings.organizations.enabled || !app.me?.organization) return []
  const { permissions, settings } = app
  return [
    { page: 'organization', title: 'General' }, { page: 'members', title: 'Members' }, { page: 'teams', title: 'Teams' },
    ...(settings.organizations.domains && permissions.includes('domains.manage') ? [{ page: 'domains', title: 'Domains' }] : []),
    ...(permissions.includes('audit.read') ? [{ page: 'audit', title: 'Audit log' }] : []),
  ]
}

const items = (list: Tab[], active: string): HTMLElement[] =>
  list.map((t) => link(to(t.page), t.title, t.page === active ? { ariaCurrent: 'page' } : {}))

async function signOut(): Promise<void> {
  await ask('POST', '/auth/sign-out').catch(() => undefined) // who is out already is out
  app.me = null
  await go('sign-in')
}

// account frames a page of who is signed in.
export function account(active: string, title: string, lead: Child, ...children: Child[]): HTMLElement {
  const me = app.me
  return el('div', { className: 'account' },
    el('a', { className: 'skip', href: '#main' }, 'Skip to content'),
    el('header', {},
      el('a', { className: 'home', href: to('') }, tile(app.settings.name || 'Loam'), el('span', {}, name())),
      el('span', { className: 'who' }, me?.user.name || me?.user.email || 'Anonymous'),
      el('button', { type: 'button', onclick: signOut }, 'Sign out')),
    el('nav', { ariaLabel: 'Account' },
      el('div', { className: 'group' }, items(tabs(), active)),
      organizationTabs().length > 0 && el('div', { className: 'group' }, el('p', { className: 'heading' }, me?.organization?.name ?? ''), items(organizationTabs(), active))),
    el('main', { id: 'main' }, el('h1', { tabIndex: -1 }, title), lead && el('p', { className: 'lead' }, lead), children))
}

// section is a part of an account's page.
export function section(title: string, lead: Child, ...children: Child[]): HTMLElement {
  return el('section', {}, el('h2', {}, title), lead && el('p', { className: 'lead' }, lead), children)
}

// empty stands where a list has nothing in it yet, and says what would.
export function empty(text: Child): HTMLElement {
  return el('p', { className: 'empty' }, text)
}

// row is one thing in a list, with what can be done to it.
export function row(title: Child, about: Child, ...actions: Child[]): HTMLElement {
  return el('li', {}, el('div', { className: 'what' }, el('p', { className: 'title' }, title), about && el('p', { className: 'about' }, about)), el('div', { className: 'actions' }, actions))
}

const pageSize = 50

// paged is a list that grows by a button.
export async function paged<T>(path: string, rowOf: (item: T) => HTMLElement, nothing: Child): Promise<HTMLElement> {
  const list = el('ul', { className: 'list' })
  const box = el('div', {}, list)
  const more = async (cursor: string): Promise<void> => {
    const page = await ask<Page<T>>('GET', `${path}?limit=${pageSize}${cursor && '&cursor=' + encodeURIComponent(cursor)}`)
    box.querySelector('.more')?.remove()
    list.append(...page.items.map(rowOf))
    if (page.nextCursor) {
      const next = page.nextCursor
      box.append(el('button', { type: 'button', className: 'more', onclick: () => more(next) }, 'More'))
    }
  }
  await more('')
  if (list.childElementCount === 0) replace(box, nothing)
  return box
}
