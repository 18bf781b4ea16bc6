// The sum over all that the oracle's output comes of, and the output: while it is
// what the oracle wrote down, there is nothing to ask the oracle. It needs nothing
// that is installed.
//
//   node printed.mjs    fail where the sum is another
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const written = fileURLToPath(new URL('printed.sum', import.meta.url));

export const record = () => writeFileSync(written, sum());

export const unchanged = () => existsSync(written) && readFileSync(written, 'utf8') === sum();

function sum() {
  const here = (name) => new URL(name, import.meta.url);
  const all = createHash('sha256');
  for (const name of ['oracle.mjs', 'package-lock.json', ...readdirSync(here('testdata')).filter((f) => f.endsWith('.graphql')).sort().map((f) => `testdata/${f}`)]) {
    all.update(`${name} ${createHash('sha256').update(readFileSync(here(name))).digest('hex')}\n`);
  }
  return all.digest('hex') + '\n';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = unchanged() ? 0 : 1;
}
