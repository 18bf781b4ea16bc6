import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { client, project, signedUp, storage, until } from './server.mjs'

let server
before(async () => (server = await project()))
after(() => server.end())

// What a listener has last heard.
function listen(app, name, args, options) {
  const seen = { rows: undefined, info: undefined, calls: 0, errors: [], states: [] }
  seen.stop = app[name].live(args, (rows, info) => Object.assign(seen, { rows, info, calls: seen.calls + 1 }), {
    onError: (err) => seen.errors.push(err),
    onState: ({ state }) => seen.states.push(state),
    ...options,
  })
  seen.titles = () => seen.rows?.map((r) => r.title).join(' ')
  return seen
}

// A WebSocket that counts those that are made, and can be cut.
function sockets() {
  const all = []
  class Counted extends WebSocket {
    constructor(...a) {
      super(...a)
      all.push(this)
    }
  }
  return { all, Counted, cut: () => all.at(-1).close() }
}

test('lists stay true, over one connection, and equal ones are one subscription', async () => {
  const net = sockets()
  const app = client(server.url, { webSocket: net.Counted })
  await signedUp(app)
  const all = listen(app, 'notes', { sort: 'rank' })
  const same = listen(app, 'notes', { sort: 'rank' })
  const top = listen(app, 'notes', { sort: 'rank', limit: 1, count: true })
  const lines = listen(app, 'lines', { sort: 'number' })
  await until(() => all.rows && same.rows && top.rows && lines.rows)
  assert.deepEqual([all.titles(), all.info.state, app.connection.state], ['', 'live', 'live'])
  const b = await app.notes.create({ title: 'b', rank: 2 })
  await until(() => all.titles() === 'b' && top.titles() === 'b')
  const before = all.rows[0]
  await app.notes.create({ title: 'a', rank: 1 })
  await until(() => all.titles() === 'a b' && same.titles() === 'a b' && top.titles() === 'a' && top.info.total === 2)
  assert.equal(all.rows[1], before, 'a row that has not changed is the same object')
  await app.notes.update(b.id, { rank: 0 })
  await until(() => all.titles() === 'b a' && top.titles() === 'b')
  assert.ok(top.info.nextCursor)
  await app.lines.create({ sheet: 'a b', number: 1, text: 'x' })
  await app.lines.create({ sheet: 'a b', number: 2, text: 'y' })
  await app.lines.update({ sheet: 'a b', number: 1 }, { text: 'z' })
  await until(() => lines.rows?.map((l) => l.text).join('') === 'zy', 'rows with a key of several fields')
  same.stop()
  const calls = same.calls
  await app.notes.delete(b.id)
  await until(() => all.titles() === 'a')
  assert.equal(same.calls, calls)
  assert.equal(net.all.length, 1)
  for (const l of [all, top, lines]) l.stop()
  await until(() => app.connection.state === 'idle', 'nothing needs it any more')
  app.close()
})

test('who comes late has the rows at once, and many changes are shown together', async () => {
  const app = client(server.url)
  await signedUp(app)
  const first = listen(app, 'notes', { sort: 'rank' })
  await until(() => first.rows)
  await app.batch((tx) => Array.from({ length: 20 }, (_, i) => tx.notes.create({ title: 'n' + i, rank: i })))
  await until(() => first.rows.length === 20)
  assert.ok(first.calls < 10, `${first.calls} calls`)
  const late = listen(app, 'notes', { sort: 'rank' })
  await until(() => late.rows)
  assert.equal(late.rows.length, 20)
  app.close()
})

