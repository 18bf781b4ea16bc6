import { LoamError, problem } from './errors.js'
import { newId } from './id.js'

/** How the client reaches its server. */
export interface HttpOptions {
  /** Where the server is: `https://api.example.com`. Left out, the page's own origin. */
  url?: string
  /** A key of an organization, for programs on servers; never in a browser. */
  apiKey?: string
  /** Sent with every request. */
  headers?: Record<string, string>
  /** Milliseconds for one attempt; 30 000 unless given, 0 for no bound. */
  timeout?: number
  /** How often a request that is safe to repeat is repeated; 3 unless given. */
  retries?: number
  /** Another fetch, such as one that logs. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
  credentials?: RequestCredentials
}

/** One request. */
export interface RequestOptions {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
  /**
   * Makes a write safe to repeat for 24 hours. True: the client makes one where
   * somebody is signed in, since the server takes none from anybody else.
   */
  idempotencyKey?: string | true | undefined
  /** The version that a row must still have. */
  ifVersion?: number | undefined
  /** Whether a failure that may pass is tried again; by default where that is safe. */
  retry?: boolean | undefined
  /** Sent as the one asking; false for requests that sign in. */
  auth?: boolean
  /** Whose it is, as `Credentials.who` names them: as another it is not sent. */
  as?: string
  timeout?: number
  /** Answers with the `Response` as it comes, for what is long or no JSON; `timeout` is until it begins. */
  raw?: boolean
}

/** An answer: its body is of JSON, or undefined. */
export interface Answer<T> {
  status: number
  body: T
  header(name: string): string | null
}

/** Who asks. The auth module fills this; without it nobody is signed in. */
export interface Credentials {
  /** The access token for the next request, fresh enough to be taken; undefined where nobody is signed in, '' where it is in a cookie. */
  authorize(): Promise<string | undefined>
  /** Names the user and the organization that the token is of; '' for nobody. */
  readonly who?: string
  /**
   * A request with this token was answered 401. True where there is another token to
   * try with; one refresh serves all who wait.
   */
  unauthorized(token: string, err: LoamError): Promise<boolean>
}

/** The way to the server, which every module shares. */
export interface Http {
  readonly options: Readonly<HttpOptions>
  /** Without a slash behind it. */
  readonly url: string
  credentials: Credentials | undefined
  /** The body of the answer to one request. */
  request<T>(path: string, options?: RequestOptions): Promise<T>
  /** The whole answer to one request. */
  send<T>(path: string, options?: RequestOptions): Promise<Answer<T>>
}

const givenUp = 'the request was given up'
const defaultTimeout = 30_000
const defaultRetries = 3
const firstWait = 250 // milliseconds; each further one is at most twice as long
const longestWait = 8_000
// Segments of dots, which a browser takes for the way up, also where they are escaped.
const goesUp = /^[^?#]*\/(\.|%2e){1,2}([/?#]|$)/i
const longestObeyed = 60_000 // of a Retry-After; with a longer one the caller gets the error at once

/** Makes the way to a server. */
export function createHttp(options: HttpOptions): Http {
  const url = (options.url ?? '').replace(/\/+$/, '')
  const http: Http = {
    options,
    url,
    credentials: undefined,
    request: async <T>(path: string, o: RequestOptions = {}) => (await http.send<T>(path, o)).body,
    send: async <T>(path: string, o: RequestOptions = {}) => {
      if (goesUp.test(path)) throw new LoamError({ code: 'client/argument', message: 'an id of dots would lead elsewhere: ' + path })
      const { signal } = o
      const asker = o.auth === false ? undefined : http.credentials
      let as = o.as
      let key: string | undefined
      let failures = 0
      let renewed = false
      for (;;) {
        let token: string | undefined
        let sent = false
        try {
          token = await heeding(signal, asker?.authorize())
          if ((as ||= asker?.who) !== asker?.who) throw aborted('another user or organization is active by now')
          if (o.idempotencyKey !== true) key = o.idempotencyKey
          else if (token !== undefined || options.apiKey !== undefined) key ??= newId()
          sent = true
          return await attempt<T>(http, path, o, token, key)
        } catch (err) {
          if (!(err instanceof LoamError) || signal?.aborted) throw err
          if (err.status === 401 && token !== undefined && !renewed && (await heeding(signal, asker?.unauthorized(token, err)))) {
            renewed = true // the server has done nothing yet, so that any request may be sent again
            continue
          }
          if (!err.retryable || !(o.retry ?? (!sent || isSafe(o, key))) || failures >= (options.retries ?? defaultRetries)) throw err
          if ((err.retryAfter ?? 0) > longestObeyed) throw err
          await sleep(waitBefore(failures++, err.retryAfter), signal)
        }
      }
    },
  }
  return http
}

function isSafe(o: RequestOptions, key: string | undefined): boolean {
  return key !== undefined || ['GET', 'HEAD', 'PUT', 'DELETE'].includes(o.method ?? 'GET')
}

// Full jitter: anything from nothing to the bound, so that clients who failed
// together don't come back together. What the server asks for comes on top.
function waitBefore(failures: number, retryAfter = 0): number {
  return retryAfter + Math.random() * Math.min(longestWait, firstWait * 2 ** failures)
}

async function attempt<T>(http: Http, path: string, o: RequestOptions, token?: string, key?: string): Promise<Answer<T>> {
  const options = http.options
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers, ...o.headers }
  if (o.body !== undefined) headers['Content-Type'] = 'application/json'
  if (token) headers['Authorization'] = 'Bearer ' + token
  else if (options.apiKey !== undefined && o.auth !== false) headers['X-Api-Key'] = options.apiKey
  if (key !== undefined) headers['Idempotency-Key'] = key
  if (o.ifVersion !== undefined) headers['If-Match'] = `"${o.ifVersion}"`
  const init: RequestInit = { method: o.method ?? 'GET', headers }
  if (o.body !== undefined) init.body = JSON.stringify(o.body)
  if (options.credentials !== undefined) init.credentials = options.credentials
  const limit = within(o.signal, o.timeout ?? options.timeout ?? defaultTimeout)
  init.signal = limit.signal
  let answer: Response
  let text = ''
  let raw = false
  try {
    if (limit.signal.aborted) throw limit.signal.reason
    answer = await (options.fetch ?? globalThis.fetch)(http.url + path, init)
    if (!(raw = answer.ok && o.raw === true)) text = await answer.text()
  } catch (cause) {
    throw limit.error() ?? new LoamError({ code: 'client/network', message: 'the server can’t be reached', retryable: true, cause })
  } finally {
    limit.end(raw)
  }
  const header = (name: string): string | null => answer.headers.get(name)
  if (!answer.ok) throw problem(answer.status, text, header)
  return { status: answer.status, body: raw ? (answer as T) : parse<T>(answer.status, text), header }
}

/** The query of a URL, of what is set. URLSearchParams is half of itself on React Native. */
export function queryOf(values: object): string {
  const set = Object.entries(values).filter(([, v]) => v !== undefined && v !== null)
  return (set.length ? '?' : '') + set.map(([name, v]) => name + '=' + encodeURIComponent(String(v))).join('&')
}

function parse<T>(status: number, text: string): T {
  if (text === '') return undefined as T
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new LoamError({ code: 'client/answer', message: 'the answer is not JSON: is this the address of a Loam server?', status, cause })
  }
}

