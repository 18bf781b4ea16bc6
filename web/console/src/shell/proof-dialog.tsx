import { useQuery } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState, useSyncExternalStore, type FormEvent } from 'react'
import { meQuery } from '../api/console'
import * as passkey from '../api/passkey'
import { asking } from '../api/proof'
import { get, json } from '../api/request'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Skeleton } from '../ui/show'

interface Factors {
  totp: boolean
  passkeys: number
}

/** ProofDialog asks the admin once more who they are, whenever something waits for that. */
export function ProofDialog() {
  const open = useSyncExternalStore(asking.subscribe, asking.get)
  if (!open) return null
  return (
    <Dialog title="Is it you?" onClose={open.cancel}>
      <Proof done={open.done} />
    </Dialog>
  )
}

function Proof({ done }: { done: () => void }) {
  const me = useQuery(meQuery)
  const factors = useQuery({ queryKey: ['factors'], queryFn: () => get<Factors>('/auth/factors') })
  const settings = useQuery({ queryKey: ['ways'], queryFn: () => get<{ password: { enabled: boolean } }>('/auth/settings') })
  const [trouble, setTrouble] = useState('')
  const [busy, setBusy] = useState('')
  const give = async (kind: string, proof: () => Promise<object>): Promise<void> => {
    setBusy(kind)
    setTrouble('')
    try {
      await json('POST', '/auth/reauthenticate', { body: await proof() })
      done()
    } catch (err) {
      setTrouble(err instanceof Error ? err.message : String(err))
      setBusy('')
    }
  }
  const submit = (field: 'password' | 'code') => (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const value = String(new FormData(e.currentTarget).get(field))
    void give(field, async () => ({ [field]: field === 'code' ? value.replaceAll(' ', '') : value }))
  }
  const byPasskey = async (): Promise<object> => {
    const options = await json<passkey.Options>('POST', '/auth/reauthenticate/options')
    return { id: options.id, passkey: await passkey.use(options) }
  }
  if (!factors.data || !settings.data) return <Skeleton />
  const ways = [factors.data.passkeys > 0 && passkey.usable(), settings.data.password.enabled, factors.data.totp].filter(Boolean).length
  return (
    <>
      <p className="quiet">This change matters. Show once more who you are; it holds for ten minutes.</p>
      {factors.data.passkeys > 0 && passkey.usable() && (
        <Button kind="primary" icon={<KeyRound size={14} />} busy={busy === 'passkey'} onClick={() => void give('passkey', byPasskey)}>Use a passkey</Button>
      )}
      {settings.data.password.enabled && (
        <form className="form" onSubmit={submit('password')}>
          <input type="hidden" name="username" autoComplete="username" value={me.data?.user.email ?? ''} />
          <div className="field">
            <label htmlFor="proof-password">Password</label>
            <input id="proof-password" className="input" name="password" type="password" autoComplete="current-password" required autoFocus />
          </div>
          <div className="across end"><Button type="submit" kind="primary" busy={busy === 'password'}>Continue</Button></div>
        </form>
      )}
      {factors.data.totp && (
        <form className="form" onSubmit={submit('code')}>
          <div className="field">
            <label htmlFor="proof-code">Code of your authenticator app</label>
            <input id="proof-code" className="input" name="code" inputMode="numeric" autoComplete="one-time-code" required />
          </div>
          <div className="across end"><Button type="submit" busy={busy === 'code'}>Continue</Button></div>
        </form>
      )}
      <p className="wrong" role="alert" hidden={trouble === ''}>{trouble}</p>
      <p className="small quiet">
        {ways > 1 ? 'None of these?' : 'Is it not at hand?'} <a href={'/account/sign-in?' + new URLSearchParams({ prompt: 'login', return_to: location.pathname + location.search }).toString()}>Sign in again</a>, then come back.
      </p>
    </>
  )
}
