// Compiles the package to dist/, puts what it is made of where the binary embeds it for
// `loam generate ts --react`, and prints what its parts weigh in an app that has React,
// TanStack Query and the client already. With --check it fails where what is embedded is
// not what the source makes.
import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const limits = { hooks: 6 * 1024, ui: 16 * 1024, css: 3 * 1024 } // bytes, minified and gzipped

await rm(here + 'dist', { recursive: true, force: true })
execFileSync(process.execPath, [here + 'node_modules/typescript/bin/tsc', '-p', here], { stdio: 'inherit' })

await copyFile(here + 'src/ui/ui.css', here + 'dist/ui.css')

const check = process.argv.includes('--check')
const embedded = fileURLToPath(new URL('../../internal/sdkgen/tsreact/', import.meta.url))
const filesOf = async (dir) => (await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])).filter((f) => f.isFile()).map((f) => `${f.parentPath}/${f.name}`.slice(dir.length).replace(/^\/+/, ''))
const made = await filesOf(here + 'dist/')
for (const name of new Set([...made, ...(await filesOf(embedded))])) {
  const want = made.includes(name) ? await readFile(here + 'dist/' + name) : undefined
  const have = await readFile(embedded + name).catch(() => undefined)
  if (want && have && want.equals(have)) continue
  if (check) {
    console.error(`internal/sdkgen/tsreact/${name} is not what sdk/react makes: run npm run build there, and commit it`)
    process.exitCode = 1
  } else if (want) {
    await mkdir(dirname(embedded + name), { recursive: true })
    await writeFile(embedded + name, want)
  } else await rm(embedded + name)
}

const weigh = async (contents, loader = 'js') => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here, loader },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external: ['react', 'react-dom', 'react/jsx-runtime', '@tanstack/*', '@loam/client'],
    write: false,
  })
  return gzipSync(outputFiles[0].contents, { level: 9 }).length
}
const sizes = {
  hooks: await weigh(`export * from './dist/index.js'`),
  ui: await weigh(`export * from './dist/ui/index.js'`),
  css: await weigh(await readFile(here + 'dist/ui.css', 'utf8'), 'css'),
}
for (const [part, size] of Object.entries(sizes)) {
  console.log(`@loam/react ${part}: ${size} bytes gzipped, of ${limits[part]}`)
  if (size <= limits[part]) continue
  console.error('that is too much')
  process.exitCode = 1
}
