import { useQuery } from '@tanstack/react-query'
import { Gauge } from 'lucide-react'
import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react'
import { meQuery, overviewQuery, type Operation, type Overview, type Range } from '../../api/console'
import { Page } from '../../ui/page'
import { Badge, Empty, Skeleton, Trouble, When } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { milliseconds, number, short, size } from '../../ui/words'
import { Start } from './start'
import './overview.css'

const Chart = lazy(() => import('../../ui/chart'))

// Between two lines of a chart's grid lie whole connections, and round sizes.
const whole = [1, 2, 5].flatMap((n) => [n, n * 10, n * 100, n * 1000, n * 10_000]).sort((a, b) => a - b)
const binary = [10, 20, 30, 40].flatMap((power) => Array.from({ length: 10 }, (_, i) => 2 ** (power + i)))

const ranges: { value: Range; label: string }[] = [
  { value: 'hour', label: 'Hour' },
  { value: 'day', label: 'Day' },
  { value: '14d', label: '14 days' },
]

/** OverviewPage shows how the server is doing, now and over the last hour, day or fortnight. */
export function OverviewPage() {
  const [range, setRange] = useState<Range>('hour')
  const { data, error, refetch } = useQuery(overviewQuery(range))
  const me = useQuery(meQuery).data
  return (
    <Page
      title="Overview"
      lead={data && <>Started <When at={data.now.startedAt} />{data.now.nodes > 1 && `, one of ${data.now.nodes} servers`}</>}
      actions={<Tabs segmented label="Time" tabs={ranges} value={range} onChange={setRange} />}
    >
      {me?.dev && <Start me={me} />}
      {error && <Trouble error={error} retry={() => void refetch()} />}
      {!data ? !error && <Waiting /> : <Figures data={data} />}
      {data && data.totals.count === 0 && me && (
        <div className="card">
          <Empty icon={Gauge} title="No requests in this time" snippet={`curl ${location.origin}/api/openapi.json`}>
            Each request to /api, /graphql and /auth counts. Point your app here, or send the first one by hand.
          </Empty>
        </div>
      )}
      {data && data.totals.count > 0 && <Operations slowest={data.slowest} busiest={data.busiest} />}
    </Page>
  )
}

function Waiting() {
  return (
    <>
      <div className="figures">{[0, 1, 2, 3, 4].map((i) => <div key={i} className="card figure"><Skeleton lines={2} /></div>)}</div>
      <div className="charts">{[0, 1, 2, 3].map((i) => <div key={i} className="card chartcard"><div className="body"><Skeleton lines={5} /></div></div>)}</div>
    </>
  )
}

function Figures({ data }: { data: Overview }) {
  const { totals, now, series, at } = data
  const failed = totals.count === 0 ? 0 : (totals.serverErrors / totals.count) * 100
  const charts = useMemo(() => {
    const errors = series.clientErrors.map((n, i) => n + series.serverErrors[i]!)
    return [
      { title: 'Requests', steps: whole, format: (n: number | null) => (n === null ? '–' : short(n)), lines: [
        { label: 'all', values: series.requests, colour: '--accent', bars: true },
        { label: 'refused', values: errors, colour: '--warn', bars: true },
        { label: 'failed', values: series.serverErrors, colour: '--bad', bars: true },
      ] },
      { title: 'Latency', format: milliseconds, lines: [
        { label: 'p99', values: series.p99, colour: '--violet' },
        { label: 'p95', values: series.p95, colour: '--info' },
        { label: 'p50', values: series.p50, colour: '--accent' },
      ] },
      { title: 'Live connections', steps: whole, format: (n: number | null) => (n === null ? '–' : short(n)), lines: [{ label: 'open', values: series.connections, colour: '--info', filled: true }] },
      { title: 'Database', steps: binary, format: (n: number | null) => (n === null ? '–' : size(n)), lines: [{ label: 'size', values: series.database, colour: '--accent', filled: true }] },
    ]
  }, [series])
  return (
    <>
      <div className="figures">
        <Figure name="Requests" value={short(totals.count)} detail={`${short(totals.clientErrors)} refused`} />
        <Figure name="Failed" value={`${failed < 1 && failed > 0 ? failed.toFixed(2) : failed.toFixed(failed === 0 ? 0 : 1)} %`} detail={`${short(totals.serverErrors)} of ${short(totals.count)}`} bad={totals.serverErrors > 0} />
        <Figure name="Latency, p95" value={milliseconds(totals.p95)} detail={<><span className="nowrap">p50 {milliseconds(totals.p50)}</span> &ensp;<span className="nowrap">p99 {milliseconds(totals.p99)}</span></>} />
        <Figure name="Live connections" value={short(now.connections)} detail={`${short(now.subscriptions)} subscriptions${now.nodes > 1 ? ', at this server' : ''}`} />
        <Figure name="Database" value={size(now.database)} detail="on disk" />
      </div>
      <div className="charts">
        {charts.map((c) => (
          <section key={c.title} className="card chartcard">
            <header><h2>{c.title}</h2></header>
            <Suspense fallback={<div className="body"><Skeleton lines={5} /></div>}><Chart label={c.title} at={at} lines={c.lines} format={c.format} {...('steps' in c ? { steps: c.steps } : {})} /></Suspense>
          </section>
        ))}
      </div>
    </>
  )
}

function Figure({ name, value, detail, bad = false }: { name: string; value: string; detail: ReactNode; bad?: boolean }) {
  return (
    <div className="card figure">
      <div className="quiet">{name}</div>
      <div className={bad ? 'value number bad' : 'value number'}>{value}</div>
      <div className="small quiet number">{detail}</div>
    </div>
  )
}

function Operations({ slowest, busiest }: { slowest: Operation[]; busiest: Operation[] }) {
  const [order, setOrder] = useState<'slowest' | 'busiest'>('slowest')
  const shown = order === 'slowest' ? slowest : busiest
  const weight = (o: Operation): number => (order === 'slowest' ? (o.p95 ?? 0) : o.count)
  const most = Math.max(...shown.map(weight), 1)
  const share = (o: Operation): number => (weight(o) / most) * 100
  return (
    <section className="card">
      <header>
        <h2>Operations</h2>
        <Tabs segmented label="Order of operations" tabs={[{ value: 'slowest', label: 'Slowest' }, { value: 'busiest', label: 'Most frequent' }]} value={order} onChange={setOrder} />
      </header>
      <div className="scroll" tabIndex={0} role="region" aria-label="Operations">
        <table className="list operations">
          <thead><tr><th>Operation</th><th className="number">Requests</th><th className="number">p50</th><th className="number">p95</th><th className="number">p99</th><th className="number">Errors</th></tr></thead>
          <tbody>
            {shown.map((o) => (
              <tr key={o.operation}>
                <td><span className="mono">{o.operation}</span>{share(o) > 1 && <i className="share" style={{ width: `${share(o)}%` }} aria-hidden />}</td>
                <td className="number">{number(o.count)}</td>
                <td className="number">{milliseconds(o.p50)}</td>
                <td className="number">{milliseconds(o.p95)}</td>
                <td className="number">{milliseconds(o.p99)}</td>
                <td className="number">{o.serverErrors > 0 ? <Badge tone="bad">{short(o.serverErrors)}</Badge> : <span className="quiet">{short(o.clientErrors)}</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
