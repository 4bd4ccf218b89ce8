// What the window holds of its own: the last view, when it came, and the levels' listeners.
import { createContext, untrack } from 'svelte';
import type { Backend, Levels } from './backend/backend';
import type { Intent, View } from './contract';
import { Draft } from './home/draft.svelte';

export class Face {
  /** The last view; none before the first. */
  view = $state.raw<View | null>(null);
  /** When it came, in the milliseconds of `performance.now()`: times in a view count from here. */
  seenAt = $state.raw(0);

  /** What was typed at home. */
  readonly draft = new Draft();

  /** The window is the small one. */
  isSmall = $state(false);

  readonly #backend: Backend;
  #meters: ((levels: Levels) => void)[] = [];

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async open(): Promise<void> {
    await this.#backend.watch((view) => {
      this.seenAt = performance.now();
      if (this.view === null) this.draft.name = view.name;
      if (view.stage.at === 'room') this.draft.forget();
      else this.draft.told(view.notices);
      this.view = view;
    });
    // A page that was loaded anew begins as the usual one.
    await this.#backend.small(false);
    await this.#backend.levels((levels) => {
      for (const meter of this.#meters) meter(levels);
    });
  }

  act(intent: Intent): void {
    void this.send(intent);
  }

  /** The same; over when the program has it. */
  send(intent: Intent): Promise<void> {
    // A backend may answer at once: an effect that asks must not come to depend on the answer.
    return untrack(() => this.#backend.act(intent));
  }

  small(on: boolean): void {
    this.isSmall = on;
    void this.#backend.small(on);
  }

  exportKept(): Promise<string> {
    return this.#backend.exportKept();
  }

  /** Levels go past the reactive state straight to what draws them. Returns how to stop. */
  onLevels(meter: (levels: Levels) => void): () => void {
    this.#meters.push(meter);
    return () => {
      this.#meters = this.#meters.filter((other) => other !== meter);
    };
  }
}

export const [getFace, setFace] = createContext<Face>();
