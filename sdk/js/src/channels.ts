import { LoamError } from './errors.js'
import { createLink, failure, type LinkState, type Message, type SocketClass } from './link.js'
import type { Http } from './request.js'
import type { SessionKeeper } from './session.js'

/** Somebody who is in a channel, by any number of connections. */
export interface Present<T = unknown> {
  /** A user's id; an API key has `key` in its place. */
  user?: string
  key?: string
  connections: { ref: string; state: T }[]
}

/** What somebody has said. */
export interface ChannelMessage<D = unknown> {
  id: string
  event: string
  data: D
  from: { user?: string; key?: string }
  at: string
}

export interface JoinOptions<T> {
  /** Shows that one is here, with this; any JSON. Without it one listens unseen. */
  state?: T
  onMessage?: (message: ChannelMessage) => void
  /** Hears who is here, now and whenever it changes. */
  onPresence?: (here: readonly Present<T>[]) => void
  /** Hears why one is out of the channel. */
  onError?: (err: LoamError) => void
}

/** A channel that one is in. */
export interface Joined<T> {
  /** Who is here, oneself among them. */
  readonly here: readonly Present<T>[]
  /** Tells the others, once one is in the channel; answers with the message's id. */
  send(event: string, data?: unknown): Promise<string>
  /** Shows another state. */
  show(state: T): Promise<void>
  leave(): void
}

/** Named places where those who are connected tell each other things. */
export interface Channels {
  readonly state: LinkState
  onState(listener: (state: LinkState) => void): () => void
  join<T = unknown>(name: string, options?: JoinOptions<T>): Joined<T>
}

interface Room {
  name: string
  here: Present[]
  last: string | undefined // message
  state: { is: unknown } | undefined
  members: Set<JoinOptions<unknown>>
  inside: boolean
  waiting: { resolve: () => void; reject: (err: LoamError) => void }[] // until it is
}

const patience = 15_000

export function createChannels(http: Http, session: SessionKeeper, socket?: SocketClass): Channels & { close(): void } {
  const rooms = new Map<string, Room>()
  const asked = new Map<number, { resolve: (m: Message) => void; reject: (err: LoamError) => void }>()
  let next = 1

  // Asks for something, and waits for the answer.
  const ask = async (message: Omit<Message, 'id'> & { type: string }): Promise<Message> => {
    const id = next++
    if (!link.say({ ...message, id })) throw lost()
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      return await new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject })
        timer = setTimeout(() => reject(lost()), patience)
      })
    } finally {
      clearTimeout(timer)
      asked.delete(id)
    }
  }
  const lost = (): LoamError => new LoamError({ code: 'client/network', message: 'the channel is not connected', retryable: true })

  const out = (room: Room, err: LoamError): void => {
    if (rooms.get(room.name) !== room) return
    room.inside = false
    if (err.code === 'client/network') return // the connection comes back, and joins
    if (err.retryable || err.code === 'realtime/restart') {
      setTimeout(() => rooms.get(room.name) === room && link.state === 'live' && enter(room), 500 + Math.random() * 1_000)
      return
    }
    room.here = []
    room.waiting.splice(0).forEach((w) => w.reject(err))
    room.members.forEach((m) => m.onError?.(err))
  }
  const enter = (room: Room): void => {
    ask({ type: 'join', channel: room.name, ...(room.state && { state: room.state.is }), ...(room.last && { since: room.last }) }).then(
      () => {
        room.inside = true
        room.waiting.splice(0).forEach((w) => w.resolve())
      },
      (err: LoamError) => out(room, err),
    )
  }

  const presence = (room: Room, m: Message): void => {
    const { user, key, ref, state } = m as unknown as { user?: string; key?: string; ref: string; state?: unknown }
    if (m.type === 'presence') room.here = (m['here'] as Present[] | undefined) ?? []
    else {
      const old = room.here.find((p) => p.user === user && p.key === key) ?? { ...(user && { user }), ...(key && { key }), connections: [] }
      const now = { ...old, connections: old.connections.filter((c) => c.ref !== ref) }
      if (m.type !== 'leave') now.connections.push({ ref, state })
      const here = room.here.includes(old) ? room.here.map((p) => (p === old ? now : p)) : [...room.here, now]
      room.here = here.filter((p) => p.connections.length)
    }
    room.members.forEach((j) => j.onPresence?.(room.here))
  }

  const link = createLink(
    http,
    session,
    '/channels',
    'loam-channels',
    {
      opened: () => rooms.forEach(enter),
      heard: (m) => {
        if (m.type === 'ok' || m.type === 'error') {
          const promise = asked.get(m.id as number)
          if (m.type === 'ok') promise?.resolve(m)
          else promise?.reject(failure(m))
          return
        }
        const room = rooms.get(String(m['channel']))
        if (!room) return
        if (m.type === 'ended') return out(room, failure(m))
        if (m.type !== 'message') return presence(room, m)
        const message = m as unknown as ChannelMessage
        room.last = message.id
        room.members.forEach((j) => j.onMessage?.(message))
      },
      changed: (state) => {
        if (state !== 'live') {
          rooms.forEach((room) => (room.inside = false))
          asked.forEach((a) => a.reject(lost()))
        }
      },
    },
    socket,
  )

  return {
    get state() {
      return link.state
    },
    onState: link.onState,
    join: <T>(name: string, options: JoinOptions<T> = {}): Joined<T> => {
      let room = rooms.get(name)
      const fresh = !room
      room ??= { name, here: [], last: undefined, state: undefined, members: new Set(), inside: false, waiting: [] }
      rooms.set(name, room)
      const r = room
      const member = options as JoinOptions<unknown>
      r.members.add(member)
      const show = async (state: unknown): Promise<void> => {
        r.state = { is: state } // what it is joined with, now or later
        if (r.inside) await ask({ type: 'state', channel: name, state })
      }
      if ('state' in options) void show(options.state).catch(() => undefined)
      if (fresh) {
        link.need(true)
        if (link.state === 'live') enter(r)
      } else queueMicrotask(() => options.onPresence?.(r.here as Present<T>[]))
      return {
        get here() {
          return r.here as Present<T>[]
        },
        send: async (event, data = null) => {
          if (!r.inside) await new Promise<void>((resolve, reject) => r.waiting.push({ resolve, reject }))
          return String((await ask({ type: 'send', channel: name, event, data }))['message'])
        },
        show,
        leave: () => {
          if (!r.members.delete(member) || r.members.size || rooms.get(name) !== r) return
          rooms.delete(name)
          r.waiting.forEach((w) => w.reject(lost()))
          if (link.state === 'live') void ask({ type: 'leave', channel: name }).catch(() => undefined)
          if (!rooms.size) link.need(false)
        },
      }
    },
    close: () => {
      rooms.clear()
      link.close()
    },
  }
}
