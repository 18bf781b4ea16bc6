// Requests: what is tried again, what is not, and what a failure becomes.
import assert from 'node:assert/strict'
import { afterEach, mock, test } from 'node:test'
import { createClient, isError, LoamError, newId } from '../dist/index.js'

afterEach(() => mock.timers.reset())

const json = (status, body, headers = {}) =>
  new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })
const problem = (status, code, more = {}, headers = {}) => json(status, { status, code, detail: `because of ${code}`, requestId: 'r1', ...more }, headers)
const lost = () => {
  throw new TypeError('fetch failed')
}

// client answers its requests with these, the last one for all that follow, and keeps
// what it was asked.
function client(answers, options = {}) {
  const asked = []
  const fetch = async (url, init) => {
    asked.push({ url, ...init })
    init.signal.throwIfAborted()
    const answer = answers[Math.min(asked.length, answers.length) - 1]
    return typeof answer === 'function' ? answer(init) : answer.clone()
  }
  const app = createClient({ tasks: ['id'], seats: ['hall', 'row'] }, { url: 'http://loam.test/', fetch, ...options })
  return { app, asked }
}

// quick makes every wait take no time, and tells how long each would have been.
function quick() {
  const waits = []
  const real = globalThis.setTimeout
  mock.method(globalThis, 'setTimeout', (fn, ms, ...rest) => {
    if (ms === 30_000) return real(fn, ms, ...rest) // the bound on an attempt, which is cleared
    waits.push(ms)
    return real(fn, 0, ...rest)
  })
  return waits
}
afterEach(() => mock.restoreAll())

const signedIn = (app, token = 'a') => {
  app.http.credentials = { authorize: async () => token, unauthorized: async () => false }
  return app
}

test('a failure that passes is tried again where that is safe', async (t) => {
  const page = json(200, { items: [], nextCursor: null })
  const cases = [
    ['a read after no answer', [lost, page], (a) => a.tasks.list(), 2],
    ['a read after 503', [problem(503, 'loam/unavailable'), page], (a) => a.tasks.list(), 2],
    ['a read after 502 of a proxy', [new Response('<html>', { status: 502 }), page], (a) => a.tasks.list(), 2],
    ['a read, four times at most', [lost], (a) => a.tasks.list(), 4],
    ['a read that is wrong, once', [problem(400, 'query/unknown_field')], (a) => a.tasks.list(), 1],
    ['a read after 500, once', [problem(500, 'loam/internal')], (a) => a.tasks.list(), 1],
    ['a read that is not to be repeated', [lost, page], (a) => a.tasks.list({}, { retry: false }), 1],
    ['a create of somebody, by its key', [lost, json(201, {})], (a) => signedIn(a).tasks.create({}), 2],
    ['a batch of somebody, by its key', [lost, json(200, { results: [] })], (a) => signedIn(a).batch((tx) => [tx.tasks.create({})]), 2],
    ['a create of nobody, once', [lost, json(201, {})], (a) => a.tasks.create({}), 1],
    ['an update of nobody, once', [lost, json(200, {})], (a) => a.tasks.update('1', {}), 1],
    ['an upsert of nobody', [lost, json(200, {})], (a) => a.tasks.upsert({}), 2],
    ['a delete of nobody', [lost, json(204)], (a) => a.tasks.delete('1'), 2],
    ['a post of one’s own, once', [lost], (a) => a.http.request('/auth/sign-in', { method: 'POST', body: {} }), 1],
  ]
  for (const [name, answers, call, times] of cases) {
    await t.test(name, async () => {
      quick()
      const { app, asked } = client(answers)
      await call(app).catch(() => {})
      assert.equal(asked.length, times)
      const keys = new Set(asked.map((r) => r.headers['Idempotency-Key']))
      assert.equal(keys.size, 1, 'every attempt has the same key')
    })
  }
})

test('waits are jittered, and what the server asks for comes on top', async () => {
  mock.method(Math, 'random', () => 0.5)
  const waits = quick()
  await assert.rejects(client([lost]).app.tasks.list())
  assert.deepEqual(waits, [125, 250, 500])
  waits.length = 0
  await client([problem(503, 'loam/unavailable', {}, { 'Retry-After': '2' }), json(200, { items: [] })]).app.tasks.list()
  assert.deepEqual(waits, [2125])
  waits.length = 0
  const { app, asked } = client([problem(429, 'auth/too_many_attempts', {}, { 'Retry-After': '900' })])
  const err = await app.tasks.list().catch((e) => e)
  assert.deepEqual([asked.length, waits.length, err.retryAfter], [1, 0, 900_000], 'nobody waits a quarter of an hour')
})

test('a caller’s signal ends a request, a wait, and what has not begun', async () => {
  const stop = new AbortController()
  const hangs = (init) => new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)))
  const { app, asked } = client([hangs])
  const waiting = app.tasks.list({}, { signal: stop.signal })
  setTimeout(() => stop.abort(new Error('left')))
  const err = await waiting.catch((e) => e)
  assert.equal(err.code, 'client/aborted')
  assert.equal(err.cause.message, 'left')
  assert.equal(asked.length, 1, 'and it is not tried again')
  assert.equal((await app.tasks.list({}, { signal: stop.signal }).catch((e) => e)).code, 'client/aborted')

  const between = new AbortController()
  const failing = client([problem(503, 'loam/unavailable', {}, { 'Retry-After': '50' })])
  const sleeping = failing.app.tasks.list({}, { signal: between.signal })
  setTimeout(() => between.abort(), 20)
  assert.equal((await sleeping.catch((e) => e)).code, 'client/aborted')
})

