// The pages that mails lead to. A link is followed by a click on the page and not
// by opening it: programs that look at mails open links too.

import { ask, type SignedIn } from './api'
import { app, go, load, to } from './app'
import { el, link, replace, type Child } from './dom'
import { codeField, emailField, form, newPassword } from './form'
import { card } from './frame'
import { again, lastTyped, setTyped } from './pages-in'
import { entered } from './session'

const taken = (page: string): string => (app.page === page ? app.token : '')

const said = (...text: Child[]): HTMLElement => el('p', { className: 'note', role: 'status' }, text)

// click is a card with one button, which uses the link's token up.
function click(title: string, text: string, submit: string, send: (box: Element) => Promise<unknown>, other: Child): HTMLElement {
  const page: HTMLElement = card(title, el('p', {}, text), form({ fields: [], submit, send: () => send(page.querySelector('main')!) }), el('p', { className: 'foot' }, other))
  return page
}

// confirm takes a new user's address as theirs.
export async function confirm(): Promise<HTMLElement> {
  const token = taken('confirm')
  if (token) {
    return click('Confirm your address', 'One click, and your account is ready.', 'Confirm',
      async (box) => entered(await ask<SignedIn>('POST', '/auth/confirm', { token }), box), ['Link expired? ', link(to('confirm'), 'Get another')])
  }
  const email = lastTyped()
  const byCode = app.settings.email.confirm === 'code'
  if (!email) {
    return card('Confirm your address', el('p', {}, 'Where shall the mail go?'),
      form({ fields: [emailField()], submit: 'Send the mail', send: async ({ email: typed = '' }) => {
        await ask('POST', '/auth/confirm/resend', { email: typed })
        setTyped(typed)
        await go('confirm', true)
      } }), el('p', { className: 'foot' }, link(to('sign-in'), 'Back to sign-in')))
  }
  const page = card('Check your mail',
    said('A mail is on its way to ', el('strong', {}, email), '. ', byCode ? 'Enter its code.' : 'Follow its link to confirm the address.'),
    byCode && form({ fields: [codeField()], submit: 'Confirm', send: async ({ code }) => entered(await ask<SignedIn>('POST', '/auth/confirm', { email, code }), page.querySelector('main')!) }),
    again(() => ask('POST', '/auth/confirm/resend', { email })),
    el('p', { className: 'foot' }, link(to('sign-in'), 'Back to sign-in')))
  return page
}

// magicLink signs in by a mailed link.
export async function magicLink(): Promise<HTMLElement> {
  const token = taken('link')
  if (!token) return spent('sign-in', 'Get another')
  return click('Sign in', `You followed the link of our mail${app.settings.name ? ' to ' + app.settings.name : ''}.`, 'Sign in',
    async (box) => entered(await ask<SignedIn>('POST', '/auth/sign-in/email/verify', { token }), box), ['Not you? ', link(to('sign-in'), 'Sign in another way')])
}

function spent(page: string, text: string): HTMLElement {
  return card('This link is incomplete', el('p', {}, 'Open it from the mail once more, in full. Where it was used before, you need another.'), link(to(page), text))
}

// reset sets a new password: by the link of a mail, or by its code.
export async function reset(): Promise<HTMLElement> {
  const token = taken('reset')
  const { minLength } = app.settings.password
  if (token) {
    const page = card('Choose a new password', el('p', {}, 'You will be signed out everywhere else.'),
      form({ fields: [newPassword(minLength, 'password', 'New password')], submit: 'Set the password', send: async ({ password }) => entered(await ask<SignedIn>('POST', '/auth/password/reset', { token, password }), page.querySelector('main')!) }),
      el('p', { className: 'foot' }, 'Link expired? ', link(to('reset'), 'Get another')))
    return page
  }
  const page = card('Forgot your password?', el('p', {}, 'We mail you a link and a code to set a new one.'),
    form({ fields: [emailField(lastTyped())], submit: 'Send the mail', send: async ({ email = '' }) => {
      await ask('POST', '/auth/password/forgot', { email })
      setTyped(email)
      replaceWithCode(page.querySelector('main')!, email, minLength)
    } }),
    el('p', { className: 'foot' }, link(to('sign-in'), 'Back to sign-in')))
  return page
}

function replaceWithCode(box: Element, email: string, minLength: number): void {
  replace(box, el('h1', { tabIndex: -1 }, 'Check your mail'),
    said('If ', el('strong', {}, email), ' has an account here, a mail is on its way to it. Follow its link, or enter its code.'),
    form({ fields: [{ ...emailField(email), type: 'hidden' }, codeField(), newPassword(minLength, 'password', 'New password')], submit: 'Set the password',
      send: async ({ code, password }) => entered(await ask<SignedIn>('POST', '/auth/password/reset', { email, code, password }), box) }),
    again(() => ask('POST', '/auth/password/forgot', { email })),
    el('p', { className: 'foot' }, link(to('sign-in'), 'Back to sign-in')))
  box.querySelector<HTMLElement>('input.code')?.focus()
}

// emailChange follows one of the two links of a change of address.
export async function emailChange(): Promise<HTMLElement> {
  const token = taken('email')
  if (!token) return spent('', 'To your account')
  return click('Change your address', 'Both addresses have a link: the change takes place with the second one.', 'Agree to the change', async (box) => {
    const change = await ask<{ changed: boolean; email: string; waiting?: 'old' | 'new' }>('POST', '/auth/email/confirm', { token })
    await load()
    replace(box, el('h1', { tabIndex: -1 }, change.changed ? 'Your address has changed' : 'One more step'),
      said(change.changed ? ['From now on you sign in as ', el('strong', {}, change.email), '.'] : `Now follow the link in the mail to your ${change.waiting ?? 'other'} address.`),
      link(to(app.me ? '' : 'sign-in'), app.me ? 'To your account' : 'Sign in'))
  }, 'Was it not you? Then close this page, and change your password.')
}
