// The page of ways in: password, passkeys, authenticator app, other providers.

import { ask, nothing, optional, type Page, type Provider, type SignedIn } from './api'
import { app, load } from './app'
import { confirmed, day, dialog, el, replace, type Child } from './dom'
import { form, newPassword } from './form'
import { account, empty, row, section } from './frame'
import { linkProvider } from './pages-in'
import * as passkey from './passkey'
import { done } from './profile'
import { authenticator, fresh, recovery, type Totp } from './session'

interface Passkey {
  id: string
  name: string
  backedUp: boolean
  createdAt: string
  lastUsedAt: string | null
}

interface Factors {
  totp: boolean
  passkeys: number
  recoveryCodes: number
}

interface Consent {
  client: string
  name: string
  scopes: string[]
  createdAt: string
}

export async function security(): Promise<HTMLElement> {
  const [factors, keys, linked, ways, consents] = await Promise.all([
    ask<Factors>('GET', '/auth/factors'),
    ask<Page<Passkey>>('GET', '/auth/passkeys'),
    optional<Page<{ provider: string; email?: string; lastUsedAt: string }>>('/auth/identities', nothing),
    optional<Page<Provider>>('/auth/providers', nothing),
    optional<Page<Consent>>('/auth/consents', nothing),
  ])
  return account('security', 'Security', 'How you sign in, and what keeps others out.',
    app.settings.password.enabled && app.me!.user.email && password(),
    (app.settings.passkeys || keys.items.length > 0) && passkeys(keys.items),
    (app.settings.totp || factors.totp) && totp(factors),
    (ways.items.length > 0 || linked.items.length > 0) && providers(ways.items, linked.items),
    consents.items.length > 0 && applications(consents.items))
}

const again = (): Promise<void> => app.show()

function password(): HTMLElement {
  const saved = done()
  const node = form({
    fields: [
      { name: 'username', label: 'Email', type: 'hidden', autocomplete: 'username', value: app.me!.user.email ?? '' },
      { name: 'current', label: 'Current password', type: 'password', autocomplete: 'current-password', optional: true, hint: 'Leave it empty if you have never set one.' },
      newPassword(app.settings.password.minLength, 'new', 'New password'),
    ],
    submit: 'Change the password',
    also: saved.node,
    send: async (values) => {
      await fresh(() => ask<SignedIn>('POST', '/auth/password', { current: values.current, new: values.new }))
      await load()
      node.reset()
      saved.say('Changed. All other sessions have ended.')
    },
  })
  return section('Password', 'Changing it signs you out everywhere else.', node)
}

