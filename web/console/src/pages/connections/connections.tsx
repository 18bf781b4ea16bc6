import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Radio } from 'lucide-react'
import { useState } from 'react'
import type { Connection, ServerNode } from '../../api/admin'
import { json, type Page as ListPage } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog } from '../../ui/form-dialog'
import { Lacking, lacks } from '../../ui/lacking'
import { List, useList, type Column } from '../../ui/list'
import { Page } from '../../ui/page'
import { Picker } from '../../ui/picker'
import { Badge, Empty, Note, When } from '../../ui/show'
import { toast } from '../../ui/toast'
import { plural } from '../../ui/words'
import { InOrganization, Who } from '../../ui/who'

const path = '/console/api/connections'

const route = getRouteApi('/app/connections')

type Answer = ListPage<Connection> & { nodes: ServerNode[] }

/** ConnectionsPage is who follows rows live, at all servers of the database or at one. */
export function ConnectionsPage() {
  const { node } = route.useSearch()
  const navigate = useNavigate()
  const list = useList<Connection, Answer>(path, { node }, { refetchInterval: 5000 })
  const queries = useQueryClient()
  const [closing, setClosing] = useState<Connection | null>(null)
  const nodes = list.data?.pages[0]?.nodes ?? []
  const silent = nodes.filter((n) => n.silent)
  const close = async (): Promise<void> => {
    if (closing) await json('DELETE', `${path}/${encodeURIComponent(closing.id)}`)
    toast('The connection is closed')
    await queries.invalidateQueries({ queryKey: [path] })
  }
  const pick = (node: string): void => void navigate({ to: '/connections', search: node ? { node } : {}, replace: true })
  const several = nodes.length > 1
  const columns: Column<Connection>[] = [
    { label: 'Who', cell: (c) => <span className="main">{c.subject ? <><Who subject={c.subject} />{c.name && <div className="small quiet">{c.name}</div>}</> : <span className="quiet">has not said yet</span>}</span> },
    { label: 'In', cell: (c) => c.organization && <InOrganization id={c.organization} /> },
    { label: 'Protocol', cell: (c) => <Badge tone="info">{c.protocol}</Badge> },
    { label: 'Follows', number: true, cell: (c) => c.subscriptions },
    { label: 'From', cell: (c) => <span className="mono quiet">{c.address}</span> },
    ...(several ? [{ label: 'Server', cell: (c: Connection) => <span className="mono quiet">{c.node}</span> }] : []),
    { label: 'Since', cell: (c) => <When at={c.since} /> },
    { label: 'Close', acts: true, cell: (c) => <Button tiny onClick={() => setClosing(c)}>Close</Button> },
  ]
  return (
    <Page
      title="Live connections"
      lead={nodes.length > 0 ? lead(nodes, node) : 'Who follows rows as they change.'}
      actions={(several || node) && <ServerPicker nodes={nodes} node={node} onPick={pick} />}
    >
      {silent.length > 0 && <Note warn>{silent.map((n) => n.name).join(', ')} did not answer: what is connected there is missing here. A server that has died is forgotten within half a minute.</Note>}
      {lacks(list.error) ? <Lacking title="This server does not list its connections" snippet={`curl ${location.origin}/metrics`}>How many there are is among its metrics.</Lacking> : <List
        label="Live connections"
        list={list}
        id={(c) => c.id}
        columns={columns}
        empty={node ? <Empty icon={Radio} title={silent.some((n) => n.id === node) ? 'This server does not answer' : 'Nobody is connected to this server'}><Button kind="link" onClick={() => pick('')}>Show all servers</Button></Empty> : <Empty icon={Radio} title="Nobody is connected" snippet={`curl -N ${location.origin}/api/tasks -H 'Accept: text/event-stream' -H "Authorization: Bearer $TOKEN"`}>A live list of your app opens a WebSocket or a stream of events, and is here until it closes.</Empty>}
      />}
      {closing && <FormDialog title="Close the connection" action="Close it" danger act={close} onClose={() => setClosing(null)}><p>Its client notices at once, and as a rule connects again. To keep somebody out, disable their account.</p></FormDialog>}
    </Page>
  )
}

/** lead says how many there are, and at which servers of those that are meant: who is silent is not counted. */
function lead(nodes: ServerNode[], node: string | undefined): string {
  const meant = node ? nodes.filter((n) => n.id === node) : nodes
  const heard = meant.filter((n) => !n.silent)
  if (meant.length === 0) return 'The server is not there any more.'
  if (heard.length === 0) return 'Who is connected is not known at the moment.'
  const where = meant.length === 1 ? meant[0]?.name : heard.length < meant.length ? `${heard.length} of ${meant.length} servers` : `${meant.length} servers`
  return `${plural(heard.reduce((sum, n) => sum + (n.connections ?? 0), 0), 'connection')} at ${where}, as of now`
}

function ServerPicker({ nodes, node, onPick }: { nodes: ServerNode[]; node: string | undefined; onPick: (node: string) => void }) {
  const known = nodes.find((n) => n.id === node)
  return (
    <Picker
      label="Server"
      value={node ?? ''}
      align="end"
      onPick={onPick}
      choices={[{ value: '', label: 'All servers' }, ...nodes.map((n) => ({ value: n.id, label: n.name, detail: n.silent ? 'no answer' : String(n.connections ?? 0) }))]}
      trigger={<Button><span className="clip">{known?.name ?? (node ? 'A server that is gone' : 'All servers')}</span></Button>}
    />
  )
}
