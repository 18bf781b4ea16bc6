// Requests to the server that these pages come from. The tokens are in cookies
// that no script reads, so that there is nothing here for an injected one to take.

import type { Own } from './fields'
import { say } from './texts'

// Problem is an error that the server answered.
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly field: string,
    message: string,
  ) {
    super(message)
  }
}

// is tells a problem of one of some codes.
export function is(err: unknown, ...codes: string[]): err is Problem {
  return err instanceof Problem && codes.includes(err.code)
}

function send(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { 'Loam-Session': 'cookie' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  return fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body), credentials: 'same-origin' })
}

async function problem(answer: Response): Promise<Problem> {
  const text: unknown = await answer.json().catch(() => null)
  const { code = '', field = '', detail = answer.statusText } = (text ?? {}) as { code?: string; field?: string; detail?: string }
  return new Problem(answer.status, code, field, say(code, detail, answer.headers.get('Retry-After')))
}

// Answers to a session that may be made good by refreshing it.
const stale = ['access/sign_in', 'auth/bad_token', 'auth/expired_token', 'auth/revoked_token']

let round = 0 // counts refreshes

// refresh asks for new tokens, once for all who need them: a refresh token that is
// shown twice ends the session, and several tabs share one.
async function refresh(): Promise<boolean> {
  const before = round
  const once = async (): Promise<boolean> => {
    if (round !== before) return true
    if ((await send('GET', '/auth/me')).ok) return true // another tab was first
    const answer = await send('POST', '/auth/refresh')
    if (answer.ok) round++
    return answer.ok
  }
  return navigator.locks ? navigator.locks.request('loam-refresh', once) : once()
}

// ask sends a request and returns the answer's body.
export async function ask<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
  let answer: Response
  try {
    answer = await send(method, path, body)
    if (answer.status === 401) {
      const why = await problem(answer)
      if (!stale.includes(why.code) || !(await refresh())) throw why
      answer = await send(method, path, body)
    }
  } catch (err) {
    if (err instanceof Problem) throw err
    throw new Problem(0, 'offline', '', 'The server can’t be reached. Check your connection, then try again.')
  }
  if (!answer.ok) throw await problem(answer)
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

export const nothing: Page<never> = { items: [], nextCursor: null }

export interface User {
  id: string
  email?: string
  emailVerified: boolean
  name: string
  [own: string]: unknown // the app's own fields
}

export interface Me {
  user: User
  organization: { id: string; name: string; role: string } | null
}

export interface Challenge {
  id: string
  kinds: string[]
}

// SignedIn is what every way in answers.
export interface SignedIn {
  user?: User
  challenge?: Challenge
  recoveryCodes?: string[]
}

export interface Settings {
  name: string
  signUp: 'open' | 'invited' | 'closed'
  password: { enabled: boolean; minLength: number }
  email: { confirm: 'none' | 'code' | 'link'; code: boolean; link: boolean }
  anonymous: boolean
  passkeys: boolean
  totp: boolean
  secondFactor: string
  cookies: boolean
  organizations: { enabled: boolean; create: string; domains: boolean }
  fields: Own[]
  returnTo: string
}

export interface Organization {
  id: string
  name: string
  slug: string
  logo: string
  color: string
  role: string
  suspended: boolean
}

// Provider is another one that signs users in.
export interface Provider {
  name: string
  label: string
}

// optional is ask for what this server may not have.
export async function optional<T>(path: string, none: T): Promise<T> {
  try {
    return await ask<T>('GET', path)
  } catch {
    return none
  }
}
