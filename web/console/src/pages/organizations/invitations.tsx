import { useQueryClient } from '@tanstack/react-query'
import { MailPlus } from 'lucide-react'
import { useState } from 'react'
import { organizationPath, type Invitation, type OrganizationRecord } from '../../api/admin'
import { json } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog, Labelled } from '../../ui/form-dialog'
import { List, useList } from '../../ui/list'
import { Badge, Empty, When } from '../../ui/show'
import { toast, wrong } from '../../ui/toast'
import { Who } from '../../ui/who'
import { RoleField, useRoles } from './roles'

/** Invitations are those that nobody has accepted yet. */
export function Invitations({ org }: { org: OrganizationRecord }) {
  const path = `${organizationPath(org.id)}/invitations`
  const list = useList<Invitation>(path)
  const roles = useRoles(org.id)
  const queries = useQueryClient()
  const [dialog, setDialog] = useState<'invite' | Invitation | null>(null)
  const [sending, setSending] = useState('') // its id
  const after = (): Promise<void> => queries.invalidateQueries({ queryKey: [path] })
  const invite = async (form: FormData): Promise<void> => {
    const made = await json<Invitation>('POST', path, { body: { email: form.get('email'), role: form.get('role') } })
    toast(`An invitation is on its way to ${made.email}`)
    await after()
  }
  const resend = async (i: Invitation): Promise<void> => {
    setSending(i.id)
    try {
      await json('POST', `${path}/${encodeURIComponent(i.id)}/resend`)
      toast(`It is on its way to ${i.email} again; the link of before is void`)
    } catch (err) {
      wrong(err)
    }
    setSending('')
    await after()
  }
  const revoke = (i: Invitation) => async (): Promise<void> => {
    await json('DELETE', `${path}/${encodeURIComponent(i.id)}`)
    toast('The invitation is void')
    await after()
  }
  return (
    <>
      <div className="across"><span className="grow quiet">Who is invited becomes a member by a link that is mailed, with an account or without.</span><Button icon={<MailPlus size={14} />} onClick={() => setDialog('invite')}>Invite</Button></div>
      <List
        label="Invitations"
        list={list}
        id={(i) => i.id}
        columns={[
          { label: 'Address', cell: (i) => <span className="main"><span className="clip">{i.email}</span>{i.expired && <Badge tone="warn">expired</Badge>}</span> },
          { label: 'Role', cell: (i) => <Badge>{i.role}</Badge> },
          { label: 'Invited by', cell: (i) => <Who subject={i.invitedBy ? `user:${i.invitedBy}` : 'system:cli'} /> },
          { label: 'Sent', cell: (i) => <When at={i.createdAt} /> },
          { label: 'Good until', cell: (i) => <When at={i.expiresAt} /> },
          { label: 'What can be done', acts: true, cell: (i) => <span className="across tight"><Button tiny busy={sending === i.id} onClick={() => void resend(i)}>Send again</Button><Button tiny onClick={() => setDialog(i)}>Revoke</Button></span> },
        ]}
        empty={<Empty icon={MailPlus} title="No open invitations">Invite somebody here. Owners and admins of {org.name} do so in your app, or at /account.</Empty>}
      />
      {dialog === 'invite' && (
        <FormDialog title={`Invite somebody to ${org.name}`} action="Send it" act={invite} onClose={() => setDialog(null)}>
          <Labelled label="E-mail address" name="email" type="email" required placeholder="grace@example.com" hint="The link is good for 7 days, and for whom this address belongs to." />
          <RoleField roles={roles} />
        </FormDialog>
      )}
      {dialog !== null && dialog !== 'invite' && <FormDialog title="Revoke the invitation" action="Revoke" danger act={revoke(dialog)} onClose={() => setDialog(null)}><p>The link that was mailed to <b>{dialog.email}</b> leads nowhere any more.</p></FormDialog>}
    </>
  )
}
