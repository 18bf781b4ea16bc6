// Bundles the pages into the files that the binary embeds; with --check, fails
// where those are not what the source makes.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const out = fileURLToPath(new URL('../../internal/httpapi/accountpages/', import.meta.url))
const { outputFiles } = await build({
  absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
  entryPoints: { account: 'src/main.ts' },
  outdir: out,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  write: false,
})
for (const file of outputFiles) {
  if (!process.argv.includes('--check')) await writeFile(file.path, file.contents)
  else if (Buffer.compare(await readFile(file.path).catch(() => Buffer.alloc(0)), file.contents) !== 0) {
    console.error(`${file.path} is not what web/account makes: run npm run build there, and commit it`)
    process.exitCode = 1
  }
}
