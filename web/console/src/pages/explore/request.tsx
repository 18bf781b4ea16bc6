import { ChevronsRight, Send } from 'lucide-react'
import { Suspense, useEffect, useRef, useState } from 'react'
import { as, useActing, type Acting } from '../../api/acting'
import { ask, type Wish } from '../../api/request'
import { Button } from '../../ui/button'
import { CopyButton, Empty, Skeleton, Trouble } from '../../ui/show'
import { Body, Code, CopyAnswer, Facts, pretty, timed, type Answered } from './answer'
import { address, curl, headersOf, type Parameter, type Route } from './openapi'
import { Method } from './rest'

const usual = ['limit', 'sort', 'fields', 'include', 'filter', 'search', 'cursor', 'count', 'id'] // shown at once; the others are many, one for each field and operator

// wishOf is what a request carries: rows are asked for as is chosen, the other doors by who is signed in.
function wishOf(acting: Acting, path: string): Wish {
  if (path.startsWith('/api/') || acting.user) return as(acting)
  return {}
}

/** Request is a route's form, the request that it makes, and what came back. */
export function Request({ route }: { route: Route }) {
  const acting = useActing()
  const [values, setValues] = useState<Record<string, string>>({})
  const [body, setBody] = useState(route.body ?? '')
  const [answer, setAnswer] = useState<Answered | null>(null)
  const [trouble, setTrouble] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const stop = useRef<AbortController | null>(null)
  useEffect(() => () => stop.current?.abort(), [])
  const url = address(route, values)
  const wish = wishOf(acting, route.path)
  const headers = { ...wish.headers, ...headersOf(route, values) }
  const sent = route.body !== null && body.trim() !== '' ? body : undefined
  const missing = route.parameters.filter((p) => p.required && !values[`${p.in} ${p.name}`])
  const send = async (): Promise<void> => {
    if (missing.length > 0) {
      document.getElementById(`param-${missing[0]!.in}-${missing[0]!.name}`)?.focus()
      return
    }
    stop.current?.abort()
    const aborter = (stop.current = new AbortController())
    setBusy(true)
    setTrouble(null)
    try {
      const began = performance.now()
      const came = await timed(began, await ask(route.method, url, { ...wish, headers: { ...headers, ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }) }, ...(sent === undefined ? {} : { body: sent }), signal: aborter.signal, raw: true }))
      setAnswer({ ...came, text: /json/.test(came.type) ? pretty(came.text) : came.text })
    } catch (err) {
      if (!aborter.signal.aborted) setTrouble(err)
    }
    if (stop.current === aborter) setBusy(false)
  }
  const set = (p: Parameter, value: string): void => setValues((old) => ({ ...old, [`${p.in} ${p.name}`]: value }))
  const param = (p: Parameter) => <Param key={`${p.in} ${p.name}`} parameter={p} value={values[`${p.in} ${p.name}`] ?? ''} onChange={(v) => set(p, v)} onSend={() => void send()} />
  const first = route.parameters.filter((p) => p.in === 'path' || p.required || (p.in === 'query' && usual.includes(p.name)))
  const others = route.parameters.filter((p) => !first.includes(p))
  const command = curl(route.method, location.origin + url, headers, sent)
  return (
    <>
      <section className="pane asks" aria-label="The request">
        <div className="panebar">
          <Method method={route.method} /><span className="url mono">{url}</span>
          <Button kind="primary" busy={busy} icon={<Send size={13} />} onClick={() => void send()}>Send</Button>
        </div>
        <div className="scrolls">
          {route.summary && <p className="quiet inside">{route.summary}</p>}
          {first.length > 0 && <div className="params">{first.map(param)}</div>}
          {others.length > 0 && <div className="params"><details><summary>{others.length} more: filters by field, and headers</summary><div>{others.map(param)}</div></details></div>}
          {route.body !== null && <><h2 className="panehead">Body</h2><div className="editor body"><Suspense fallback={<div className="inside"><Skeleton /></div>}><Code label="The body" language="json" value={body} onChange={setBody} onRun={() => void send()} /></Suspense></div></>}
        </div>
        <div className="curl" tabIndex={0} role="group" aria-label="As a command">{command}<CopyButton text={command} label="Copy the command" /></div>
      </section>
      <section className="pane" aria-label="The answer">
        <div className="panebar">{answer ? <Facts answer={answer} /> : <span className="quiet">Answer</span>}<span className="grow" />{answer && <CopyAnswer text={answer.text} />}</div>
        {trouble !== null ? <div className="inside"><Trouble error={trouble} /></div> : answer ? (
          <>
            <details className="heads"><summary>{answer.headers.length} headers</summary><dl>{answer.headers.map(([name, value]) => <div key={name}><dt className="mono">{name}</dt><dd className="mono">{value}</dd></div>)}</dl></details>
            {answer.text ? <div className="grow editor"><Body label="The answer" text={answer.text} /></div> : <Empty icon={ChevronsRight} title="The answer has no body" />}
          </>
        ) : <Empty icon={ChevronsRight} title="Nothing was sent yet">Send asks this server, as to whom you choose above. What writes as admin wants a fresh proof.</Empty>}
      </section>
    </>
  )
}

function Param({ parameter: p, value, onChange, onSend }: { parameter: Parameter; value: string; onChange: (value: string) => void; onSend: () => void }) {
  const id = `param-${p.in}-${p.name}`
  const choices = p.schema?.enum?.map(String) ?? (p.schema?.type === 'boolean' ? ['true', 'false'] : null)
  const hint = p.in === 'query' && usual.includes(p.name) ? (p.description ?? '').split('\n')[0]!.split('. ')[0]!.replaceAll('`', '').replaceAll(/(^|\s)-/g, '$1\u2011') : ''
  return (
    <div className="param">
      <label htmlFor={id}>{p.name}{p.required && <span className="bad" aria-hidden> *</span>}</label>
      {choices ? (
        <select id={id} className="select" value={value} onChange={(e) => onChange(e.target.value)}><option value="">–</option>{choices.map((c) => <option key={c}>{c}</option>)}</select>
      ) : (
        <input id={id} className="input" value={value} required={p.required} autoComplete="off" spellCheck={false} placeholder={p.in === 'header' ? 'a header' : p.schema?.format ?? (typeof p.schema?.type === 'string' && p.schema.type !== 'string' ? p.schema.type : '')} onChange={(e) => onChange(e.target.value)} onKeyDown={(e) => e.key === 'Enter' && onSend()} />
      )}
      {hint && <span className="hint">{hint}</span>}
    </div>
  )
}
