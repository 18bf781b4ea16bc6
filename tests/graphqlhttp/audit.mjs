// Starts the demo and runs every audit of graphql-http against its GraphQL door.
// MUST, SHOULD and MAY all count. With a URL as its argument it audits that.
import { spawn, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { auditServer } from 'graphql-http'

const scratch = mkdtempSync(join(tmpdir(), 'loam-audit-'))
const root = new URL('../..', import.meta.url).pathname

async function demo() {
  const binary = execFileSync(join(root, 'scripts/loam.sh'), { encoding: 'utf8' }).trim()
  const server = spawn(binary, ['demo', '--addr', '127.0.0.1:0', '--data', join(scratch, 'data')], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: server.stdout })) {
    const ready = /^ready (http\S+)/.exec(line)
    if (ready) return { url: ready[1], stop: () => server.kill('SIGTERM') }
  }
  throw new Error('the demo ended before it was ready')
}

const target = process.argv[2] ? { url: process.argv[2], stop() {} } : await demo()
try {
  const results = await auditServer({ url: target.url + '/graphql', fetchFn: fetch })
  const failed = results.filter((r) => r.status !== 'ok')
  for (const r of failed) console.log(`${r.status}: ${r.name}: ${r.reason}`)
  console.log(`graphql-http: ${results.length - failed.length} of ${results.length} audits passed`)
  process.exitCode = failed.length > 0 || results.length === 0 ? 1 : 0
} finally {
  target.stop()
  rmSync(scratch, { recursive: true, force: true })
}
