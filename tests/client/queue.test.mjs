import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { client, project, signedUp, sleep, storage, until } from './server.mjs'

let server
before(async () => (server = await project()))
after(() => server.end())

function listen(app, options = { place: () => 'last' }) {
  const seen = { rows: [], history: [] }
  app.notes.live({ sort: 'rank' }, (rows) => {
    seen.rows = rows
    const now = rows.map((r) => r.title).join(' ')
    if (seen.history.at(-1) !== now) seen.history.push(now)
  }, options)
  seen.titles = () => seen.rows.map((r) => r.title).join(' ')
  return seen
}
const queued = { queue: true }

test('writes show at once, and what comes of them never flickers', async () => {
  const app = client(server.url)
  await signedUp(app)
  const first = await app.notes.create({ title: 'first', rank: 1 })
  const list = listen(app)
  const blind = listen(app, {})
  await until(() => list.titles() === 'first')
  const made = app.notes.create({ title: 'new', rank: 2 }, queued)
  await until(() => list.titles() === 'first new')
  assert.equal(app.queue.size, 1)
  const row = await made
  await app.notes.update(row.id, { title: 'newer' }, queued)
  assert.equal((await app.notes.get(row.id)).title, 'newer')
  await app.notes.delete(first.id, queued)
  await until(() => list.titles() === 'newer' && blind.titles() === 'newer')
  assert.deepEqual(list.history, ['first', 'first new', 'first newer', 'newer'])
  assert.equal(app.queue.size, 0)
  app.close()
})

test('a row that is shown before the server answers is the one that it answers', async () => {
  const { createClient } = await server.generated()
  const hold = {}
  const app = createClient({ url: server.url, storage: 'memory', fetch: async (...a) => (await hold.on, fetch(...a)) })
  await signedUp(app)
  const note = await app.notes.create({ title: 'root' })
  let rows = []
  const include = { parent: true, children: true, root: { fields: ['title'] }, best: true }
  app.samples.live({ include, sort: 'createdAt' }, (r) => (rows = r), { place: () => 'last' })
  const input = { text: 'a', colors: ['GREEN'], rootId: note.id, ratio: undefined }
  let release
  hold.on = new Promise((done) => (release = done))
  const first = app.samples.create(input, queued)
  await sleep(100)
  assert.deepEqual(rows, [], 'its root must be there, and is not known')
  release()
  await first
  await until(() => rows.length === 1)
  const [known] = rows

  hold.on = new Promise((done) => (release = done))
  const made = app.samples.create({ ...input, parentId: known.id, tags: ['x'] }, queued)
  await until(() => rows.length === 2)
  const [, shown] = rows
  assert.deepEqual(shown.root, { title: 'root' })
  release()
  const row = await made
  await until(() => rows[1]?.parent)
  assert.deepEqual(Object.keys(shown).sort(), Object.keys(rows[1]).sort())
  const { createdAt, updatedAt, parent, children, best, root, ...rest } = shown
  assert.deepEqual({ ...row, ...rest }, row)
  assert.deepEqual([parent, children, best], [null, [], null])
  for (const at of [createdAt, updatedAt]) {
    assert.equal(at.length, row.createdAt.length)
    assert.ok(Math.abs(Date.parse(row.createdAt) - Date.parse(at)) < 10_000)
  }

  // What is refused goes as it came.
  hold.on = new Promise((done) => (release = done))
  const refused = app.samples.create({ ...input, day: 'never' }, queued)
  await until(() => rows.length === 3)
  assert.equal(rows[2].done, false)
  release()
  await assert.rejects(refused, { code: 'query/bad_value', field: 'day' })
  await until(() => rows.length === 2)
  app.close()
})

test('what is refused is taken back, and said', async () => {
  const app = client(server.url)
  await signedUp(app)
  const { id } = await app.notes.create({ title: 'kept', rank: 1 })
  const list = listen(app)
  await until(() => list.titles() === 'kept')
  const refused = []
  app.queue.onRefused((r) => refused.push(r))
  const long = 'x'.repeat(30)
  let release
  app.way.hold = new Promise((done) => (release = done))
  const writes = [
    app.notes.create({ title: long, rank: 2 }, queued),
    app.notes.update(id, { title: long }, queued),
    app.notes.delete(id, { ...queued, ifVersion: 7 }),
    app.notes.update(id, { title: 'fine' }, queued),
  ]
  await until(() => list.titles() === long, 'it is shown, and what is deleted is not')
  release()
  const results = await Promise.allSettled(writes)
  assert.deepEqual(results.map((r) => r.status), ['rejected', 'rejected', 'rejected', 'fulfilled'])
  assert.deepEqual(refused.map((r) => r.kind), ['create', 'update', 'delete'])
  await until(() => list.titles() === 'fine')
  assert.equal(results[0].reason.field, 'title')
  app.close()
})

