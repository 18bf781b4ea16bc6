// Compiles the package to dist/, and puts what it is made of where the binary embeds
// it for `loam generate ts`. With --check it fails where that is not what the source
// makes. Either way it prints what the package weighs, and fails above the limit.
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const limit = 12 * 1024 // bytes of all of it, minified and gzipped
const check = process.argv.includes('--check')
const here = fileURLToPath(new URL('.', import.meta.url))
const embedded = fileURLToPath(new URL('../../internal/sdkgen/tsruntime/', import.meta.url))

await rm(here + 'dist', { recursive: true, force: true })
execFileSync(process.execPath, [here + 'node_modules/typescript/bin/tsc', '-p', here], { stdio: 'inherit' })

const made = (await readdir(here + 'dist')).sort()
await mkdir(embedded, { recursive: true })
const old = await readdir(embedded)
for (const name of new Set([...made, ...old])) {
  const want = made.includes(name) ? await readFile(here + 'dist/' + name) : undefined
  const have = old.includes(name) ? await readFile(embedded + name) : undefined
  if (want && have && want.equals(have)) continue
  if (check) {
    console.error(`internal/sdkgen/tsruntime/${name} is not what sdk/js makes: run npm run build there, and commit it`)
    process.exitCode = 1
  } else if (want) await writeFile(embedded + name, want)
  else await rm(embedded + name)
}

const weigh = async (contents, external = []) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    bundle: true,
    external,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  return gzipSync(outputFiles[0].contents, { level: 9 }).length
}
const all = await weigh(`export * from './dist/index.js'`, ['./stream.js']) // which is loaded where there is no WebSocket
const streams = await weigh(`export * from './dist/index.js'`)
const admin = await weigh(`export * from './dist/index.js'; export * from './dist/admin.js'`, ['./stream.js'])
console.log(`@loam/client: ${all} bytes gzipped, of ${limit}; without a WebSocket ${streams - all} more, with @loam/client/admin ${admin - all}`)
if (all > limit) {
  console.error('that is too much')
  process.exitCode = 1
}
