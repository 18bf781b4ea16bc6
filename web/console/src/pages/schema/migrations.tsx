import { useQuery } from '@tanstack/react-query'
import { FileStack } from 'lucide-react'
import type { Migrations as Answer, Step } from '../../api/console'
import { get } from '../../api/request'
import { Badge, Empty, Note, Skeleton, Trouble, When } from '../../ui/show'
import { milliseconds, number, plural } from '../../ui/words'

const tones = { safe: 'good', slow: 'info', destructive: 'bad', blocked: 'bad' } as const

/** Migrations are those that made the database what it is, newest first, and the one that waits. */
export function Migrations() {
  const list = useQuery({ queryKey: ['migrations'], queryFn: ({ signal }) => get<Answer>('/console/api/migrations', signal) })
  if (list.error) return <Trouble error={list.error} retry={() => void list.refetch()} />
  if (!list.data) return <Skeleton lines={6} />
  const { pending, applied } = list.data
  return (
    <>
      {pending && (
        <section className="card pending">
          <header><h2>Pending: the file is ahead of the database</h2><Badge tone="warn">{plural(pending.steps?.length ?? 0, 'step')}</Badge></header>
          <div className="body form">{pending.refusal && <Note warn>{pending.refusal}</Note>}<Steps steps={pending.steps ?? []} sql={pending.sql} /></div>
        </section>
      )}
      {applied.length === 0 ? <div className="card"><Empty icon={FileStack} title="No migration yet" snippet="loam diff      # what would change, and the SQL&#10;loam migrate   # does it">Under <code>loam dev</code> a saved schema is applied at once.</Empty></div> : applied.map((m) => (
        <details key={m.version} className="card migration">
          <summary><span className="number strong">{m.version}</span><span className="grow clip">{m.name || m.steps?.map((s) => s.words).join('; ') || 'nothing to do'}</span><span className="quiet small"><When at={m.at} /></span></summary>
          <div className="body"><p className="small quiet">{m.run ? <>Run on {m.run.node} by Loam {m.run.loam}, in {milliseconds(m.run.millis)}.</> : 'An earlier version of Loam ran it, which kept no record of where and for how long.'} <span className="mono" title={m.checksum}>{m.checksum.slice(0, 12)}</span></p><Steps steps={m.steps ?? []} sql={m.sql} /></div>
        </details>
      ))}
    </>
  )
}

function Steps({ steps, sql }: { steps: Step[]; sql: string }) {
  const whole = steps.every((s) => !s.sql?.length) && sql !== '' // where the steps do not say theirs
  return (
    <>
    <ol className="steps">
      {steps.map((s, i) => (
        <li key={i}>
          <div className="across"><Badge tone={tones[s.risk] ?? 'plain'}>{s.risk}</Badge><span className="grow">{s.words}</span>{s.rows !== undefined && s.rows > 0 && <span className="small quiet number">{number(s.rows)} rows</span>}</div>
          {s.harm && <div className="small bad">{s.harm}</div>}
          {s.sql && s.sql.length > 0 && <pre tabIndex={0} aria-label="SQL">{s.sql.join(';\n')};</pre>}
        </li>
      ))}
    </ol>
    {whole && <pre tabIndex={0} aria-label="SQL" className="sql">{sql}</pre>}
    </>
  )
}
