// The press, whatever happens to it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Press, talksBySpace, type Effect, type Focus } from './press';

let effect: Effect;
let done: string[];
let press: Press;

beforeEach(() => {
  effect = 'talk';
  done = [];
  press = new Press(() => effect, {
    press: (how) => done.push(how),
    release: () => done.push('release'),
    enable: () => done.push('enable'),
    hear: () => done.push('hear'),
    slept: () => press.drop(),
  });
});

afterEach(() => {
  press.drop();
  vi.useRealTimers();
});

describe('a press', () => {
  it('talks from down to up', () => {
    press.down(1);
    expect(press.held).toBe(true);
    press.up(1);
    expect(press.held).toBe(false);
    expect(done).toEqual(['press', 'release']);
  });

  it('ends once, however many endings follow', () => {
    press.down(1);
    press.up(1);
    press.up(1);
    press.drop();
    expect(done).toEqual(['press', 'release']);
  });

  it('ends when the device has slept, and not by a long talk', () => {
    vi.useFakeTimers();
    press.down(1);
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual(['press']);
    // The time of day goes on, and no timer comes.
    vi.setSystemTime(Date.now() + 10_000);
    vi.advanceTimersByTime(500);
    expect(done).toEqual(['press', 'release']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not ended or begun again by a second pointer', () => {
    press.down(1);
    expect(press.down(2)).toBe(false);
    expect(press.up(2)).toBe(false);
    expect(done).toEqual(['press']);
    press.up(1);
    expect(done).toEqual(['press', 'release']);
  });

  it('to all ends where one begins that whispers, and a whisper goes on beside one to all', () => {
    press.down('space');
    expect(press.down(1, 'pressWhisper')).toBe(true);
    expect(press.up('space')).toBe(false);
    expect(press.down('space')).toBe(false);
    expect(press.down(1, 'pressWhisper')).toBe(false);
    press.up(1);
    expect(done).toEqual(['press', 'release', 'pressWhisper', 'release']);
  });

  it('by pointer does not mix with the space bar', () => {
    press.down(1);
    press.down('space');
    press.up('space');
    expect(done).toEqual(['press']);
  });

  it('by a repeating key is one press', () => {
    press.down('space');
    press.down('space');
    press.down('space');
    press.up('space');
    expect(done).toEqual(['press', 'release']);
  });

  it('ends when the window loses the focus, and the late up does nothing', () => {
    press.down(1);
    press.drop();
    press.up(1);
    expect(done).toEqual(['press', 'release']);
  });

  it('is released even when the situation changed meanwhile', () => {
    press.down(1);
    effect = 'nothing';
    press.up(1);
    expect(done).toEqual(['press', 'release']);
  });

  it('that enabled the microphone does not talk, even when talking becomes possible while it is held', () => {
    effect = 'enable';
    press.down(1);
    effect = 'talk';
    press.down(1);
    press.up(1);
    expect(done).toEqual(['enable']);
  });

  it('of the host that interrupts is one press, too', () => {
    press.down(1, 'preempt');
    press.down('space');
    press.up('space');
    press.up(1);
    expect(done).toEqual(['preempt', 'release']);
  });

  it('that can do nothing asks for nothing', () => {
    effect = 'nothing';
    press.down(1);
    press.up(1);
    expect(done).toEqual([]);
  });
});

describe('the space bar', () => {
  const space = { code: 'Space', ctrlKey: false, altKey: false, metaKey: false };

  it.each<[Focus, boolean]>([
    ['button', true],
    ['nothing', true],
    ['elsewhere', false],
  ])('with the focus on %s talks: %s', (focus, talks) => {
    expect(talksBySpace(space, focus)).toBe(talks);
  });

  it('does not talk as part of a shortcut, and no other key talks', () => {
    expect(talksBySpace({ ...space, ctrlKey: true }, 'button')).toBe(false);
    expect(talksBySpace({ ...space, altKey: true }, 'button')).toBe(false);
    expect(talksBySpace({ ...space, metaKey: true }, 'button')).toBe(false);
    expect(talksBySpace({ ...space, code: 'Enter' }, 'button')).toBe(false);
  });
});
