// The table of emoji against the one of the protocol: both devices must show the same picture and say the same name.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EMOJI } from './emoji';

const protocol = readFileSync(
  join(import.meta.dirname, '..', '..', '..', 'src-tauri', 'protocol', 'emoji.rs'),
  'utf8',
);
const table = /pub const EMOJI: \[Emoji; 64\] = \[(.*?)\];/s.exec(protocol)?.[1] ?? '';
const rows = [...table.matchAll(/emoji\("([^"]*)", "([^"]*)", "([^"]*)", "([^"]*)"\)/g)];

it('the protocol has 64 emoji, and so has the window', () => {
  expect(rows.length).toBe(64);
  expect(EMOJI.length).toBe(64);
});

it('every emoji has the picture and the names of the protocol, at the same place', () => {
  EMOJI.forEach(({ symbol, en, fr, ar }, place) => {
    expect([symbol, en, fr, ar], `place ${place}`).toEqual(rows[place]?.slice(1));
  });
});
