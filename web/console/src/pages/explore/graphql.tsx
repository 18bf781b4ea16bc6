import { useQuery } from '@tanstack/react-query'
import { Kind, parse, print, printSchema, type OperationDefinitionNode } from 'graphql'
import { BookOpen, Braces, Play, Sparkles, Square } from 'lucide-react'
import { Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { useActing } from '../../api/acting'
import { schemaQuery, type Schema } from '../../api/console'
import { ActingSwitch } from '../../shell/acting-switch'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Badge, Empty, Note, Skeleton, Trouble } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { wrong } from '../../ui/toast'
import { Body, Code, CopyAnswer, Facts, type Answered } from './answer'
import './explore.css'
import { follow, refusals, run } from './run'
import { graphqlQuery } from './schema'

const remembered = 'loam-console-graphql'

interface Kept {
  query: string
  variables: string
}

function last(): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(remembered) ?? 'null') as Kept | null
  } catch {
    return null
  }
}

// beginning is a first query: some rows of the schema's first model.
function beginning(schema: Schema | undefined): string {
  const model = schema?.models.find((m) => m.operations.list && !m.builtIn && !m.join)
  if (!model) return '{\n  __typename\n}\n'
  const fields = model.fields.filter((f) => f.kind !== 'relation' && f.kind !== 'embedded' && !f.hidden).slice(0, 5).map((f) => f.name)
  const name = model.plural.charAt(0).toUpperCase() + model.plural.slice(1)
  return `# Ctrl+Space completes, Ctrl+Enter runs.\nquery ${name} {\n  list${name}(limit: 10) {\n    items {\n${fields.map((f) => `      ${f}\n`).join('')}    }\n    nextToken\n  }\n}\n`
}

function operationsOf(query: string): OperationDefinitionNode[] {
  try {
    return parse(query).definitions.filter((d) => d.kind === Kind.OPERATION_DEFINITION)
  } catch {
    return []
  }
}

/** GraphQLPage runs documents as the admin, or as a user in an organization. */
export function GraphQLPage() {
  const acting = useActing()
  const schema = useQuery(graphqlQuery)
  const models = useQuery(schemaQuery)
  const [kept] = useState(last)
  const [query, setQuery] = useState(kept?.query ?? '')
  const [variables, setVariables] = useState(kept?.variables ?? '')
  const [chosen, setChosen] = useState('')
  const [answer, setAnswer] = useState<Answered | null>(null)
  const [events, setEvents] = useState<{ text: string; count: number } | null>(null)
  const [trouble, setTrouble] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [side, setSide] = useState<'answer' | 'schema'>('answer')
  const stop = useRef<AbortController | null>(null)
  useEffect(() => () => stop.current?.abort(), [])
  useEffect(() => {
    if (!kept && !models.isPending) setQuery((old) => old || beginning(models.data))
  }, [kept, models.isPending, models.data])
  useEffect(() => {
    if (query) localStorage.setItem(remembered, JSON.stringify({ query, variables }))
  }, [query, variables])
  const operations = useMemo(() => operationsOf(query), [query])
  const operation = operations.find((o) => o.name?.value === chosen) ?? operations[0]
  const sdl = useMemo(() => (side === 'schema' && schema.data ? printSchema(schema.data) : ''), [side, schema.data])
  const start = async (): Promise<void> => {
    stop.current?.abort()
    const aborter = (stop.current = new AbortController())
    setBusy(true)
    setTrouble(null)
    setAnswer(null)
    setEvents(null)
    setSide('answer')
    const document = { query, variables, operationName: operations.length > 1 ? operation?.name?.value : undefined }
    try {
      if (operation?.operation === 'subscription') {
        setEvents({ text: '', count: 0 })
        await follow(acting, document, aborter.signal, (text, count) => setEvents({ text, count }))
      } else setAnswer(await run(acting, document, aborter.signal))
    } catch (err) {
      if (!aborter.signal.aborted) setTrouble(err)
    }
    if (stop.current === aborter) setBusy(false)
  }
  const tidy = (): void => {
    try {
      setQuery(print(parse(query)) + '\n')
    } catch (err) {
      wrong(err)
    }
  }
  return (
    <Page fills title="GraphQL" lead="Documents go to /graphql, as whom you choose." actions={<ActingSwitch />}>
      <div className="explorer">
        <section className="pane" aria-label="What is asked">
          <div className="panebar">
            {busy ? <Button icon={<Square size={13} />} onClick={() => (stop.current?.abort(), setBusy(false))}>Stop</Button> : <Button kind="primary" icon={<Play size={13} />} onClick={() => void start()}>Run</Button>}
            {operations.length > 1 && <select className="select" aria-label="Operation" value={operation?.name?.value ?? ''} onChange={(e) => setChosen(e.target.value)}>{operations.map((o, i) => <option key={i} value={o.name?.value ?? ''}>{o.operation} {o.name?.value ?? `number ${i + 1}`}</option>)}</select>}
            <span className="grow" />
            <Button kind="ghost" icon={<Sparkles size={14} />} onClick={tidy}>Tidy</Button>
          </div>
          {schema.error && <div className="inside"><Note warn>Without the schema nothing is completed or checked: {schema.error.message}</Note></div>}
          <div className="grow editor"><Suspense fallback={<div className="inside"><Skeleton lines={7} /></div>}><Code label="The document" language="graphql" value={query} onChange={setQuery} onRun={() => void start()} schema={schema.data} /></Suspense></div>
          <h2 className="panehead">Variables</h2>
          <div className="editor short"><Suspense fallback={null}><Code label="The variables" language="json" value={variables} onChange={setVariables} onRun={() => void start()} hint='{"id": "…"}' /></Suspense></div>
        </section>
        <section className="pane" aria-label="What is answered">
          <div className="panebar">
            <Tabs segmented label="Beside the document" tabs={[{ value: 'answer', label: 'Answer' }, { value: 'schema', label: 'Schema' }]} value={side} onChange={setSide} />
            <span className="grow" />
            {side === 'answer' && answer && <><Facts answer={answer} errors={refusals(answer.text).length} /><CopyAnswer text={answer.text} /></>}
            {side === 'answer' && events && <Badge tone={busy ? 'good' : 'plain'}>{busy ? 'live' : 'ended'}, {events.count} events</Badge>}
            {side === 'schema' && <CopyAnswer text={sdl} />}
          </div>
          {side === 'schema' ? (schema.data ? <div className="grow editor"><Suspense fallback={null}><Code label="The schema" language="graphql" value={sdl} /></Suspense></div> : <Empty icon={BookOpen} title="The schema is not there">{schema.error?.message ?? 'It is on its way.'}</Empty>)
            : trouble !== null ? <div className="inside"><Trouble error={trouble} /></div>
            : answer ? <div className="grow editor"><Body label="The answer" text={answer.text} /></div>
            : events?.text ? <div className="grow editor"><Body label="The events" text={events.text} /></div>
            : busy ? <div className="inside">{events ? <p className="quiet">It listens. What is written now, here or elsewhere, is shown.</p> : <Skeleton lines={5} />}</div>
            : <Empty icon={Braces} title="Nothing was asked yet">Press Run, or Ctrl+Enter in the document. A user gets what the rules let them see.</Empty>}
        </section>
      </div>
    </Page>
  )
}