function passkeys(keys: Passkey[]): HTMLElement {
  const add = async ({ name = '' }: Record<string, string>): Promise<void> => {
    const options = await fresh(() => ask<passkey.Options>('POST', '/auth/passkeys/options'))
    const made = await passkey.make(options)
    await ask('POST', '/auth/passkeys', { id: options.id, passkey: made, name })
    await again()
  }
  return section('Passkeys', 'A passkey signs you in by the fingerprint, face or PIN of your device. There is nothing to remember, and nothing to steal by a false page.',
    keys.length === 0 && empty('You have no passkey yet. Add one, and the next sign-in is a touch.'),
    keys.length > 0 && el('ul', { className: 'list' }, keys.map((k) => row(k.name || 'Passkey',
      ['Added ', day(k.createdAt), k.lastUsedAt ? [', last used ', day(k.lastUsedAt)] : ', not used yet', k.backedUp && ', on all your devices'],
      el('button', { type: 'button', ariaLabel: `Rename ${k.name || 'the passkey'}`, onclick: () => rename(k) }, 'Rename'),
      el('button', { type: 'button', ariaLabel: `Remove ${k.name || 'the passkey'}`, onclick: () => confirmed('Remove the passkey?', 'It signs in no more. Your device may go on offering it: delete it there too.', 'Remove', async () => {
        await fresh(() => ask('DELETE', '/auth/passkeys/' + k.id))
        await again()
      }) }, 'Remove')))),
    !app.settings.passkeys ? null : passkey.usable()
      ? form({ fields: [{ name: 'name', label: 'Name of the device', value: suggestedName(), optional: true }], submit: 'Add a passkey', label: 'Add a passkey', send: add })
      : empty(`Passkeys need a host name and a secure connection. ${/^[\d.]+$/.test(location.hostname) ? `On this machine, open http://localhost${location.port && ':' + location.port}/account/security.` : 'Open this page by https.'}`))
}

function rename(k: Passkey): void {
  const box = dialog('Rename the passkey', form({ fields: [{ name: 'name', label: 'Name', value: k.name }], submit: 'Save', send: async (values) => {
    await ask('PATCH', '/auth/passkeys/' + k.id, values)
    box.close()
    await again()
  } }))
}

function suggestedName(): string {
  const agent = navigator.userAgent
  const known: [RegExp, string][] = [[/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android phone'], [/Mac OS X/, 'Mac'], [/Windows/, 'Windows'], [/Linux/, 'Linux']]
  return known.find(([at]) => at.test(agent))?.[1] ?? ''
}

function totp(factors: Factors): HTMLElement {
  const lead = 'An app on your phone shows a code that changes every half minute. It is asked for after your password.'
  if (!factors.totp) {
    const box = el('div', {})
    const begin = form({ fields: [], submit: 'Set up an authenticator app', label: 'Set up an authenticator app', send: async () => {
      const secret = await fresh(() => ask<Totp>('POST', '/auth/totp'))
      replace(box, authenticator(secret, async (values) => {
        const { recoveryCodes } = await ask<{ recoveryCodes: string[] }>('POST', '/auth/totp/confirm', values)
        replace(box, el('h3', {}, 'Recovery codes'), recovery(recoveryCodes, again))
      }))
      box.querySelector<HTMLElement>('input')?.focus()
    } })
    box.append(empty('There is no second factor yet. With one, a stolen password is not enough.'), begin)
    return section('Authenticator app', lead, box)
  }
  return section('Authenticator app', lead,
    el('ul', { className: 'list' },
      row('Authenticator app', 'It is on.', el('button', { type: 'button', onclick: () => confirmed('Remove the authenticator app?', 'After that, your password alone signs you in. The recovery codes end with it.', 'Remove', async () => {
        await fresh(() => ask('DELETE', '/auth/totp'))
        await again()
      }) }, 'Remove')),
      row('Recovery codes', `${factors.recoveryCodes} are left.`, el('button', { type: 'button', onclick: () => confirmed('Make new recovery codes?', 'The old ones end.', 'Make new ones', async () => {
        const made = await fresh(() => ask<{ recoveryCodes: string[] }>('POST', '/auth/recovery-codes'))
        const box = dialog('Recovery codes', recovery(made.recoveryCodes, () => box.close()))
        box.addEventListener('close', () => void again())
      }) }, 'New codes'))))
}

function providers(ways: Provider[], linked: { provider: string; email?: string }[]): HTMLElement {
  const label = (name: string): string => ways.find((w) => w.name === name)?.label ?? name
  const free = ways.filter((w) => !linked.some((l) => l.provider === w.name))
  const add: Child = free.length > 0 && el('div', { className: 'actions' }, free.map((w) => el('button', { type: 'button', onclick: () => fresh(() => linkProvider(w.name)) }, `Link ${w.label}`)))
  return section('Other accounts', 'Sign in with an account that you have elsewhere.',
    linked.length === 0 && empty('None is linked yet.'),
    linked.length > 0 && el('ul', { className: 'list' }, linked.map((l) => row(label(l.provider), l.email ?? '', el('button', { type: 'button', ariaLabel: `Unlink ${label(l.provider)}`, onclick: () => confirmed(`Unlink ${label(l.provider)}?`, 'It signs you in no more.', 'Unlink', async () => {
      await fresh(() => ask('DELETE', '/auth/identities/' + encodeURIComponent(l.provider)))
      await again()
    }) }, 'Unlink')))),
    add)
}

// The scopes that an application asks for, as the page of consent says them.
const scopes: Record<string, string> = {
  openid: 'know that it is you', profile: 'see your name and language', email: 'see your email address', organization: 'see your organization and role',
  offline_access: 'stay signed in while you are away', api: 'see and change the data that you can see and change',
}

function applications(consents: Consent[]): HTMLElement {
  return section('Applications', 'What you let other applications do with this account.',
    el('ul', { className: 'list' }, consents.map((c) => row(c.name || c.client, ['It may ', c.scopes.map((s) => scopes[s] ?? s).join(', '), '. Since ', day(c.createdAt), '.'],
      el('button', { type: 'button', ariaLabel: `Withdraw from ${c.name || c.client}`, onclick: () => confirmed(`Withdraw from ${c.name || c.client}?`, 'It is signed out, and asks you anew the next time.', 'Withdraw', async () => {
        await ask('DELETE', '/auth/consents/' + encodeURIComponent(c.client))
        await again()
      }) }, 'Withdraw')))))
}
