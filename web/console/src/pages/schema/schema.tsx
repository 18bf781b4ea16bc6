import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { CircleCheck, ShieldOff, Waypoints } from 'lucide-react'
import type { ReactNode } from 'react'
import { meQuery, schemaQuery, type Diagnostic, type Schema } from '../../api/console'
import { Page } from '../../ui/page'
import { Badge, Empty, Note, Skeleton, Trouble } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { plural } from '../../ui/words'
import { Migrations } from './migrations'
import { About } from './model'
import { Picture } from './picture'
import './schema.css'

const route = getRouteApi('/app/schema')

type Tab = 'picture' | 'rules' | 'diagnostics' | 'migrations' | 'source'

/** SchemaPage shows what the schema file says: as a picture, as rules in words, and what became of it. */
export function SchemaPage() {
  const { tab = 'picture', model } = route.useSearch()
  const navigate = useNavigate()
  const schema = useQuery(schemaQuery)
  const to = (search: { tab?: string; model?: string }): void => void navigate({ to: '/schema', search, replace: true })
  const data = schema.data
  const worst = data?.diagnostics.filter((d) => d.severity !== 'hint').length ?? 0
  const tabs: { value: Tab; label: ReactNode }[] = [
    { value: 'picture', label: 'Picture' },
    { value: 'rules', label: 'Rules' },
    { value: 'diagnostics', label: <>Diagnostics {worst > 0 && <Badge tone="warn">{worst}</Badge>}</> },
    { value: 'migrations', label: 'Migrations' },
    { value: 'source', label: 'Source' },
  ]
  const chosen = data?.models.find((m) => m.name === model)
  return (
    <Page fills title="Schema" lead={data && <>{plural(data.models.filter((m) => !m.join).length, 'model')} in {data.file}{!data.inForce && ', as it was last saved; not in force yet'}</>} actions={<Tabs segmented label="What to show" tabs={tabs} value={tab as Tab} onChange={(t) => to({ tab: t, ...(model ? { model } : {}) })} />}>
      {schema.error ? <div className="page"><Trouble error={schema.error} retry={() => void schema.refetch()} /></div> : !data ? <div className="page"><Skeleton lines={6} /></div> : tab === 'picture' ? (
        data.models.length === 0 ? <Empty icon={Waypoints} title="No models yet" snippet={'type Task @model @auth(rules: [{ allow: member }]) {\n  title: String!\n}'}>Each model of {data.file} is drawn here, and how they refer to each other.</Empty> : (
          <div className={chosen ? 'pictured with' : 'pictured'}>
            <Picture schema={data} chosen={chosen?.name} onChoose={(m) => to({ ...(m ? { model: m } : {}) })} />
            {chosen && <About schema={data} model={chosen} onClose={() => to({})} onModel={(m) => to({ model: m })} />}
          </div>
        )
      ) : (
        <div className="under" tabIndex={0} role="region" aria-label={tab}>
          <div className="page">
            {tab === 'rules' && <Rules schema={data} />}
            {tab === 'diagnostics' && <Diagnostics schema={data} />}
            {tab === 'migrations' && <Migrations />}
            {tab === 'source' && <Source schema={data} />}
          </div>
        </div>
      )}
    </Page>
  )
}

function Rules({ schema }: { schema: Schema }) {
  const tenancy = useQuery(meQuery).data?.tenancy !== false
  return (
    <>
      <Note>Rules are asked in this order on every door{tenancy && ': the row’s organization first, which no rule lifts; then these'}. What no rule allows is refused.</Note>
      {schema.models.filter((m) => !m.join && !m.builtIn).map((m) => (
        <section key={m.name} className="card">
          <header><h2>{m.name}</h2>{tenancy && m.scope === 'global' && <Badge tone="info">global</Badge>}</header>
          <div className="body">
            {m.rules.length === 0 ? <p className="quiet"><ShieldOff size={14} aria-hidden /> No rule: nobody may do anything with it.</p> : <ul className="wordlist">{m.rules.map((r, i) => <li key={i}><span className="says">{r.words}</span>{r.line > 0 && <span className="small quiet number">line {r.line}</span>}</li>)}</ul>}
            {m.fields.filter((f) => (f.rules?.length ?? 0) > 0).map((f) => (
              <div key={f.name} className="fieldwords"><code>{f.name}</code><ul className="wordlist">{f.rules!.map((r, i) => <li key={i}>{r.words}</li>)}</ul></div>
            ))}
          </div>
        </section>
      ))}
    </>
  )
}

const tones = { error: 'bad', warning: 'warn', hint: 'info' } as const

function Diagnostics({ schema }: { schema: Schema }) {
  if (schema.diagnostics.length === 0) return <Empty icon={CircleCheck} title="Nothing to mend">The file has no errors, no warnings and no hints. While you write it, <code>loam check</code> says the same as this page.</Empty>
  return <div className="card">{schema.diagnostics.map((d, i) => <Diagnosis key={i} d={d} file={schema.file} />)}</div>
}

function Diagnosis({ d, file }: { d: Diagnostic; file: string }) {
  return (
    <article className="diagnosis">
      <div className="across"><Badge tone={tones[d.severity]}>{d.severity}</Badge><span className="strong grow">{d.message}</span><code className="small">{d.code}</code></div>
      {d.suggestion && <p>{d.suggestion}</p>}
      <div className="small quiet mono">{file}:{d.line}:{d.column}</div>
      {d.text && <pre tabIndex={0} aria-label={`Line ${d.line}`}><span className="quiet">{d.line} | </span>{d.text}{'\n'}{' '.repeat(String(d.line).length + 3 + Math.max(0, d.column - 1))}<b className="bad">^</b></pre>}
    </article>
  )
}

// parts are what a line of a schema is coloured by, in the order of the groups' classes.
const parts = /(#.*)|("(?:[^"\\]|\\.)*")|(@\w+|^(?:extend )?(?:type|enum|input|interface|union|scalar|directive|schema)\b)|(\b[A-Z]\w*)/g
const classes = ['comment', 'text', 'word', 'type']

function coloured(line: string): ReactNode[] {
  const out: ReactNode[] = []
  let at = 0
  for (const m of line.matchAll(parts)) {
    out.push(line.slice(at, m.index), <span key={m.index} className={classes[m.slice(1).findIndex((g) => g !== undefined)]}>{m[0]}</span>)
    at = m.index + m[0].length
  }
  return [...out, line.slice(at) || ' ']
}

function Source({ schema }: { schema: Schema }) {
  const marked = new Map(schema.diagnostics.map((d) => [d.line, d]))
  return (
    <div className="card source" tabIndex={0} role="region" aria-label={schema.file}>
      <ol>{schema.source.split('\n').map((line, i) => <li key={i} className={marked.has(i + 1) ? 'marked' : undefined} title={marked.get(i + 1)?.message}><span>{coloured(line)}</span></li>)}</ol>
    </div>
  )
}
