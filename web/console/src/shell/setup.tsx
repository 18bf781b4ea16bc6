import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { get, is, json, Problem } from '../api/request'
import { Button } from '../ui/button'
import { Skeleton, Snippet, Trouble } from '../ui/show'

// The token is in the address behind the #, which no request carries; it leaves the
// address at once, where a history or a shoulder would have it.
let token = location.hash.slice(1).replace(/^token=/, '')
if (token) history.replaceState(null, '', location.pathname)
addEventListener('hashchange', () => location.reload()) // another link, into the same tab

/** Setup makes the first admin by the link that the server printed. */
export function Setup() {
  const needed = useQuery({ queryKey: ['setup'], queryFn: () => get<{ needed: boolean }>('/console/api/setup') })
  const me = useQuery({ queryKey: ['auth', 'me'], queryFn: () => get<{ user: { email?: string; name: string } }>('/auth/me'), retry: false })
  const ways = useQuery({ queryKey: ['ways'], queryFn: () => get<{ name: string; password: { minLength: number } }>('/auth/settings') })
  const [trouble, setTrouble] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const send = async (body: object): Promise<void> => {
    setBusy(true)
    setTrouble(null)
    try {
      await json('POST', '/console/api/setup', { body: { token, ...body } })
      token = ''
      location.assign('/console')
    } catch (err) {
      setTrouble(err)
      setBusy(false)
    }
  }
  const submit = (e: FormEvent<HTMLFormElement>): void => {
    e.preventDefault()
    void send(Object.fromEntries(new FormData(e.currentTarget)) as object)
  }
  const name = ways.data?.name || 'Loam'
  const ended = is(trouble, 'auth/bad_ticket')
  const at = (field: string) => (trouble instanceof Problem && trouble.field === field ? trouble.message : '')
  return (
    <main className="alone">
      <div className="card door">
        <div className="brand"><span className="tile" aria-hidden>{name[0]?.toUpperCase()}</span><span className="clip">{name}</span></div>
        <h1>Make the first admin</h1>
        {needed.isPending || me.isPending || !ways.data ? <Skeleton /> : needed.data?.needed === false ? (
          <><p>This server has an admin already.</p><a className="button primary" href="/console">Go to the console</a></>
        ) : !token || ended ? (
          <>
            <p>{ended ? 'This link was used, or is more than an hour old.' : 'This page opens by the link that the server printed in its terminal when it started.'} Start the server again: it prints a new one. Or make an account the admin, on the server’s machine:</p>
            <Snippet>{`loam user set-admin ${me.data?.user.email ?? 'you@example.com'}`}</Snippet>
          </>
        ) : me.data ? (
          <>
            <p>You are signed in as <b>{me.data.user.email ?? me.data.user.name}</b>. Make this account the admin of the server?</p>
            {trouble !== null && <Trouble error={trouble} />}
            <Button kind="primary" busy={busy} onClick={() => void send({})}>Make me the admin</Button>
          </>
        ) : (
          <form className="form" onSubmit={submit}>
            <p className="quiet">Your account administers the server: all users, organizations and rows.</p>
            <div className="field"><label htmlFor="name">Name</label><input id="name" name="name" className="input" autoComplete="name" required autoFocus /></div>
            <div className="field">
              <label htmlFor="email">Email</label>
              <input id="email" name="email" type="email" className="input" autoComplete="username" required aria-invalid={at('email') !== ''} />
              {at('email') && <p className="wrong">{at('email')}</p>}
            </div>
            <div className="field">
              <label htmlFor="password">Password</label>
              <input id="password" name="password" type="password" className="input" autoComplete="new-password" minLength={ways.data.password.minLength} required aria-invalid={at('password') !== ''} />
              {at('password') ? <p className="wrong">{at('password')}</p> : <p className="hint">{ways.data.password.minLength} characters at least</p>}
            </div>
            {trouble !== null && !at('email') && !at('password') && <Trouble error={trouble} />}
            {is(trouble, 'auth/email_taken') && <p className="small"><a href="/account/sign-in?return_to=/console/setup">Sign in</a> with it, then open the link again.</p>}
            <Button type="submit" kind="primary" busy={busy}>Create the admin</Button>
          </form>
        )}
      </div>
    </main>
  )
}
