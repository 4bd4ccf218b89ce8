// Time that goes on between two views, so that the program need not send one for every second.
import type { Face } from '../face.svelte';

const TICK_MS = 250;

/** Milliseconds since the last view came; stands still unless `runs`. */
export function sinceView(face: Face, runs: () => boolean): { readonly ms: number } {
  let ms = $state(0);
  $effect(() => {
    const from = face.seenAt;
    ms = Math.max(0, performance.now() - from);
    if (!runs()) return;
    const timer = setInterval(() => (ms = performance.now() - from), TICK_MS);
    return () => clearInterval(timer);
  });
  return {
    get ms() {
      return ms;
    },
  };
}
