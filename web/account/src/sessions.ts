// The page of where one is signed in.

import { ask, nothing, optional, type Page, type Provider } from './api'
import { app, go } from './app'
import { confirmed, el, when } from './dom'
import { account, empty, row } from './frame'

interface Device {
  id: string
  current: boolean
  method: string
  client?: string // the application whose session it is
  address: string
  agent: string
  createdAt: string
  lastUsedAt: string
}

// deviceName makes a browser and a system of a User-Agent.
export function deviceName(agent: string): string {
  const pick = (known: [RegExp, string][]): string => known.find(([at]) => at.test(agent))?.[1] ?? ''
  const browser = pick([[/Edg(A|iOS)?\//, 'Edge'], [/OPR\//, 'Opera'], [/SamsungBrowser\//, 'Samsung Internet'], [/(Firefox|FxiOS)\//, 'Firefox'], [/(Chrome|CriOS)\//, 'Chrome'], [/Safari\//, 'Safari'], [/curl\//, 'curl']])
  const system = pick([[/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/Mac OS X/, 'macOS'], [/Windows/, 'Windows'], [/CrOS/, 'ChromeOS'], [/Linux/, 'Linux']])
  return [browser, system].filter(Boolean).join(' on ') || agent.split(/[/ ]/)[0]!.slice(0, 60) || 'Unknown device'
}

const methods: Record<string, string> = { password: 'password', email: 'a mailed code or link', passkey: 'a passkey', anonymous: 'no account' }

// how says by what a session began.
function how(method: string, ways: Provider[]): string {
  const name = method.replace(/^provider:/, '')
  if (name.startsWith('sso:')) return 'your company'
  return methods[method] ?? ways.find((w) => w.name === name)?.label ?? name
}

export async function sessions(): Promise<HTMLElement> {
  const [{ items }, ways] = await Promise.all([ask<Page<Device>>('GET', '/auth/sessions'), optional<Page<Provider>>('/auth/providers', nothing)])
  const title = (d: Device): string => (d.client ? `${d.client} · ${deviceName(d.agent)}` : deviceName(d.agent))
  const others = items.filter((d) => !d.current)
  const list = [...items.filter((d) => d.current), ...others].map((d) =>
    row([title(d), d.client && el('span', { className: 'badge' }, 'application'), d.current && el('span', { className: 'badge' }, 'this one')],
      [d.client ? 'Uses your account since ' : `Signed in by ${how(d.method, ways.items)}, `, when(d.createdAt), '; last used ', when(d.lastUsedAt), d.address && ` · ${d.address}`],
      !d.current && el('button', { type: 'button', ariaLabel: `Sign out ${title(d)}`, onclick: () => end('/' + d.id) }, 'Sign out')))
  return account('sessions', 'Sessions', 'Where you are signed in. One that you do not know, you sign out here, and then change your password.',
    el('ul', { className: 'list' }, list),
    others.length === 0 && empty('You are signed in here and nowhere else.'),
    el('div', { className: 'actions' },
      others.length > 0 && el('button', { type: 'button', onclick: () => confirmed('Sign out everywhere else?', 'All other devices and apps have to sign in again.', 'Sign out everywhere else', () => end('?others=true')) }, 'Sign out everywhere else'),
      el('button', { type: 'button', className: 'danger', onclick: () => confirmed('Sign out everywhere?', 'This device too.', 'Sign out everywhere', async () => {
        await ask('DELETE', '/auth/sessions')
        await ask('POST', '/auth/sign-out').catch(() => undefined) // takes the cookies away
        app.me = null
        await go('sign-in')
      }) }, 'Sign out everywhere')))
}

async function end(which: string): Promise<void> {
  await ask('DELETE', '/auth/sessions' + which)
  await app.show()
}