test('what follows a list is told as the list changes', async () => {
  const app = client(server.url)
  await signedUp(app)
  const top = listen(app, 'notes', { sort: 'rank', limit: 2, fields: ['title'] })
  await until(() => top.rows)
  const behind = async () => (await app.notes.list({ sort: 'rank', limit: 2, fields: ['title'], cursor: top.info.nextCursor })).items.map((n) => n.title).join(' ')
  for (const rank of [1, 3, 5]) await app.notes.create({ title: 'n' + rank, rank })
  await until(() => top.info.nextCursor, 'there is more, of which nothing is shown')
  assert.deepEqual([top.titles(), await behind()], ['n1 n3', 'n5'])
  const first = await app.notes.create({ title: 'n0', rank: 0 })
  await until(() => top.titles() === 'n0 n1')
  assert.equal(await behind(), 'n3 n5', 'what was pushed out is not passed over')
  await app.batch((tx) => [tx.notes.delete(first.id), tx.notes.create({ title: 'n4', rank: 4 })])
  await until(() => top.titles() === 'n1 n3')
  assert.equal(await behind(), 'n4 n5')
  for (const { id } of (await app.notes.list({ where: { rank: { ge: 4 } } })).items) await app.notes.delete(id)
  await until(() => top.info.nextCursor === null, 'nothing is behind it any more')
  assert.equal(top.titles(), 'n1 n3')
  app.close()
})

test('what is refused fails by itself', async () => {
  const app = client(server.url)
  await signedUp(app)
  const good = listen(app, 'notes', {})
  const bad = listen(app, 'notes', { where: { nothing: { eq: 1 } } })
  const denied = listen(app, 'secrets', {})
  await until(() => good.rows && bad.errors.length && denied.errors.length)
  assert.equal(bad.errors[0].code, 'query/unknown_field')
  assert.equal(denied.errors[0].code, 'access/denied')
  assert.deepEqual([bad.states.at(-1), good.states.at(-1)], ['failed', 'live'])
  app.close()
})

test('a lost connection resumes, with nothing missing and nothing twice', async () => {
  const net = sockets()
  const app = client(server.url, { webSocket: net.Counted })
  const email = await signedUp(app)
  await app.notes.create({ title: 'first', rank: 0 })
  const list = listen(app, 'notes', { sort: 'rank' })
  await until(() => list.rows)
  const other = client(server.url)
  await other.auth.signIn({ email, password: 'a long password' })
  for (let i = 1; i <= 3; i++) {
    net.cut()
    await other.notes.create({ title: 'n' + i, rank: i })
    await until(() => list.rows.length === i + 1)
  }
  assert.equal(list.titles(), 'first n1 n2 n3')
  assert.ok(list.states.includes('offline'))
  assert.equal(net.all.length, 4)
  app.close()
  other.close()
})

test('the server is killed, and comes back', async () => {
  const app = client(server.url)
  const email = await signedUp(app)
  await app.notes.create({ title: 'before', rank: 0 })
  const list = listen(app, 'notes', { sort: 'rank' })
  const room = app.channels.join('room', { state: 'here' })
  await until(() => list.rows?.length === 1 && room.here.length === 1)
  await server.kill()
  await until(() => list.states.at(-1) === 'offline' && app.connection.state !== 'live')
  assert.equal(list.titles(), 'before', 'what is known stays')
  await server.start()
  const other = client(server.url)
  await other.auth.signIn({ email, password: 'a long password' })
  await other.notes.create({ title: 'after', rank: 1 })
  await until(() => list.titles() === 'before after' && list.states.at(-1) === 'live')
  await until(() => room.here.length === 1 && app.channels.state === 'live')
  app.close()
  other.close()
})

