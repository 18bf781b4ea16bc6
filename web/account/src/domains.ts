// The page of the e-mail domains that an organization claims.

import { ask, type Page } from './api'
import { app } from './app'
import { confirmed, copied, day, el, type Child } from './dom'
import { form } from './form'
import { account, empty, section } from './frame'
import { roleField } from './members'
import { none, standing, titled, type Standing } from './organizations'

interface Domain {
  domain: string
  record: string
  value: string
  verifiedAt: string | null
  autoJoin: boolean
  role: string
}

export async function domains(): Promise<HTMLElement> {
  const at = await standing()
  if (!at) return none('domains')
  if (!at.may('domains.manage')) return account('domains', 'Domains', null, empty('Your role does not let you claim domains.'))
  const base = `/auth/organizations/${at.org.id}/domains`
  const { items } = await ask<Page<Domain>>('GET', base)
  return account('domains', 'Domains', `Show that an email domain is ${at.org.name}’s, and decide who joins by an address of it.`,
    items.map((d) => (d.verifiedAt ? owned(at, base, d) : claimed(base, d))),
    section('Claim a domain', 'You show that it is yours by a record in its DNS.',
      form({ fields: [{ name: 'domain', label: 'Domain', hint: 'Such as example.com.', missing: 'Enter a domain.' }], submit: 'Claim the domain', send: async (values) => {
        await ask('POST', base, values)
        await app.show()
      } })))
}

// claimed is a domain that waits for its record.
function claimed(base: string, d: Domain): HTMLElement {
  const path = `${base}/${encodeURIComponent(d.domain)}`
  return section(d.domain, 'Set this record where the domain’s DNS is kept, then check. It may take a while until all the world sees it.',
    el('dl', { className: 'record' },
      el('dt', {}, 'Type'), el('dd', {}, el('code', {}, 'TXT')),
      el('dt', {}, 'Name'), el('dd', {}, el('code', {}, d.record), copied(d.record, 'Copy the name')),
      el('dt', {}, 'Value'), el('dd', {}, el('code', {}, d.value), copied(d.value, 'Copy the value'))),
    form({ fields: [], submit: 'Check now', label: `Check ${d.domain}`, also: release(path, d), send: async () => {
      await ask('POST', path + '/verify')
      await app.show()
    } }))
}

// owned is one that has been shown to be the organization's.
function owned(at: Standing, base: string, d: Domain): HTMLElement {
  const path = `${base}/${encodeURIComponent(d.domain)}`
  const role = titled(at.roles, d.role).toLowerCase()
  return section(d.domain, ['Yours since ', day(d.verifiedAt ?? ''), '. ', d.autoJoin ? `Who confirms an address of it joins as ${role}.` : 'Nobody joins by it alone.'],
    form({ fields: [{ name: 'autoJoin', label: 'Who confirms an address of it joins', type: 'checkbox', value: String(d.autoJoin) }, roleField(at, d.role)], submit: 'Save', label: `Who joins by ${d.domain}`, also: release(path, d), send: async ({ autoJoin, role }) => {
      await ask('PATCH', path, { autoJoin: autoJoin === 'true', role })
      await app.show()
    } }))
}

function release(path: string, d: Domain): Child {
  return el('button', { type: 'button', ariaLabel: `Remove ${d.domain}`, onclick: () => confirmed(`Remove ${d.domain}?`, 'Nobody joins by it any more, and another organization may claim it. Members stay.', 'Remove', async () => {
    await ask('DELETE', path)
    await app.show()
  }) }, 'Remove')
}
