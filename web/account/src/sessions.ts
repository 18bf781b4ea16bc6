// The page of where one is signed in.

import { ask, type Page } from './api'
import { app, go } from './app'
import { confirmed, el, when } from './dom'
import { account, empty, row } from './frame'

interface Device {
  id: string
  current: boolean
  method: string
  address: string
  agent: string
  createdAt: string
  lastUsedAt: string
}

// deviceName makes a browser and a system of a User-Agent.
function deviceName(agent: string): string {
  const pick = (known: [RegExp, string][]): string => known.find(([at]) => at.test(agent))?.[1] ?? ''
  const browser = pick([[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrome\//, 'Chrome'], [/Safari\//, 'Safari'], [/curl\//, 'curl']])
  const system = pick([[/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/Mac OS X/, 'macOS'], [/Windows/, 'Windows'], [/Linux/, 'Linux']])
  return [browser, system].filter(Boolean).join(' on ') || agent.slice(0, 60) || 'Unknown device'
}

const methods: Record<string, string> = { password: 'password', email: 'a mail', passkey: 'a passkey', anonymous: 'no account', client: 'an application' }

const how = (method: string): string => methods[method] ?? method.replace(/^provider:(sso:)?/, '')

export async function sessions(): Promise<HTMLElement> {
  const { items } = await ask<Page<Device>>('GET', '/auth/sessions')
  const others = items.filter((d) => !d.current)
  const list = [...items.filter((d) => d.current), ...others].map((d) =>
    row([deviceName(d.agent), d.current && el('span', { className: 'badge' }, 'this one')],
      [`Signed in by ${how(d.method)} `, when(d.createdAt), ', last used ', when(d.lastUsedAt), d.address && ` · ${d.address}`],
      !d.current && el('button', { type: 'button', ariaLabel: `Sign out ${deviceName(d.agent)}`, onclick: () => end('/' + d.id) }, 'Sign out')))
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
