import { useQuery, useQueryClient } from '@tanstack/react-query'
import { MonitorSmartphone } from 'lucide-react'
import { useState } from 'react'
import { userPath, type Account, type Session } from '../../api/admin'
import { get, json, type Page } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog } from '../../ui/form-dialog'
import { Badge, Empty, Skeleton, Trouble, When } from '../../ui/show'
import { toast } from '../../ui/toast'

/** machine is what a User-Agent tells of who has it. */
export function machine(agent: string): string {
  const browser = /Edg\//.test(agent) ? 'Edge' : /OPR\//.test(agent) ? 'Opera' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : ''
  const system = /iPhone|iPad/.test(agent) ? 'iOS' : /Android/.test(agent) ? 'Android' : /Mac OS X/.test(agent) ? 'macOS' : /Windows/.test(agent) ? 'Windows' : /Linux/.test(agent) ? 'Linux' : ''
  return browser ? [browser, system].filter(Boolean).join(' on ') : agent.split(' ')[0] || 'unknown'
}

/** Sessions are where somebody is signed in. */
export function Sessions({ user }: { user: Account }) {
  const path = `/console/api/users/${encodeURIComponent(user.id)}/sessions`
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Page<Session>>(path, signal) })
  const [ending, setEnding] = useState<Session | 'all' | null>(null)
  const end = (which: Session | 'all') => async (): Promise<void> => {
    await (which === 'all' ? json('POST', `${userPath(user.id)}/sessions/end`) : json('DELETE', `${path}/${encodeURIComponent(which.id)}`))
    toast(which === 'all' ? 'They are signed out everywhere' : 'They are signed out there')
    await Promise.all([queries.invalidateQueries({ queryKey: [path] }), queries.invalidateQueries({ queryKey: ['user', user.id] })])
  }
  const items = data?.items ?? []
  return (
    <section className="card">
      <header><h2>Sessions</h2>{user.sessions > 0 && <Button tiny kind="danger" onClick={() => setEnding('all')}>End all</Button>}</header>
      {error ? <div className="body"><Trouble error={error} retry={() => void refetch()} /></div> : !data ? <div className="body"><Skeleton /></div> : items.length === 0 ? <Empty icon={MonitorSmartphone} title="Signed in nowhere">A session begins with each sign-in, and lasts as long as auth.sessions says.</Empty> : (
        <div className="scroll" tabIndex={0} role="region" aria-label="Sessions">
          <table className="list folds">
            <thead><tr><th scope="col">Machine</th><th scope="col">Address</th><th scope="col">Began</th><th scope="col">Last used</th><th scope="col"><span className="unseen">End</span></th></tr></thead>
            <tbody>
              {items.map((s) => (
                <tr key={s.id}>
                  <td><span className="main" title={s.agent}>{s.client || machine(s.agent)} <Badge>{s.method}</Badge>{s.current && <Badge tone="info">this one</Badge>}</span></td>
                  <td data-label="Address" className="mono">{s.address || '–'}</td>
                  <td data-label="Began"><When at={s.createdAt} /></td>
                  <td data-label="Last used"><When at={s.lastUsedAt} /></td>
                  <td className="acts"><Button tiny onClick={() => setEnding(s)}>End</Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {ending === 'all' && (
        <FormDialog title="End all sessions" action="End them" danger act={end('all')} onClose={() => setEnding(null)}>
          <p>{user.name || user.email || 'They'} will have to sign in again, on every machine.</p>
        </FormDialog>
      )}
      {ending !== null && ending !== 'all' && (
        <FormDialog title="End this session" action="End it" danger act={end(ending)} onClose={() => setEnding(null)}>
          <p>{ending.current ? 'It is the one that you are in: you will have to sign in again.' : <>What {user.name || user.email || 'they'} do by {ending.client || machine(ending.agent)} since <When at={ending.createdAt} /> ends with the next request. Other sessions stay.</>}</p>
        </FormDialog>
      )}
    </section>
  )
}
