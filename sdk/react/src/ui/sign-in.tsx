import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useLoam } from '../context.js'
import { codeField } from './challenge.js'
import { Again, Mailed, useNext, type EntryProps } from './entry.js'
import { Followed, useMailedLink } from './followed.js'
import { FieldError, Form, Quiet } from './form.js'
import { Panel } from './parts.js'
import { useSettings, type Settings } from './settings.js'
import { useTexts, type Say } from './texts.js'

export interface SignInProps extends EntryProps {
  /** Shows the way to a sign-up, where one is open. */
  onSignUp?: () => void
}

type Step = 'start' | 'mail' | 'mailed' | 'company' | 'forgot' | 'reset'

/** Signs somebody in, by every way that the server allows. */
export function SignIn({ onSignUp, ...entry }: SignInProps): ReactNode {
  const t = useTexts()
  const { settings, error, retry } = useSettings()
  const { panel, entered, confirm, heading } = useNext(entry)
  const [step, setStep] = useState<Step>('start')
  const [moved, setMoved] = useState(false)
  const [email, setEmail] = useState('')
  const { client } = useLoam()
  const back = useReturn(entered)
  const [link, linkUsed] = useMailedLink()
  if (panel) return panel
  const go = (to: Step): void => {
    setMoved(true)
    setStep(to)
  }
  const toStart = (): void => go('start')
  if (!settings) {
    return (
      <Panel title={t('signIn')} heading={heading}>
        {error ? <Form submit={t('continue')} send={async () => void (await retry())} children={<span className="loam-wrong">{t.error(error)}</span>} /> : <p role="status">{t('loading')}</p>}
      </Panel>
    )
  }
  if (link) return <Followed {...{ link, settings, entered, heading }} back={linkUsed} />
  const parts: Parts = { t, settings, entry, email, setEmail, entered, go, heading, moved }
  if (step === 'mail') return <ByMail {...parts} />
  if (step === 'mailed') {
    const { code, link } = settings.ways.email
    return (
      <Mailed
        heading={heading}
        text="signInMailed"
        email={email}
        code={code}
        link={link}
        submit="signIn"
        send={async (c) => entered(await client.auth.signInByMail({ email, code: c }))}
        resend={() => client.auth.sendSignIn({ email, ...redirectOf(entry) })}
        back={toStart}
      />
    )
  }
  if (step === 'company') return <Company {...parts} />
  if (step === 'forgot' || step === 'reset') return <Reset {...parts} step={step} />
  return <Start {...parts} failed={back} confirm={confirm} onSignUp={onSignUp} />
}

interface Parts extends Pick<ReturnType<typeof useNext>, 'entered' | 'heading'> {
  t: ReturnType<typeof useTexts>
  settings: Settings
  entry: EntryProps
  email: string
  setEmail: (email: string) => void
  go: (step: Step) => void
  moved: boolean
}

const redirectOf = (entry: EntryProps) => (entry.redirect ? { redirect: entry.redirect } : {})
const here = (): string => location.origin + location.pathname
const emailField = (t: Say, value: string, autoComplete = 'username') => ({ name: 'email', label: t('email'), type: 'email' as const, value, autoComplete })

// Ends a way that led to a provider.
function useReturn(entered: Parts['entered']): unknown {
  const { client } = useLoam()
  const [failed, setFailed] = useState<unknown>()
  const once = useRef(false)
  useEffect(() => {
    const query = new URLSearchParams(location.search)
    if (once.current || !(query.has('code') || query.has('error'))) return
    once.current = true
    const url = location.href
    query.delete('code')
    query.delete('error')
    client.auth.finishRedirect(url).then(
      (answer) => {
        if (!answer) return // not ours
        history.replaceState(history.state, '', location.pathname + (query.size > 0 ? '?' + query.toString() : '') + location.hash)
        entered(answer)
      },
      setFailed,
    )
  }, [])
  return failed
}

interface StartProps extends Parts {
  failed: unknown
  confirm: (email: string) => void
  onSignUp?: (() => void) | undefined
}

