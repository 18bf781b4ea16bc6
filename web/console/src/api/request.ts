// Requests to the server that the console comes from. The admin's own tokens are in
// cookies that no script reads; what acts as somebody else carries a token of its own.

import { prove } from './proof'

/** Problem is an error that the server answered; its message says what to do. Status 0 means that there was no answer. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly field: string,
    message: string,
    readonly requestId = '',
  ) {
    super(message)
  }
}

/** is tells a problem of one of some codes. */
export const is = (err: unknown, ...codes: string[]): err is Problem => err instanceof Problem && codes.includes(err.code)

/** Wish is what a request has besides its method and path. */
export interface Wish {
  body?: unknown // sent as JSON, unless it is text or a file already
  headers?: Record<string, string>
  token?: string // of somebody else than the admin
  signal?: AbortSignal | undefined
  raw?: boolean // an error of the server is an answer too
}

async function send(method: string, path: string, { body, headers = {}, token, signal }: Wish): Promise<Response> {
  const all: Record<string, string> = { ...headers }
  if (token) all.Authorization = `Bearer ${token}`
  else all['Loam-Session'] = 'cookie'
  const raw = typeof body === 'string' || body instanceof Blob
  if (body !== undefined && !raw) all['Content-Type'] ??= 'application/json'
  try {
    return await fetch(path, { method, headers: all, body: body === undefined ? null : raw ? body : JSON.stringify(body), credentials: token ? 'omit' : 'same-origin', signal: signal ?? null })
  } catch (err) {
    if (signal?.aborted) throw err
    throw new Problem(0, 'offline', '', 'The server can’t be reached. Check that it runs and that you are connected, then try again.')
  }
}

async function problem(answer: Response): Promise<Problem> {
  const text: unknown = await answer.json().catch(() => null)
  const { code = '', field = '', detail = answer.statusText, requestId = '' } = (text ?? {}) as Partial<Record<'code' | 'field' | 'detail' | 'requestId', string>>
  const wait = answer.headers.get('Retry-After')
  return new Problem(answer.status, code, field, sentence(detail || `The server answered ${answer.status}`) + (wait ? ` Try again in ${wait} s.` : ''), requestId)
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')

// Answers to a session that may be made good by refreshing it.
const stale = ['access/sign_in', 'auth/bad_token', 'auth/expired_token', 'auth/revoked_token']

// To who is no admin, which is anybody once a cookie has run out, nothing is there.
const hides = (path: string, why: Problem): boolean => (why.code === 'http/not_found' && /^\/(console\/api|auth\/admin)\//.test(path)) || why.code === 'access/as_admin'

let round = 0 // counts refreshes

// refresh asks for new tokens, once for all who need them: a refresh token that is
// shown twice ends the session, and several tabs share one.
async function refresh(): Promise<boolean> {
  const before = round
  const once = async (): Promise<boolean> => {
    if (round !== before) return true
    if ((await send('GET', '/auth/me', {})).ok) return true // another tab was first
    const answer = await send('POST', '/auth/refresh', {})
    if (answer.ok) round++
    return answer.ok
  }
  return navigator.locks ? navigator.locks.request('loam-refresh', once) : once()
}

/** ask sends a request, with new tokens where the old ones are stale and after a fresh proof where the server wants one. It answers with the response, or throws a Problem. */
export async function ask(method: string, path: string, wish: Wish = {}): Promise<Response> {
  let refreshed = wish.token !== undefined
  for (let proofs = 0; ;) {
    const answer = await send(method, path, wish)
    if (answer.ok) return answer
    const why = await problem(answer.clone())
    if ((stale.includes(why.code) || hides(path, why)) && !refreshed) {
      refreshed = await refresh()
      if (!refreshed) throw new Problem(401, 'access/sign_in', '', 'You are not signed in any more: the session has ended. Sign in again.', why.requestId)
    } else if (why.code === 'auth/reauthenticate' && proofs++ < 2 && !wish.token) await prove()
    else if (wish.raw) return answer
    else throw why
  }
}

/** json is ask for an answer in JSON; undefined where it has no body. */
export async function json<T>(method: string, path: string, wish: Wish = {}): Promise<T> {
  const answer = await ask(method, path, wish)
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => json<T>('GET', path, { signal })

/** Page is one page of a list. */
export interface Page<T> {
  items: T[]
  nextCursor: string | null
  total?: number
}

/** params writes a query, without what is empty. */
export function params(values: Record<string, string | number | boolean | null | undefined>): string {
  const all = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== null && value !== '') all.set(name, String(value))
  const text = all.toString()
  return text && '?' + text
}
