// Systems by how their browsers call themselves.
import { expect, it } from 'vitest';
import { systemOf, type System } from './system';

it.each<[System, string]>([
  ['windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Edg/140.0'],
  ['macos', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15'],
  ['ios', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15'],
  ['android', 'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36'],
  ['linux', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15'],
])('%s is known', (system, agent) => {
  expect(systemOf(agent)).toBe(system);
});
