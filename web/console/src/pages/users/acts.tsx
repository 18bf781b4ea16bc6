import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Ban, Building2, CircleCheck, Ellipsis, Eye, KeyRound, ShieldCheck, ShieldMinus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { userPath, type Account } from '../../api/admin'
import { meQuery } from '../../api/console'
import { json } from '../../api/request'
import { Become } from '../../shell/acting-switch'
import { Button } from '../../ui/button'
import { FormDialog, Labelled } from '../../ui/form-dialog'
import { Menu } from '../../ui/menu'
import { Note } from '../../ui/show'
import { toast } from '../../ui/toast'

type Act = 'disable' | 'enable' | 'admin' | 'noAdmin' | 'reset' | 'delete'

/** useUserChange changes an account, and has its page read anew. */
export function useUserChange(user: Account) {
  const queries = useQueryClient()
  return async (change: Record<string, unknown>): Promise<void> => {
    await json('PATCH', userPath(user.id), { body: change })
    await Promise.all([['user', user.id], ['/auth/admin/users'], ['people'], ['users'], [`/console/api/users/${user.id}/sessions`]].map((queryKey) => queries.invalidateQueries({ queryKey })))
  }
}

/** Actions is what an admin can do to an account. */
export function Actions({ user }: { user: Account }) {
  const me = useQuery(meQuery).data
  const [act, setAct] = useState<Act | null>(null)
  const [becoming, setBecoming] = useState<Account['organizations'][number] | 'nowhere' | null>(null)
  const navigate = useNavigate()
  if (!me) return null
  const self = me.user.id === user.id
  const acts = me.impersonation !== 'off' && !user.admin && !user.disabledAt
  const button = <Button icon={<Eye size={14} />} onClick={user.organizations.length < 2 ? () => setBecoming(user.organizations[0] ?? 'nowhere') : undefined}>Act as</Button>
  return (
    <>
      {acts && (user.organizations.length < 2 ? button : <Menu trigger={button} heading="In which organization" groups={[user.organizations.map((o) => ({ label: o.name, icon: <Building2 size={14} />, end: o.role, act: () => setBecoming(o) }))]} />)}
      <Menu
        trigger={<Button icon={<Ellipsis size={15} />} aria-label="What can be done" />}
        groups={[
          [
            ...(user.email ? [{ label: 'Reset the password…', icon: <KeyRound size={14} />, act: () => setAct('reset') }] : []),
            user.admin
              ? { label: 'Make no admin…', icon: <ShieldMinus size={14} />, disabled: self, act: () => setAct('noAdmin') }
              : { label: 'Make admin of the server…', icon: <ShieldCheck size={14} />, disabled: user.disabledAt !== null, act: () => setAct('admin') },
          ],
          [
            user.disabledAt
              ? { label: 'Enable', icon: <CircleCheck size={14} />, act: () => setAct('enable') }
              : { label: 'Disable…', icon: <Ban size={14} />, danger: true, disabled: self, act: () => setAct('disable') },
            { label: 'Delete…', icon: <Trash2 size={14} />, danger: true, disabled: self, act: () => setAct('delete') },
          ],
        ]}
      />
      {act && <ActDialog user={user} act={act} onClose={() => setAct(null)} />}
      {becoming && <Become user={user} organization={becoming === 'nowhere' ? null : becoming} write={me.impersonation === 'write'} onClose={() => setBecoming(null)} onDone={() => void navigate({ to: '/data' })} />}
    </>
  )
}

function ActDialog({ user, act, onClose }: { user: Account; act: Act; onClose: () => void }) {
  const change = useUserChange(user)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const name = user.name || user.email || 'this user'
  const does = (values: Record<string, unknown>, said: string) => async (): Promise<void> => {
    await change(values)
    toast(said)
  }
  const remove = async (): Promise<void> => {
    await json('DELETE', userPath(user.id))
    toast(`The account of ${name} is deleted`)
    await navigate({ to: '/users' })
    queries.removeQueries({ queryKey: ['user', user.id] })
    await queries.invalidateQueries({ queryKey: ['/auth/admin/users'] })
  }
  switch (act) {
    case 'disable':
      return <FormDialog title={`Disable ${name}`} action="Disable" danger act={does({ disabled: true }, `${name} is out, on every door`)} onClose={onClose}><p>They are signed out everywhere at once and can’t sign in, until somebody enables the account again. Their rows and memberships stay.</p></FormDialog>
    case 'enable':
      return <FormDialog title={`Enable ${name}`} action="Enable" act={does({ disabled: false }, `${name} can sign in again`)} onClose={onClose}><p>They can sign in again, as before.</p></FormDialog>
    case 'admin':
      return <FormDialog title={`Make ${name} an admin`} action="Make admin" act={does({ admin: true }, `${name} is an admin of the server`)} onClose={onClose}><Note warn>An admin of the server manages all users and organizations, and sees all rows, in this console and over HTTP.</Note></FormDialog>
    case 'noAdmin':
      return <FormDialog title={`Make ${name} no admin`} action="Take it away" danger act={does({ admin: false }, `${name} is no admin any more`)} onClose={onClose}><p>They keep their account and are asked no more here, from the next request on.</p></FormDialog>
    case 'reset':
      return <FormDialog title={`Reset the password of ${name}`} action="Reset it" danger act={does({ reset: true }, `A link is on its way to ${user.email}`)} onClose={onClose}><p>The password is void at once, and a link to choose another is mailed to <b>{user.email}</b>, good for 30 minutes.</p></FormDialog>
    case 'delete':
      return (
        <FormDialog title={`Delete ${name}`} action="Delete the account" danger typed={user.email ?? user.id} act={remove} onClose={onClose}>
          <p>The account, its sessions, keys and memberships are gone for good. Organizations that nobody else owns have to be given to somebody first.</p>
        </FormDialog>
      )
  }
}

/** EditUser changes who an account is. */
export function EditUser({ user, onClose }: { user: Account; onClose: () => void }) {
  const change = useUserChange(user)
  const save = async (form: FormData): Promise<void> => {
    const text = (name: string): string => String(form.get(name) ?? '').trim()
    const groups = text('groups').split(/[\s,]+/).filter(Boolean)
    const verified = form.get('verified') === 'on'
    await change({
      ...(text('name') !== user.name ? { name: text('name') } : {}),
      ...(text('email') !== (user.email ?? '') ? { email: text('email'), verified } : verified !== user.emailVerified ? { verified } : {}),
      ...(groups.join() !== user.groups.join() ? { groups } : {}),
    })
    toast('Saved')
  }
  return (
    <FormDialog title="Edit the account" action="Save" act={save} onClose={onClose}>
      <Labelled label="Name" name="name" begin={user.name} />
      <Labelled label="E-mail address" name="email" type="email" begin={user.email ?? ''} hint="Another address ends their sessions." />
      <label className="check"><input type="checkbox" name="verified" defaultChecked={user.emailVerified} /> The address is known to be theirs</label>
      <Labelled label="Groups" name="groups" begin={user.groups.join(', ')} placeholder="support, beta" hint="Rules of the schema may ask for them: { allow: groups, groups: [&quot;support&quot;] }" />
    </FormDialog>
  )
}
