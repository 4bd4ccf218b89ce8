// The catalogue against the contract, and how values get into sentences.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ar } from './ar';
import { en } from './en';
import { fr } from './fr';
import { tongueOf } from './language.svelte';
import { clock, dayName, fill, listed, percent, pieces, plural, speak, words, type Words } from './words';

const source = join(import.meta.dirname, '..');
const contract = readFileSync(join(source, 'contract.ts'), 'utf8');

/** The literals of a generated union, read from the file and not from the types that the catalogue is checked by. */
function variants(type: string, tag?: string): string[] {
  const declared = new RegExp(`export type ${type} = ([^;]*?);\\n`, 's').exec(contract)?.[1] ?? '';
  const literal = tag ? new RegExp(`"${tag}": "(\\w+)"`, 'g') : /"(\w+)"/g;
  return [...declared.matchAll(literal)].map((found) => found[1] ?? '');
}

function leaves(of: object, path = ''): [string, string][] {
  return Object.entries(of).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : leaves(value as object, `${path}${key}.`),
  );
}

describe('the catalogue', () => {
  it.each([
    ['ErrorCode', words.errors, undefined],
    ['EnteringStep', words.steps, undefined],
    ['MemberLink', words.links, undefined],
    ['RevokedWhy', words.revoked, undefined],
    ['Theme', words.themes, undefined],
    ['Language', words.languages, undefined],
    ['RoomMode', words.modes, undefined],
    ['Door', words.doors, undefined],
    ['SoundCheck', words.checks, undefined],
    ['Button', words.situations, 'is'],
  ])('has words for every %s and for nothing else', (type, entries, tag) => {
    const expected = variants(type, tag);
    expect(expected.length).toBeGreaterThan(1);
    expect(Object.keys(entries).sort()).toEqual(expected.sort());
  });

  it.each([
    ['English', en],
    ['French', fr],
    ['Arabic', ar],
  ])('has no empty words in %s, and says what to do about every error', (_, catalogue: Words) => {
    for (const [path, text] of leaves(catalogue)) expect(text.trim(), path).not.toBe('');
    for (const [code, { what, todo, about }] of Object.entries(catalogue.errors)) {
      expect(what, code).toMatch(/[.!]$/);
      expect(todo, code).toMatch(/[.?؟]$/);
      expect(what.includes('{about}'), code).toBe(about !== undefined);
    }
  });

  it.each([
    ['fr', fr],
    ['ar', ar],
  ])('says in %s what it says in English, with the same values', (tongue, catalogue: Words) => {
    const values = (text: string): string[] => (text.match(/\{[a-z]+\}/g) ?? []).sort();
    const english = new Map(leaves(en));
    const forms = /\.(zero|one|two|few|many)$/;
    const keys = (of: object): string[] => leaves(of).flatMap(([path]) => (forms.test(path) ? [] : [path]));
    expect(keys(catalogue).sort()).toEqual(keys(en).sort());
    for (const [path, text] of leaves(catalogue)) {
      if (forms.test(path)) continue;
      expect(values(text), path).toEqual(values(english.get(path) ?? ''));
      // Values are kept apart from the direction of a sentence where they are put into it.
      expect(text, path).not.toMatch(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
    }
    const needed = new Intl.PluralRules(tongue).resolvedOptions().pluralCategories;
    for (const form of needed.filter((it) => tongue !== 'fr' || it !== 'many'))
      expect(Object.keys(catalogue.room.count), form).toContain(form);
  });

  it('has no words that the window never shows', () => {
    const sources = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(svelte|ts)$/.test(file) && !/\.test\.ts$|^words|contract\.ts$/.test(file))
      .map((file) => readFileSync(join(source, file), 'utf8'))
      .join('\n');
    for (const [part, entries] of Object.entries(en)) {
      const whole = new RegExp(`words\\.${part}\\b(?!\\.)`).test(sources);
      for (const key of whole ? [] : Object.keys(entries)) {
        expect(sources, `words.${part}.${key}`).toMatch(new RegExp(`words\\.${part}\\.${key}\\b`));
      }
    }
  });
});

describe('a message', () => {
  it('keeps values apart from its own text', () => {
    expect(pieces('{name} talks', { name: '<b>{n}</b>' })).toEqual([
      { text: '<b>{n}</b>', foreign: true },
      { text: ' talks', foreign: false },
    ]);
  });

  it('isolates values where no markup can', () => {
    expect(fill('Busy: {name}', { name: 'بن' })).toBe('Busy: \u2068بن\u2069');
  });

  it('counts', () => {
    expect(plural(words.room.count, 1)).toBe('1 person');
    expect(plural(words.room.count, 20)).toBe('20 people');
  });

  it('lists names, each apart from the others', () => {
    expect(listed(['Ana'])).toBe('\u200e\u2068Ana\u2069');
    expect(listed(['Ana', 'بن', 'Chloé'])).toBe(
      '\u200e\u2068Ana\u2069, \u2068بن\u2069, and \u2068Chloé\u2069',
    );
  });

  it('tells times and days', () => {
    expect(clock(7_900)).toBe('0:07');
    expect(clock(61_000)).toBe('1:01');
    expect(clock(-5)).toBe('0:00');
    expect(dayName(20_000, 20_000)).toBe('today');
    expect(dayName(19_999, 20_000)).toBe('yesterday');
    expect(dayName(0, 20_000)).toBe('Jan 1, 1970');
  });
});

describe('the language', () => {
  afterEach(() => speak('en'));

  it('is the first one of the system that there is, unless another one was chosen', () => {
    expect(tongueOf('system', ['fr-CA', 'en'])).toBe('fr');
    expect(tongueOf('system', ['de', 'ar-EG', 'en'])).toBe('ar');
    expect(tongueOf('system', ['de'])).toBe('en');
    expect(tongueOf('system', [])).toBe('en');
    expect(tongueOf('ar', ['fr'])).toBe('ar');
  });

  it('changes the words, the numbers and the days', async () => {
    await speak('fr');
    expect(words.languages.system).toBe(fr.languages.system);
    expect(percent(70)).toMatch(/^70\s%$/);
    expect(dayName(19_999, 20_000)).toBe('hier');
    expect(listed(['Ana', 'Ben'])).toBe('\u200e\u2068Ana\u2069 et \u2068Ben\u2069');
    await speak('ar');
    expect(plural(words.room.count, 20)).toContain('20');
    expect(dayName(20_000, 20_000)).toBe('اليوم');
  });
});
