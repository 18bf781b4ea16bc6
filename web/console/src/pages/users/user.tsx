import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Building2, ScrollText, UserX } from 'lucide-react'
import { useState } from 'react'
import { organizationPath, userPath, type Account } from '../../api/admin'
import { meQuery, organizationsQuery } from '../../api/console'
import { get, json, Problem } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog } from '../../ui/form-dialog'
import { Page } from '../../ui/page'
import { Picker } from '../../ui/picker'
import { Avatar, Badge, CopyButton, Empty, Skeleton, Trouble, When } from '../../ui/show'
import { toast } from '../../ui/toast'
import { RoleField, useRoles } from '../organizations/roles'
import { Actions, EditUser } from './acts'
import { Sessions } from './sessions'
import { UserBadges } from './users'

const route = getRouteApi('/app/users/$user')

/** UserPage is one account: who it is, how they sign in, where they are members, and what an admin can do. */
export function UserPage() {
  const { user: id } = route.useParams()
  const { data: user, error, refetch } = useQuery({ queryKey: ['user', id], queryFn: ({ signal }) => get<Account>(userPath(id), signal) })
  if (error instanceof Problem && error.status === 404) {
    return <Page title="User"><div className="card"><Empty icon={UserX} title="There is no such user">The account may have been deleted since this address was made. <Link to="/users">All users</Link></Empty></div></Page>
  }
  return (
    <Page
      title={user ? user.name || user.email || 'Anonymous user' : 'User'}
      lead={<><Link to="/users">Users</Link>{user?.email && user.name ? ` · ${user.email}` : ''}</>}
      actions={user && <Actions user={user} />}
    >
      {error ? <Trouble error={error} retry={() => void refetch()} /> : !user ? <div className="card"><div className="body"><Skeleton lines={8} /></div></div> : (
        <>
          <div className="halves">
            <Profile user={user} />
            <WaysIn user={user} />
          </div>
          <Organizations user={user} />
          <Sessions user={user} />
        </>
      )}
    </Page>
  )
}

function Profile({ user }: { user: Account }) {
  const [editing, setEditing] = useState(false)
  return (
    <section className="card">
      <header><Avatar name={user.name || user.email || '?'} /><h2>Profile</h2><Button tiny onClick={() => setEditing(true)}>Edit</Button></header>
      <div className="body">
        <dl className="pairs">
          <dt>Name</dt><dd>{user.name || <span className="quiet">none</span>}</dd>
          <dt>Address</dt><dd>{user.email ?? <span className="quiet">none: an anonymous user</span>}</dd>
          <dt>Standing</dt><dd>{user.admin || user.disabledAt || user.groups.length > 0 || !user.emailVerified ? <UserBadges user={user} /> : 'in good standing'}</dd>
          <dt>Joined</dt><dd><When at={user.createdAt} /></dd>
          {user.disabledAt && <><dt>Disabled</dt><dd><When at={user.disabledAt} /></dd></>}
          <dt>Id</dt><dd className="mono">{user.id} <CopyButton text={user.id} label="Copy the id" /></dd>
        </dl>
      </div>
      {editing && <EditUser user={user} onClose={() => setEditing(false)} />}
    </section>
  )
}

function WaysIn({ user }: { user: Account }) {
  return (
    <section className="card">
      <header><h2>Ways in</h2><Link to="/audit" search={{ actor: `user:${user.id}` }} className="button tiny"><ScrollText size={13} aria-hidden /> What they did</Link><Link to="/audit" search={{ target: `user:${user.id}` }} className="button tiny">Done to them</Link></header>
      <div className="body">
        <dl className="pairs">
          <dt>Password</dt><dd>{user.hasPassword ? 'set' : <span className="quiet">none: they sign in another way</span>}</dd>
          <dt>Providers</dt><dd>{user.identities.length > 0 ? <span className="across tight">{user.identities.map((p) => <Badge key={p} tone="info">{p}</Badge>)}</span> : <span className="quiet">none</span>}</dd>
          <dt>Mail</dt><dd>{!user.email ? <span className="quiet">no address</span> : user.emailVerified ? 'the address is verified' : 'the address is not verified yet'}</dd>
          <dt>Last sign-in</dt><dd><When at={user.lastSignInAt} /></dd>
          <dt>Open sessions</dt><dd className="number">{user.sessions}</dd>
        </dl>
      </div>
    </section>
  )
}

function Organizations({ user }: { user: Account }) {
  const me = useQuery(meQuery).data
  const [adding, setAdding] = useState(false)
  if (!me?.tenancy) return null
  return (
    <section className="card">
      <header><h2>Organizations</h2><Button tiny onClick={() => setAdding(true)}>Add to one</Button></header>
      {user.organizations.length === 0 ? <Empty icon={Building2} title="A member of no organization">They found one in your app, or are added here.</Empty> : (
        <table className="list">
          <thead className="unseen"><tr><th scope="col">Organization</th><th scope="col">Role</th></tr></thead>
          <tbody>
            {user.organizations.map((o) => (
              <tr key={o.id}>
                <td><span className="main"><Link to="/organizations/$org" params={{ org: o.id }}>{o.name}</Link> <span className="quiet small">{o.slug}</span></span></td>
                <td className="acts"><Badge tone={o.role === 'owner' ? 'good' : 'plain'}>{o.role}</Badge></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && <AddTo user={user} onClose={() => setAdding(false)} />}
    </section>
  )
}

function AddTo({ user, onClose }: { user: Account; onClose: () => void }) {
  const queries = useQueryClient()
  const all = useQuery(organizationsQuery).data?.items.filter((o) => !user.organizations.some((own) => own.id === o.id)) ?? []
  const [org, setOrg] = useState('')
  const chosen = all.find((o) => o.id === org)
  const roles = useRoles(org)
  const add = async (form: FormData): Promise<void> => {
    if (!chosen) throw new Error('Choose an organization.')
    await json('POST', `${organizationPath(org)}/members`, { body: { userId: user.id, role: form.get('role') } })
    toast(`${user.name || user.email || 'They'} are a member of ${chosen.name} now`)
    await Promise.all([['user', user.id], ['organization'], [`${organizationPath(org)}/members`]].map((queryKey) => queries.invalidateQueries({ queryKey })))
  }
  return (
    <FormDialog title="Add to an organization" action="Add" act={add} onClose={onClose}>
      <div className="field">
        <span>Organization</span>
        <Picker label="Organization" value={org} onPick={setOrg} choices={all.map((o) => ({ value: o.id, label: o.name, detail: o.slug }))} none="No other organization" trigger={<Button>{chosen?.name ?? 'Choose…'}</Button>} />
      </div>
      <RoleField roles={roles} />
    </FormDialog>
  )
}
