// The pages of organizations: which there are, and what one is called.

import { ask, nothing, type Organization, type Page } from './api'
import { app, go, load } from './app'
import { confirmed, day, el, logo, tile, type Child } from './dom'
import { form } from './form'
import { account, empty, row, section } from './frame'
import { joined, type Invited } from './invitation'
import { done } from './profile'
import { fresh } from './session'

// roleOf asks for the roles of an organization and what one's own allows.
export interface Role {
  role: string
  name: string
  permissions: string[]
}

export interface Standing {
  org: Organization
  roles: Role[]
  may: (permission: string) => boolean
}

// standing is the active organization, and what the caller may do in it.
export async function standing(): Promise<Standing | null> {
  const active = app.me?.organization
  if (!active) return null
  const [org, roles] = await Promise.all([
    ask<Organization>('GET', '/auth/organizations/' + active.id),
    ask<Page<Role>>('GET', `/auth/organizations/${active.id}/roles`),
  ])
  const own = roles.items.find((r) => r.role === org.role)
  return { org, roles: roles.items, may: (permission) => own?.permissions.includes(permission) ?? false }
}

// titled is a role's name for people.
export const titled = (roles: Role[], key: string): string => {
  const name = roles.find((r) => r.role === key)?.name || key
  return name.charAt(0).toUpperCase() + name.slice(1)
}

export async function organizations(): Promise<HTMLElement> {
  const [mine, offers] = await Promise.all([
    ask<Page<Organization>>('GET', '/auth/organizations'),
    ask<Page<Invited>>('GET', '/auth/me/invitations').catch(() => nothing),
  ])
  const active = app.me?.organization?.id
  return account('organizations', 'Organizations', 'What you make belongs to the organization that is active. Nothing of it is seen from another.',
    offers.items.length > 0 && section('Invitations', null, el('ul', { className: 'list' }, offers.items.map(offerRow))),
    section('Yours', null,
      mine.items.length === 0 && empty('You belong to no organization yet. Create one, or ask a member of one to invite you.'),
      mine.items.length > 0 && el('ul', { className: 'list' }, mine.items.map((o) => row(
        [logo(o), o.name, o.id === active && el('span', { className: 'badge' }, 'active'), o.suspended && el('span', { className: 'badge' }, 'suspended')],
        [titled([], o.role), o.slug && ` · ${o.slug}`],
        o.id === active
          ? el('button', { type: 'button', ariaLabel: `Manage ${o.name}`, onclick: () => go('organization') }, 'Manage')
          : !o.suspended && el('button', { type: 'button', ariaLabel: `Switch to ${o.name}`, onclick: () => switchTo(o.id) }, 'Switch'))))),
    app.settings.organizations.create === 'anyone' && section('Create an organization', null, form({ fields: [{ name: 'name', label: 'Name', autocomplete: 'organization', missing: 'Give it a name.' }], submit: 'Create', send: async (values) => {
      await switchTo((await ask<Organization>('POST', '/auth/organizations', values)).id)
    } })))
}

function offerRow(o: Invited): HTMLElement {
  return row([tile(o.organization.name, o.organization.color), o.organization.name], [`${o.inviter || 'A member'} invites you as ${o.role}, until `, day(o.expiresAt)],
    el('button', { type: 'button', className: 'primary', ariaLabel: `Join ${o.organization.name}`, onclick: async () => joined(await ask<Organization>('POST', '/auth/invitations/accept', { id: o.id })) }, 'Join'),
    el('button', { type: 'button', ariaLabel: `Decline ${o.organization.name}`, onclick: async () => {
      await ask('POST', '/auth/invitations/decline', { id: o.id })
      await app.show()
    } }, 'Decline'))
}

async function switchTo(id: string): Promise<void> {
  await ask('POST', `/auth/organizations/${id}/switch`)
  await load()
  await go('organization')
}

export async function organization(): Promise<HTMLElement> {
  const at = await standing()
  if (!at) return none('organization')
  const { org, may } = at
  const fields = { name: org.name, slug: org.slug, logo: org.logo, color: org.color }
  return account('organization', org.name, ['You are ', el('strong', {}, titled(at.roles, org.role).toLowerCase()), ' here.'],
    may('organization.update')
      ? section('What it is called', org.logo && el('span', { className: 'title' }, logo(org), org.name), form({
          fields: [
            { name: 'name', label: 'Name', autocomplete: 'organization', value: org.name },
            { name: 'slug', label: 'Slug', value: org.slug, hint: 'For addresses: small letters, digits and hyphens.' },
            { name: 'logo', label: 'Logo', type: 'url', value: org.logo, optional: true, hint: 'The https address of a picture, for mail, these pages and the app.' },
            { name: 'color', label: 'Colour', value: org.color, optional: true, hint: 'Such as #2f6b3c, for mail and these pages.' },
          ],
          submit: 'Save',
          also: done().node,
          send: async (values) => {
            const changed = Object.fromEntries(Object.entries(values).filter(([k, v]) => v !== fields[k as keyof typeof fields]))
            if (Object.keys(changed).length > 0) await ask('PATCH', '/auth/organizations/' + org.id, changed)
            await load()
            await app.show()
            document.querySelector('main .done')!.textContent = 'Saved.' // of the form that is shown now
          },
        }))
      : section('What it is called', null, el('p', { className: 'title' }, logo(org), org.name, el('span', { className: 'quiet' }, ` · ${org.slug}`)), empty('Your role does not let you change this.')),
    section('Leave', 'You lose access to all that is in it. What you made stays.',
      el('div', { className: 'actions' }, el('button', { type: 'button', onclick: () => confirmed(`Leave ${org.name}?`, 'Somebody has to invite you to come back. The last owner can’t leave.', 'Leave', async () => {
        await ask('DELETE', `/auth/organizations/${org.id}/members/${app.me!.user.id}`)
        await load()
        await go('organizations')
      }) }, 'Leave the organization'))),
    may('organization.delete') && remove(org))
}

function remove(org: Organization): Child {
  return section('Delete', 'The organization goes, with every row and file in it, for all its members.',
    form({ fields: [{ name: 'confirm', label: `Type ${org.slug} to go on`, missing: `Type ${org.slug}.` }], submit: 'Delete the organization', danger: true, send: async ({ confirm }) => {
      await fresh(() => ask('DELETE', '/auth/organizations/' + org.id, { confirm }))
      await load()
      await go('organizations')
    } }))
}

// none is shown in place of an organization's page where none is active.
export function none(page: string): HTMLElement {
  return account(page, 'No organization', null, empty(['You belong to no organization yet. ', el('a', { href: '/account/organizations' }, 'Create one'), ', or ask a member of one to invite you.']))
}
