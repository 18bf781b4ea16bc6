// The pages of an organization's people: members, invitations, teams.

import { ask, type Page } from './api'
import { app } from './app'
import { confirmed, day, dialog, el, link, replace } from './dom'
import { form, type Field } from './form'
import { account, empty, paged, row, section } from './frame'
import { none, standing, titled, type Standing } from './organizations'
import { done } from './profile'

interface Person {
  userId: string
  name: string
  email: string
  role: string
  createdAt: string
}

interface Invitation {
  id: string
  email: string
  role: string
  expiresAt: string
  expired: boolean
}

interface Team {
  id: string
  name: string
  slug: string
  members: number
}

// roleField offers the roles that the caller may give: they allow nothing that the
// own does not.
export function roleField(at: Standing, value: string): Field {
  const options = at.roles.filter((r) => r.role === value || r.permissions.every(at.may) && (r.role !== 'owner' || at.org.role === 'owner'))
  return { name: 'role', label: 'Role', value, options: options.map((r): [string, string] => [r.role, titled(at.roles, r.role)]) }
}

export async function members(): Promise<HTMLElement> {
  const at = await standing()
  if (!at) return none('members')
  const base = '/auth/organizations/' + at.org.id
  return account('members', 'Members', `Who works in ${at.org.name}, and what each may do.`,
    at.may('members.invite') && section('Invite', 'Whoever has the address gets a mail with a link. They join once they have signed in with that address.', inviteForm(at, base)),
    at.may('members.invite') && section('Open invitations', null, await paged<Invitation>(base + '/invitations', (i) => invitationRow(at, base, i), empty('Nobody is invited at the moment.'))),
    section('Members', null, at.may('members.read')
      ? await paged<Person>(base + '/members', (p) => personRow(at, base, p), empty('Nobody yet.'))
      : empty('Your role does not let you see who else is a member.')))
}

function inviteForm(at: Standing, base: string): HTMLElement {
  const sent = done()
  return form({
    fields: [{ name: 'email', label: 'Email', type: 'email', missing: 'Enter the address of whom you invite.' }, roleField(at, 'member')],
    submit: 'Send the invitation', className: 'across', also: sent.node,
    send: async (values) => {
      await ask('POST', base + '/invitations', values)
      await app.show()
    },
  })
}

function invitationRow(at: Standing, base: string, i: Invitation): HTMLElement {
  const path = `${base}/invitations/${i.id}`
  const status = el('span', {}, i.expired ? 'expired ' : 'good until ', day(i.expiresAt))
  return row(i.email, [titled(at.roles, i.role), ', ', status],
    el('button', { type: 'button', ariaLabel: `Resend to ${i.email}`, onclick: async () => {
      await ask('POST', path + '/resend')
      replace(status, 'sent again; the mail before is void')
    } }, 'Resend'),
    el('button', { type: 'button', ariaLabel: `Revoke for ${i.email}`, onclick: () => confirmed('Revoke the invitation?', `The link that ${i.email} has ends.`, 'Revoke', async () => {
      await ask('DELETE', path)
      await app.show()
    }) }, 'Revoke'))
}

function personRow(at: Standing, base: string, p: Person): HTMLElement {
  const path = `${base}/members/${p.userId}`
  const self = p.userId === app.me!.user.id
  const who = p.name || p.email || 'Member'
  const higher = p.role === 'owner' && at.org.role !== 'owner'
  return row([who, self && el('span', { className: 'badge' }, 'you')], [p.name && p.email && `${p.email} · `, titled(at.roles, p.role), ', since ', day(p.createdAt)],
    at.may('members.role') && !higher && el('button', { type: 'button', ariaLabel: `Change the role of ${who}`, onclick: () => {
      const box = dialog(`Role of ${who}`, form({ fields: [roleField(at, p.role)], submit: 'Save', send: async (values) => {
        await ask('PATCH', path, values)
        box.close()
        await app.show()
      } }))
    } }, 'Role'),
    at.may('members.remove') && !self && !higher && el('button', { type: 'button', ariaLabel: `Remove ${who}`, onclick: () => confirmed(`Remove ${who}?`, `They lose access to ${at.org.name} at once. What they made stays.`, 'Remove', async () => {
      await ask('DELETE', path)
      await app.show()
    }) }, 'Remove'))
}

export async function teams(): Promise<HTMLElement> {
  const at = await standing()
  if (!at) return none('teams')
  const base = `/auth/organizations/${at.org.id}/teams`
  const { items } = await ask<Page<Team>>('GET', base)
  const manage = at.may('teams.manage')
  return account('teams', 'Teams', 'A team is some of the members. The app’s rules may let a team do what others may not.',
    items.length === 0 && empty(manage ? 'There is no team yet. Make one for those who do the same work, such as Support.' : 'There is no team yet. Who manages the organization makes them.'),
    items.length > 0 && el('ul', { className: 'list' }, items.map((t) => teamRow(at, base, t, manage))),
    manage && section('Make a team', null, form({ fields: [{ name: 'name', label: 'Name', missing: 'Give it a name.' }], submit: 'Make the team', className: 'across', send: async (values) => {
      await ask('POST', base, values)
      await app.show()
    } })))
}

function teamRow(at: Standing, base: string, t: Team, manage: boolean): HTMLElement {
  const path = `${base}/${t.id}`
  return row(t.name, `${t.members === 1 ? '1 member' : `${t.members} members`} · ${t.slug}`,
    el('button', { type: 'button', ariaLabel: `Members of ${t.name}`, onclick: () => teamMembers(at, path, t, manage) }, 'Members'),
    manage && el('button', { type: 'button', ariaLabel: `Rename ${t.name}`, onclick: () => {
      const box = dialog('Rename the team', form({ fields: [{ name: 'name', label: 'Name', value: t.name }, { name: 'slug', label: 'Slug', value: t.slug, hint: 'Rules know the team by it.' }], submit: 'Save', send: async (values) => {
        await ask('PATCH', path, values)
        box.close()
        await app.show()
      } }))
    } }, 'Rename'),
    manage && el('button', { type: 'button', ariaLabel: `Delete ${t.name}`, onclick: () => confirmed(`Delete ${t.name}?`, 'Its members stay in the organization.', 'Delete', async () => {
      await ask('DELETE', path)
      await app.show()
    }) }, 'Delete'))
}

async function teamMembers(at: Standing, path: string, t: Team, manage: boolean): Promise<void> {
  const content = el('div', {})
  const box = dialog(t.name, content)
  box.addEventListener('close', () => void app.show())
  const show = async (): Promise<void> => {
    const list = await paged<Person>(path + '/members', (p) => row(p.name || p.email, p.name && p.email,
      manage && el('button', { type: 'button', ariaLabel: `Take ${p.name || p.email} out`, onclick: () => change('DELETE', p.userId) }, 'Take out')), empty('Nobody is in this team yet.'))
    const everyone = manage && at.may('members.read') ? (await ask<Page<Person>>('GET', `/auth/organizations/${at.org.id}/members?limit=1000`)).items : []
    replace(content, list, manage && form({ fields: [{ name: 'user', label: 'Member', options: everyone.map((p): [string, string] => [p.userId, p.name || p.email]) }], submit: 'Put into the team', className: 'across', send: ({ user = '' }) => change('PUT', user) }),
      everyone.length === 1 && el('p', { className: 'hint' }, 'You are alone here: ', link('/account/members', 'invite others'), '.'))
  }
  const change = async (method: string, user: string): Promise<void> => {
    await ask(method, `${path}/members/${user}`)
    await show()
  }
  await show()
}
