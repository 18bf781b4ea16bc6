import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Building2, Plus } from 'lucide-react'
import { useCallback, useState } from 'react'
import type { OrganizationRecord } from '../../api/admin'
import { json } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog, Labelled } from '../../ui/form-dialog'
import { List, useList, type Column } from '../../ui/list'
import { Page } from '../../ui/page'
import { SearchField } from '../../ui/search-field'
import { Badge, Empty, When } from '../../ui/show'
import { toast } from '../../ui/toast'
import { short, size } from '../../ui/words'

const route = getRouteApi('/app/organizations')

const columns: Column<OrganizationRecord>[] = [
  { label: 'Organization', cell: (o) => <span className="main"><Link to="/organizations/$org" params={{ org: o.id }} className="clip">{o.name}</Link> <span className="quiet small">{o.slug}</span>{o.suspendedAt && <Badge tone="bad">suspended</Badge>}</span> },
  { label: 'Members', number: true, cell: (o) => short(o.members) },
  { label: 'Rows', number: true, cell: (o) => short(o.usage.rows) },
  { label: 'Storage', number: true, cell: (o) => size(o.usage.storage) },
  { label: 'Founded', cell: (o) => <When at={o.createdAt} /> },
]

/** OrganizationsPage lists all organizations. */
export function OrganizationsPage() {
  const { search = '' } = route.useSearch()
  const navigate = useNavigate()
  const [founding, setFounding] = useState(false)
  const list = useList<OrganizationRecord>('/auth/admin/organizations', { search })
  const find = useCallback((text: string) => void navigate({ to: '/organizations', search: { search: text }, replace: true }), [navigate])
  return (
    <Page title="Organizations" lead="Each has rows of its own, which no member of another sees." actions={<Button kind="primary" icon={<Plus size={14} />} onClick={() => setFounding(true)}>New organization</Button>}>
      <div className="across"><SearchField label="How the name or slug begins" value={search} onChange={find} /></div>
      <List
        label="Organizations"
        list={list}
        columns={columns}
        id={(o) => o.id}
        onOpen={(o) => void navigate({ to: '/organizations/$org', params: { org: o.id } })}
        empty={search ? (
          <Empty icon={Building2} title="None that begins like that"><Button kind="link" onClick={() => find('')}>Show all</Button></Empty>
        ) : (
          <Empty icon={Building2} title="No organizations yet" snippet={'loam org create "Acme Inc" --owner you@example.com'}>Users found them in your app, by POST /auth/organizations. You can found one for somebody here.</Empty>
        )}
      />
      {founding && <Found onClose={() => setFounding(false)} />}
    </Page>
  )
}

function Found({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const found = async (form: FormData): Promise<void> => {
    const made = await json<OrganizationRecord>('POST', '/auth/admin/organizations', { body: { name: form.get('name'), owner: form.get('owner') } })
    toast(`${made.name} is founded`)
    await Promise.all([queries.invalidateQueries({ queryKey: ['/auth/admin/organizations'] }), queries.invalidateQueries({ queryKey: ['organizations'] })])
    await navigate({ to: '/organizations/$org', params: { org: made.id } })
  }
  return (
    <FormDialog title="New organization" action="Found it" act={found} onClose={onClose}>
      <Labelled label="Name" name="name" required placeholder="Acme Inc" />
      <Labelled label="Owner" name="owner" required placeholder="ada@example.com" hint="The address or id of a user." />
    </FormDialog>
  )
}