const passkeysWork = (): boolean => typeof PublicKeyCredential === 'function'

function Start({ t, settings, entry, email, setEmail, entered, go, heading, moved, failed, confirm, onSignUp }: StartProps): ReactNode {
  const { client } = useLoam()
  const { ways, providers } = settings
  const [wrong, setWrong] = useState<unknown>(failed)
  useEffect(() => setWrong(failed), [failed])
  const suggested = useSuggestions(ways.passkeys, entered)
  const byMail = ways.email.code || ways.email.link
  const mailText = t(ways.email.code ? 'signInCode' : 'signInLink')
  const byPasskey = ways.passkeys && passkeysWork()
  // One thing at a time: a browser asks for one passkey.
  const press = async (act: () => Promise<unknown>): Promise<void> => {
    setWrong(undefined)
    suggested.stop()
    try {
      await act()
    } catch (err) {
      setWrong(err)
      suggested.start()
    }
  }
  const leave = (provider: string) => client.auth.signInWithProvider(provider, { redirect: entry.redirect ?? here() })
  const byPassword = async ({ email: typed = '', password = '' }: Record<string, string>): Promise<void> => {
    setEmail(typed)
    try {
      const answer = await client.auth.signIn({ email: typed, password })
      suggested.stop()
      entered(answer)
    } catch (err) {
      const { code } = err as { code?: string }
      if (code === 'federation/sso_required') {
        const { provider } = await client.auth.discover(typed)
        if (!provider) throw err
        await leave(provider)
        throw new Quiet()
      }
      if (code !== 'auth/unconfirmed') throw err
      await client.auth.resendConfirmation({ email: typed, ...redirectOf(entry) })
      confirm(typed)
    }
  }
  const first = ways.password.enabled || byMail
  return (
    <Panel title={ways.name ? t('signInTo', { app: ways.name }) : t('signIn')} heading={heading} focus={moved}>
      {byPasskey && (
        <button type="button" className="loam-button loam-wide" onClick={() => void press(async () => entered(await client.auth.signInWithPasskey()))}>
          {t('signInPasskey')}
        </button>
      )}
      <p className="loam-wrong" role="alert">
        {wrong !== undefined && t.error(wrong)}
      </p>
      {byPasskey && first && <p className="loam-or">{t('or')}</p>}
      {ways.password.enabled ? (
        <Form
          fields={[emailField(t, email, 'username webauthn'), { name: 'password', label: t('password'), type: 'password', autoComplete: 'current-password' }]}
          submit={t('signIn')}
          send={byPassword}
        >
          <button type="button" className="loam-plain" onClick={() => go('forgot')}>
            {t('forgot')}
          </button>
        </Form>
      ) : (
        byMail && <MailForm {...{ t, settings, entry, email, setEmail, go }} autoComplete="username webauthn" />
      )}
      {((byMail && ways.password.enabled) || providers.length > 0) && (
        <div className="loam-ways">
          {first && <p className="loam-or">{t('or')}</p>}
          {byMail && ways.password.enabled && (
            <button type="button" className="loam-button loam-wide" onClick={() => go('mail')}>
              {mailText}
            </button>
          )}
          {providers.map((p) => (
            <button type="button" className="loam-button loam-wide" key={p.name} onClick={() => void press(() => leave(p.name))}>
              {t('signInProvider', { provider: p.label })}
            </button>
          ))}
        </div>
      )}
      {ways.organizations.domains && (
        <p className="loam-center">
          <button type="button" className="loam-plain" onClick={() => go('company')}>
            {t('signInCompany')}
          </button>
        </p>
      )}
      {onSignUp && ways.signUp !== 'closed' && (
        <p className="loam-foot">
          {t('newHere')}{' '}
          <button type="button" className="loam-plain" onClick={onSignUp}>
            {t('createAccount')}
          </button>
        </p>
      )}
    </Panel>
  )
}

