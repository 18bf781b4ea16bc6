// What comes after a first proof: the session, or a second factor before it.

import { ask, is, type Challenge, type SignedIn } from './api'
import { app, go, leave, load } from './app'
import { copied, dialog, el, link, replace, type Child } from './dom'
import { codeField, form, oldPassword } from './form'
import * as passkey from './passkey'

// entered goes on after any sign-in. The challenge, where there is one, is shown in
// place of what is in box.
export async function entered(answer: SignedIn, box: Element, done: () => Promise<void> = leave): Promise<void> {
  if (answer.challenge) return challenge(answer.challenge, box, done)
  if (answer.recoveryCodes?.length) return replace(box, heading('Keep your recovery codes'), recovery(answer.recoveryCodes, done))
  await load()
  return done()
}

const heading = (text: string): HTMLElement => el('h1', { tabIndex: -1 }, text)

// recovery shows codes that are shown once.
export function recovery(codes: string[], done: () => unknown): HTMLElement {
  const text = codes.join('\n')
  return el('div', {},
    el('p', {}, 'Each of these signs you in once, should you lose your device. They are not shown again: keep them in a safe place.'),
    el('pre', { className: 'codes', tabIndex: 0, ariaLabel: 'Recovery codes' }, text),
    el('div', { className: 'actions' }, el('button', { type: 'button', className: 'primary', onclick: done }, 'I have kept them'), copied(text, 'Copy the codes')))
}

function challenge(c: Challenge, box: Element, done: () => Promise<void>, kind = c.kinds[0] ?? 'totp'): void {
  const answer = async (proof: object): Promise<void> => {
    try {
      await entered(await ask<SignedIn>('POST', '/auth/challenge', { id: c.id, ...proof }), box, done)
    } catch (err) {
      if (is(err, 'auth/challenge_ended')) await go('sign-in')
      throw err
    }
  }
  const kinds: Record<string, { title: string; other: string; body: () => Child }> = {
    totp: { title: 'Enter a code', other: 'Use your authenticator app', body: () => [
      el('p', {}, 'Open your authenticator app, and enter the code that it shows for this account.'),
      form({ fields: [codeField()], submit: 'Continue', send: ({ code = '' }) => answer({ code: code.replaceAll(' ', '') }) })] },
    recovery: { title: 'Enter a recovery code', other: 'Use a recovery code', body: () => [
      el('p', {}, 'Enter one of the codes that you kept when you set up your authenticator app. It works once.'),
      form({ fields: [{ name: 'code', label: 'Recovery code', missing: 'Enter a recovery code.' }], submit: 'Continue', send: ({ code }) => answer({ code }) })] },
    passkey: { title: 'Use your passkey', other: 'Use a passkey', body: () => [
      el('p', {}, 'Your device asks for your fingerprint, face or PIN.'),
      form({ fields: [], submit: 'Continue with a passkey', send: async () => answer({ passkey: await passkey.use(await ask('POST', '/auth/challenge/passkey', { id: c.id })) }) })] },
    enrol: { title: 'Set up a second factor', other: '', body: () => enrol(c.id, answer) },
  }
  const shown = kinds[kind] ?? kinds.totp!
  const others = c.kinds.filter((k) => k !== kind && kinds[k] && (k !== 'passkey' || passkey.usable()))
  replace(box, heading(shown.title), shown.body(),
    el('div', { className: 'others' }, others.map((k) => el('button', { type: 'button', className: 'plain', onclick: () => challenge(c, box, done, k) }, kinds[k]!.other)),
      el('button', { type: 'button', className: 'plain', onclick: () => go('sign-in') }, 'Start again')))
  focusFirst(box)
}

function enrol(id: string, answer: (proof: object) => Promise<void>): HTMLElement {
  const box = el('div', {}, el('p', {}, 'This account needs a second factor. Scan a picture with an authenticator app, such as the one of your password manager.'))
  const begin = form({ fields: [], submit: 'Show the picture', send: async () => {
    replace(box, authenticator(await ask('POST', '/auth/challenge/enrol', { id }), ({ code = '' }) => answer({ code })))
    focusFirst(box)
  } })
  box.append(begin)
  return box
}

export interface Totp {
  secret: string
  qr: string
}

// authenticator shows the secret of an authenticator app to be, and asks for its
// first code.
export function authenticator(t: Totp, send: (values: Record<string, string>) => Promise<unknown>): HTMLElement {
  return el('div', { className: 'enrol' },
    el('img', { className: 'qr', src: t.qr, width: 200, height: 200, alt: 'A picture for an authenticator app to scan' }),
    el('p', { className: 'hint' }, 'No camera? Type this into the app: ', el('code', {}, t.secret.replace(/(.{4})(?=.)/g, '$1 '))),
    form({ fields: [codeField('Code that the app shows')], submit: 'Turn on', send: (v) => send({ code: (v.code ?? '').replaceAll(' ', '') }) }))
}

export function focusFirst(box: Element): void {
  const at = box.querySelector<HTMLElement>('input:not([type=hidden]):not([readonly]), select') ?? box.querySelector<HTMLElement>('h1')
  at?.focus()
}

// fresh runs what needs a fresh proof of who the user is, and asks for the proof
// where the server does.
export async function fresh<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (err) {
    if (!is(err, 'auth/reauthenticate')) throw err
  }
  await proof()
  return act()
}

class Cancelled extends Error {}

// proof asks for one of the user's secrets.
async function proof(): Promise<void> {
  const factors = await ask<{ totp: boolean; passkeys: number }>('GET', '/auth/factors')
  await new Promise<void>((resolve, reject) => {
    let shown = false
    const give = async (what: object): Promise<void> => {
      await ask('POST', '/auth/reauthenticate', what)
      shown = true
      box.close()
      resolve()
    }
    const box = dialog('Is it you?',
      el('p', {}, 'This change matters for the safety of your account. Show once more who you are.'),
      factors.passkeys > 0 && passkey.usable() && form({ fields: [], submit: 'Use a passkey', label: 'By passkey', send: async () => {
        const options = await ask<passkey.Options>('POST', '/auth/reauthenticate/options')
        await give({ id: options.id, passkey: await passkey.use(options) })
      } }),
      app.settings.password.enabled && form({ fields: [{ name: 'username', label: 'Email', type: 'hidden', autocomplete: 'username', value: app.me?.user.email ?? '', optional: true }, oldPassword()], submit: 'Continue', label: 'By password', send: ({ password }) => give({ password }) }),
      factors.totp && form({ fields: [codeField('Code of your authenticator app')], submit: 'Continue', label: 'By authenticator app', send: ({ code = '' }) => give({ code: code.replaceAll(' ', '') }) }),
      el('p', { className: 'hint' }, 'None of these? ', link('/account/sign-in?' + new URLSearchParams({ prompt: 'login', return_to: location.pathname }).toString(), 'Sign in again'), ', then come back.'))
    box.addEventListener('close', () => shown || reject(new Cancelled('Nothing was changed.')))
  })
}
