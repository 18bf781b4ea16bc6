import type { ServerCode } from './codes.js'

/** What went wrong before there was an answer that could be read. */
export type ClientCode =
  | 'client/aborted' // by the caller's signal
  | 'client/answer' // what came is not Loam's
  | 'client/argument' // the call can't be meant as it stands
  | 'client/passkey' // the browser gave none
  | 'client/queue_full' // more waits to be sent than may
  | 'client/network' // no answer: offline, refused, or another site's page that CORS keeps out
  | 'client/timeout'

/** All codes of errors. A code never changes its meaning; a newer server may have more. */
export type Code = ServerCode | ClientCode

/** What a {@link LoamError} is made of. */
export interface Failure {
  code: Code
  message: string
  status?: number
  field?: string | undefined
  requestId?: string | undefined
  retryable?: boolean
  retryAfter?: number | undefined
  cause?: unknown
}

/** The one error that this package throws. */
export class LoamError extends Error {
  override readonly name = 'LoamError'
  /** Branch on this: `data/version`, `access/denied`, `client/network`. */
  readonly code: Code
  /** Of the answer; 0 where there was none. */
  readonly status: number
  /** The dotted path of what is wrong, where there is one: `title`, `operations.1.name`. */
  readonly field: string | undefined
  /** Names the request in the server's log. */
  readonly requestId: string | undefined
  /** The same call may succeed later. */
  readonly retryable: boolean
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined

  constructor(f: Failure) {
    super(f.message, f.cause === undefined ? undefined : { cause: f.cause })
    this.code = f.code
    this.status = f.status ?? 0
    this.field = f.field
    this.requestId = f.requestId
    this.retryable = f.retryable ?? false
    this.retryAfter = f.retryAfter
  }
}

/** Tells an error of some codes: `isError(err, 'data/version')`; without codes, any of Loam's. */
export function isError(err: unknown, ...codes: Code[]): err is LoamError {
  return err instanceof LoamError && (codes.length === 0 || codes.includes(err.code))
}

// Answers of these that say the same request may be served a moment later.
const passing = [408, 429, 502, 503, 504]

/** The error that an answer is. */
export function problem(status: number, text: string, header: (name: string) => string | null): LoamError {
  const retryable = passing.includes(status)
  const retryAfter = waitOf(header('Retry-After'))
  const doc = members(text)
  if (doc['code'] === undefined) {
    return new LoamError({ code: 'client/answer', message: `the server answered ${status} with what is no error of Loam's`, status, retryable, retryAfter })
  }
  return new LoamError({
    code: doc['code'] as Code,
    message: doc['detail'] ?? doc['code'],
    status,
    field: doc['field'],
    requestId: doc['requestId'],
    retryable,
    retryAfter,
  })
}

// The members of a problem document that are texts; of a proxy's page, none.
function members(text: string): Record<string, string> {
  try {
    const doc: unknown = JSON.parse(text)
    return Object.fromEntries(Object.entries(doc ?? {}).filter(([, v]) => typeof v === 'string'))
  } catch {
    return {}
  }
}

// Retry-After is in seconds, or a date.
function waitOf(header: string | null): number | undefined {
  if (!header) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
