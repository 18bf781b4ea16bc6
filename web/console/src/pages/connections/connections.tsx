import { useQueryClient } from '@tanstack/react-query'
import { Radio } from 'lucide-react'
import { useState } from 'react'
import type { Connection } from '../../api/admin'
import { json } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog } from '../../ui/form-dialog'
import { Lacking, lacks } from '../../ui/lacking'
import { List, useList } from '../../ui/list'
import { Page } from '../../ui/page'
import { Badge, Empty, When } from '../../ui/show'
import { toast } from '../../ui/toast'
import { plural } from '../../ui/words'
import { InOrganization, Who } from '../../ui/who'

/** ConnectionsPage is who follows rows live, at the node that answers. */
export function ConnectionsPage() {
  const list = useList<Connection>('/console/api/connections', {}, { refetchInterval: 5000 })
  const queries = useQueryClient()
  const [closing, setClosing] = useState<Connection | null>(null)
  const first = list.data?.pages[0]
  const close = async (): Promise<void> => {
    if (closing) await json('DELETE', `/console/api/connections/${encodeURIComponent(closing.id)}`)
    toast('The connection is closed')
    await queries.invalidateQueries({ queryKey: ['/console/api/connections'] })
  }
  return (
    <Page title="Live connections" lead={first ? `${plural(list.data?.pages.flatMap((p) => p.items).length ?? 0, 'connection')}${list.hasNextPage ? ' and more' : ''} of ${first.items[0]?.node ?? 'the server that answers'}, as of now` : 'Who follows rows as they change.'}>
      {lacks(list.error) ? <Lacking title="This server does not list its connections" snippet={`curl ${location.origin}/metrics`}>How many there are is among its metrics.</Lacking> : <List
        label="Live connections"
        list={list}
        id={(c) => c.id}
        columns={[
          { label: 'Who', cell: (c) => <span className="main">{c.subject ? <><Who subject={c.subject} />{c.name && <div className="small quiet">{c.name}</div>}</> : <span className="quiet">has not said yet</span>}</span> },
          { label: 'In', cell: (c) => c.organization && <InOrganization id={c.organization} /> },
          { label: 'Protocol', cell: (c) => <Badge tone="info">{c.protocol}</Badge> },
          { label: 'Follows', number: true, cell: (c) => c.subscriptions },
          { label: 'From', cell: (c) => <span className="mono quiet">{c.address}</span> },
          { label: 'Since', cell: (c) => <When at={c.since} /> },
          { label: 'Close', acts: true, cell: (c) => <Button tiny onClick={() => setClosing(c)}>Close</Button> },
        ]}
        empty={<Empty icon={Radio} title="Nobody is connected" snippet={`curl -N ${location.origin}/api/tasks -H 'Accept: text/event-stream' -H "Authorization: Bearer $TOKEN"`}>A live list of your app opens a WebSocket or a stream of events, and is here until it closes.</Empty>}
      />}
      {closing && <FormDialog title="Close the connection" action="Close it" danger act={close} onClose={() => setClosing(null)}><p>Its client notices at once, and as a rule connects again. To keep somebody out, disable their account.</p></FormDialog>}
    </Page>
  )
}
