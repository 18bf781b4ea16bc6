// What the link of a mail led to. It is used by a click: programs that look at mail open
// links, too.

import { useEffect, useState, type ReactNode } from 'react'
import { useLoam } from '../context.js'
import type { useNext } from './entry.js'
import { Form } from './form.js'
import { Panel } from './parts.js'
import type { Settings } from './settings.js'
import { useTexts } from './texts.js'

const purposes = ['confirm', 'reset', 'sign_in', 'change_from', 'change_to'] as const

export interface MailedLink {
  token: string
  purpose: (typeof purposes)[number]
}

/** The mailed link that led to this page. It leaves the address at once: no history has it. */
export function useMailedLink(): [link: MailedLink | undefined, used: () => void] {
  const [link, setLink] = useState<MailedLink>()
  useEffect(() => {
    const query = new URLSearchParams(location.search)
    const token = query.get('token')
    const purpose = purposes.find((p) => p === query.get('for'))
    if (!token || !purpose) return // not ours
    query.delete('token')
    query.delete('for')
    history.replaceState(history.state, '', location.pathname + (query.size > 0 ? '?' + query.toString() : '') + location.hash)
    setLink({ token, purpose })
  }, [])
  return [link, () => setLink(undefined)]
}

interface FollowedProps extends Pick<ReturnType<typeof useNext>, 'entered' | 'heading'> {
  link: MailedLink
  settings: Settings
  back: () => void
}

export function Followed({ link: { token, purpose }, settings, entered, heading, back }: FollowedProps): ReactNode {
  const t = useTexts()
  const { auth } = useLoam().client
  const [said, setSaid] = useState('')
  const { name, password } = settings.ways
  const change = async (): Promise<void> => {
    const { changed, email, waiting } = await auth.confirmEmail({ token })
    setSaid(changed ? t('changed', { email }) : t('changeLeft', { which: t(waiting === 'old' ? 'old' : 'new') }))
    if (changed) await auth.refresh().catch(() => undefined) // every session ended with that
  }
  const steps = {
    sign_in: { title: name ? t('signInTo', { app: name }) : t('signIn'), submit: t('signIn'), send: async () => entered(await auth.signInByMail({ token })) },
    confirm: { title: t('confirmTitle'), submit: t('confirm'), send: async () => entered(await auth.confirm({ token })) },
    reset: {
      title: t('resetTitle'),
      submit: t('resetDo'),
      send: async ({ password = '' }: Record<string, string>) => entered(await auth.resetPassword({ token, password })),
      fields: [{ name: 'password', label: t('newPassword'), type: 'password' as const, autoComplete: 'new-password', hint: t('passwordHint', { min: password.minLength }) }],
    },
    change: { title: t('confirmTitle'), submit: t('confirm'), send: change },
  }
  const step: { title: string; submit: string; send: (values: Record<string, string>) => Promise<void>; fields?: (typeof steps)['reset']['fields'] } =
    steps[purpose === 'change_from' || purpose === 'change_to' ? 'change' : purpose]
  return (
    <Panel title={step.title} heading={heading} focus key={said}>
      <p className="loam-note" role="status">
        {said || t('followed')}
      </p>
      {!said && <Form fields={step.fields} submit={step.submit} send={step.send} />}
      <p className="loam-foot">
        <button type="button" className="loam-plain" onClick={back}>
          {t(said ? 'signIn' : 'back')}
        </button>
      </p>
    </Panel>
  )
}
