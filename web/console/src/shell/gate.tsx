import { useQuery, type QueryClient } from '@tanstack/react-query'
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { Compass, ShieldAlert, Sparkles } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { meQuery } from '../api/console'
import { get, Problem } from '../api/request'
import { Button } from '../ui/button'
import { Empty, Skeleton, Trouble } from '../ui/show'

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
  const signIn = setup.data?.needed === false && me.isError
  useEffect(() => {
    if (signIn) location.replace('/account/sign-in?' + new URLSearchParams({ return_to: location.pathname + location.search }).toString())
  }, [signIn])
  if (setup.data?.needed) {
    return (
      <Alone>
        <Empty icon={Sparkles} title="This server has no admin yet">
          Its terminal printed a link to <code>/console/setup</code> when it started: open that, once. Without the terminal, make an account of yours the admin on the server’s machine.
        </Empty>
        <Empty icon={ShieldAlert} title="On the server’s machine" snippet={`loam user set-admin ${me.data?.user.email ?? 'you@example.com'}`} />
      </Alone>
    )
  }
  if (signIn || !setup.data || me.isPending) return <Alone><Skeleton /></Alone>
  return (
    <Alone>
      <Empty icon={ShieldAlert} title="The console is for admins of the server" snippet={`loam user set-admin ${me.data?.user.email ?? 'you@example.com'}`}>
        You are signed in as {me.data?.user.email ?? me.data?.user.name}, who is none. An admin can change that, or this command on the server’s machine.
      </Empty>
      <div className="across center">
        <Button onClick={() => void router.invalidate()}>Look again</Button>
        <a className="button ghost" href="/account">Your account</a>
      </div>
    </Alone>
  )
}

/** NotFound is shown where the console has no page. */
export function NotFound() {
  return <div className="page"><Empty icon={Compass} title="There is no such page">Press <span className="kbd">Ctrl</span> <span className="kbd">K</span> to go to one that there is.</Empty></div>
}
