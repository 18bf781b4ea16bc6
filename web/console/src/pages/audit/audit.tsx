import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Download, ScrollText, ShieldCheck } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { peopleQuery, type AuditRecord } from '../../api/admin'
import { meQuery, organizationsQuery } from '../../api/console'
import type { AuditSearch } from '../../routes'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Lacking, lacks } from '../../ui/lacking'
import { List, useList, type Column } from '../../ui/list'
import { Page } from '../../ui/page'
import { Picker } from '../../ui/picker'
import { SearchField } from '../../ui/search-field'
import { Badge, Empty, Snippet, When } from '../../ui/show'
import { InOrganization, Who } from '../../ui/who'
import './audit.css'
import { ExportAudit } from './export'
import { RecordDialog, toneOf } from './record'

const route = getRouteApi('/app/audit')

const columns: Column<AuditRecord>[] = [
  { label: 'Event', cell: (r) => <span className="main"><span className="mono">{r.action}</span>{r.outcome !== 'success' && <Badge tone={toneOf(r.outcome)}>{r.outcome}</Badge>}</span> },
  { label: 'By', cell: (r) => <><Who subject={r.actor} />{r.impersonator && <> <Badge tone="warn">through an admin</Badge></>}</> },
  { label: 'Of', cell: (r) => r.target && <Who subject={r.target} /> },
  { label: 'In', cell: (r) => r.organization && <InOrganization id={r.organization} /> },
  { label: 'From', cell: (r) => <span className="mono quiet">{r.address || '–'}</span> },
  { label: 'When', cell: (r) => <When at={r.at} /> },
]

const spans: Record<string, string> = { '': 'Any time', '1': 'Last hour', '24': 'Last day', '168': 'Last 7 days', '720': 'Last 30 days' }

const minute = 60_000 // milliseconds

/** asked is what the server is asked with. */
function asked({ action, actor, organization, span }: AuditSearch): Record<string, string | undefined> {
  const since = span ? new Date(Math.floor(Date.now() / minute) * minute - Number(span) * 60 * minute).toISOString() : undefined
  return { action, actor, organization, since }
}

/** AuditPage is the audit trail of an organization, or of what belongs to none, newest first. */
export function AuditPage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const [open, setOpen] = useState<AuditRecord | null>(null)
  const [dialog, setDialog] = useState<'export' | 'verify' | null>(null)
  const { action, actor, organization, span } = search
  const wanted = useMemo(() => asked({ action, actor, organization, span }), [action, actor, organization, span])
  const list = useList<AuditRecord>('/console/api/audit', wanted)
  const filtered = Object.values(search).some(Boolean)
  return (
    <Page
      title="Audit trail"
      lead="Who did what to whom, and how it ended. No record is ever changed or removed."
      actions={<><Button icon={<ShieldCheck size={14} />} onClick={() => setDialog('verify')}>Verify</Button><Button disabled={lacks(list.error)} icon={<Download size={14} />} onClick={() => setDialog('export')}>Export</Button></>}
    >
      {lacks(list.error) ? <Lacking title="This server’s trail is not read here" snippet="loam audit export">The command on the server’s machine, with the server stopped, prints the records of all organizations; owners of one read its own in your app.</Lacking> : <><Filters search={search} />
      <List
        label="Records"
        list={list}
        columns={columns}
        id={(r) => r.id}
        onOpen={setOpen}
        button
        empty={filtered ? (
          <Empty icon={ScrollText} title="No record like that"><Button kind="link" onClick={() => void navigate({ to: '/audit', search: {} })}>Show all</Button></Empty>
        ) : (
          <Empty icon={ScrollText} title="Nothing on record yet">Sign-ins, members, keys, and all that admins do are recorded in the transaction of what they tell of.</Empty>
        )}
      /></>}
      {open && <RecordDialog record={open} onClose={() => setOpen(null)} />}
      {dialog === 'export' && <ExportAudit asked={wanted} filtered={filtered} onClose={() => setDialog(null)} />}
      {dialog === 'verify' && (
        <Dialog title="Verify the chain" onClose={() => setDialog(null)}>
          <p>Each record holds the hash of the one before, and the newest is vouched for by the server’s master key. The check reads every record. It runs on the server’s machine, with the server stopped:</p>
          <Snippet>loam audit verify</Snippet>
          <p>It prints the log’s head. Kept elsewhere and given to the next check, it finds a log that was cut or put back to an older state:</p>
          <Snippet>loam audit verify --known 1042:9f3c6a…</Snippet>
        </Dialog>
      )}
    </Page>
  )
}

function Filters({ search }: { search: AuditSearch }) {
  const navigate = useNavigate()
  const tenancy = useQuery(meQuery).data?.tenancy === true
  const people = useQuery(peopleQuery).data
  const organizations = useQuery({ ...organizationsQuery, enabled: tenancy }).data
  const to = useCallback((change: AuditSearch) => void navigate({ to: '/audit', search: (old) => ({ ...old, ...change }), replace: true }), [navigate])
  const event = useCallback((action: string) => to({ action }), [to])
  const person = people?.items.find((p) => `user:${p.id}` === search.actor)
  const place = organizations?.items.find((o) => o.id === search.organization)
  return (
    <div className="across auditbar">
      <SearchField label="Event, such as org.member_added" value={search.action ?? ''} onChange={event} />
      <Picker
        label="Who did it"
        value={search.actor ?? ''}
        onPick={(actor) => to({ actor })}
        choices={[{ value: '', label: 'Anybody' }, { value: 'system', label: 'The server' }, { value: 'system:cli', label: 'The command line' }, { value: 'anonymous', label: 'Nobody signed in' }, ...(people?.items ?? []).map((p) => ({ value: `user:${p.id}`, label: p.name || (p.email ?? p.id), detail: p.name ? (p.email ?? '') : '' }))]}
        trigger={<Button className={search.actor ? 'set' : ''}><span className="clip">{search.actor ? `By ${person?.name || person?.email || search.actor}` : 'By anybody'}</span></Button>}
      />
      {tenancy && (
        <Picker
          label="Organization"
          value={search.organization ?? ''}
          onPick={(organization) => to({ organization })}
          choices={[{ value: '', label: 'No organization', detail: 'the server’s own' }, ...(organizations?.items ?? []).map((o) => ({ value: o.id, label: o.name, detail: o.slug }))]}
          trigger={<Button className={search.organization ? 'set' : ''}><span className="clip">{search.organization ? `In ${place?.name ?? search.organization}` : 'In no organization'}</span></Button>}
        />
      )}
      <select className="select" aria-label="Time" value={search.span ?? ''} onChange={(e) => to({ span: e.target.value })}>
        {Object.entries(spans).sort(([a], [b]) => Number(a) - Number(b)).map(([value, label]) => <option key={value} value={value}>{label}</option>)}
      </select>
    </div>
  )
}
