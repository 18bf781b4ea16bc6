// The part of a server that the hooks meet: rows by HTTP, and live lists by a socket.

import type { SocketClass } from '@loam/client'
import { createClient, type Task } from './schema.js'

interface Person {
  id: string
  org?: string
}

export function createServer(tasks: Task[]) {
  let rows = tasks
  let who: Person | null = null
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const state = { refuse: undefined as string | undefined, down: false, deaf: false, held: undefined as Promise<void> | undefined }

  const listOf = (path: string): Task[] => {
    const where = JSON.parse(new URLSearchParams(path.split('?')[1]).get('filter') ?? '{}') as Record<string, unknown>
    const shown = rows.filter((r) => Object.entries(where).every(([k, v]) => (r as unknown as Record<string, unknown>)[k] === v))
    return who?.org === 'empty' ? [] : shown
  }
  class Socket {
    readyState = 0
    onopen: ((e: never) => unknown) | null = null
    onmessage: ((e: never) => unknown) | null = null
    onclose: ((e: never) => unknown) | null = null
    onerror: ((e: never) => unknown) | null = null
    readonly lists = new Map<number, string>()
    constructor() {
      setTimeout(() => {
        if (state.down || state.deaf) return void this.onclose?.({ code: 1006 } as never)
        this.readyState = 1
        sockets.add(this)
        this.onopen?.({} as never)
      })
    }
    tell(message: object): void {
      setTimeout(() => this.onmessage?.({ data: JSON.stringify(message) } as never))
    }
    show(id: number): void {
      const path = this.lists.get(id)!
      const items = listOf(path).slice(0, Number(new URLSearchParams(path.split('?')[1]).get('limit') ?? 100))
      this.tell({ type: 'rows', id, position: '1', data: { items, nextCursor: null } })
    }
    send(text: string): void {
      const m = JSON.parse(text) as { type: string; id: number; path: string }
      asked.push(m.type + (m.path ? ' ' + m.path : ''))
      if (m.type === 'auth') this.tell({ type: 'ok' })
      if (m.type === 'unsubscribe') this.lists.delete(m.id)
      if (m.type !== 'subscribe') return
      this.lists.set(m.id, m.path)
      this.show(m.id)
    }
    close(): void {
      sockets.delete(this)
    }
  }
  const push = (): void => sockets.forEach((s) => s.lists.forEach((_, id) => s.show(id)))

  const answer = (status: number, body?: object): Response =>
    new Response(body && JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
  const identity = () => ({
    user: { id: who!.id, email: who!.id + '@example.com', emailVerified: true, name: who!.id, createdAt: '' },
    organization: who!.org ? { id: who!.org, name: who!.org, role: 'owner' } : null,
  })
  const granted = () => ({ ...identity(), accessToken: 'a', refreshToken: 'r', expiresIn: 900 })
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const path = url.replace('http://server', '')
    const method = init.method ?? 'GET'
    const body = init.body ? (JSON.parse(String(init.body)) as Record<string, string>) : {}
    asked.push(method + ' ' + path)
    if (method !== 'GET') await state.held
    if (state.down) throw new TypeError('no network')
    const own = routes[method + ' ' + path.split('?')[0]]
    if (own) return answer(200, own(body))
    if (path === '/auth/sign-in') {
      who = { id: body['email']! }
      return answer(200, granted())
    }
    if (path === '/auth/me') return answer(200, identity())
    if (path.endsWith('/switch')) {
      who = { id: who!.id, org: path.split('/')[3]! }
      return answer(200, granted())
    }
    if (path === '/auth/sign-out') return answer(204)
    if (method === 'GET' && path.startsWith('/api/tasks/')) {
      const row = rows.find((r) => r.id === path.split('/')[3])
      return row ? answer(200, row) : answer(404, { code: 'data/not_found', detail: 'there is no such row' })
    }
    if (method === 'GET') {
      const query = new URLSearchParams(path.split('?')[1])
      const all = listOf(path)
      const from = Number(query.get('cursor') ?? 0)
      const limit = Number(query.get('limit') ?? 100)
      return answer(200, { items: all.slice(from, from + limit), nextCursor: all.length > from + limit ? String(from + limit) : null })
    }
    if (state.refuse) return answer(403, { code: 'access/denied', detail: state.refuse, field: 'title' })
    if (method === 'POST') rows = [...rows, { status: 'TODO', done: false, version: 1, ...body } as unknown as Task]
    if (method === 'PATCH') rows = rows.map((r) => (r.id === path.split('/')[3] ? { ...r, ...body, version: r.version + 1 } : r))
    if (method === 'DELETE') rows = rows.filter((r) => r.id !== path.split('/')[3])
    push()
    return method === 'DELETE' ? answer(204) : answer(200, rows.find((r) => r.id === (body['id'] ?? path.split('/')[3])) ?? rows.at(-1))
  }
  const routes: Record<string, (body: Record<string, string>) => object> = {}
  const client = () => createClient({ url: 'http://server', storage: 'memory', fetch, webSocket: Socket as SocketClass, retries: 0 })
  return {
    client,
    /** What was asked, in order. */
    asked,
    state,
    routes,
    /** Lets writes wait until the function is called that it returns. */
    hold: () => {
      let release = (): void => undefined
      state.held = new Promise((done) => (release = done))
      return release
    },
    change: (next: (rows: Task[]) => Task[]) => {
      rows = next(rows)
      push()
    },
    lose: () => [...sockets].forEach((s) => s.onclose?.({ code: 1006 } as never)),
  }
}

export const task = (id: string, more: Partial<Task> = {}): Task => ({ id, title: 'Task ' + id, status: 'TODO', done: false, projectId: 'p', version: 1, ...more })
