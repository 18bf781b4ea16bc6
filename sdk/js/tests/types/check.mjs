// Compiles the programs of this folder, what the guide shows, and every generated client
// in the goldens; and prints how long that takes a compiler.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const guide = readFileSync(here + '../../../../docs/guides/client.md', 'utf8')
rmSync(here + 'guide', { recursive: true, force: true })
mkdirSync(here + 'guide')
const blocks = [...guide.matchAll(/^```ts\n([^]*?)^```/gm)]
if (blocks.length < 8) throw new Error(`the guide has ${blocks.length} programs: the pattern that finds them is wrong`)
blocks.forEach(([, text], i) => {
  const client = /const app =/.test(text) ? '' : "import type { Client } from '#example'\ndeclare const app: Client\n"
  writeFileSync(`${here}guide/${i}.ts`, client + text.replaceAll("'./loam'", "'#example'").replaceAll("'./loam/admin'", "'@loam/client/admin'") + '\nexport {}\n')
})

const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', here, '--extendedDiagnostics'], { encoding: 'utf8' })
const figure = (name) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(stdout)?.[1] ?? '?'
if (status !== 0) console.error(stdout.replace(/^(Files|Library):[^]*/m, ''))
else console.log(`types: checked in ${figure('Check time')}, ${figure('Instantiations')} instantiations`)
process.exitCode = status ?? 1
