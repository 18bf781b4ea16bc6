// A GraphQL document on its way to the server and back.

import { as, type Acting } from '../../api/acting'
import { prove } from '../../api/proof'
import { ask, get } from '../../api/request'
import { pretty, timed, type Answered } from './answer'

export interface Document {
  query: string
  variables: string // JSON, or empty
  operationName?: string | undefined
}

const stale = ['access/sign_in', 'auth/bad_token', 'auth/expired_token', 'auth/revoked_token', 'access/as_admin']

function body({ query, variables, operationName }: Document): unknown {
  let values: unknown
  try {
    values = variables.trim() === '' ? undefined : JSON.parse(variables)
  } catch (err) {
    throw new Error(`The variables are not JSON: ${(err as Error).message}`)
  }
  return { query, ...(values === undefined ? {} : { variables: values }), ...(operationName ? { operationName } : {}) }
}

/** refusals are the codes of the errors in an answer. */
export const refusals = (text: string): string[] => {
  try {
    return ((JSON.parse(text) as { errors?: { extensions?: { code?: string } }[] }).errors ?? []).map((e) => e.extensions?.code ?? '')
  } catch {
    return []
  }
}

/** run sends a document. Refusals come in an answer of 200, so that what `ask` does about a stale session or a missing proof is done here. */
export async function run(acting: Acting, document: Document, signal: AbortSignal): Promise<Answered> {
  const wish = { ...as(acting), body: body(document), signal, raw: true }
  for (let again = 0; ; again++) {
    const began = performance.now()
    const answer = await timed(began, await ask('POST', '/graphql', wish))
    const refused = refusals(answer.text)
    if (again < 2 && !wish.token && refused.includes('auth/reauthenticate')) await prove()
    else if (again < 1 && !wish.token && refused.some((c) => stale.includes(c))) await get('/console/api/me', signal) // which refreshes
    else return { ...answer, text: pretty(answer.text) }
  }
}

const kept = 200 // events of a subscription that are shown

/** follow runs a subscription until the signal ends it, and tells of each of its events. */
export async function follow(acting: Acting, document: Document, signal: AbortSignal, tell: (text: string, events: number) => void): Promise<void> {
  const wish = as(acting)
  const answer = await ask('POST', '/graphql', { ...wish, headers: { ...wish.headers, Accept: 'text/event-stream' }, body: body(document), signal })
  const events: string[] = []
  let count = 0
  let rest = ''
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const parts = (rest + value).split('\n\n')
    rest = parts.pop()!
    for (const part of parts) {
      const data = part.split('\n').filter((l) => l.startsWith('data:')).map((l) => l.slice(5).trim()).join('\n')
      if (!data) continue
      count++
      events.unshift(pretty(data))
      events.length = Math.min(events.length, kept)
    }
    tell(events.join('\n\n'), count)
  }
}
