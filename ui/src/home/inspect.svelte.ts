// Asks what a text leads to, and takes only the answer to the last question.
import type { Inspected, Stage } from '../contract';
import type { Face } from '../face.svelte';

type HomeStage = Extract<Stage, { at: 'home' }>;

// Numbers go on over every visit to the home screen, so that no old answer fits a new question.
let lastAsk = 0;

export class Inspection {
  #asked = $state.raw(0);
  #empty = $state.raw(true);
  readonly #face: Face;
  readonly #home: () => HomeStage;

  constructor(face: Face, home: () => HomeStage) {
    this.#face = face;
    this.#home = home;
  }

  ask(text: string): void {
    this.#empty = text.trim() === '';
    lastAsk += 1;
    this.#asked = lastAsk;
    this.#face.act({ do: 'inspect', text, ask: lastAsk });
  }

  /** What the text of now leads to; none while the answer is on its way or there is no text. */
  get found(): Inspected | null {
    const home = this.#home();
    return this.#empty || home.ask !== this.#asked ? null : home.inspected;
  }
}
