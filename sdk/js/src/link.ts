// A WebSocket that stays: opened while it is needed, opened again when it is lost,
// and kept under a token that holds.

import { LoamError, type Code } from './errors.js'
import { createListeners, type Listeners } from './listeners.js'
import type { Http } from './request.js'
import type { SessionKeeper } from './session.js'

/** How a connection is doing. `idle`: nothing needs it. */
export type LinkState = 'idle' | 'connecting' | 'live' | 'offline'

/** What is said over it. */
export interface Message {
  type: string
  id?: number | string
  [more: string]: unknown
}

export interface Link {
  readonly state: LinkState
  onState: Listeners<LinkState>['on']
  /** Opens it unless it is open; `false` lets it close a moment later. */
  need(is: boolean): void
  /** Says something, where somebody hears it. */
  say(message: Message): boolean
  close(): void
}

export interface LinkEvents {
  /** It is open, and known whose it is. */
  opened(): void
  heard(message: Message): void
  changed(state: LinkState): void
}

/** A WebSocket, as far as it is used. */
export interface SocketLike {
  readonly readyState: number
  onopen: ((e: never) => unknown) | null
  onmessage: ((e: never) => unknown) | null
  onclose: ((e: never) => unknown) | null
  onerror: ((e: never) => unknown) | null
  send(text: string): void
  close(): void
}

export type SocketClass = new (url: string, protocol: string) => SocketLike

const linger = 1_000 // milliseconds that a connection stays which nothing needs
const pulse = 20_000 // between two looks at it
const patience = 10_000 // for an answer
const firstWait = 500
const longestWait = 30_000

/** Says what a message of an error says. */
export function failure(said: object): LoamError {
  const data = said as { code?: unknown; message?: unknown; detail?: unknown; status?: unknown }
  const status = Number(data.status ?? 0)
  return new LoamError({ code: data.code as Code, message: String(data.message ?? data.detail ?? data.code), status, retryable: status === 429 || status >= 500 })
}

/** Makes a connection to a path. `fallback` is what takes a WebSocket's place where there is none. */
export function createLink(http: Http, session: SessionKeeper, path: string, protocol: string, on: LinkEvents, given?: SocketClass, fallback?: () => Promise<SocketClass>): Link {
  const states = createListeners<LinkState>()
  let state: LinkState = 'idle'
  let ws: SocketLike | undefined
  let ready = false
  let wanted = false
  let shown: string | undefined // the token that it is under
  let lost = 0 // in a row
  let retry: ReturnType<typeof setTimeout> | undefined
  let leaving: ReturnType<typeof setTimeout> | undefined
  let beat: ReturnType<typeof setInterval> | undefined
  let answer: ReturnType<typeof setTimeout> | undefined
  let Socket = given ?? (globalThis.WebSocket as SocketClass | undefined)

  const become = (next: LinkState): void => {
    if (state === next) return
    state = next
    states.tell(next)
    on.changed(next)
  }
  const say = (message: Message): boolean => {
    if (ws?.readyState !== 1) return false
    ws.send(JSON.stringify(message))
    return true
  }
  const credentials = (): object => {
    const key = http.options.apiKey
    return shown ? { authorization: 'Bearer ' + shown } : key === undefined || shown === '' ? {} : { 'x-api-key': key }
  }

  // Lets go of a connection; nothing of it is heard any more.
  const drop = (): void => {
    clearTimeout(retry)
    clearTimeout(answer)
    retry = answer = undefined
    clearInterval(beat)
    const old = ws
    ws = undefined
    ready = false
    if (!old) return
    old.onopen = old.onmessage = old.onclose = old.onerror = null
    old.onerror = () => undefined // one that was not open yet says so
    old.close()
  }
  const again = (): void => {
    drop()
    if (wanted) void open()
    else become('idle')
  }
  // Full jitter, so that clients that a server let go don't come back together.
  const later = (): void => {
    drop()
    become('offline')
    retry = setTimeout(again, Math.random() * Math.min(longestWait, firstWait * 2 ** lost++))
  }

  const open = async (): Promise<void> => {
    become('connecting')
    try {
      Socket ??= await fallback!()
      shown = await session.authorize()
    } catch {
      return later()
    }
    if (ws || !wanted) return
    const base = http.url || globalThis.location?.origin
    const mine = (ws = new Socket(base.replace(/^http/, 'ws') + path, protocol))
    answer = setTimeout(later, patience)
    mine.onopen = () => say({ type: 'auth', ...credentials() })
    mine.onmessage = (e: MessageEvent) => {
      const message = JSON.parse(String(e.data)) as Message
      clearTimeout(answer)
      answer = undefined
      if (message.type === 'ok' && message.id === undefined && !ready) {
        ready = true
        beat = setInterval(look, pulse)
        become('live')
        on.opened()
      } else on.heard(message)
    }
    mine.onclose = (e: CloseEvent) => void closed(e.code)
    mine.onerror = () => undefined // onclose follows
  }
  const closed = async (code: number): Promise<void> => {
    if (code !== 4401 && code !== 4403) return later()
    drop()
    become('offline')
    const ended = new LoamError({ code: 'auth/expired_token', message: 'the token has ended', status: 401 })
    try {
      const renewed = await session.unauthorized(shown ?? '', ended)
      if (!renewed || ws || retry) return // there is nobody: the next who signs in opens it
    } catch {
      // not reached
    }
    later()
  }
  // Asks for a sign of life, and goes on under a newer token where there is one.
  const look = async (): Promise<void> => {
    lost = 0
    const token = await session.authorize().catch(() => shown)
    if (!ready) return
    if (token !== shown && token) {
      shown = token
      say({ type: 'auth', id: 0, ...credentials() })
    } else say({ type: 'ping' })
    answer ??= setTimeout(later, patience)
  }

  const wake = (): void => {
    if (!wanted) return
    if (ready) void look()
    else if (!ws) again()
  }
  const sleep = (): void => {
    if (!wanted) return
    drop()
    become('offline')
  }
  const seen = (): void => {
    if (document.visibilityState === 'visible') wake()
  }
  // Of React Native there is a window without events, and no document.
  const page = typeof document === 'undefined' ? undefined : document
  const hear = globalThis.addEventListener as typeof addEventListener | undefined
  const gone = new AbortController()
  const until = { signal: gone.signal }
  hear?.('online', wake, until)
  hear?.('offline', sleep, until)
  page?.addEventListener('visibilitychange', seen, until)

  const stop = session.onSwitch(() => {
    lost = 0
    if (state !== 'idle') again()
  })

  return {
    get state() {
      return state
    },
    onState: states.on,
    need: (is) => {
      clearTimeout(leaving)
      if (is) {
        if (!Socket && !fallback) throw new LoamError({ code: 'client/argument', message: 'channels need a WebSocket, which Node has from 22 on: give createClient that of the package ws, as webSocket' })
        wanted = true
        if (state === 'idle') void open()
      } else
        leaving = setTimeout(() => {
          wanted = false
          again()
        }, linger)
    },
    say,
    close: () => {
      wanted = false
      clearTimeout(leaving)
      stop()
      gone.abort()
      again()
    },
  }
}
