// Compiles the package to dist/, and prints what its parts weigh in an app that has
// React, TanStack Query and the client already.
import { execFileSync } from 'node:child_process'
import { copyFile, readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const limits = { hooks: 6 * 1024, ui: 16 * 1024, css: 3 * 1024 } // bytes, minified and gzipped

await rm(here + 'dist', { recursive: true, force: true })
execFileSync(process.execPath, [here + 'node_modules/typescript/bin/tsc', '-p', here], { stdio: 'inherit' })

await copyFile(here + 'src/ui/ui.css', here + 'dist/ui.css')

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
