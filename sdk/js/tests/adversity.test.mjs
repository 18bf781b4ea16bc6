// What goes wrong at the worst moment: renewals that fail, another organization in the middle of
// a write, connections that end between any two messages.
import assert from 'node:assert/strict'
import { afterEach, mock, test } from 'node:test'
import { createClient } from '../dist/index.js'

afterEach(() => mock.restoreAll())

const json = (status, body, headers = {}) => new Response(body === undefined ? null : JSON.stringify(body), { status, headers })
const problem = (status, code, headers) => json(status, { status, code, detail: code }, headers)
const lost = () => {
  throw new TypeError('fetch failed')
}
const turn = () => new Promise((done) => setImmediate(done))
const until = async (is) => {
  for (let i = 0; i < 10_000; i++, await turn()) if (await is()) return
  throw new Error('never: ' + is)
}

// A server of one user, in memory: who is asked, as whom, and how it answers the nth time.
function backend(answers = {}) {
  const asked = []
  let tokens = 0
  let org = 'home'
  const session = () => ({ accessToken: `${org} ${++tokens}`, refreshToken: 'r' + tokens, expiresIn: 3600, user: { id: 'ada' }, organization: { id: org } })
  const fetch = async (url, init) => {
    const path = new URL(url).pathname
    const what = init.method + ' ' + path
    const nth = asked.filter((a) => a.what === what).length
    asked.push({ what, as: init.headers.Authorization?.slice(7), body: init.body && JSON.parse(init.body) })
    await turn()
    init.signal.throwIfAborted()
    const special = await answers[what]?.(nth, init)
    if (special) return special
    if (path === '/auth/refresh' || path === '/auth/sign-in') return json(200, session())
    if (path.endsWith('/switch')) return (org = path.split('/')[3]), json(200, session())
    if (path === '/auth/me') return json(200, { user: { id: 'ada' }, organization: { id: org } })
    return json(200, { id: '1', items: [], nextCursor: null })
  }
  const kept = new Map()
  const storage = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => void kept.set(k, v), removeItem: (k) => void kept.delete(k) }
  const app = (options) => createClient({ notes: ['id'] }, { url: 'http://loam.test', fetch, storage: 'memory', ...options })
  return { asked, app, storage, kept, count: (what) => asked.filter((a) => a.what === what).length }
}
const signedIn = async (app) => {
  await app.auth.signIn({ email: 'ada@example.com', password: 'x' })
  return app
}
// Makes every wait take no time, but for the bounds on what may hang, and tells how long each would have been.
function quick() {
  const waits = []
  const real = globalThis.setTimeout
  mock.method(globalThis, 'setTimeout', (fn, ms, ...rest) => {
    if ([5_000, 10_000, 15_000, 30_000].includes(ms)) return real(fn, ms, ...rest).unref()
    waits.push(ms)
    return real(fn, 0, ...rest)
  })
  return waits
}
const expires = async (server, options) => {
  const app = server.app({ storage: server.storage, ...options })
  await signedIn(app)
  app.close()
  const [key] = server.kept.keys()
  server.kept.set(key, JSON.stringify({ ...JSON.parse(server.kept.get(key)), expires: 0 }))
  return server.app({ storage: server.storage, ...options })
}

test('a renewal that fails once fails none of fifty calls, reads or writes', async () => {
  quick()
  const server = backend({ 'POST /auth/refresh': (nth) => nth === 0 && lost() })
  const app = await expires(server)
  const calls = Array.from({ length: 50 }, (_, i) => (i % 2 ? app.notes.list() : app.notes.create({ title: 'n' + i })))
  assert.equal((await Promise.allSettled(calls)).filter((c) => c.status === 'rejected').length, 0)
  assert.equal(server.count('POST /auth/refresh'), 2)
  assert.equal(server.count('POST /api/notes'), 25)
  app.close()
})

