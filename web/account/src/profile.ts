// The page of who one is.

import { ask, type Page } from './api'
import { app, go, load } from './app'
import { confirmed, el, type Child } from './dom'
import { fieldOf, valuesOf, type Own } from './fields'
import { form, newPassword } from './form'
import { account, section } from './frame'
import { entered, fresh } from './session'

// done says beside a form that it has worked.
export function done(): { node: HTMLElement; say: (text: string) => unknown } {
  const node = el('span', { className: 'done', role: 'status' })
  return { node, say: (text) => (node.textContent = text) }
}

export async function profile(): Promise<HTMLElement> {
  const user = app.me!.user
  if (!user.email) return account('', 'Profile', 'You have tried the app without an account.', becomeReal())
  const saved = done()
  const own = (await ask<Page<Own>>('GET', '/auth/me/fields')).items
  return account('', 'Profile', 'How others see you, and where mail reaches you.',
    section('Name', null, form({ fields: [{ name: 'name', label: 'Name', autocomplete: 'name', value: user.name, optional: true }], submit: 'Save', also: saved.node, send: async (values) => {
      await ask('PATCH', '/auth/me', values)
      await load()
      document.querySelector('.who')!.textContent = app.me!.user.name || (app.me!.user.email ?? '')
      saved.say('Saved.')
    } })),
    own.length > 0 && section('About you', null, about(own)),
    section('Email address', [el('strong', {}, user.email), user.emailVerified ? ' is confirmed.' : ' is not confirmed yet.'], !user.emailVerified && confirmation(user.email), change()),
    section('Delete the account', 'Your account, its sessions and its ways to sign in are deleted at once. What you made in an organization stays there as the app decides.',
      el('div', { className: 'actions' }, el('button', { type: 'button', className: 'danger', onclick: remove }, 'Delete my account'))))
}

// about are the fields that the app has of its own.
function about(own: Own[]): HTMLElement {
  const saved = done()
  return form({ fields: own.map((f) => fieldOf(f, app.me!.user[f.name])), submit: 'Save', label: 'About you', also: saved.node, send: async (texts) => {
    const changed = valuesOf(own, texts, app.me!.user)
    if (Object.keys(changed).length > 0) await ask('PATCH', '/auth/me', changed)
    await load()
    saved.say('Saved.')
  } })
}

function confirmation(email: string): HTMLElement {
  const sent = done()
  return form({ fields: [], submit: 'Send a mail to confirm it', label: 'Confirm the address', also: sent.node, send: async () => {
    await ask('POST', '/auth/confirm/resend', { email })
    sent.say('Sent. Follow its link.')
  } })
}

function change(): HTMLElement {
  const sent = done()
  return form({ fields: [{ name: 'email', label: 'New address', type: 'email', autocomplete: 'email', missing: 'Enter the new address.' }], submit: 'Change the address', label: 'Change the address', also: sent.node,
    send: async ({ email }) => {
      await fresh(() => ask('POST', '/auth/email', { email }))
      sent.say('Links are on their way to both addresses. The change takes place when both were followed.')
    } })
}

function remove(): void {
  confirmed('Delete your account?', 'This can’t be undone. Organizations that nobody else is in go with it. One that you alone own, and that has other members, needs another owner first.', 'Delete my account', async () => {
    await fresh(() => ask('DELETE', '/auth/me'))
    await ask('POST', '/auth/sign-out').catch(() => undefined) // takes the cookies away
    app.me = null
    await go('sign-in')
  })
}

// becomeReal makes a real user of an anonymous one.
function becomeReal(): Child {
  const box = el('section', {}, el('h2', {}, 'Keep what you have made'), el('p', { className: 'lead' }, 'With an address you can come back to it, from any device.'))
  box.append(form({
    fields: [{ name: 'name', label: 'Name', autocomplete: 'name', optional: true }, { name: 'email', label: 'Email', type: 'email', autocomplete: 'username' }, newPassword(app.settings.password.minLength), ...app.settings.fields.map((f) => fieldOf(f, app.me!.user[f.name]))],
    submit: 'Create account',
    send: async ({ name, email, password, ...texts }) => {
      const values = { ...valuesOf(app.settings.fields, texts), name, email, password }
      const up = await ask<{ challenge?: never; expiresIn?: number }>('POST', '/auth/anonymous/convert', values)
      if (up.expiresIn === undefined) return go('confirm')
      return entered(up, box)
    },
  }))
  return box
}
