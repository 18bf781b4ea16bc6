// Compiles the programs of this folder and every generated client in the goldens, and
// prints how long that takes a compiler.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', here, '--extendedDiagnostics'], { encoding: 'utf8' })
const figure = (name) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(stdout)?.[1] ?? '?'
if (status !== 0) console.error(stdout.replace(/^(Files|Library):[^]*/m, ''))
else console.log(`types: checked in ${figure('Check time')}, ${figure('Instantiations')} instantiations`)
process.exitCode = status ?? 1