test('an attempt has a bound of its own', async () => {
  const hangs = (init) => new Promise((_, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)))
  const { app, asked } = client([hangs], { timeout: 5, retries: 1 })
  const err = await app.tasks.list().catch((e) => e)
  assert.deepEqual([err.code, err.retryable, asked.length], ['client/timeout', true, 2])
  const own = await app.tasks.list({}, { timeout: 1, retry: false }).catch((e) => e)
  assert.match(own.message, /within 1 ms/)
})

test('a failure is a value with a code', async (t) => {
  const cases = [
    [problem(400, 'query/unknown_field', { field: 'subjekt' }), { code: 'query/unknown_field', status: 400, field: 'subjekt', requestId: 'r1', retryable: false }],
    [problem(412, 'data/version'), { code: 'data/version', status: 412, field: undefined, requestId: 'r1', retryable: false }],
    [problem(503, 'loam/unavailable'), { code: 'loam/unavailable', status: 503, field: undefined, requestId: 'r1', retryable: true }],
    [new Response('<html>Bad gateway', { status: 502 }), { code: 'client/answer', status: 502, field: undefined, requestId: undefined, retryable: true }],
    [json(500, null), { code: 'client/answer', status: 500, field: undefined, requestId: undefined, retryable: false }],
    [json(400, { code: 7 }), { code: 'client/answer', status: 400, field: undefined, requestId: undefined, retryable: false }],
    [new Response('<html>a page', { status: 200 }), { code: 'client/answer', status: 200, field: undefined, requestId: undefined, retryable: false }],
    [lost, { code: 'client/network', status: 0, field: undefined, requestId: undefined, retryable: true }],
  ]
  for (const [answer, want] of cases) {
    await t.test(`${want.status} ${want.code}`, async () => {
      const err = await client([answer], { retries: 0 }).app.tasks.get('1').catch((e) => e)
      assert.ok(err instanceof LoamError && err instanceof Error)
      const { code, status, field, requestId, retryable } = err
      assert.deepEqual({ code, status, field, requestId, retryable }, want)
      assert.ok(isError(err) && isError(err, want.code) && !isError(err, 'access/denied'))
    })
  }
  assert.ok(!isError(new Error('x')))
})

test('a token that is refused is replaced once', async () => {
  const refused = (init) => (init.headers.Authorization === 'Bearer new' ? json(200, { id: '1' }) : problem(401, 'auth/expired_token'))
  const { app, asked } = client([refused])
  let token = 'old'
  const told = []
  app.http.credentials = { authorize: async () => token, unauthorized: async (was, err) => (told.push([was, err.code]), (token = 'new'), true) }
  await app.tasks.create({ title: 'a' })
  assert.deepEqual(told, [['old', 'auth/expired_token']])
  assert.deepEqual(asked.map((r) => r.headers.Authorization), ['Bearer old', 'Bearer new'])
  assert.equal(asked[0].headers['Idempotency-Key'], asked[1].headers['Idempotency-Key'])

  const never = client([problem(401, 'auth/revoked_token')])
  never.app.http.credentials = { authorize: async () => 'a', unauthorized: async () => true }
  assert.equal((await never.app.tasks.get('1').catch((e) => e)).code, 'auth/revoked_token')
  assert.equal(never.asked.length, 2, 'not for ever')

  const open = client([problem(401, 'auth/wrong_password')])
  open.app.http.credentials = { authorize: () => assert.fail(), unauthorized: () => assert.fail() }
  await assert.rejects(open.app.http.request('/auth/sign-in', { method: 'POST', body: {}, auth: false }))
})

test('what can’t be meant is refused before it is sent', async () => {
  const { app, asked } = client([json(200, {})])
  for (const call of [
    () => app.tasks.list({ where: { projectId: undefined } }),
    () => app.tasks.list({ where: { project: { name: { eq: undefined } } } }),
    () => app.tasks.get(''),
    () => app.tasks.get(undefined),
    () => app.seats.get({ hall: 'a' }),
    () => app.seats.get('a'),
  ]) {
    assert.equal((await Promise.resolve().then(call).catch((e) => e)).code, 'client/argument', call.toString())
  }
  assert.equal(asked.length, 0)
})

test('pages come one after the other, as they are asked for', async () => {
  const pages = [
    json(200, { items: [1, 2], nextCursor: 'a' }),
    json(200, { items: [3], nextCursor: 'b' }),
    json(200, { items: [], nextCursor: null }),
  ]
  const { app, asked } = client(pages)
  const seen = []
  for await (const page of app.tasks.pages({ limit: 2 })) seen.push(...page)
  assert.deepEqual(seen, [1, 2, 3])
  assert.deepEqual(asked.map((r) => r.url.split('?')[1]), ['limit=2', 'limit=2&cursor=a', 'limit=2&cursor=b'])
  const early = client(pages)
  for await (const page of early.app.tasks.pages()) {
    assert.equal(page.length, 2)
    break
  }
  assert.equal(early.asked.length, 1)
})

test('ids sort by when they are made', async (t) => {
  const ids = [newId(), newId()]
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.notEqual(ids[0], ids[1])
  assert.ok(Math.abs(parseInt(ids[0].replaceAll('-', '').slice(0, 12), 16) - Date.now()) < 1000)
  mock.timers.enable({ apis: ['Date'], now: 1000 })
  const early = newId()
  mock.timers.setTime(2000)
  assert.ok(early < newId())
})
