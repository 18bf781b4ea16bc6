// The pages of coming in: sign-in and sign-up.

import { ask, is, nothing, optional, Problem, type Page, type Provider, type SignedIn, type User } from './api'
import { app, go, invitation, keepInvitation, leave, load, to } from './app'
import { el, link, replace, type Child } from './dom'
import { fieldOf, valuesOf } from './fields'
import { codeField, emailField, form, newPassword, oldPassword } from './form'
import { card } from './frame'
import * as passkey from './passkey'
import { entered, focusFirst } from './session'

let typed = '' // the address that was typed last, so that nobody types it twice

const said = (text: Child): HTMLElement => el('p', { className: 'note', role: 'status' }, text)

// providers are buttons for those that are configured.
export async function providers(): Promise<HTMLElement[]> {
  const { items } = await optional<Page<Provider>>('/auth/providers', nothing)
  return items.map((p) => el('button', { type: 'button', className: 'wide', onclick: () => depart(p.name) }, `Continue with ${p.label}`))
}

const verifierKey = 'loam-verifier'

// verifier makes the secret of one trip to a provider, and its challenge.
async function verifier(): Promise<string> {
  const encode = (b: Uint8Array): string => btoa(String.fromCharCode(...b)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  const secret = encode(crypto.getRandomValues(new Uint8Array(32)))
  sessionStorage.setItem(verifierKey, secret)
  return encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))))
}

async function depart(name: string): Promise<void> {
  const query = new URLSearchParams({ redirect: to('return'), challenge: await verifier() })
  if (new URLSearchParams(location.search).get('prompt') === 'login') query.set('prompt', 'login')
  location.assign(`/auth/sign-in/${encodeURIComponent(name)}?` + query.toString())
}

// depart to link a provider to the account that is signed in.
export async function linkProvider(name: string): Promise<void> {
  const { url } = await ask<{ url: string }>('POST', `/auth/identities/${encodeURIComponent(name)}`, { redirect: '/account/return', challenge: await verifier() })
  location.assign(url)
}

// company asks for the address of who signs in with their organization's own provider.
function company(box: Element): void {
  replace(box, el('h1', { tabIndex: -1 }, 'Sign in with your company'),
    el('p', {}, 'Where your company has connected its own sign-in, your work address leads to it.'),
    form({ fields: [{ ...emailField(typed), label: 'Work email' }], submit: 'Continue', send: async ({ email = '' }) => {
      typed = email
      await toCompany(email)
    } }),
    el('p', { className: 'foot' }, el('button', { type: 'button', className: 'plain', onclick: () => go('sign-in') }, 'Back')))
  focusFirst(box)
}

async function toCompany(email: string): Promise<void> {
  const found = await ask<{ kind: string; provider?: string }>('POST', '/auth/sign-in/discover', { email })
  if (found.kind !== 'sso' || !found.provider) throw new Problem(0, '', 'email', 'No company has connected a sign-in for this address. Sign in another way.')
  await depart(found.provider)
}

// comeBack is where a provider leads back to.
export async function comeBack(): Promise<HTMLElement> {
  const query = new URLSearchParams(location.search)
  const box = card('Signing in…')
  const code = query.get('code')
  const secret = sessionStorage.getItem(verifierKey)
  sessionStorage.removeItem(verifierKey)
  const why = query.get('error')
  query.delete('code')
  query.delete('error')
  history.replaceState(null, '', location.pathname + (query.size > 0 ? '?' + query.toString() : ''))
  const failed = (text: string): HTMLElement => card('That did not work', el('p', {}, text), link(to('sign-in'), 'Back to sign-in'))
  if (!code || !secret) {
    return failed(why === 'federation/denied' ? 'You turned back at the provider. Nothing was changed.' : 'The sign-in was not begun in this tab, or took too long.')
  }
  try {
    const answer = await ask<SignedIn & Partial<Page<unknown>>>('POST', '/auth/exchange', { code, verifier: secret })
    if (answer.items) {
      await load()
      await go('security', true)
      return document.querySelector('#app')!.firstElementChild as HTMLElement
    }
    await entered(answer, box.querySelector('main')!)
    return box
  } catch (err) {
    return failed(err instanceof Error ? err.message : String(err))
  }
}

let waiting: AbortController | null = null // for a passkey that is picked from suggestions

export function stopWaiting(): void {
  waiting?.abort()
  waiting = null
}

// wait lets a passkey be picked from the suggestions of the address's field.
async function wait(box: Element): Promise<void> {
  if (!app.settings.passkeys || !(await passkey.suggests())) return
  stopWaiting()
  waiting = new AbortController()
  const { signal } = waiting
  try {
    const answer = await passkey.signIn<SignedIn>(signal, true)
    if (!signal.aborted) await entered(answer, box)
  } catch {
    // the form is still there
  }
}

// already offers to go on as who is signed in.
function already(): Child {
  const me = app.me
  if (!me || new URLSearchParams(location.search).get('prompt') === 'login') return null
  const who = me.user.name || me.user.email || 'the anonymous user'
  return el('div', { className: 'already' }, el('button', { type: 'button', className: 'primary wide', onclick: leave }, `Continue as ${who}`), el('p', { className: 'or' }, 'or sign in as somebody else'))
}

