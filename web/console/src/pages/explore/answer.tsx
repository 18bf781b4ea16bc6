import { lazy, Suspense } from 'react'
import { Badge, CopyButton, Skeleton } from '../../ui/show'
import { milliseconds, plural, size } from '../../ui/words'

export const Code = lazy(() => import('../../ui/code'))

/** Answered is what came back, and how long it took. */
export interface Answered {
  status: number
  took: number // milliseconds
  headers: [string, string][]
  text: string
  type: string
}

/** timed reads an answer whole. */
export async function timed(began: number, answer: Response): Promise<Answered> {
  const text = await answer.text()
  return { status: answer.status, took: performance.now() - began, headers: [...answer.headers], text, type: answer.headers.get('Content-Type') ?? '' }
}

/** pretty is JSON with its lines broken, or the text as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** Facts is an answer's first line: its status, time and size. */
export function Facts({ answer, errors = 0 }: { answer: Answered; errors?: number }) {
  return (
    <span className="across tight">
      <Badge tone={answer.status < 300 ? 'good' : answer.status < 500 ? 'warn' : 'bad'}>{answer.status}</Badge>
      {errors > 0 && <Badge tone="bad">{plural(errors, 'error')}</Badge>}
      <span className="small quiet number">{milliseconds(answer.took)} · {size(new Blob([answer.text]).size)}</span>
    </span>
  )
}

/** Body shows an answer's text, which is JSON as a rule. */
export function Body({ text, label }: { text: string; label: string }) {
  return <Suspense fallback={<div className="inside"><Skeleton lines={5} /></div>}><Code label={label} language="json" value={text} /></Suspense>
}

export function CopyAnswer({ text }: { text: string }) {
  return text ? <CopyButton text={text} label="Copy the answer" /> : null
}
