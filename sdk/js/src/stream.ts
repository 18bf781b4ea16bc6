// Live lists where there is no WebSocket: each is an answer that goes on, by fetch. Loaded
// only there.

import { LoamError } from './errors.js'
import type { Message, SocketClass, SocketLike } from './link.js'
import type { Http } from './request.js'

const patience = 40_000 // milliseconds for a sign of life, of which the server gives one every 15 seconds

// The lines of an answer, as they come.
async function* linesOf(answer: Response, heard: () => void): AsyncGenerator<string> {
  if (!answer.body) throw new LoamError({ code: 'client/argument', message: 'there is no WebSocket here, and no fetch that streams: give createClient a WebSocket, as webSocket' })
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (let rest = ''; ; ) {
      const { done, value } = await reader.read()
      if (done) return
      heard()
      const lines = (rest + value).split('\n')
      rest = lines.pop()!
      yield* lines
    }
  } finally {
    void reader.cancel().catch(() => undefined)
  }
}

/** What stands in for a WebSocket to /live: it says and hears the same. */
export function streamSocket(http: Http): SocketClass {
  return class implements SocketLike {
    readyState = 1
    onopen: SocketLike['onopen'] = null
    onmessage: SocketLike['onmessage'] = null
    onclose: SocketLike['onclose'] = null
    onerror: SocketLike['onerror'] = null
    readonly #lists = new Map<unknown, AbortController>()

    constructor() {
      queueMicrotask(() => this.onopen?.({} as never))
    }
    send(text: string): void {
      const m = JSON.parse(text) as Message
      if (m.type === 'subscribe') void this.#follow(m.id, String(m['path']), m['since'] as string | undefined)
      else if (m.type === 'unsubscribe') this.#end(m.id)
      else void this.#greet()
    }
    close(): void {
      this.readyState = 3
      for (const id of this.#lists.keys()) this.#end(id)
    }
    #end(id: unknown): void {
      this.#lists.get(id)?.abort()
      this.#lists.delete(id)
    }
    #tell(message: Message): void {
      this.onmessage?.({ data: JSON.stringify(message) } as never)
    }
    #lost(): void {
      if (this.readyState === 3) return
      this.close()
      this.onclose?.({ code: 1006 } as never)
    }
    // Whose each list is says its own request; here it counts that the server is there.
    async #greet(): Promise<void> {
      try {
        await http.request('/healthz', { raw: true, retry: false })
        this.#tell({ type: 'ok' })
      } catch {
        this.#lost()
      }
    }
    async #follow(id: unknown, path: string, since: string | undefined): Promise<void> {
      const stop = new AbortController()
      this.#lists.set(id, stop)
      const tell = (type: string, data?: unknown): void => this.#tell({ type, id: id as number, ...(since && { position: since }), ...(data !== undefined && { data }) })
      let silence: ReturnType<typeof setTimeout> | undefined
      const heard = (): void => {
        clearTimeout(silence)
        silence = setTimeout(() => stop.abort(), patience)
      }
      try {
        const headers = { Accept: 'text/event-stream', ...(since && { 'Last-Event-ID': since }) }
        const answer = await http.request<Response>(path, { raw: true, retry: false, headers, signal: stop.signal })
        heard()
        let event: Record<string, string> = {}
        for await (const line of linesOf(answer, heard)) {
          const [, field, value] = /^(event|id|data): ?(.*)/.exec(line) ?? []
          if (field) event[field] = value!
          if (line) continue
          since = event['id'] ?? since
          const { event: type = 'position', data } = event
          const said = data === undefined ? undefined : (JSON.parse(data) as { status?: number })
          if (type === 'error' && said?.status === 401) break // the token has ended
          if (type !== 'position' || event['id']) tell(type, said)
          if (type === 'error') return
          event = {}
        }
        this.#lost() // with what is known of the lists they go on
      } catch (err) {
        if (this.#lists.get(id) !== stop) return // nobody wants it
        const { code, message, status } = err as LoamError
        if (err instanceof LoamError && (status || code === 'client/argument')) tell('error', { code, message, status })
        else this.#lost()
      } finally {
        clearTimeout(silence)
      }
    }
  }
}
