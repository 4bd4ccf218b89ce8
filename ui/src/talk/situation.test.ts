// When a situation of the talk button is shown.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { REQUESTING_SHOWN_AFTER_MS, Shown } from './situation';

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
  late.take({ is: 'talking', forMs: 0, leftMs: 30_000 });
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
