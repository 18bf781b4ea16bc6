// The pages of /account. They hold no token and no rule: everything that they do is
// a request that any other client may make.

import './style.css'
import { ask, Problem, type Settings } from './api'
import { app, load, signedOut } from './app'
import { audit } from './audit'
import { el, link, replace } from './dom'
import { domains } from './domains'
import { account, card } from './frame'
import { invited } from './invitation'
import { members, teams } from './members'
import { organization, organizations } from './organizations'
import { comeBack, signIn, signUp, stopWaiting } from './pages-in'
import { confirm, emailChange, magicLink, reset } from './pages-mail'
import { profile } from './profile'
import { security } from './security'
import { sessions } from './sessions'

const pages: Record<string, () => Promise<HTMLElement>> = {
  '': profile, security, sessions, organizations, organization, members, teams, domains, audit,
  'sign-in': signIn, 'sign-up': signUp, confirm, link: magicLink, reset, email: emailChange, invitation: invited, return: comeBack,
}

// missing is shown where an address has no page.
const missing = async (): Promise<HTMLElement> => card('There is no such page', el('p', {}, 'The address may be mistyped, or of a link that is no longer used.'), link('/account', 'Go to your account'))

const current = (): string => location.pathname.replace(/^\/account\/?/, '').replace(/\/$/, '')

// takeToken moves the token of a mailed link out of the address, where a history
// or a shoulder would have it.
function takeToken(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (!token) return
  app.token = token
  app.page = current()
  history.replaceState(null, '', location.pathname + location.search)
}

let asked: string | null = null // the return_to that the settings were asked with

// settle asks how one signs in here, and whether a browser may go where the address
// says: that is for the server to know.
async function settle(): Promise<void> {
  const wanted = new URLSearchParams(location.search).get('return_to') ?? ''
  if (asked === wanted) return
  app.settings = await ask<Settings>('GET', '/auth/settings?' + new URLSearchParams({ return_to: wanted }).toString())
  asked = wanted
}

let shown = 0 // counts what was asked to be shown, so that the last one stays

async function show(): Promise<void> {
  const turn = ++shown
  stopWaiting()
  const page = current()
  const known = Object.hasOwn(pages, page)
  if (known && !signedOut(page) && !app.me) {
    const wanted = new URLSearchParams(location.search).get('return_to') ?? (page && location.pathname)
    history.replaceState(null, '', '/account/sign-in' + (wanted && '?return_to=' + encodeURIComponent(wanted)))
    return show()
  }
  const node = await (signedOut(page) ? settle() : Promise.resolve()).then((known && pages[page]) || missing).catch((err: unknown) => trouble(err, page))
  if (turn !== shown) return
  replace(document.querySelector('#app')!, node)
  node.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  const title = node.querySelector('h1')
  document.title = [title?.textContent, app.settings.name].filter(Boolean).join(' · ')
  if (turn > 1) title?.focus({ preventScroll: true })
}

// trouble is shown in place of a page that can't be.
function trouble(err: unknown, page: string): HTMLElement {
  if (err instanceof Problem && err.status === 401 && !signedOut(page)) {
    app.me = null
    queueMicrotask(() => void show())
  }
  const text = el('p', { className: 'wrong', role: 'alert' }, err instanceof Error ? err.message : String(err))
  const again = el('button', { type: 'button', onclick: show }, 'Try again')
  return app.me && !signedOut(page) ? account(page, 'That did not work', null, text, again) : card('That did not work', text, again)
}

// follow keeps links between these pages in this document.
function follow(event: MouseEvent): void {
  const at = (event.target as Element).closest?.('a')
  if (!at || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const url = new URL(at.href)
  if (url.origin !== location.origin || url.hash || !/^\/account(\/|$)/.test(url.pathname)) return
  event.preventDefault()
  document.querySelector('dialog')?.close()
  history.pushState(null, '', url.pathname + url.search)
  void show()
  scrollTo(0, 0)
}

async function start(): Promise<void> {
  takeToken()
  app.show = show
  try {
    await settle()
  } catch (err) {
    return replace(document.querySelector('#app')!, el('main', { className: 'card' }, el('h1', {}, 'That did not work'), el('p', { role: 'alert' }, err instanceof Error ? err.message : String(err))))
  }
  if (!app.settings.cookies) {
    const node = card('These pages are off', el('p', {}, 'They keep you signed in by a cookie, and this server gives none. Whoever runs it sets ', el('code', {}, 'auth.sessions.cookies: on'), ' in loam.yaml.'), link('/', 'Back'))
    return replace(document.querySelector('#app')!, node)
  }
  await load()
  addEventListener('popstate', () => void show())
  addEventListener('hashchange', () => {
    takeToken()
    if (app.token) void show()
  })
  document.addEventListener('click', follow)
  await show()
}

void start()
