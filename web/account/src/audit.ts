// The page of an organization's audit log.

import { ask, nothing, optional, type Page } from './api'
import { app } from './app'
import { el, when } from './dom'
import { inWords } from './fields'
import { account, empty, paged, row } from './frame'
import { none, standing } from './organizations'
import { deviceName } from './sessions'

interface Recorded {
  at: string
  action: string
  outcome: string
  actor: string
  impersonator?: string
  target?: string
  address?: string
  agent?: string
  details: Record<string, unknown>
}

// said tells an action: org.member_added is "Member added".
function said(action: string): string {
  const known: Record<string, string> = {
    'access.denied': 'Refused', 'audit.exported': 'Audit log downloaded', 'org.founded': 'Organization founded', 'org.changed': 'Organization changed',
    'org.deleted': 'Organization deleted', 'org.exported': 'Organization’s data downloaded', 'org.suspended': 'Organization suspended', 'org.restored': 'Organization restored',
  }
  const text = action.replace(/^[^.]*\./, '').replaceAll('_', ' ').replace(/^key/, 'API key')
  return known[action] ?? text.charAt(0).toUpperCase() + text.slice(1)
}

// short leaves of an id what tells it from others.
const short = (text: string): string => text.replace(/([\da-f]{8})-[\da-f-]{27}/g, '$1…')

export async function audit(): Promise<HTMLElement> {
  const at = await standing()
  if (!at) return none('audit')
  if (!at.may('audit.read')) return account('audit', 'Audit log', null, empty('Your role does not let you read it.'))
  const base = '/auth/organizations/' + at.org.id
  const people = at.may('members.read') ? await optional<Page<{ userId: string; name: string; email: string }>>(base + '/members?limit=1000', nothing) : nothing
  const names = new Map(people.items.map((p) => ['user:' + p.userId, p.name || p.email]))
  const others: Record<string, string> = { system: 'the server', 'system:cli': 'the server’s command line', ['org:' + at.org.id]: '' }
  const who = (ref: string): string => names.get(ref) ?? others[ref] ?? short(ref.replace(/^key:/, 'API key ').replace(':', ' '))
  return account('audit', 'Audit log', `What happened in ${at.org.name}, newest first. Nobody can change it.`,
    el('div', { className: 'actions above' }, el('button', { type: 'button', onclick: () =>
      // The first request makes a session good that has expired meanwhile.
      ask('GET', '/auth/me').then(() => location.assign(base + '/audit/export'), () => app.show()) }, 'Download as JSON Lines')),
    await paged<Recorded>(base + '/audit', (r) => recordRow(r, who), empty('Nothing has happened yet.')))
}

const isId = /^[\da-f]{8}-[\da-f-]{27}$/

function recordRow(r: Recorded, who: (ref: string) => string): HTMLElement {
  const details = Object.entries(r.details).filter(([, v]) => v !== '' && v !== null)
  const text = (v: unknown): string => (typeof v === 'boolean' ? (v ? 'yes' : 'no') : typeof v !== 'string' ? JSON.stringify(v) : isId.test(v) ? who('user:' + v) : v)
  return row([said(r.action), r.outcome !== 'success' && el('span', { className: 'badge bad' }, r.outcome)],
    [who(r.actor), r.impersonator && ` (in truth ${who(r.impersonator)})`, r.target && r.target !== r.actor && who(r.target) && [' → ', who(r.target)], ' · ', when(r.at), r.address && ` · ${r.address}`, r.agent && ` · ${deviceName(r.agent)}`,
      details.length > 0 && el('span', { className: 'details' }, details.map(([k, v]) => `${inWords(k)}: ${text(v)}`).join(' · '))])
}
