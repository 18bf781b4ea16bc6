// Compiles the type tests, and runs the others in a DOM: node --test over what esbuild
// makes of them.
import { execFileSync, spawnSync } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const out = here + '../node_modules/.cache/loam-test/'
if (!process.argv.includes('--untyped')) execFileSync(process.execPath, [here + '../node_modules/typescript/bin/tsc', '-p', here], { stdio: 'inherit' })
await rm(out, { recursive: true, force: true })
const tests = (await readdir(here)).filter((name) => name.endsWith('.test.tsx'))
await build({
  entryPoints: ['dom.ts', ...tests].map((name) => here + name),
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  alias: { '@loam/react': here + '../src/index.ts', '@loam/react/ui': here + '../src/ui/index.ts' },
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"test"' },
  outExtension: { '.js': '.mjs' },
  outdir: out,
})
const { status } = spawnSync(process.execPath, ['--import', out + 'dom.mjs', '--test', '--test-reporter=' + (process.argv.includes('--spec') ? 'spec' : 'dot'), ...tests.map((name) => out + name.replace('.tsx', '.mjs'))], { stdio: 'inherit' })
process.exitCode = status ?? 1
