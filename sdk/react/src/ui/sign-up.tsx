import type { ReactNode } from 'react'
import { useLoam } from '../context.js'
import { useNext, type EntryProps } from './entry.js'
import { fieldOf, valuesOf } from './fields.js'
import { Form } from './form.js'
import { Panel } from './parts.js'
import { useSettings } from './settings.js'
import { useTexts } from './texts.js'

export interface SignUpProps extends EntryProps {
  /** Shows the way to a sign-in. */
  onSignIn?: () => void
  /** The token of an invitation. */
  invitation?: string
}

/** Makes an account, with the fields of `extend type User`. */
export function SignUp({ onSignIn, invitation, ...entry }: SignUpProps): ReactNode {
  const t = useTexts()
  const { client } = useLoam()
  const { settings, error, retry } = useSettings()
  const { panel, entered, heading } = useNext(entry)
  if (panel) return panel
  const foot = onSignIn && (
    <p className="loam-foot">
      {t('haveAccount')}{' '}
      <button type="button" className="loam-plain" onClick={onSignIn}>
        {t('signIn')}
      </button>
    </p>
  )
  if (!settings) {
    return (
      <Panel title={t('createAccount')} heading={heading}>
        {error ? <Form submit={t('continue')} send={async () => void (await retry())} children={<span className="loam-wrong">{t.error(error)}</span>} /> : <p role="status">{t('loading')}</p>}
      </Panel>
    )
  }
  const { ways, providers } = settings
  if (ways.signUp === 'closed' || (ways.signUp === 'invited' && !invitation)) {
    return (
      <Panel title={t('byInvitation')} heading={heading}>
        <p className="loam-text">{t('byInvitationHelp')}</p>
        {foot}
      </Panel>
    )
  }
  const send = async ({ name, email = '', password, ...own }: Record<string, string>): Promise<void> => {
    const input = { ...valuesOf(ways.fields, own, t), email, locale: navigator.language, ...(name && { name }), ...(password && { password }) }
    entered(await client.auth.signUp({ ...input, ...(entry.redirect && { redirect: entry.redirect }), ...(invitation && { invitation }) }))
  }
  const redirect = entry.redirect
  return (
    <Panel title={t('createAccount')} heading={heading}>
      {ways.password.enabled && (
        <Form
          fields={[
            { name: 'name', label: t('name'), autoComplete: 'name', optional: true },
            { name: 'email', label: t('email'), type: 'email', autoComplete: 'username' },
            { name: 'password', label: t('password'), type: 'password', autoComplete: 'new-password', hint: t('passwordHint', { min: ways.password.minLength }) },
            ...ways.fields.map((f) => fieldOf(f, t)),
          ]}
          submit={t('createAccount')}
          send={send}
        />
      )}
      {providers.length > 0 && (
        <div className="loam-ways">
          {ways.password.enabled && <p className="loam-or">{t('or')}</p>}
          {providers.map((p) => (
            <button
              type="button"
              className="loam-button loam-wide"
              key={p.name}
              onClick={() => void client.auth.signInWithProvider(p.name, { redirect: redirect ?? location.origin + location.pathname })}
            >
              {t('signInProvider', { provider: p.label })}
            </button>
          ))}
        </div>
      )}
      {!ways.password.enabled && providers.length === 0 && <p className="loam-text">{t('noWays')}</p>}
      {foot}
    </Panel>
  )
}