// AbortSignal.any and timeout are not everywhere yet.
function within(outer: AbortSignal | undefined, ms: number) {
  const inner = new AbortController()
  let late = false
  const abort = (): void => inner.abort(outer?.reason)
  const timer = ms > 0 ? setTimeout(() => ((late = true), inner.abort()), ms) : undefined
  if (outer?.aborted) abort()
  outer?.addEventListener('abort', abort)
  return {
    signal: inner.signal,
    error: (): LoamError | undefined => {
      if (outer?.aborted) return aborted(givenUp, outer.reason)
      return late ? new LoamError({ code: 'client/timeout', message: `no answer within ${ms} ms`, retryable: true }) : undefined
    },
    // What goes on coming may still be given up.
    end: (goesOn: boolean): void => {
      clearTimeout(timer)
      if (!goesOn) outer?.removeEventListener('abort', abort)
    },
  }
}

function aborted(message: string, cause?: unknown): LoamError {
  return new LoamError({ code: 'client/aborted', message, cause })
}

// Waits, unless the signal ends it: then it throws `client/aborted`. What is waited for
// goes on, since others may wait for it as well.
function heeding<T>(signal: AbortSignal | undefined, promise: Promise<T> | undefined): Promise<T> | undefined {
  if (!signal || !promise) return promise
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(aborted(givenUp, signal.reason))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** Waits, unless the signal ends it: then it throws `client/aborted`. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  await heeding(signal, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))))?.finally(() => clearTimeout(timer))
}