export async function signIn(): Promise<HTMLElement> {
  const { settings } = app
  const others = await providers()
  const wrong = el('p', { className: 'wrong', role: 'alert' })
  const byPasskey = settings.passkeys && passkey.usable() && el('button', { type: 'button', className: 'wide' }, 'Sign in with a passkey')
  const byMail = (settings.email.code || settings.email.link) && el('button', { type: 'button', className: 'wide', onclick: () => replace(box, ...mailed(box)) }, settings.email.code ? 'Email me a code' : 'Email me a link')
  const page = card('Sign in', already(),
    settings.password.enabled
      ? form({
          fields: [emailField(typed, 'username webauthn'), oldPassword()],
          submit: 'Sign in',
          send: async ({ email = '', password }) => {
            typed = email
            stopWaiting()
            try {
              await entered(await ask<SignedIn>('POST', '/auth/sign-in', { email, password }), box)
            } catch (err) {
              if (is(err, 'federation/sso_required')) return toCompany(email)
              if (!is(err, 'auth/unconfirmed')) throw err
              await ask('POST', '/auth/confirm/resend', { email })
              await go('confirm')
            }
          },
          also: link(to('reset'), 'Forgot your password?'),
        })
      : byMail ? mailed(null) : null,
    (byPasskey || (byMail && settings.password.enabled) || others.length > 0) && el('div', { className: 'ways' }, settings.password.enabled && el('p', { className: 'or' }, 'or'), byPasskey, settings.password.enabled && byMail, others),
    wrong,
    settings.organizations.domains && el('p', { className: 'company' }, el('button', { type: 'button', className: 'plain', onclick: () => company(box) }, 'Sign in with your company')),
    settings.signUp === 'open' && el('p', { className: 'foot' }, 'New here? ', link(to('sign-up'), 'Create an account')))
  const box = page.querySelector('main')!
  if (byPasskey) {
    byPasskey.onclick = async () => {
      wrong.textContent = ''
      stopWaiting()
      try {
        await entered(await passkey.signIn<SignedIn>(), box)
      } catch (err) {
        wrong.textContent = err instanceof Error ? err.message : String(err)
        void wait(box)
      }
    }
  }
  void wait(box)
  return page
}

// mailed asks for a code or link; in box, it takes the place of the form before.
function mailed(box: Element | null): Child[] {
  const { code, link: byLink } = app.settings.email
  const target = el('div', {})
  target.append(form({
    fields: [emailField(typed)],
    submit: code ? 'Email me a code' : 'Email me a link',
    send: async ({ email = '' }) => {
      typed = email
      await ask('POST', '/auth/sign-in/email', { email })
      const page = box ?? target.closest('main')!
      replace(page, el('h1', { tabIndex: -1 }, 'Check your mail'),
        said([`If ${email} can sign in here, a mail is on its way to it. `, code && byLink ? 'Enter its code, or follow its link.' : code ? 'Enter its code.' : 'Follow its link.']),
        code && form({ fields: [codeField()], submit: 'Sign in', send: async (v) => entered(await ask<SignedIn>('POST', '/auth/sign-in/email/verify', { email, code: v.code }), page) }),
        again(() => ask('POST', '/auth/sign-in/email', { email })),
        el('p', { className: 'foot' }, el('button', { type: 'button', className: 'plain', onclick: () => go('sign-in') }, 'Another address')))
      focusFirst(page)
    },
  }))
  return [box && el('h1', { tabIndex: -1 }, 'Sign in by mail'), target, box && el('p', { className: 'foot' }, el('button', { type: 'button', className: 'plain', onclick: () => go('sign-in') }, 'Back'))]
}

// again offers to send a mail once more.
export function again(send: () => Promise<unknown>): HTMLElement {
  const status = el('span', { role: 'status', className: 'quiet' })
  const button = el('button', { type: 'button', className: 'plain' }, 'Send it again')
  button.onclick = async () => {
    button.disabled = true
    try {
      await send()
      status.textContent = ' Sent. The one before is void.'
    } catch (err) {
      status.textContent = ' ' + (err instanceof Error ? err.message : String(err))
    }
    button.disabled = false
  }
  return el('p', { className: 'again' }, 'Nothing came? Look into the junk folder. ', button, status)
}

export async function signUp(): Promise<HTMLElement> {
  const { settings } = app
  const token = invitation()
  if (settings.signUp === 'closed' || (settings.signUp === 'invited' && !token)) {
    return card('Accounts are by invitation', el('p', {}, settings.signUp === 'invited' ? 'Ask a member to invite you, then follow the link of the mail.' : 'An administrator makes accounts here.'), link(to('sign-in'), 'Back to sign-in'))
  }
  const others = await providers()
  const own = settings.password.enabled && form({
    fields: [{ name: 'name', label: 'Name', autocomplete: 'name', optional: true }, emailField(typed), newPassword(settings.password.minLength), ...settings.fields.map((f) => fieldOf(f))],
    submit: 'Create account',
    send: async ({ name, email = '', password, ...texts }) => {
      typed = email
      const locale = navigator.language
      const up = await ask<SignedIn & { user: User; expiresIn?: number }>('POST', '/auth/sign-up', { ...valuesOf(settings.fields, texts), name, email, password, locale, ...(token ? { invitation: token } : {}) })
      if (!up.challenge && up.expiresIn === undefined) return go('confirm')
      if (token) keepInvitation('') // it is accepted by that
      await entered(up, page.querySelector('main')!, token && !settings.returnTo ? () => go('organization', true) : leave)
    },
  })
  const page = card('Create an account', token && el('p', { className: 'note' }, 'Use the address that your invitation was mailed to: it is confirmed by that, and you are in.'), own,
    others.length > 0 && el('div', { className: 'ways' }, own && el('p', { className: 'or' }, 'or'), others),
    !own && others.length === 0 && el('p', {}, 'Sign in with your address: your account is made by that.'),
    el('p', { className: 'foot' }, 'Have an account? ', link(to('sign-in'), 'Sign in')))
  return page
}

// lastTyped is the address of a sign-up or sign-in that was just sent.
export const lastTyped = (): string => typed

export const setTyped = (email: string): void => {
  typed = email
}
