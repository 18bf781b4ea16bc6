// The real binary, on a project of its own, for as long as the tests of a file run.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from '../../sdk/js/dist/index.js'

const { build } = createRequire(new URL('../../sdk/js/package.json', import.meta.url))('esbuild')

const schema = `
type Note @model @auth(rules: [{ allow: member }]) {
  title: String! @validate(type: maxLength, value: "20")
  rank: Int
  done: Boolean! @default(value: "false")
}
type Line @model @auth(rules: [{ allow: member }]) {
  sheet: ID! @primaryKey(sortKeyFields: ["number"])
  number: Int!
  text: String
}
type Secret @model @auth(rules: [{ allow: member, roles: ["admin"] }]) { text: String }
type Sample @model @auth(rules: [{ allow: member }, { allow: owner }]) {
  text: String!
  count: Int! @default(value: "3")
  ratio: Float
  done: Boolean! @default(value: "false")
  word: String @default(value: "it's")
  day: Date
  at: DateTime @default(value: "2026-02-03T04:05:06Z")
  seen: Timestamp
  anything: JSON
  given: JSON @default(value: "{\\"a\\": [1]}")
  color: Color! @default(value: "RED")
  colors: [Color!]!
  tags: [String]
  place: Place
  places: [Place!]
  secret: String @auth(rules: [{ allow: owner }])
  parent: Sample @belongsTo
  children: [Sample] @hasMany(references: ["parentId"])
  root: Note! @belongsTo
  best: Best @hasOne
}
type Best @model @auth(rules: [{ allow: member }]) { text: String }
enum Color { RED GREEN }
type Place { street: String!, zip: String }
extend type User { color: String @default(value: "red") }
`
const config = `
auth:
  email: { confirm: none, code: on }
  anonymous: on
  sessions: { cookies: on }
channels:
  room: { join: [member], send: [member], presence: [member] }
  owners: { join: ["role:owner"] }
`

export async function project() {
  const dir = await mkdtemp(join(tmpdir(), 'loam-client-'))
  await writeFile(join(dir, 'schema.graphql'), schema)
  await writeFile(join(dir, 'loam.yaml'), config)
  let running
  let port = 0
  const start = async () => {
    running = spawn(process.env.LOAM, ['dev', '--dir', dir, '--addr', '127.0.0.1:' + port], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const out of [running.stdout, running.stderr]) out.on('data', (d) => (said += d))
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(10)) {
      port = Number(/^ready http:\/\/127\.0\.0\.1:(\d+)$/m.exec(said)?.[1] ?? port)
      if (/^ready /m.test(said)) return
      if (running.exitCode !== null) break
    }
    throw new Error('loam does not start:\n' + said)
  }
  const kill = async () => {
    if (running.exitCode !== null || running.signalCode !== null) return
    running.kill('SIGKILL')
    await once(running, 'exit')
  }
  await start()
  return {
    url: 'http://127.0.0.1:' + port,
    start,
    kill,
    /** The module that `loam generate ts` writes. */
    generated: async () => {
      await promisify(execFile)(process.env.LOAM, ['generate', 'ts', '--dir', dir, '--out', join(dir, 'made')])
      const outfile = join(dir, 'made.mjs')
      await build({ entryPoints: [join(dir, 'made/index.ts')], bundle: true, format: 'esm', target: 'es2022', outfile })
      return import(outfile)
    },
    end: async () => {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

/** Waits until it is so. */
export async function until(is, what = String(is)) {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(5)) if (await is()) return
  throw new Error('never: ' + what)
}

/** A storage that clients can share, as tabs do. */
export function storage() {
  const kept = new Map()
  return { kept, getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => void kept.set(k, v), removeItem: (k) => void kept.delete(k) }
}

/** A client that counts its requests by path, and may be cut off from the server. */
export function client(url, options = {}) {
  const asked = []
  const way = { open: true, hold: undefined, lose: undefined }
  const app = createClient(
    { notes: ['id'], lines: ['sheet', 'number'], secrets: ['id'] },
    {
      url,
      storage: 'memory',
      retries: 0,
      fetch: async (to, init) => {
        await way.hold
        if (!way.open) throw new TypeError('cut off')
        const path = new URL(to).pathname
        asked.push(init.method + ' ' + path)
        const answer = await fetch(to, init)
        if (way.lose?.(path, init)) throw new TypeError('the answer was lost')
        return answer
      },
      ...options,
    },
  )
  return Object.assign(app, { asked, way, count: (what) => asked.filter((a) => a === what).length })
}

let people = 0
export async function signedUp(app) {
  const email = `person${++people}.${process.pid}@example.com`
  const answer = await app.auth.signUp({ email, password: 'a long password', name: 'Person' })
  if (answer.status !== 'session') throw new Error(JSON.stringify(answer))
  return email
}
