// What signing in and signing up share: the steps that may follow, and how they end.

import { useState, type ReactNode } from 'react'
import type { Challenge, Identity, SignedIn, SignedUp } from '@loam/client'
import { useLoam } from '../context.js'
import { codeField, RecoveryCodes, SecondFactor } from './challenge.js'
import { Form } from './form.js'
import { Panel, type Heading } from './parts.js'
import { useTexts } from './texts.js'

export interface EntryProps {
  /** Goes on once somebody is signed in. */
  onSignedIn?: (who: Identity) => void
  /** The page that providers and links lead back to: one of `auth.redirects`. Unless given, providers lead to this page, and links to the server's own. */
  redirect?: string
  /** What the title is; `h1` unless given. */
  heading?: Heading
}

type Next = { at: 'challenge'; challenge: Challenge } | { at: 'codes'; codes: readonly string[]; who: Identity } | { at: 'confirm'; email: string }

/** What follows a proof, and takes the place of what asked for it. */
export function useNext({ onSignedIn, redirect, heading = 'h1' }: EntryProps) {
  const { client } = useLoam()
  const [next, setNext] = useState<Next>()
  const done = (who: Identity): void => {
    setNext(undefined)
    onSignedIn?.(who)
  }
  const entered = (answer: SignedIn | SignedUp): void => {
    if (answer.status === 'unconfirmed') return setNext({ at: 'confirm', email: answer.user.email ?? '' })
    if (answer.status === 'challenge') return setNext({ at: 'challenge', challenge: answer.challenge })
    const who = { user: answer.user, organization: answer.organization }
    if (answer.recoveryCodes?.length) return setNext({ at: 'codes', codes: answer.recoveryCodes, who })
    done(who)
  }
  const confirm = (email: string): void => setNext({ at: 'confirm', email })
  const again = (): void => setNext(undefined)
  let panel: ReactNode
  if (next?.at === 'challenge') panel = <SecondFactor challenge={next.challenge} heading={heading} entered={entered} again={again} key={next.challenge.id} />
  else if (next?.at === 'codes') panel = <RecoveryCodes codes={next.codes} heading={heading} done={() => done(next.who)} />
  else if (next?.at === 'confirm') {
    const { email } = next
    panel = (
      <Mailed
        heading={heading}
        text="mailed"
        email={email}
        code
        link={false}
        submit="confirm"
        send={async (code) => entered(await client.auth.confirm({ email, code }))}
        resend={() => client.auth.resendConfirmation({ email, ...(redirect && { redirect }) })}
        back={again}
      />
    )
  }
  return { panel, entered, confirm, heading }
}

export interface MailedProps {
  heading: Heading
  text: 'mailed' | 'signInMailed'
  email: string
  /** What the mail has: a code, a link or both. */
  code: boolean
  link: boolean
  submit: 'confirm' | 'signIn'
  send: (code: string) => Promise<void>
  resend: () => Promise<void>
  back: () => void
}

/** A mail is on its way; its code is asked for. */
export function Mailed({ heading, text, email, code, link, submit, send, resend, back }: MailedProps): ReactNode {
  const t = useTexts()
  return (
    <Panel title={t('checkMail')} heading={heading} focus>
      <p className="loam-note" role="status">
        {t(text, { email })} {t(code && link ? 'enterOrFollow' : code ? 'enterCode' : 'followLink')}
      </p>
      {code && <Form fields={[codeField(t)]} submit={t(submit)} send={(v) => send(v['code'] ?? '')} />}
      <Again send={resend} />
      <p className="loam-foot">
        <button type="button" className="loam-plain" onClick={back}>
          {t('back')}
        </button>
      </p>
    </Panel>
  )
}

/** Offers to send a mail once more. */
export function Again({ send }: { send: () => Promise<void> }): ReactNode {
  const t = useTexts()
  const [said, setSaid] = useState('')
  const press = async (): Promise<void> => {
    setSaid('')
    try {
      await send()
      setSaid(t('sentAgain'))
    } catch (err) {
      setSaid(t.error(err))
    }
  }
  return (
    <p className="loam-hint loam-again">
      {t('nothingCame')}{' '}
      <button type="button" className="loam-plain" onClick={() => void press()}>
        {t('again')}
      </button>{' '}
      <span role="status">{said}</span>
    </p>
  )
}
