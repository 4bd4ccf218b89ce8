// The check must find what is wrong on purpose in `planted`, else its silence about the rest says nothing.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PLANTED = ['Wrong.svelte:7', 'Wrong.svelte:8', 'Wrong.svelte:9', 'short.ts:4'];

const root = join(import.meta.dirname, '..');
const checker = join(root, 'node_modules', 'svelte-check', 'bin', 'svelte-check');
const words = ['--workspace', 'planted', '--tsconfig', 'tsconfig.json', '--fail-on-warnings'];
const run = spawnSync(process.execPath, [checker, ...words, '--output', 'machine-verbose'], {
  cwd: root,
  encoding: 'utf8',
});
const found = run.stdout
  .split('\n')
  .map((line) => line.slice(line.indexOf('{')))
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line))
  .map((it) => `${it.filename}:${it.start.line + 1}`);
const missed = PLANTED.filter((place) => !found.includes(place));
if (run.status === 0 || missed.length > 0) {
  console.error(run.stdout, run.stderr);
  throw new Error(`svelte-check does not find what was planted at ${missed.join(', ')}`);
}
console.log(`svelte-check finds what was planted: ${PLANTED.join(', ')}`);
