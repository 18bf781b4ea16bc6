import { useQueryClient } from '@tanstack/react-query'
import { MailPlus } from 'lucide-react'
import { useState } from 'react'
import type { Invitation, OrganizationRecord } from '../../api/admin'
import { json } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog } from '../../ui/form-dialog'
import { Lacking, lacks } from '../../ui/lacking'
import { List, useList } from '../../ui/list'
import { Badge, Empty, When } from '../../ui/show'
import { toast } from '../../ui/toast'
import { Who } from '../../ui/who'

/** Invitations are those that nobody has accepted yet. */
export function Invitations({ org }: { org: OrganizationRecord }) {
  const path = `/console/api/organizations/${encodeURIComponent(org.id)}/invitations`
  const list = useList<Invitation>(path)
  const queries = useQueryClient()
  const [revoking, setRevoking] = useState<Invitation | null>(null)
  const revoke = async (): Promise<void> => {
    if (revoking) await json('DELETE', `${path}/${encodeURIComponent(revoking.id)}`)
    toast('The invitation is void')
    await queries.invalidateQueries({ queryKey: [path] })
  }
  return (
    <>
      {lacks(list.error) ? <Lacking title="This server does not list invitations here">Owners and admins of {org.name} see and revoke them in your app, or at /account.</Lacking> : <List
        label="Invitations"
        list={list}
        id={(i) => i.id}
        columns={[
          { label: 'Address', cell: (i) => <span className="main">{i.email}{i.expired && <Badge tone="warn">expired</Badge>}</span> },
          { label: 'Role', cell: (i) => <Badge>{i.role}</Badge> },
          { label: 'Invited by', cell: (i) => <Who subject={i.invitedBy ? `user:${i.invitedBy}` : 'system:cli'} /> },
          { label: 'Sent', cell: (i) => <When at={i.createdAt} /> },
          { label: 'Good until', cell: (i) => <When at={i.expiresAt} /> },
          { label: 'Revoke', acts: true, cell: (i) => <Button tiny onClick={() => setRevoking(i)}>Revoke</Button> },
        ]}
        empty={<Empty icon={MailPlus} title="No open invitations">Owners and admins of {org.name} invite people in your app, at /account, or by POST /auth/organizations/{'{org}'}/invitations.</Empty>}
      />}
      {revoking && <FormDialog title="Revoke the invitation" action="Revoke" danger act={revoke} onClose={() => setRevoking(null)}><p>The link that was mailed to <b>{revoking.email}</b> leads nowhere any more.</p></FormDialog>}
    </>
  )
}
