import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Plus, Users } from 'lucide-react'
import { useCallback, useState } from 'react'
import type { AdminUser } from '../../api/console'
import { json } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog, Labelled } from '../../ui/form-dialog'
import { List, useList, type Column } from '../../ui/list'
import { Page } from '../../ui/page'
import { SearchField } from '../../ui/search-field'
import { Avatar, Badge, Empty, When } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { toast } from '../../ui/toast'

const route = getRouteApi('/app/users')

type Standing = 'all' | 'admins' | 'disabled'

const standings: { value: Standing; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'admins', label: 'Admins' },
  { value: 'disabled', label: 'Disabled' },
]

const orders = { '-createdAt': 'Newest first', createdAt: 'Oldest first', name: 'By name', email: 'By address' }

const columns: Column<AdminUser>[] = [
  { label: 'User', cell: (u) => <span className="main"><Avatar name={u.name || u.email || '?'} /><Link to="/users/$user" params={{ user: u.id }} className="clip">{u.name || u.email || 'Anonymous'}</Link></span> },
  { label: 'Address', cell: (u) => (u.email ? <span className="quiet">{u.email}</span> : <span className="quiet">none</span>) },
  { label: 'Standing', cell: (u) => <UserBadges user={u} /> },
  { label: 'Joined', cell: (u) => <When at={u.createdAt} /> },
]

/** UserBadges is what is special about a user. */
export function UserBadges({ user }: { user: AdminUser }) {
  if (!user.admin && !user.disabledAt && user.email && user.emailVerified && user.groups.length === 0) return null
  return (
    <span className="across tight">
      {user.admin && <Badge tone="violet">admin</Badge>}
      {user.disabledAt && <Badge tone="bad">disabled</Badge>}
      {!user.email ? <Badge>anonymous</Badge> : !user.emailVerified && <Badge tone="warn">unverified</Badge>}
      {user.groups.map((g) => <Badge key={g}>{g}</Badge>)}
    </span>
  )
}

/** UsersPage lists everybody who has an account. */
export function UsersPage() {
  const { search = '', standing = 'all', sort = '-createdAt' } = route.useSearch()
  const navigate = useNavigate()
  const [making, setMaking] = useState(false)
  const list = useList<AdminUser>('/auth/admin/users', { search, sort, admin: standing === 'admins' || undefined, disabled: standing === 'disabled' || undefined })
  const to = useCallback((change: { search?: string; standing?: string; sort?: string }) => void navigate({ to: '/users', search: (old) => ({ ...old, ...change }), replace: true }), [navigate])
  const found = useCallback((text: string) => to({ search: text }), [to])
  return (
    <Page title="Users" lead="Everybody who has an account on this server." actions={<Button kind="primary" icon={<Plus size={14} />} onClick={() => setMaking(true)}>New user</Button>}>
      <div className="across">
        <SearchField label="Name or address" value={search} onChange={found} />
        <Tabs segmented label="Standing" tabs={standings} value={standing as Standing} onChange={(s) => to({ standing: s === 'all' ? '' : s })} />
        <select className="select" aria-label="Order" value={sort} onChange={(e) => to({ sort: e.target.value })}>
          {Object.entries(orders).map(([value, label]) => <option key={value} value={value}>{label}</option>)}
        </select>
      </div>
      <List
        label="Users"
        list={list}
        columns={columns}
        id={(u) => u.id}
        onOpen={(u) => void navigate({ to: '/users/$user', params: { user: u.id } })}
        empty={search || standing !== 'all' ? (
          <Empty icon={Users} title="No user like that">It is looked for in names and addresses. <Button kind="link" onClick={() => to({ search: '', standing: '' })}>Show all</Button></Empty>
        ) : (
          <Empty icon={Users} title="Nobody has signed up yet" snippet="loam user import users.csv --dry-run">People sign up at /account/sign-up or in your app; make one here, or bring them along in a file.</Empty>
        )}
      />
      {making && <NewUser onClose={() => setMaking(false)} />}
    </Page>
  )
}

function NewUser({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const make = async (form: FormData): Promise<void> => {
    const user = await json<AdminUser>('POST', '/auth/admin/users', { body: { email: form.get('email'), name: form.get('name'), verified: form.get('verified') === 'on' } })
    toast(`${user.email} has an account, and mail with a link to choose a password`)
    await queries.invalidateQueries({ queryKey: ['/auth/admin/users'] })
    await navigate({ to: '/users/$user', params: { user: user.id } })
  }
  return (
    <FormDialog title="New user" action="Make the account" act={make} onClose={onClose}>
      <Labelled label="E-mail address" name="email" type="email" required placeholder="grace@example.com" hint="A link to choose a password is mailed to it, good for 30 minutes." />
      <Labelled label="Name" name="name" placeholder="Grace Hopper" />
      <label className="check"><input type="checkbox" name="verified" /> The address is known to be theirs</label>
    </FormDialog>
  )
}
