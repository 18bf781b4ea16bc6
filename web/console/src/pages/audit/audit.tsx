import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Download, ScrollText, ShieldCheck } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { peopleQuery, type AuditRecord } from '../../api/admin'
import { meQuery, organizationsQuery } from '../../api/console'
import type { AuditSearch } from '../../routes'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { List, useList, type Column } from '../../ui/list'
import { Page } from '../../ui/page'
import { Picker } from '../../ui/picker'
import { Badge, Empty, Snippet, When } from '../../ui/show'
import { InOrganization, Who } from '../../ui/who'
import { actions, wordsOf } from './actions'
import './audit.css'
import { ExportAudit } from './export'
import { RecordDialog, toneOf } from './record'

const route = getRouteApi('/app/audit')

const columns: Column<AuditRecord>[] = [
  { label: 'Event', cell: (r) => <span className="main"><span title={r.action}>{wordsOf(r.action)}</span>{r.outcome !== 'success' && <Badge tone={toneOf(r.outcome)}>{r.outcome}</Badge>}</span> },
  { label: 'By', cell: (r) => <><Who subject={r.actor} />{r.impersonator && <> <Badge tone="warn">through an admin</Badge></>}</> },
  { label: 'Of', cell: (r) => r.target && <Who subject={r.target} /> },
  { label: 'In', cell: (r) => r.organization && <InOrganization id={r.organization} /> },
  { label: 'From', cell: (r) => <span className="mono quiet">{r.address || '–'}</span> },
  { label: 'When', cell: (r) => <When at={r.at} /> },
]

const spans: Record<string, string> = { '': 'Any time', '1': 'Last hour', '24': 'Last day', '168': 'Last 7 days', '720': 'Last 30 days' }

const minute = 60_000 // milliseconds

/** asked is what the server is asked with. */
function asked({ action, actor, target, organization, span }: AuditSearch): Record<string, string | undefined> {
  const since = span ? new Date(Math.floor(Date.now() / minute) * minute - Number(span) * 60 * minute).toISOString() : undefined
  return { action, actor, target, organization, since }
}

/** AuditPage is the audit trail of all organizations, of one, or of what belongs to none, newest first. */
export function AuditPage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const [open, setOpen] = useState<AuditRecord | null>(null)
  const [dialog, setDialog] = useState<'export' | 'verify' | null>(null)
  const { action, actor, target, organization, span } = search
  const wanted = useMemo(() => asked({ action, actor, target, organization, span }), [action, actor, target, organization, span])
  const list = useList<AuditRecord>('/console/api/audit', wanted)
  const filtered = Object.values(search).some(Boolean)
  return (
    <Page
      title="Audit trail"
      lead="Who did what to whom, and how it ended. No record is ever changed or removed."
      actions={<><Button icon={<ShieldCheck size={14} />} onClick={() => setDialog('verify')}>Verify</Button><Button icon={<Download size={14} />} onClick={() => setDialog('export')}>Export</Button></>}
    >
      <Filters search={search} />
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
      />
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
  const persons = (people?.items ?? []).map((p) => ({ value: `user:${p.id}`, label: p.name || (p.email ?? p.id), detail: p.name ? (p.email ?? '') : '' }))
  const named = (subject: string): string => persons.find((p) => p.value === subject)?.label ?? subject
  const place = organizations?.items.find((o) => o.id === search.organization)
  return (
    <div className="across auditbar">
      <Picker
        label="What was done"
        value={search.action ?? ''}
        onPick={(action) => to({ action })}
        choices={[{ value: '', label: 'Any event' }, ...actions.map((action) => ({ value: action, label: wordsOf(action), detail: action }))]}
        trigger={<Button className={search.action ? 'set' : ''}><span className="clip">{search.action ? wordsOf(search.action) : 'Any event'}</span></Button>}
      />
      <Picker
        label="Who did it"
        value={search.actor ?? ''}
        onPick={(actor) => to({ actor })}
        choices={[{ value: '', label: 'Anybody' }, { value: 'system', label: 'The server' }, { value: 'system:cli', label: 'The command line' }, { value: 'anonymous', label: 'Nobody signed in' }, ...persons]}
        trigger={<Button className={search.actor ? 'set' : ''}><span className="clip">{search.actor ? `By ${named(search.actor)}` : 'By anybody'}</span></Button>}
      />
      <Picker
        label="To whom it was done"
        value={search.target ?? ''}
        onPick={(target) => to({ target })}
        choices={[{ value: '', label: 'Anybody or anything' }, ...persons]}
        trigger={<Button className={search.target ? 'set' : ''}><span className="clip">{search.target ? `To ${named(search.target)}` : 'To anybody'}</span></Button>}
      />
      {tenancy && (
        <Picker
          label="Organization"
          value={search.organization ?? ''}
          onPick={(organization) => to({ organization })}
          choices={[{ value: '', label: 'All organizations' }, { value: 'none', label: 'No organization', detail: 'the server’s own' }, ...(organizations?.items ?? []).map((o) => ({ value: o.id, label: o.name, detail: o.slug }))]}
          trigger={<Button className={search.organization ? 'set' : ''}><span className="clip">{search.organization === 'none' ? 'In no organization' : search.organization ? `In ${place?.name ?? search.organization}` : 'In all organizations'}</span></Button>}
        />
      )}
      <select className="select" aria-label="Time" value={search.span ?? ''} onChange={(e) => to({ span: e.target.value })}>
        {Object.entries(spans).sort(([a], [b]) => Number(a) - Number(b)).map(([value, label]) => <option key={value} value={value}>{label}</option>)}
      </select>
    </div>
  )
}
