// Who is signed in: the tokens, their renewal, and what other tabs do.

import type { Identity } from './auth-types.js'
import { LoamError } from './errors.js'
import { createListeners, type Listeners } from './listeners.js'
import type { Credentials, Http, RequestOptions } from './request.js'
import type { Store } from './storage.js'

/** What is stored. */
export interface Held extends Identity {
  /** None where they are in cookies. */
  accessToken?: string
  refreshToken?: string
  /** When the access token does, by this machine's clock in milliseconds. */
  expires: number
}

/** A session, as the server answers it. */
export interface Granted extends Identity {
  accessToken?: string
  refreshToken?: string
  expiresIn: number
}

const ahead = 60_000 // milliseconds before its end that a token is renewed
const justNow = 5_000 // in cookies one does not see with which token a request went
const patience = 15_000 // of a renewal: less than anybody else waits for the storage

// Answers that new tokens may make good.
const stale = ['access/sign_in', 'auth/bad_token', 'auth/expired_token', 'auth/revoked_token']

/** Who is signed in, for all modules of one client. */
export interface SessionKeeper extends Credentials {
  readonly held: Held | null
  readonly who: string
  readonly ready: Promise<void>
  /** Hears who is signed in, once that or anything known of them has changed. */
  onChange: Listeners<Held | null>['on']
  /** Hears of it before, and only where it is another user or organization. */
  onSwitch: Listeners<void>['on']
  /** Takes what a sign-in answered. */
  take(granted: Granted): Promise<void>
  /** Asks for other tokens of the session, while nobody else does. */
  move(path: string, body?: object): Promise<void>
  /** Knows the caller better: the tokens stay. */
  know(who: Identity): Promise<void>
  /** Gets new tokens: the rights have changed. */
  renew(): Promise<void>
  forget(): Promise<void>
  close(): void
}

/** Keeps the session of a client. In cookies the tokens are not seen: the token is '' then. */
export function createSession(http: Http, store: Store, cookie: boolean): SessionKeeper {
  let held: Held | null = null
  let told = 'null' // of whom the listeners know
  const changes = createListeners<Held | null>()
  const switches = createListeners<void>()
  const who = (): string => (held ? held.user.id + ' ' + (held.organization?.id ?? '') : '')

  const adopt = (next: Held | null): void => {
    const before = who()
    const name = JSON.stringify(next && [next.user, next.organization])
    const same = name === told && next && held
    held = same ? { ...next, user: held!.user, organization: held!.organization } : next
    if (name === told) return
    told = name
    if (who() !== before) switches.tell()
    changes.tell(held)
  }
  const set = async (next: Held | null): Promise<void> => {
    adopt(next)
    if (!cookie) await store.write(next)
    store.tell(cookie ? next : undefined)
  }
  const taken = (g: Granted): Promise<void> => {
    const { organization, accessToken, refreshToken } = g
    const user = held?.user.id === g.user.id ? { ...held.user, ...g.user } : g.user // which has none of the app's own fields
    return set({ user, organization, expires: Date.now() + g.expiresIn * 1000, ...(refreshToken && { accessToken: accessToken!, refreshToken }) })
  }
  const token = (): string | undefined => held?.accessToken ?? (held && cookie ? '' : undefined)

  store.hear(async (message) => {
    await ready
    if (!cookie) adopt(await store.read<Held>())
    else if (message !== undefined) adopt(message as Held | null)
  })

  const post = (path: string, o: RequestOptions): Promise<Granted> =>
    http.request(path, { method: 'POST', auth: false, retry: false, timeout: patience, ...o })

  // One renewal serves all who wait, in all tabs: a refresh token that is shown
  // twice ends the session.
  let flight: Promise<void> | undefined
  let renewed = 0
  const renew = (): Promise<void> => (flight ??= once(held).finally(() => (flight = undefined)))
  const once = (shown: Held | null): Promise<void> =>
    store.alone(async () => {
      const stored = cookie ? held : await store.read<Held>()
      if (cookie ? stored !== shown : stored?.refreshToken !== shown?.refreshToken) return adopt(stored) // another was first
      try {
        await taken(await post('/auth/refresh', cookie ? {} : { body: { refreshToken: stored?.refreshToken } }))
        renewed = Date.now()
      } catch (err) {
        if (!(err instanceof LoamError) || err.status !== 401) throw err
        await set(null)
      }
    })
  const authorize = async (): Promise<string | undefined> => {
    await ready
    if (held && held.expires - Date.now() < ahead) {
      try {
        await renew()
      } catch (err) {
        if (held && held.expires < Date.now()) throw err
      }
    }
    return token()
  }

  const begin = async (): Promise<void> => {
    if (!cookie) return adopt(await store.read<Held>())
    // Nobody else knows who it is; that the server is not there, the first request says.
    await renew().catch(() => undefined)
  }
  const ready = begin()

  return {
    get held() {
      return held
    },
    get who() {
      return who()
    },
    ready,
    onChange: changes.on,
    onSwitch: switches.on,
    // Whatever is stored is stored in turn: a renewal that is under way would put the
    // tokens of before in its place.
    take: (granted) => store.alone(() => taken(granted)),
    move: async (path, body) => {
      await authorize()
      await store.alone(async () => {
        if (!cookie) adopt(await store.read<Held>())
        const headers: Record<string, string> = held?.accessToken ? { Authorization: 'Bearer ' + held.accessToken } : {}
        await taken(await post(path, { body, headers })) // not by authorize, which would wait for us
      })
    },
    know: ({ user, organization }) =>
      store.alone(async () => {
        const now = cookie ? held : await store.read<Held>()
        if (now?.user.id === user.id) await set({ ...now, user, organization })
      }),
    renew,
    forget: () => store.alone(() => set(null)),
    close: () => store.close(),
    authorize,
    unauthorized: async (shown, err) => {
      if (!stale.includes(err.code)) return false
      if (token() === shown && !(cookie && Date.now() - renewed < justNow)) await renew()
      return held !== null
    },
  }
}
