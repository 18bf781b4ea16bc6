// What comes after a first proof: a second factor, or codes to keep.

import { useState, type ReactNode } from 'react'
import type { Challenge, SignedIn, Totp } from '@loam/client'
import { Form } from './form.js'
import { Panel, type Heading } from './parts.js'
import { useTexts, type Say } from './texts.js'

export type Entered = (answer: SignedIn) => void

const digits = (t: Say) => ({ name: 'code', label: t('code'), code: true, autoComplete: 'one-time-code' })

/** Asks for the code of a mail or an app. */
export const codeField = digits

export interface SecondFactorProps {
  challenge: Challenge
  heading: Heading
  entered: Entered
  again: () => void
}

export function SecondFactor({ challenge: c, heading, entered, again }: SecondFactorProps): ReactNode {
  const t = useTexts()
  const [kind, setKind] = useState(c.kinds[0] ?? 'totp')
  const [totp, setTotp] = useState<Totp>()
  const answer = async (code = ''): Promise<void> => entered(await c.answer(code.replace(/ /g, '')))
  const others = c.kinds.filter((k) => k !== kind)
  const otherText = { totp: 'useApp', recovery: 'useRecovery', passkey: 'usePasskey', enrol: 'enrolTitle' } as const
  const title = t(({ totp: 'codeTitle', recovery: 'recoveryTitle', passkey: 'passkeyTitle', enrol: 'enrolTitle' } as const)[kind])
  return (
    <Panel title={title} heading={heading} focus key={kind + (totp ? '2' : '')}>
      {kind === 'totp' && (
        <>
          <p className="loam-text">{t('codeHelp')}</p>
          <Form fields={[digits(t)]} submit={t('continue')} send={({ code }) => answer(code)} />
        </>
      )}
      {kind === 'recovery' && (
        <>
          <p className="loam-text">{t('recoveryHelp')}</p>
          <Form fields={[{ name: 'code', label: t('recoveryCode') }]} submit={t('continue')} send={({ code }) => answer(code)} />
        </>
      )}
      {kind === 'passkey' && (
        <>
          <p className="loam-text">{t('passkeyHelp')}</p>
          <Form submit={t('continuePasskey')} send={async () => entered(await c.answerWithPasskey())} />
        </>
      )}
      {kind === 'enrol' && !totp && (
        <>
          <p className="loam-text">{t('enrolHelp')}</p>
          <Form submit={t('enrolShow')} send={async () => setTotp(await c.enrol())} />
        </>
      )}
      {kind === 'enrol' && totp && (
        <>
          <img className="loam-qr" src={totp.qr} alt={t('enrolPicture')} width={200} height={200} />
          <p className="loam-hint">
            {t('enrolSecret')} <code>{totp.secret}</code>
          </p>
          <Form fields={[digits(t)]} submit={t('continue')} send={({ code }) => answer(code)} />
        </>
      )}
      <div className="loam-others">
        {others.map((k) => (
          <button type="button" className="loam-plain" key={k} onClick={() => setKind(k)}>
            {t(otherText[k])}
          </button>
        ))}
        <button type="button" className="loam-plain" onClick={again}>
          {t('startAgain')}
        </button>
      </div>
    </Panel>
  )
}

/** Codes that are shown this once. */
export function RecoveryCodes({ codes, heading, done }: { codes: readonly string[]; heading: Heading; done: () => void }): ReactNode {
  const t = useTexts()
  return (
    <Panel title={t('codesTitle')} heading={heading} focus>
      <p className="loam-text">{t('codesHelp')}</p>
      <pre className="loam-codes" tabIndex={0} aria-label={t('codes')} role="group">
        {codes.join('\n')}
      </pre>
      <Form submit={t('codesKept')} send={done} />
    </Panel>
  )
}