test('who gives up while a token is renewed waits no longer, and the others get it', async () => {
  let answer
  const server = backend({ 'POST /auth/refresh': () => new Promise((done) => (answer = done)) })
  const app = await expires(server)
  const leaving = new AbortController()
  const given = app.notes.list({}, { signal: leaving.signal })
  const kept = app.notes.list()
  await until(() => answer)
  leaving.abort(new Error('left'))
  const err = await given.catch((e) => e)
  assert.deepEqual([err.code, err.cause.message], ['client/aborted', 'left'])
  answer()
  await kept
  assert.equal(server.count('GET /api/notes'), 1)
  app.close()
})

test('a call that was made in one organization is never repeated in another', async () => {
  let tab
  const server = backend({
    // While the call is on its way, another tab goes elsewhere, which ends the token.
    'POST /api/notes': async (nth) => nth === 0 && (await tab.auth.organizations.switch('away'), problem(401, 'auth/revoked_token')),
  })
  const app = await signedIn(server.app({ storage: server.storage }))
  tab = server.app({ storage: server.storage })
  await tab.auth.ready
  const err = await app.notes.create({ title: 'for home' }).catch((e) => e)
  assert.equal(err.code, 'client/aborted')
  assert.equal(app.auth.organization.id, 'away')
  assert.deepEqual(server.asked.filter((a) => a.what === 'POST /api/notes').map((a) => a.as.split(' ')[0]), ['home'])
  app.close()
  tab.close()
})

test('a queue with a refusal in the middle, and another organization meanwhile', async () => {
  quick()
  let tab
  const server = backend({
    'POST /api/notes': async (nth) => {
      if (nth === 0) return problem(503, 'loam/unavailable')
      if (nth === 2) return problem(400, 'query/bad_value')
      if (nth === 3) return await tab.auth.organizations.switch('away'), problem(401, 'auth/revoked_token')
    },
  })
  const app = await signedIn(server.app({ storage: server.storage }))
  tab = server.app({ storage: server.storage })
  await tab.auth.ready
  const refused = []
  app.queue.onRefused((r) => refused.push(r.input.title))
  const done = []
  for (const title of ['a', 'b', 'c']) void app.notes.create({ title }, { queue: true }).then(() => done.push(title), () => undefined)
  await until(() => app.auth.organization.id === 'away' && server.count('POST /api/notes') >= 4)
  for (let i = 0; i < 20; i++) await turn()
  const sent = () => server.asked.filter((a) => a.what === 'POST /api/notes').map((a) => a.as.split(' ')[0] + ' ' + a.body.title)
  assert.deepEqual(sent(), ['home a', 'home a', 'home b', 'home c'])
  assert.deepEqual([done, refused, app.queue.size], [['a'], ['b'], 1])
  await app.auth.organizations.switch('home')
  await until(() => app.queue.size === 0)
  assert.deepEqual([sent().at(-1), done], ['home c', ['a', 'c']])
  app.close()
  tab.close()
})

test('what waits to be sent heeds Retry-After', async () => {
  const server = backend({ 'POST /api/notes': (nth) => nth === 0 && problem(503, 'loam/unavailable', { 'Retry-After': '7' }) })
  const app = await signedIn(server.app())
  mock.method(Math, 'random', () => 0.5)
  const waits = quick()
  await app.notes.create({ title: 'a' }, { queue: true })
  assert.ok(waits.includes(7_250), String(waits))
  app.close()
})

