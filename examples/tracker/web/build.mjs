// Bundles the app into ../demo, which the binary embeds and `loam demo` serves, and
// prints what it weighs; with --check, fails where those files are not what the source makes.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))
const out = fileURLToPath(new URL('../demo/', import.meta.url))
const check = process.argv.includes('--check')

const { output } = await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'warn', build: { write: false } })
const files = new Map(output.map((file) => [file.fileName, Buffer.from(file.type === 'chunk' ? file.code : file.source)]))
const kib = (body) => (gzipSync(body, { level: 9 }).length / 1024).toFixed(1)
const source = await readdir(join(root, 'src')).then((names) => Promise.all(names.filter((n) => /\.tsx?$/.test(n)).map((n) => readFile(join(root, 'src', n), 'utf8'))))
console.log(`tracker: ${source.join('').split('\n').length - 1} lines of TypeScript; gzipped ${[...files].map(([name, body]) => `${name.replace('assets/', '')} ${kib(body)}`).join(', ')} KiB`)

const there = await readdir(out, { recursive: true, withFileTypes: true }).catch(() => [])
const old = there.filter((f) => f.isFile()).map((f) => join(f.parentPath, f.name).slice(out.length))
if (check) {
  const wrong = old.filter((name) => !files.has(name))
  for (const [name, body] of files) if (Buffer.compare(await readFile(join(out, name)).catch(() => Buffer.alloc(0)), body) !== 0) wrong.push(name)
  if (wrong.length > 0) {
    console.error(`examples/tracker/demo is not what examples/tracker/web makes (${wrong.join(', ')}): run npm run build there, and commit it`)
    process.exitCode = 1
  }
} else {
  for (const name of old) if (!files.has(name)) await rm(join(out, name))
  for (const [name, body] of files) {
    await mkdir(dirname(join(out, name)), { recursive: true })
    await writeFile(join(out, name), body)
  }
}
