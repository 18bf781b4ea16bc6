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
  /** Whether a failure that may pass is tried again; by default where that is safe. */
  retry?: boolean | undefined
  /** Sent as the one asking; false for requests that sign in. */
  auth?: boolean
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

const defaultTimeout = 30_000
const defaultRetries = 3
const firstWait = 250 // milliseconds; each further one is at most twice as long
const longestWait = 8_000
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
      let key: string | undefined
      let failures = 0
      let renewed = false
      for (;;) {
        const token = o.auth === false ? undefined : await http.credentials?.authorize()
        if (o.idempotencyKey !== true) key = o.idempotencyKey
        else if (token !== undefined || options.apiKey !== undefined) key ??= newId()
        try {
          return await attempt<T>(http, path, o, token, key)
        } catch (err) {
          if (!(err instanceof LoamError) || o.signal?.aborted) throw err
          if (err.status === 401 && token !== undefined && !renewed && (await http.credentials?.unauthorized(token, err))) {
            renewed = true // the server has done nothing yet, so that any request may be sent again
            continue
          }
          if (!err.retryable || !(o.retry ?? isSafe(o, key)) || failures >= (options.retries ?? defaultRetries)) throw err
          if ((err.retryAfter ?? 0) > longestObeyed) throw err
          await sleep(waitBefore(failures++, err.retryAfter), o.signal)
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
      if (outer?.aborted) return aborted(outer)
      return late ? new LoamError({ code: 'client/timeout', message: `no answer within ${ms} ms`, retryable: true }) : undefined
    },
    // What goes on coming may still be given up.
    end: (goesOn: boolean): void => {
      clearTimeout(timer)
      if (!goesOn) outer?.removeEventListener('abort', abort)
    },
  }
}

function aborted(signal: AbortSignal): LoamError {
  return new LoamError({ code: 'client/aborted', message: 'the request was given up', cause: signal.reason })
}

/** Waits, unless the signal ends it: then it throws `client/aborted`. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      if (signal) reject(aborted(signal))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