test('an id is one segment of a path, and never the way up', async () => {
  const server = backend()
  const app = await signedIn(server.app())
  const before = server.asked.length
  for (const call of [
    () => app.notes.get('..'),
    () => app.notes.delete('.'),
    () => app.auth.sessions.end('..'),
    () => app.auth.organizations.switch('..'),
    () => app.auth.organizations.setRole('..', 'owner'),
    () => app.auth.passkeys.remove('..'),
    () => app.http.request('/api/x/%2E%2e/y'),
    () => app.http.request('/api/x/.?a'),
    () => app.notes.get(''),
    () => app.notes.list({ where: { title: undefined } }),
  ]) {
    await assert.rejects(call(), { code: 'client/argument' }, String(call)) // and never a throw
  }
  assert.equal(server.asked.length, before)
  await app.auth.sessions.end('../../api/notes?x#y')
  await app.auth.organizations.teamMembers('a/b')
  await app.notes.get('a/../b')
  await app.notes.list({ where: { title: '/../' }, search: '/./' })
  assert.deepEqual(server.asked.slice(before).map((a) => a.what), [
    'DELETE /auth/sessions/..%2F..%2Fapi%2Fnotes%3Fx%23y',
    'GET /auth/organizations/home/teams/a%2Fb/members',
    'GET /api/notes/a%2F..%2Fb',
    'GET /api/notes',
  ])
  app.close()
  await assert.rejects(server.app().auth.organizations.members(), { code: 'client/argument' })
})

test('a listener that throws takes nothing from the others, nor from who signs in', async () => {
  const mistakes = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (err) => mistakes.push(err.message))
  const app = backend().app()
  const heard = []
  app.auth.onChange(() => {
    throw new Error('mine')
  })
  app.auth.onChange((who) => heard.push(who.user.id))
  await signedIn(app)
  await until(() => mistakes.length)
  process.removeAllListeners('uncaughtException')
  others.forEach((l) => process.on('uncaughtException', l))
  assert.deepEqual([heard, mistakes], [['ada'], ['mine']])
  app.close()
})

// A server of live lists that is lost after so many messages of its own, once.
function sockets(after) {
  let said = 0
  let rows = [{ id: 'a', version: 1 }]
  const log = [] // what happened, of which a position is an index
  const open = new Set()
  class Socket {
    readyState = 0
    lists = []
    constructor() {
      open.add(this)
      setImmediate(() => {
        if (this.readyState) return
        this.readyState = 1
        this.onopen?.({})
      })
    }
    tell(message) {
      if (this.readyState !== 1) return
      this.onmessage?.({ data: JSON.stringify(message) })
      if (++said === after) this.lose()
    }
    lose() {
      this.readyState = 3
      open.delete(this)
      this.onclose?.({ code: 1006 })
    }
    send(text) {
      const m = JSON.parse(text)
      setImmediate(() => {
        if (m.type === 'auth') this.tell({ type: 'ok' })
        if (m.type !== 'subscribe') return
        if (m.since === undefined) this.tell({ type: 'rows', id: m.id, position: String(log.length), data: { items: rows, nextCursor: null } })
        else for (const [i, event] of log.entries()) if (i >= m.since) this.tell({ ...event, id: m.id, position: String(i + 1) })
        this.lists.push(m.id)
      })
    }
    close() {
      this.readyState = 3
      open.delete(this)
    }
  }
  const write = (row) => {
    const event = { type: 'insert', data: { id: row.id, index: rows.length, row } }
    rows = [...rows, row]
    log.push(event)
    for (const s of open) for (const id of s.lists) s.tell({ ...event, id, position: String(log.length) })
  }
  return { Socket, write, get rows() { return rows } }
}

for (let after = 1; after <= 7; after++) {
  test(`a connection that is lost after message ${after} loses no row, and shows none twice`, async () => {
    quick()
    const net = sockets(after)
    const app = await signedIn(backend().app({ webSocket: net.Socket }))
    let shown = []
    const states = []
    const stop = app.notes.live({}, (rows) => (shown = rows.map((r) => r.id)), { onState: ({ state }) => states.push(state) })
    for (const id of ['b', 'c', 'd', 'e']) {
      await until(() => shown.length)
      net.write({ id, version: 1 })
      await turn()
    }
    await until(() => shown.length >= 5 && states.at(-1) === 'live')
    assert.deepEqual(shown, ['a', 'b', 'c', 'd', 'e'])
    stop()
    app.close()
  })
}
