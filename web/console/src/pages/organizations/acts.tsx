import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Ban, CircleCheck, Download, Ellipsis, PenLine, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { organizationPath, type OrganizationRecord } from '../../api/admin'
import { ask, json } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog, Labelled } from '../../ui/form-dialog'
import { Menu } from '../../ui/menu'
import { save } from '../../ui/save'
import { Note } from '../../ui/show'
import { toast } from '../../ui/toast'
import { size } from '../../ui/words'

type Act = 'edit' | 'suspend' | 'restore' | 'export' | 'delete'

/** useAnew has what is shown of organizations read anew. */
export function useAnew(): () => Promise<unknown> {
  const queries = useQueryClient()
  return () => Promise.all([['organization'], ['organizations'], ['/auth/admin/organizations']].map((queryKey) => queries.invalidateQueries({ queryKey })))
}

/** Actions is what an admin can do to an organization. */
export function Actions({ org }: { org: OrganizationRecord }) {
  const [act, setAct] = useState<Act | null>(null)
  return (
    <>
      <Menu
        trigger={<Button icon={<Ellipsis size={15} />} aria-label="What can be done" />}
        groups={[
          [
            { label: 'Edit…', icon: <PenLine size={14} />, act: () => setAct('edit') },
            { label: 'Export all of it…', icon: <Download size={14} />, act: () => setAct('export') },
          ],
          [
            org.suspendedAt
              ? { label: 'Restore…', icon: <CircleCheck size={14} />, act: () => setAct('restore') }
              : { label: 'Suspend…', icon: <Ban size={14} />, danger: true, act: () => setAct('suspend') },
            { label: 'Delete…', icon: <Trash2 size={14} />, danger: true, act: () => setAct('delete') },
          ],
        ]}
      />
      {act && <ActDialog org={org} act={act} onClose={() => setAct(null)} />}
    </>
  )
}

function ActDialog({ org, act, onClose }: { org: OrganizationRecord; act: Act; onClose: () => void }) {
  const anew = useAnew()
  const navigate = useNavigate()
  const path = organizationPath(org.id)
  const does = (method: string, to: string, said: string, body?: (form: FormData) => unknown) => async (form: FormData): Promise<void> => {
    await json(method, to, { body: body?.(form) })
    toast(said)
    if (act === 'delete') await navigate({ to: '/organizations' })
    await anew()
  }
  switch (act) {
    case 'edit':
      return (
        <FormDialog title="Edit the organization" action="Save" act={does('PATCH', path, 'Saved', (f) => ({ name: f.get('name'), slug: f.get('slug') }))} onClose={onClose}>
          <Labelled label="Name" name="name" begin={org.name} required />
          <Labelled label="Slug" name="slug" begin={org.slug} required hint="It stands in addresses: old links with the old one lead nowhere." />
        </FormDialog>
      )
    case 'suspend':
      return (
        <FormDialog title={`Suspend ${org.name}`} action="Suspend" danger act={does('POST', `${path}/suspend`, `${org.name} is suspended`, (f) => ({ reason: f.get('reason') }))} onClose={onClose}>
          <p>Its members and keys are refused at once, on every door. Nothing is deleted, and restoring it opens it again.</p>
          <Labelled label="Reason" name="reason" placeholder="unpaid" hint="For the record; its members are not shown it." />
        </FormDialog>
      )
    case 'restore':
      return <FormDialog title={`Restore ${org.name}`} action="Restore" act={does('POST', `${path}/restore`, `${org.name} is open again`)} onClose={onClose}><p>Its members and keys work in it again, as before.</p></FormDialog>
    case 'export':
      return <Export org={org} onClose={onClose} />
    case 'delete':
      return (
        <FormDialog title={`Delete ${org.name}`} action="Delete all of it" danger typed={org.slug} act={does('DELETE', path, `${org.name} is deleted`, (f) => ({ confirm: f.get('confirm') }))} onClose={onClose}>
          <Note warn>All its rows, members, teams, invitations and keys are gone for good. Its audit records stay. Export it first, if anybody may ask for it.</Note>
        </FormDialog>
      )
  }
}

function Export({ org, onClose }: { org: OrganizationRecord; onClose: () => void }) {
  const take = async (): Promise<void> => {
    const answer = await ask('POST', `${organizationPath(org.id)}/export`)
    save(await answer.blob(), `${org.slug}.jsonl`)
  }
  return (
    <FormDialog title={`Export ${org.name}`} action="Export" act={take} onClose={onClose}>
      <p>Its rows of all models, members, teams and keys’ names, as JSON Lines: about {size(org.usage.storage)}. That it was taken along is in the audit trail.</p>
      <Note>The browser keeps the file until it is whole. For a large organization, on the server’s machine: <code>loam org export {org.slug} --out {org.slug}.jsonl</code></Note>
    </FormDialog>
  )
}
