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
  declare readonly code: Code
  /** Of the answer; 0 where there was none. */
  declare readonly status: number
  /** The dotted path of what is wrong, where there is one: `title`, `operations.1.name`. */
  declare readonly field: string | undefined
  /** Names the request in the server's log. */
  declare readonly requestId: string | undefined
  /** The same call may succeed later. */
  declare readonly retryable: boolean
  /** Milliseconds that the server asks to wait. */
  declare readonly retryAfter: number | undefined

  constructor({ message, cause, ...rest }: Failure) {
    super(message, cause === undefined ? undefined : { cause })
    Object.assign(this, { status: 0, retryable: false, ...rest })
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
  const { code = 'client/answer', detail = `the server answered ${status} with what is no error of Loam's`, field, requestId } = members(text)
  return new LoamError({ code: code as Code, message: detail, status, field, requestId, retryable: passing.includes(status), retryAfter: waitOf(header('Retry-After')) })
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