// A passkey that is picked from the suggestions of the address's field.
function useSuggestions(wanted: boolean, entered: Parts['entered']) {
  const { client } = useLoam()
  const waiting = useRef<AbortController>(undefined)
  const latest = useRef(entered)
  latest.current = entered
  const stop = (): void => waiting.current?.abort()
  const start = async (): Promise<void> => {
    stop()
    if (!wanted || !passkeysWork() || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return
    const now = (waiting.current = new AbortController())
    try {
      const answer = await client.auth.signInWithPasskey({ signal: now.signal, conditional: true })
      if (!now.signal.aborted) latest.current(answer)
    } catch {
      // the form is still there
    }
  }
  useEffect(() => {
    const late = setTimeout(() => void start()) // not for a mount that is taken back at once
    return () => {
      clearTimeout(late)
      stop()
    }
  }, [wanted])
  return { stop, start: () => void start() }
}

function MailForm({ t, settings, entry, email, setEmail, go, autoComplete }: Pick<Parts, 't' | 'settings' | 'entry' | 'email' | 'setEmail' | 'go'> & { autoComplete?: string }): ReactNode {
  const { client } = useLoam()
  return (
    <Form
      fields={[emailField(t, email, autoComplete)]}
      submit={t(settings.ways.email.code ? 'signInCode' : 'signInLink')}
      send={async ({ email: typed = '' }) => {
        await client.auth.sendSignIn({ email: typed, ...redirectOf(entry) })
        setEmail(typed)
        go('mailed')
      }}
    />
  )
}

const Back = ({ t, go }: Pick<Parts, 't' | 'go'>): ReactNode => (
  <p className="loam-foot">
    <button type="button" className="loam-plain" onClick={() => go('start')}>
      {t('back')}
    </button>
  </p>
)

function ByMail(parts: Parts): ReactNode {
  const { t, settings, heading } = parts
  return (
    <Panel title={t(settings.ways.email.code ? 'signInCode' : 'signInLink')} heading={heading} focus>
      <MailForm {...parts} />
      <Back {...parts} />
    </Panel>
  )
}

function Company(parts: Parts): ReactNode {
  const { t, heading, email, setEmail, entry } = parts
  const { client } = useLoam()
  return (
    <Panel title={t('signInCompany')} heading={heading} focus>
      <p className="loam-text">{t('companyHelp')}</p>
      <Form
        fields={[{ ...emailField(t, email), label: t('workEmail') }]}
        submit={t('continue')}
        send={async ({ email: typed = '' }) => {
          setEmail(typed)
          const { kind, provider } = await client.auth.discover(typed)
          if (kind !== 'sso' || !provider) throw new FieldError('email', t('noCompany'))
          await client.auth.signInWithProvider(provider, { redirect: entry.redirect ?? here() })
        }}
      />
      <Back {...parts} />
    </Panel>
  )
}

function Reset({ step, ...parts }: Parts & { step: 'forgot' | 'reset' }): ReactNode {
  const { t, settings, heading, email, setEmail, entry, entered, go } = parts
  const { client } = useLoam()
  const ask = (to: string) => client.auth.forgotPassword({ email: to, ...redirectOf(entry) })
  if (step === 'forgot') {
    return (
      <Panel title={t('resetTitle')} heading={heading} focus key="forgot">
        <p className="loam-text">{t('resetHelp')}</p>
        <Form
          fields={[emailField(t, email)]}
          submit={t('resetSend')}
          send={async ({ email: typed = '' }) => {
            await ask(typed)
            setEmail(typed)
            go('reset')
          }}
        />
        <Back {...parts} />
      </Panel>
    )
  }
  const min = settings.ways.password.minLength
  return (
    <Panel title={t('checkMail')} heading={heading} focus key="reset">
      <p className="loam-note" role="status">
        {t('resetMailed', { email })} {t('enterOrFollow')}
      </p>
      <Form
        fields={[codeField(t), { name: 'password', label: t('newPassword'), type: 'password', autoComplete: 'new-password', hint: t('passwordHint', { min }) }]}
        submit={t('resetDo')}
        send={async ({ code = '', password = '' }) => entered(await client.auth.resetPassword({ email, code, password }))}
      />
      <Again send={() => ask(email)} />
      <Back {...parts} />
    </Panel>
  )
}
