import { useQuery, type QueryClient } from '@tanstack/react-query'
import { Link, useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { meQuery } from '../api/console'
import { get, Problem } from '../api/request'
import { Button } from '../ui/button'
import { Page } from '../ui/page'
import { Empty, Skeleton, Snippet, Trouble } from '../ui/show'

/** open asks whether the console is open to who is in this browser. To anybody but an admin nothing is there. */
export async function open(queries: QueryClient): Promise<{ closed: boolean }> {
  try {
    await queries.ensureQueryData(meQuery)
    return { closed: false }
  } catch (err) {
    if (err instanceof Problem && [401, 403, 404].includes(err.status)) return { closed: true }
    throw err
  }
}

/** Gate stands in place of the console where it can't be asked for. */
export function Gate({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  return <Alone><Trouble error={error} retry={() => (reset(), void router.invalidate())} /></Alone>
}

function Alone({ children }: { children: ReactNode }) {
  return <main className="alone">{children}</main>
}

/** Closed is what they see: it leads to sign-in, and says how one becomes an admin. */
export function Closed() {
  const router = useRouter()
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => get<{ needed: boolean }>('/console/api/setup').catch(() => ({ needed: false })) })
  const me = useQuery({ queryKey: ['auth', 'me'], queryFn: () => get<{ user: { email?: string; name: string } }>('/auth/me'), retry: false })
  const again = async (): Promise<void> => {
    await setup.refetch()
    await router.invalidate()
  }
  const signIn = setup.data?.needed === false && me.isError
  useEffect(() => {
    if (signIn) location.replace('/account/sign-in?' + new URLSearchParams({ return_to: location.pathname + location.search }).toString())
  }, [signIn])
  if (setup.data?.needed) {
    return (
      <Alone>
        <div className="card door">
          <h1>This server has no admin yet</h1>
          <p>When it started, its terminal printed a link to <code>/console/setup</code>. Open that: it works once, and for an hour.</p>
          <p className="quiet">No terminal at hand? On the server’s machine, make an account the admin:</p>
          <Snippet>{`loam user set-admin ${me.data?.user.email ?? 'you@example.com'}`}</Snippet>
          <Button kind="primary" onClick={() => void again()}>Look again</Button>
        </div>
      </Alone>
    )
  }
  if (signIn || !setup.data || me.isPending) return <Alone><Skeleton /></Alone>
  return (
    <Alone>
      <div className="card door">
        <h1>The console is for admins of the server</h1>
        <p>You are signed in as <b>{me.data?.user.email ?? me.data?.user.name}</b>, who is none. An admin can change that on your page under Users, or this command on the server’s machine:</p>
        <Snippet>{`loam user set-admin ${me.data?.user.email ?? 'you@example.com'}`}</Snippet>
        <Button kind="primary" onClick={() => void again()}>Look again</Button>
        <div className="across center">
          <a className="button ghost" href={'/account/sign-in?' + new URLSearchParams({ prompt: 'login', return_to: location.pathname + location.search }).toString()}>Sign in as somebody else</a>
          <a className="button ghost" href="/account">Your account</a>
        </div>
      </div>
    </Alone>
  )
}

/** NotFound is shown where the console has no page. */
export function NotFound() {
  return (
    <Page title="Nothing here">
      <div className="card"><Empty icon={Compass} title="There is no such page">The address may be mistyped, or from another version. <Link to="/">Go to the overview</Link>, or press <span className="kbd">Ctrl</span> <span className="kbd">K</span> to find another.</Empty></div>
    </Page>
  )
}
