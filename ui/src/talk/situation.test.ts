// When a situation of the talk button is shown, and in which words.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Button } from '../contract';
import { words } from '../words/words';
import { canInterrupt, REQUESTING_SHOWN_AFTER_MS, Shown, wordsFor } from './situation';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function shown(): { shown: Shown; seen: string[] } {
  const seen: string[] = [];
  return { shown: new Shown((button) => seen.push(button.is)), seen };
}

it('a grant that comes at once never shows the asking', () => {
  const { shown: late, seen } = shown();
  late.take({ is: 'idle' });
  late.take({ is: 'requesting' });
  vi.advanceTimersByTime(REQUESTING_SHOWN_AFTER_MS - 1);
  late.take({ is: 'talking', forMs: 0, leftMs: 30_000, near: false });
  vi.advanceTimersByTime(1000);
  expect(seen).toEqual(['idle', 'talking']);
});

it('a grant that takes long shows the asking once, counted from the first view of it', () => {
  const { shown: late, seen } = shown();
  late.take({ is: 'requesting' });
  vi.advanceTimersByTime(REQUESTING_SHOWN_AFTER_MS / 2);
  late.take({ is: 'requesting' });
  vi.advanceTimersByTime(REQUESTING_SHOWN_AFTER_MS / 2);
  expect(seen).toEqual(['requesting']);
});

const radio = { mode: 'radio', microphone: 'open', latched: false, whispering: [] as string[] } as const;
const open = { mode: 'open', microphone: 'open', latched: false, whispering: [] as string[] } as const;
const receiving: Button = { is: 'receiving', id: 'm1' };
const talking: Button = { is: 'talking', forMs: 28_000, leftMs: 2_000, near: true };

it('near the limit the button tells to finish', () => {
  expect(wordsFor(talking, radio, true)).toBe(words.talk.near);
  expect(wordsFor(talking, open, true)).toBe(words.talk.near);
  expect(wordsFor({ ...talking, near: false }, radio, true)).toBe(words.situations.talking);
});

it('in an open room whoever listens may talk too', () => {
  expect(wordsFor(receiving, open, true)).toBe(words.talk.openReceiving);
  expect(wordsFor({ is: 'idle' }, open, true)).toBe(words.talk.openIdle);
});

it('who listens learns of the line only where holding the button waits in it', () => {
  expect(wordsFor(receiving, radio, true).hint).toBe(words.talk.line);
  expect(wordsFor(receiving, radio, false)).toBe(words.situations.receiving);
});

it('where a voice holds the button the free one says so', () => {
  expect(wordsFor({ is: 'idle' }, radio, true, true)).toBe(words.talk.voiceIdle);
  expect(wordsFor({ is: 'idle' }, open, true, true)).toBe(words.talk.voiceIdle);
  expect(wordsFor(talking, radio, true, true)).toBe(words.talk.near);
});

it('says why the floor was taken away', () => {
  expect(wordsFor({ is: 'revoked', why: 'preempted' }, radio, true).hint).toBe(words.revoked.preempted);
});

it('only who talks alone can be interrupted', () => {
  expect(canInterrupt(receiving, 'radio')).toBe(true);
  expect(canInterrupt(receiving, 'open')).toBe(false);
  expect(canInterrupt(talking, 'radio')).toBe(false);
  expect(canInterrupt({ is: 'idle' }, 'radio')).toBe(false);
});

it('where the microphone opens by the press, one is told to wait for it', () => {
  const closed = { ...radio, microphone: 'standby' } as const;
  expect(wordsFor({ is: 'requesting' }, closed, true)).toBe(words.talk.standby);
  expect(wordsFor({ is: 'requesting' }, radio, true)).toBe(words.situations.requesting);
});

it('where nobody holds it, the button says how to end it', () => {
  const still: Button = { ...talking, near: false };
  expect(wordsFor(still, { ...radio, latched: true }, true)).toBe(words.talk.latched);
  expect(wordsFor(talking, { ...radio, latched: true }, true)).toBe(words.talk.near);
  // That only a few hear it comes first.
  expect(wordsFor(still, { ...radio, latched: true, whispering: ['m1'] }, true)).toEqual({
    label: words.talk.whispering.label,
    hint: words.talk.latched.hint,
  });
  expect(wordsFor(still, { ...open, whispering: ['m1'] }, true)).toBe(words.talk.whispering);
});
