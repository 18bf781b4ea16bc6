// Bundles the console into the files that the binary embeds, and prints what a
// first visit loads; with --check, fails where those files are not what the source
// makes. A first visit over the limit fails either way.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const limit = 300 // KiB, gzipped, of what a first visit loads
const root = fileURLToPath(new URL('.', import.meta.url))
const out = fileURLToPath(new URL('../../internal/console/dist/', import.meta.url))
const check = process.argv.includes('--check')

const { output } = await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'warn', build: { write: false } })
const files = new Map(output.map((file) => [file.fileName, Buffer.from(file.type === 'chunk' ? file.code : file.source)]))
const kib = (names) => [...names].reduce((sum, name) => sum + gzipSync(files.get(name), { level: 9 }).length, 0) / 1024

// first is what index.html names, and what that imports before anything is shown.
function first() {
  const names = new Set(['index.html'])
  const chunks = new Map(output.filter((f) => f.type === 'chunk').map((f) => [f.fileName, f]))
  const visit = (name) => {
    if (names.has(name)) return
    names.add(name)
    for (const next of chunks.get(name)?.imports ?? []) visit(next)
  }
  for (const [name] of files) if (files.get('index.html').includes(name)) visit(name)
  for (const name of files.keys()) if (name.endsWith('.woff2')) names.add(name)
  return names
}

const size = kib(first())
if (!check || size > limit) {
  const lazy = [...files.keys()].filter((name) => /\.(js|css)$/.test(name) && !first().has(name)).sort((a, b) => kib([b]) - kib([a]))
  console.log(`first visit ${size.toFixed(1)} KiB gzipped, of ${limit}: ${[...first()].map((n) => `${n.replace('assets/', '')} ${kib([n]).toFixed(1)}`).join(', ')}`)
  console.log(`by page: ${lazy.map((n) => `${n.replace('assets/', '')} ${kib([n]).toFixed(1)}`).join(', ')}`)
}
if (size > limit) process.exitCode = 1

const there = await readdir(out, { recursive: true, withFileTypes: true }).catch(() => [])
const old = there.filter((f) => f.isFile()).map((f) => join(f.parentPath, f.name).slice(out.length))
if (check) {
  const wrong = old.filter((name) => !files.has(name))
  for (const [name, body] of files) if (Buffer.compare(await readFile(join(out, name)).catch(() => Buffer.alloc(0)), body) !== 0) wrong.push(name)
  if (wrong.length > 0) {
    console.error(`internal/console/dist is not what web/console makes (${wrong.slice(0, 3).join(', ')}${wrong.length > 3 ? ', …' : ''}): run npm run build there, and commit it`)
    process.exitCode = 1
  }
} else {
  for (const name of old) if (!files.has(name)) await rm(join(out, name))
  for (const [name, body] of files) {
    await mkdir(dirname(join(out, name)), { recursive: true })
    await writeFile(join(out, name), body)
  }
}