test('offline, killed and loaded anew: all is sent, in order, once', async () => {
  const s = storage()
  const app = client(server.url, { storage: s })
  await signedUp(app)
  const { id } = await app.notes.create({ title: 'old', rank: 0 })
  const list = listen(app)
  await until(() => list.titles() === 'old')
  await server.kill()
  const ids = []
  for (let i = 1; i <= 3; i++) void app.notes.create({ id: (ids[i] = crypto.randomUUID()), title: 'n' + i, rank: i }, queued).catch(() => undefined)
  void app.notes.update(ids[2], { title: 'two' }, queued).catch(() => undefined)
  void app.notes.delete(ids[3], queued).catch(() => undefined)
  void app.notes.update(id, { title: 'renamed' }, queued).catch(() => undefined)
  await until(() => list.titles() === 'renamed n1 two')
  assert.equal(app.queue.size, 6)
  app.close() // the page is left

  const again = client(server.url, { storage: s })
  await until(() => again.queue.size === 6)
  await server.start()
  await until(() => again.queue.size === 0)
  assert.deepEqual((await again.notes.list({ sort: 'rank' })).items.map((n) => n.title), ['renamed', 'n1', 'two'])
  assert.equal(JSON.parse(s.kept.get('loam:' + server.url + ':queue') ?? '[]').length, 0)
  again.close()
})

test('an answer that was lost is asked for again, and the write is done once', async () => {
  const s = storage()
  const app = client(server.url, { storage: s })
  await signedUp(app)
  let lost = 0
  app.way.lose = (path, init) => path.startsWith('/api/') && init.method !== 'GET' && lost++ < 1
  const row = await app.notes.create({ title: 'once' }, queued)
  assert.equal(app.count('POST /api/notes'), 2)
  lost = 0
  assert.equal((await app.notes.update(row.id, { rank: 5 }, queued)).version, 2)
  // The page is left between the write and its answer.
  lost = -1000
  void app.notes.create({ title: 'twice?' }, queued).catch(() => undefined)
  app.way.lose = () => true
  await until(() => app.count('POST /api/notes') >= 3)
  app.close()
  const again = client(server.url, { storage: s })
  await until(() => again.queue.size === 0 && again.auth.user)
  await until(async () => (await again.notes.list()).items.length === 2)
  again.close()
})

test('two tabs send one queue', async () => {
  const s = storage()
  const a = client(server.url, { storage: s })
  await signedUp(a)
  const b = client(server.url, { storage: s })
  await b.auth.ready
  await Promise.all([...Array(5).keys()].flatMap((i) => [a.notes.create({ title: 'a' + i }, queued), b.notes.create({ title: 'b' + i }, queued)]))
  assert.equal((await a.notes.list()).items.length, 10)
  assert.equal(a.count('POST /api/notes') + b.count('POST /api/notes'), 10)
  await until(() => a.queue.size === 0 && b.queue.size === 0)
  a.close()
  b.close()
})

test('who signs out, or is another, sends nothing of it', async () => {
  const s = storage()
  const app = client(server.url, { storage: s })
  const email = await signedUp(app)
  const other = client(server.url)
  const stranger = await signedUp(other)
  app.way.open = false
  const write = app.notes.create({ title: 'mine' }, queued)
  await until(() => app.queue.size === 1)
  app.way.open = true
  const gone = assert.rejects(write, { code: 'client/aborted' })
  await Promise.all([app.auth.signOut(), gone])
  assert.equal(app.queue.size, 0)
  assert.equal(s.kept.get('loam:' + server.url + ':queue'), undefined)

  await app.auth.signIn({ email, password: 'a long password' })
  const { id } = await app.auth.organizations.create({ name: 'Other' })
  app.way.open = false
  void app.notes.create({ title: 'at home' }, queued).catch(() => undefined)
  await until(() => app.queue.size === 1)
  app.way.open = true
  await app.auth.organizations.switch(id)
  await sleep(700)
  assert.deepEqual((await app.notes.list()).items.map((n) => n.title).filter((t) => t === 'at home'), [], 'it is the other organization’s')
  await app.auth.signIn({ email: stranger, password: 'a long password' })
  await until(() => app.queue.size === 0)
  assert.deepEqual((await app.notes.list()).items, [])
  app.close()
  other.close()
})

test('more than may wait is refused, and the rest stays', async () => {
  const s = storage()
  const app = client(server.url, { storage: s })
  await signedUp(app)
  app.way.open = false
  const big = 'x'.repeat(400_000)
  const writes = [1, 2, 3].map(() => app.notes.create({ title: big }, queued))
  writes.slice(0, 2).forEach((w) => w.catch(() => undefined))
  await assert.rejects(writes[2], { code: 'client/queue_full' })
  assert.equal(app.queue.size, 2)
  await app.queue.clear()
  app.close()
})
