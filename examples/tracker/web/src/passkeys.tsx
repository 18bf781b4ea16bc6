import { useState, type FormEvent } from 'react'
import { useQuery } from '@tanstack/react-query'
import { LoamError } from './loam'
import { useAuth } from './loam/react'
import { Sheet } from './sheet'

/** The passkeys that one signs in with; a change of them asks for the password, unless one has just signed in. */
export function Passkeys({ onClose }: { onClose: () => void }) {
  const { user, passkeys, reauthenticate } = useAuth()
  const { data, refetch } = useQuery({ queryKey: ['passkeys', user!.id], queryFn: passkeys.list })
  const [failed, setFailed] = useState('')
  const [unproven, setUnproven] = useState<() => Promise<unknown>>()
  const tried = async (act: () => Promise<unknown>) => {
    setFailed('')
    setUnproven(undefined)
    try {
      await act()
      await refetch()
    } catch (err) {
      if (err instanceof LoamError && err.code === 'auth/reauthenticate') setUnproven(() => act)
      else setFailed((err as Error).message)
    }
  }
  const prove = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const password = String(new FormData(e.currentTarget).get('password'))
    void tried(() => reauthenticate({ password }).then(unproven))
  }
  return (
    <Sheet label="Passkeys" onClose={onClose}>
      <h2>Passkeys</h2>
      <p className="quiet">A passkey signs you in by the fingerprint, face or PIN of your device, without a password.</p>
      <ul className="rows">
        {data?.map((p) => (
          <li key={p.id}>
            <span>
              <b>{p.name}</b> <small>added {new Date(p.createdAt).toLocaleDateString(undefined, { dateStyle: 'medium' })}</small>
            </span>
            <button aria-label={`Remove ${p.name}`} onClick={() => void tried(() => passkeys.remove(p.id))}>
              Remove
            </button>
          </li>
        ))}
        {data?.length === 0 && <li className="quiet">You have none yet.</li>}
      </ul>
      {unproven ? (
        <form onSubmit={prove}>
          <label>
            Your password, since it is a while that you signed in
            <input name="password" type="password" autoComplete="current-password" required autoFocus />
          </label>
          <button className="primary">Go on</button>
        </form>
      ) : (
        <button className="primary" onClick={() => void tried(() => passkeys.add())}>
          Add a passkey
        </button>
      )}
      <p role="alert">{failed}</p>
    </Sheet>
  )
}
