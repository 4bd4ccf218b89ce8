// Weighs the built window: what the page loads first must stay small.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = join(import.meta.dirname, '..', 'dist');
const page = readFileSync(join(dist, 'index.html'), 'utf8');
const budgets = [
  ['scripts', /<(?:script|link rel="modulepreload")[^>]*(?:src|href)="([^"]+\.js)"/g, 60],
  ['styles', /<link rel="stylesheet"[^>]*href="([^"]+)"/g, 20],
];

for (const [what, pattern, most] of budgets) {
  const files = [...page.matchAll(pattern)].map((found) => found[1]);
  const kilobytes =
    files.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0) / 1000;
  console.log(`${what}: ${kilobytes.toFixed(1)} kB gzip of ${most}`);
  if (files.length === 0 || kilobytes > most) {
    console.error(`${what}: over the budget, or not found`);
    process.exitCode = 1;
  }
}
