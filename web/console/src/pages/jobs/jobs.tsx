import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { CircleCheck, RotateCw } from 'lucide-react'
import { useState } from 'react'
import type { Job } from '../../api/admin'
import { json } from '../../api/request'
import { Button } from '../../ui/button'
import { FormDialog } from '../../ui/form-dialog'
import { List, useList, type Column } from '../../ui/list'
import { Page } from '../../ui/page'
import { Empty, When } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { toast, wrong } from '../../ui/toast'

const route = getRouteApi('/app/jobs')

type State = 'waiting' | 'dead'

/** JobsPage is the work in the background: what waits for its turn, and what was given up. */
export function JobsPage() {
  const { state = 'dead' } = route.useSearch()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const list = useList<Job>('/auth/admin/jobs', { state }, { refetchInterval: 10_000 })
  const [dropping, setDropping] = useState<Job | null>(null)
  const [retrying, setRetrying] = useState('')
  const anew = (): Promise<void> => queries.invalidateQueries({ queryKey: ['/auth/admin/jobs'] })
  const retry = async (job: Job): Promise<void> => {
    setRetrying(job.id)
    try {
      await json('POST', `/auth/admin/jobs/${encodeURIComponent(job.id)}/retry`)
      toast(`${job.kind} runs again`)
    } catch (err) {
      wrong(err)
    }
    setRetrying('')
    await anew()
  }
  const drop = async (): Promise<void> => {
    if (dropping) await json('DELETE', `/auth/admin/jobs/${encodeURIComponent(dropping.id)}`)
    toast('The job is dropped')
    await anew()
  }
  const columns: Column<Job>[] = [
    { label: 'Job', cell: (j) => <span className="main mono">{j.kind}</span> },
    { label: 'Tries', number: true, cell: (j) => j.attempts },
    { label: 'Last error', cell: (j) => (j.error ? <span className="error">{j.error}</span> : <span className="quiet">none</span>) },
    { label: 'Made', cell: (j) => <When at={j.createdAt} /> },
    state === 'dead' ? { label: 'Given up', cell: (j) => <When at={j.deadAt} /> } : { label: 'Runs', cell: (j) => <When at={j.dueAt} /> },
    ...(state === 'dead' ? [{ label: 'Do', acts: true, cell: (j: Job) => <span className="across tight"><Button tiny busy={retrying === j.id} icon={<RotateCw size={12} />} onClick={() => void retry(j)}>Retry</Button><Button tiny kind="danger" onClick={() => setDropping(j)}>Drop</Button></span> }] : []),
  ]
  return (
    <Page title="Jobs" lead="Work in the background: mail, deletions, clean-ups. What fails is tried again, later and later, and given up in the end.">
      <div className="across"><Tabs segmented label="State" tabs={[{ value: 'dead', label: 'Given up' }, { value: 'waiting', label: 'Waiting' }]} value={state as State} onChange={(s) => void navigate({ to: '/jobs', search: { state: s }, replace: true })} /></div>
      <List
        label="Jobs"
        list={list}
        columns={columns}
        id={(j) => j.id}
        empty={state === 'dead'
          ? <Empty icon={CircleCheck} title="No job was given up" snippet="loam jobs list">Here is what was tried as often as it may be, with its last error. It can be run again when its cause is mended.</Empty>
          : <Empty icon={CircleCheck} title="Nothing waits">Each job runs as soon as it is made, or when its time has come.</Empty>}
      />
      {dropping && <FormDialog title={`Drop ${dropping.kind}`} action="Drop it" danger act={drop} onClose={() => setDropping(null)}><p>It is never run again: mail that it would have sent is not sent, and what it would have cleaned up stays.</p></FormDialog>}
    </Page>
  )
}
