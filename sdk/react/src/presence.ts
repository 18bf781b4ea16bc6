import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { ChannelMessage, Joined, LinkState, LoamError, Present } from '@loam/client'
import { useIdentity, useLoam } from './context.js'
import { nameOf } from './identity.js'

export interface PresenceOptions<T, D = unknown> {
  /** What is shown of oneself; any JSON. Without it one is there unseen. */
  state?: T
  onMessage?: (message: ChannelMessage<D>) => void
}

export interface Presence<T> {
  /** Who is here, oneself among them. */
  here: readonly Present<T>[]
  /** Tells the others; answers with the message's id. */
  send: (event: string, data?: unknown) => Promise<string>
  /** Why one is out of the channel. */
  error: LoamError | undefined
}

const nobody: readonly never[] = []

/** Who is in a channel, as long as the component is there; nowhere while its name is undefined. */
export function usePresence<T = unknown, D = unknown>(channel: string | undefined, options: PresenceOptions<T, D> = {}): Presence<T> {
  const { client } = useLoam()
  const who = nameOf(useIdentity())
  const [here, setHere] = useState<readonly Present<T>[]>(nobody)
  const [error, setError] = useState<LoamError | undefined>()
  const joined = useRef<Joined<T>>(undefined)
  const latest = useRef(options)
  useEffect(() => {
    latest.current = options
  })
  useEffect(() => {
    if (channel === undefined) return
    const { state } = latest.current
    const room = client.channels.join<T>(channel, {
      ...(state !== undefined && { state }),
      onPresence: setHere,
      onMessage: (m) => latest.current.onMessage?.(m as ChannelMessage<D>),
      onError: setError,
    })
    joined.current = room
    return () => {
      room.leave()
      joined.current = undefined
      setHere(nobody)
      setError(undefined)
    }
  }, [client, channel, who])
  const shown = JSON.stringify(options.state)
  const first = useRef(shown)
  useEffect(() => {
    if (shown === first.current || shown === undefined) return
    first.current = shown
    joined.current?.show(JSON.parse(shown) as T).catch(() => undefined) // shown once it is connected
  }, [shown])
  const [send] = useState(() => (event: string, data?: unknown) => joined.current?.send(event, data) ?? Promise.reject(new Error('nothing was said: the channel is not joined yet')))
  return { here, send, error }
}

/** How the connection of live lists is doing. */
export function useConnection(): LinkState {
  const { client } = useLoam()
  return useSyncExternalStore(client.connection.onState, () => client.connection.state, () => 'idle' as const)
}

/** How many writes are on their way. */
export function useQueueSize(): number {
  const { client } = useLoam()
  return useSyncExternalStore(client.queue.onChange, () => client.queue.size, () => 0)
}
