import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { UserPlus, UserX, Users } from 'lucide-react'
import { useState } from 'react'
import { organizationPath, type Member, type OrganizationRecord } from '../../api/admin'
import { json } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog, Labelled } from '../../ui/form-dialog'
import { List, useList } from '../../ui/list'
import { Avatar, Empty, When } from '../../ui/show'
import { toast, wrong } from '../../ui/toast'
import { useAnew } from './acts'
import { RoleField, useRoles } from './roles'

/** Members are who belongs to an organization, with their roles. */
export function Members({ org }: { org: OrganizationRecord }) {
  const path = `${organizationPath(org.id)}/members`
  const one = (m: Member): string => `${path}/${encodeURIComponent(m.userId)}`
  const list = useList<Member>(path)
  const queries = useQueryClient()
  const anew = useAnew()
  const roles = useRoles(org.id)
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Member | null>(null)
  const after = async (): Promise<void> => {
    await Promise.all([queries.invalidateQueries({ queryKey: [path] }), anew()])
  }
  const change = async (m: Member, role: string): Promise<void> => {
    try {
      await json('PATCH', one(m), { body: { role } })
      toast(`${m.name || m.email} is ${role} now`)
    } catch (err) {
      wrong(err)
    }
    await after()
  }
  const add = async (form: FormData): Promise<void> => {
    const made = await json<Member>('POST', path, { body: { email: form.get('email'), role: form.get('role') } })
    toast(`${made.name || made.email} is a member now`)
    await after()
  }
  const remove = async (): Promise<void> => {
    if (removing) await json('DELETE', one(removing))
    toast('They are no member any more')
    await after()
  }
  return (
    <>
      <div className="across"><span className="grow quiet">Roles say what one may do; the schema’s rules ask for them.</span><Button icon={<UserPlus size={14} />} onClick={() => setAdding(true)}>Add a member</Button></div>
      <List
        label="Members"
        list={list}
        id={(m) => m.userId}
        columns={[
          { label: 'Member', cell: (m) => <span className="main"><Avatar name={m.name || m.email || '?'} /><Link to="/users/$user" params={{ user: m.userId }} className="clip">{m.name || m.email}</Link></span> },
          { label: 'Address', cell: (m) => <span className="quiet">{m.email}</span> },
          { label: 'Joined', cell: (m) => <When at={m.createdAt} /> },
          { label: 'Role', cell: (m) => <select className="select tiny" aria-label={`Role of ${m.name || m.email}`} value={m.role} onChange={(e) => void change(m, e.target.value)}>{[...new Set([...roles, m.role])].map((r) => <option key={r}>{r}</option>)}</select> },
          { label: 'Remove', acts: true, cell: (m) => <Button kind="ghost" tiny aria-label={`Remove ${m.name || m.email}`} icon={<UserX size={14} />} onClick={() => setRemoving(m)} /> },
        ]}
        empty={<Empty icon={Users} title="Nobody is a member">Add any user of the server as its owner, or nobody can work in it.</Empty>}
      />
      {adding && (
        <FormDialog title={`Add a member to ${org.name}`} action="Add" act={add} onClose={() => setAdding(false)}>
          <Labelled label="E-mail address" name="email" type="email" required placeholder="grace@example.com" hint="Of a user who has an account here, and is a member at once. Anybody else is invited." />
          <RoleField roles={roles} />
        </FormDialog>
      )}
      {removing && (
        <FormDialog title={`Remove ${removing.name || removing.email}`} action="Remove" danger act={remove} onClose={() => setRemoving(null)}>
          <p>They see nothing of {org.name} from the next request on. Their account and their rows stay.</p>
        </FormDialog>
      )}
    </>
  )
}
