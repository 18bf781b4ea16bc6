// Starts the demo and subscribes to its labels with the clients that apps use: each
// sees what is made, changed and deleted, and goes on after a lost connection.
import { spawn, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import * as socketClient from 'graphql-ws'
import * as eventClient from 'graphql-sse'
import { Amplify } from 'aws-amplify'
import { decodeJWT } from 'aws-amplify/auth'
import { generateClient } from 'aws-amplify/api'

globalThis.WebSocket = WebSocket
const scratch = mkdtempSync(join(tmpdir(), 'loam-subscriptions-'))
const root = new URL('../..', import.meta.url).pathname

async function demo() {
  const binary = execFileSync(join(root, 'scripts/loam.sh'), { encoding: 'utf8' }).trim()
  const server = spawn(binary, ['demo', '--addr', '127.0.0.1:0', '--data', join(scratch, 'data')], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: server.stdout })) {
    const ready = /^ready (http\S+)/.exec(line)
    if (ready) return { url: ready[1], stop: () => new Promise((done) => { server.on('exit', done); server.kill('SIGTERM') }) }
  }
  throw new Error('the demo ended before it was ready')
}

const soon = (promise, what) =>
  Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error('waited in vain for ' + what)), 60000).unref())])

// inbox keeps what a subscription tells, and hands it out in order.
function inbox() {
  const kept = [], waiting = []
  return {
    put: (v) => (waiting.length > 0 ? waiting.shift()(v) : kept.push(v)),
    next: (what) => soon(kept.length > 0 ? Promise.resolve(kept.shift()) : new Promise((done) => waiting.push(done)), what),
  }
}

const { url, stop } = await demo()
const failures = []
async function check(name, test) {
  try {
    await test()
    console.log('ok: ' + name)
  } catch (e) {
    failures.push(name)
    console.log(`failed: ${name}: ${e.stack ?? JSON.stringify(e)}`)
  }
}