test('without a WebSocket, as on Node 20, lists are as live', async () => {
  const kept = globalThis.WebSocket
  globalThis.WebSocket = undefined
  const s = storage()
  const app = client(server.url, { storage: s })
  globalThis.WebSocket = kept
  const email = await signedUp(app)
  const list = listen(app, 'notes', { sort: 'rank' })
  const top = listen(app, 'notes', { sort: 'rank', limit: 1 })
  const bad = listen(app, 'notes', { where: { nothing: { eq: 1 } } })
  await until(() => list.rows && top.rows && bad.errors.length)
  assert.equal(bad.errors[0].code, 'query/unknown_field')
  assert.deepEqual([list.info.state, app.connection.state], ['live', 'live'])
  const b = await app.notes.create({ title: 'b', rank: 2 })
  await app.notes.create({ title: 'a', rank: 1 })
  await until(() => list.titles() === 'a b' && top.titles() === 'a')
  await app.notes.update(b.id, { rank: 0 })
  await until(() => list.titles() === 'b a' && top.titles() === 'b')
  const { calls } = top
  top.stop()
  assert.throws(() => app.channels.join('room'), { code: 'client/argument', message: /ws/ })

  await server.kill()
  await until(() => list.states.at(-1) === 'offline')
  assert.equal(list.titles(), 'b a')
  await server.start()
  const other = client(server.url)
  await other.auth.signIn({ email, password: 'a long password' })
  await other.notes.create({ title: 'c', rank: 3 })
  await until(() => list.titles() === 'b a c' && list.states.at(-1) === 'live')
  assert.equal(top.calls, calls)

  // Who is signed out elsewhere is so here; who signs in sees theirs.
  await other.auth.sessions.endOthers()
  await until(() => list.errors.length && list.titles() === '')
  assert.deepEqual([list.errors[0].status, app.auth.user], [401, null])
  await signedUp(app)
  await app.notes.create({ title: 'mine' })
  await until(() => list.titles() === 'mine')
  app.close()
  other.close()
})

test('a token that ends is renewed, and the lists go on', async () => {
  const s = storage()
  const net = sockets()
  const app = client(server.url, { storage: s, webSocket: net.Counted })
  await signedUp(app)
  const key = 'loam:' + server.url
  s.kept.set(key, JSON.stringify({ ...JSON.parse(s.kept.get(key)), accessToken: 'nonsense' }))
  const again = client(server.url, { storage: s, webSocket: net.Counted })
  const list = listen(again, 'notes', {})
  await until(() => list.rows)
  assert.equal(again.count('POST /auth/refresh'), 1)
  app.close()
  again.close()
})

test('another organization: its rows in place of those before; signed out: none', async () => {
  const app = client(server.url)
  await signedUp(app)
  await app.notes.create({ title: 'home' })
  const list = listen(app, 'notes', {})
  await until(() => list.titles() === 'home')
  const { id } = await app.auth.organizations.create({ name: 'Other' })
  await app.auth.organizations.switch(id)
  await until(() => list.titles() === '' && list.states.at(-1) === 'live')
  await app.notes.create({ title: 'there' })
  await until(() => list.titles() === 'there')
  await app.auth.signOut()
  await until(() => list.titles() === '' && list.errors.length)
  assert.equal(list.errors.at(-1).status, 401)
  await signedUp(app)
  await until(() => list.states.at(-1) === 'live' && list.titles() === '')
  app.close()
})

test('a channel: who is here, what they say, and who may not', async () => {
  const [a, b] = [client(server.url), client(server.url)]
  const email = await signedUp(a)
  await b.auth.signIn({ email, password: 'a long password' })
  const early = a.channels.join('room')
  assert.match(await early.send('early'), /^[0-9a-f-]{36}$/, 'it waits until it is in the channel')
  early.leave()
  const said = []
  let here = []
  const room = a.channels.join('room', { state: { x: 1 }, onMessage: (m) => said.push(m), onPresence: (h) => (here = h) })
  await until(() => here.length === 1)
  const theirs = b.channels.join('room', { state: { x: 2 } })
  await until(() => here[0].connections.length === 2 && theirs.here[0]?.connections.length === 2)
  await theirs.show({ x: 3 })
  await until(() => here[0].connections.some((c) => c.state.x === 3))
  assert.match(await theirs.send('wave', { to: 'you' }), /^[0-9a-f-]{36}$/)
  await until(() => said.length === 1)
  assert.deepEqual([said[0].event, said[0].data, said[0].from.user], ['wave', { to: 'you' }, a.auth.user.id])
  const twin = a.channels.join('room')
  twin.leave()
  theirs.leave()
  await until(() => here[0].connections.length === 1)
  let refused
  const nowhere = a.channels.join('nowhere', { onError: (err) => (refused = err) })
  await assert.rejects(nowhere.send('x'), { status: 404 })
  assert.match(refused.code, /^channel\//)
  room.leave()
  a.close()
  b.close()
})
