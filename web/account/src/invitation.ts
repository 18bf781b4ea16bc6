// An invitation to an organization: who invites, to what, and the answer.

import { ask, is, type Organization } from './api'
import { app, go, invitation, keepInvitation, leave, load, to } from './app'
import { day, el, link, replace, tile, type Child } from './dom'
import { form } from './form'
import { card } from './frame'
import { setTyped } from './pages-in'

export interface Invited {
  id: string
  organization: { name: string; logo: string; color: string }
  inviter: string
  email: string
  role: string
  expiresAt: string
}

export async function invited(): Promise<HTMLElement> {
  if (app.page === 'invitation' && app.token) keepInvitation(app.token)
  const token = invitation()
  let offer: Invited
  try {
    offer = await ask<Invited>('GET', '/auth/invitations?token=' + encodeURIComponent(token))
  } catch (err) {
    keepInvitation('')
    return card('This invitation is over', el('p', {}, 'It was answered or revoked, or has expired. Ask for another.'), link(to(app.me ? '' : 'sign-in'), app.me ? 'To your account' : 'Sign in'))
  }
  const { organization: org } = offer
  const page = card(`Join ${org.name}`,
    el('div', { className: 'offer' }, tile(org.name, org.color),
      el('p', {}, el('strong', {}, offer.inviter || 'A member'), ` invites ${offer.email} to be ${article(offer.role)} `, el('strong', {}, offer.role), ` of ${org.name}. The invitation is good until `, day(offer.expiresAt), '.')),
    app.me ? answer(token) : comeIn())
  return page
}

const article = (word: string): string => (/^[aeiou]/i.test(word) ? 'an' : 'a')

// comeIn is for who is not signed in yet.
function comeIn(): Child {
  return el('div', { className: 'ways' },
    el('p', {}, 'Sign in with that address first. The invitation waits for you.'),
    link(to('sign-in'), 'Sign in', { className: 'button primary wide' }),
    app.settings.signUp !== 'closed' && link(to('sign-up'), 'Create an account', { className: 'button wide' }),
    decline(invitation()))
}

function decline(token: string): HTMLElement {
  return form({ fields: [], submit: 'Decline', className: 'quietly', label: 'Decline', send: async () => {
    await ask('POST', '/auth/invitations/decline', { token })
    keepInvitation('')
    replace(document.querySelector('#app')!, card('Declined', el('p', {}, 'You have turned the invitation down.'), link(to(app.me ? '' : 'sign-in'), app.me ? 'To your account' : 'Sign in')))
  } })
}

function answer(token: string): HTMLElement {
  const me = app.me?.user
  const box = el('div', {})
  const accept = form({ fields: [], submit: 'Accept', send: async () => {
    try {
      await joined(await ask<Organization>('POST', '/auth/invitations/accept', { token }))
    } catch (err) {
      if (!is(err, 'tenant/unverified_address') || !me?.email) throw err
      replace(box, unverified(me.email))
    }
  } })
  box.append(el('p', { className: 'hint' }, 'You are signed in as ', el('strong', {}, me?.email ?? 'an anonymous user'), '. ', link('/account/sign-in?prompt=login', 'Use another account')), accept, decline(token))
  return box
}

function unverified(email: string): HTMLElement {
  return el('div', {}, el('p', { className: 'note', role: 'status' }, 'An invitation is accepted by who can read the mail of its address. Confirm yours, then come back to this page.'),
    form({ fields: [], submit: 'Send me a mail to confirm it', send: async () => {
      await ask('POST', '/auth/confirm/resend', { email })
      setTyped(email)
      await go('confirm')
    } }))
}

// joined makes the organization that was just joined the active one.
export async function joined(org: Organization): Promise<void> {
  keepInvitation('')
  await ask('POST', `/auth/organizations/${org.id}/switch`)
  await load()
  if (app.settings.returnTo) return leave()
  await go('organization')
}