try {
  const signIn = await fetch(url + '/auth/sign-in', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery' }),
  })
  const { accessToken } = await signIn.json()
  const headers = { authorization: 'Bearer ' + accessToken, 'content-type': 'application/json' }
  const rest = async (method, path, body) => {
    const r = await fetch(url + '/api/labels' + path, { method, headers, body: body && JSON.stringify(body) })
    if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${await r.text()}`)
    return r.status === 204 ? null : r.json()
  }

  await check('graphql-ws: a subscription, a query and a mutation over one connection', async () => {
    const client = socketClient.createClient({
      url: url.replace('http', 'ws') + '/graphql', webSocketImpl: WebSocket, connectionParams: { Authorization: headers.authorization },
    })
    const box = inbox()
    client.subscribe({ query: 'subscription { labelChanges { op row { name } } }' }, { next: box.put, error: box.put, complete() {} })
    assert.equal((await box.next('the start')).data.labelChanges.op, 'START')
    const one = (payload) => new Promise((done, fail) => {
      let result
      client.subscribe(payload, { next: (v) => (result = v), error: fail, complete: () => done(result) })
    })
    const made = await soon(one({ query: 'mutation($n: String!) { createLabel(input: {name: $n}) { id name } }', variables: { n: 'ws' } }), 'a mutation')
    assert.equal(made.data.createLabel.name, 'ws')
    assert.deepEqual((await box.next('an insert')).data, { labelChanges: { op: 'INSERT', row: { name: 'ws' } } })
    const listed = await soon(one({ query: '{ listLabels(filter: { name: { eq: "ws" } }) { total } }' }), 'a query')
    assert.equal(listed.data.listLabels.total, 1)
    await assert.rejects(soon(one({ query: '{ nothing }' }), 'a refusal'), (e) => e[0].extensions.code === 'graphql/invalid')
    await client.dispose()
  })

  await check('graphql-ws: resumes after a lost connection and misses nothing', async () => {
    let socket, since
    const box = inbox(), variables = { get since() { return since } }
    const client = socketClient.createClient({
      url: url.replace('http', 'ws') + '/graphql', webSocketImpl: WebSocket, retryWait: async () => {},
      connectionParams: { authorization: headers.authorization }, on: { connected: (s) => { socket = s } }, keepAlive: 50,
    })
    client.subscribe({ query: 'subscription($since: String) { labelChanges(since: $since) { op cursor row { name } } }', variables }, {
      next: (v) => { since = v.data.labelChanges.cursor; box.put(v.data.labelChanges) }, error: box.put, complete() {},
    })
    await box.next('the start')
    for (let i = 0; i < 5; i++) {
      socket.terminate()
      await rest('POST', '', { name: 'resumed' + i })
      const event = await box.next('a missed insert')
      assert.deepEqual([event.op, event.row.name], ['INSERT', 'resumed' + i])
    }
    await client.dispose()
  })

  await check('graphql-ws: is refused with a wrong token', async () => {
    const client = socketClient.createClient({ url: url.replace('http', 'ws') + '/graphql', webSocketImpl: WebSocket, connectionParams: { Authorization: 'Bearer x' } })
    const box = inbox()
    client.subscribe({ query: '{ __typename }' }, { next: box.put, error: box.put, complete() {} })
    assert.equal((await box.next('a refusal')).code, 4401)
  })

  await check('graphql-sse: a subscription and a query', async () => {
    const client = eventClient.createClient({ url: url + '/graphql', headers, singleConnection: false })
    const box = inbox()
    const end = client.subscribe({ query: 'subscription { labelChanges { op row { name } } }' }, { next: box.put, error: box.put, complete() {} })
    assert.equal((await box.next('the start')).data.labelChanges.op, 'START')
    await rest('POST', '', { name: 'sse' })
    assert.equal((await box.next('an insert')).data.labelChanges.row.name, 'sse')
    end()
    const result = await soon(client.iterate({ query: '{ listLabels(filter: { name: { eq: "ws" } }) { total } }' }).next(), 'a query')
    assert.equal(typeof result.value.data.listLabels.total, 'number')
    client.dispose()
  })

  const field = (name, type, isRequired, isReadOnly) => ({ name, type, isArray: false, isRequired, attributes: [], isReadOnly })
  Amplify.configure({
    // in capitals the client leaves the scheme to the browser, which makes it ws: here
    API: { GraphQL: { endpoint: url.replace('http', 'HTTP') + '/graphql', defaultAuthMode: 'userPool', region: 'local', modelIntrospection: {
      version: 1, enums: {}, nonModels: {},
      models: { Label: {
        name: 'Label', pluralName: 'Labels', syncable: true, attributes: [{ type: 'model', properties: {} }],
        primaryKeyInfo: { isCustomPrimaryKey: false, primaryKeyFieldName: 'id', sortKeyFieldNames: [] },
        fields: { id: field('id', 'ID', true), name: field('name', 'String', true), color: field('color', 'String', false),
          createdAt: field('createdAt', 'AWSDateTime', false, true), updatedAt: field('updatedAt', 'AWSDateTime', false, true) },
      } },
    } } },
    Auth: { Cognito: { userPoolId: 'local_pool', userPoolClientId: 'client' } },
  }, { Auth: { tokenProvider: { getTokens: async () => ({ accessToken: decodeJWT(accessToken) }) } } })
  const amplify = generateClient()

  await check('aws-amplify: onCreate, onUpdate and onDelete', async () => {
    const made = inbox(), changed = inbox(), gone = inbox()
    const subscriptions = [
      amplify.models.Label.onCreate({ filter: { name: { beginsWith: 'amp' } } }).subscribe({ next: made.put, error: made.put }),
      amplify.models.Label.onUpdate().subscribe({ next: changed.put, error: changed.put }),
      amplify.graphql({ query: 'subscription { onDeleteLabel { id name } }' }).subscribe({ next: gone.put, error: gone.put }),
    ]
    let created
    const first = made.next('a create').then((label) => (created = label))
    for (let i = 0; created === undefined; i++) { // the client does not tell when it has begun
      await rest('POST', '', { name: 'amp' + i })
      await Promise.race([first, new Promise((done) => setTimeout(done, 200))])
    }
    assert.match(created.name, /^amp/)
    let change
    const update = changed.next('an update').then((label) => (change = label))
    while (change === undefined) { // the others may have begun later
      await rest('PATCH', '/' + created.id, { color: '#aabbcc' })
      await Promise.race([update, new Promise((done) => setTimeout(done, 200))])
    }
    assert.equal(change.color, '#aabbcc')
    let end
    const told = gone.next('a delete').then((message) => (end = message))
    const deleted = []
    for (let { id } = created; ; ({ id } = await rest('POST', '', { name: 'amp, to be deleted' }))) {
      await rest('DELETE', '/' + id)
      deleted.push(id)
      await Promise.race([told, new Promise((done) => setTimeout(done, 200))])
      if (end !== undefined) break
    }
    assert.ok(deleted.includes(end.data.onDeleteLabel.id))
    subscriptions.forEach((s) => s.unsubscribe())
  })

  await check('aws-amplify: observeQuery', async () => {
    const box = inbox()
    const subscription = amplify.models.Label.observeQuery().subscribe({ next: box.put, error: box.put })
    let snapshot = await box.next('the rows')
    while (!snapshot.isSynced) snapshot = await box.next('all rows')
    const label = await rest('POST', '', { name: 'observed' })
    const has = (name) => snapshot.items.some((l) => l.name === name)
    while (!has('observed')) snapshot = await box.next('the new row')
    await rest('PATCH', '/' + label.id, { name: 'renamed' })
    while (!has('renamed')) snapshot = await box.next('the renamed row')
    await rest('DELETE', '/' + label.id)
    while (has('renamed')) snapshot = await box.next('the row to be gone')
    subscription.unsubscribe()
  })
} finally {
  await stop()
  rmSync(scratch, { recursive: true, force: true })
}
console.log(failures.length === 0 ? 'all clients are told' : failures.length + ' failed')
process.exit(failures.length === 0 ? 0 : 1)
