// The vectors of tests/wire: what a call asks of the server, and what it makes of the
// answer. The server is held to the same ones. LOAM_UPDATE=1 writes down what the client does.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createClient, LoamError } from '../dist/index.js'

const folder = new URL('../../../tests/wire/', import.meta.url)
const update = process.env.LOAM_UPDATE === '1'
const keys = { projects: ['id'], tasks: ['id'], seats: ['hall', 'number'], rules: ['id'] }

// run makes the call of a vector, with a fetch that answers as the vector says.
async function run({ call: [path, ...args], as, answer = { status: 500 } }) {
  const asked = []
  const fetch = async (url, { method, headers, body }) => {
    const { Accept, 'Content-Type': type, Authorization, ...rest } = headers
    assert.equal(Accept, 'application/json')
    assert.equal(type, body === undefined ? undefined : 'application/json')
    assert.equal(Authorization, as === 'nobody' ? undefined : 'Bearer token')
    asked.push({ method, path: url.slice('http://loam.test'.length), headers: Object.fromEntries(Object.entries(rest).sort()), body: body === undefined ? undefined : JSON.parse(body) })
    return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), { status: answer.status })
  }
  const app = createClient(keys, { url: 'http://loam.test', fetch, retries: 0, storage: 'memory' })
  app.http.credentials = { authorize: async () => (as === 'nobody' ? undefined : 'token'), unauthorized: async () => false }
  const [collection, method] = path.split('.')
  const part = (tx, [path, ...args]) => {
    const [collection, method] = path.split('.')
    return tx[collection][method](...args)
  }
  const doing = path === 'batch' ? app.batch((tx) => args[0].map((w) => part(tx, w))) : app[collection][method](...args)
  const made = await doing.then((value) => ({ value }), (error) => ({ error }))
  app.close()
  assert.equal(asked.length, 1)
  const request = asked[0]
  if (request.headers['Idempotency-Key']?.length === 36) request.headers['Idempotency-Key'] = '*' // made by the client
  if (made.error) {
    assert.ok(made.error instanceof LoamError, String(made.error))
    const { code, status, message, field } = made.error
    return { request, error: { code, status, message, field } }
  }
  return { request, value: made.value ?? null }
}

const plain = (v) => JSON.parse(JSON.stringify(v))

for (const name of readdirSync(folder).filter((n) => n.endsWith('.json')).sort()) {
  const vectors = JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
  test(name, async (t) => {
    for (const [i, vector] of vectors.entries()) {
      const { name: what, as, call, answer } = vector
      await t.test(what, async () => {
        const made = plain(await run(vector))
        if (update) vectors[i] = { name: what, as, call, request: made.request, answer, ...(answer ? made : {}) }
        else assert.deepEqual(made, { request: vector.request, ...('error' in vector ? { error: vector.error } : { value: vector.value }) })
      })
    }
    if (update) writeFileSync(new URL(name, folder), '[\n' + vectors.map((v) => '  ' + JSON.stringify(v)).join(',\n') + '\n]\n')
  })
}
