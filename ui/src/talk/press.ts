// One press of the talk button at a time: whatever ends it, it ends once, and it never sticks.

/** What pressing does in the situation of now. */
export type Effect = 'talk' | 'enable' | 'hear' | 'nothing';

/** How the press asks to talk: when it is one's turn, or as host at once. */
export type How = 'press' | 'preempt';

/** Who holds the button down: one pointer, by its id, or the space bar. */
export type Holder = number | 'space';

export interface Actions {
  press(how: How): void;
  release(): void;
  enable(): void;
  hear(): void;
}

export class Press {
  readonly #effect: () => Effect;
  readonly #actions: Actions;
  #holder: Holder | null = null;
  #talking = false;

  constructor(effect: () => Effect, actions: Actions) {
    this.#effect = effect;
    this.#actions = actions;
  }

  get held(): boolean {
    return this.#holder !== null;
  }

  /** The button went down. A second holder is ignored, and so is the repetition of a key. */
  down(holder: Holder, how: How = 'press'): boolean {
    if (this.#holder !== null) return false;
    this.#holder = holder;
    const effect = this.#effect();
    if (effect === 'talk') {
      this.#talking = true;
      this.#actions.press(how);
    } else if (effect === 'enable') {
      this.#actions.enable();
    } else if (effect === 'hear') {
      this.#actions.hear();
    }
    return true;
  }

  /** This holder let go, or the system took it away. */
  up(holder: Holder): boolean {
    if (this.#holder !== holder) return false;
    this.drop();
    return true;
  }

  /** Ends the press whoever holds it: the window lost the focus, was hidden, or goes away. */
  drop(): void {
    this.#holder = null;
    if (!this.#talking) return;
    this.#talking = false;
    this.#actions.release();
  }
}

/** Where the keyboard focus is. */
export type Focus = 'button' | 'nothing' | 'elsewhere';

/** A key press as far as it matters here; a KeyboardEvent is one. */
export interface Key {
  code: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** The space bar talks only when no other control has the focus: that one keeps its space. */
export function talksBySpace(key: Key, focus: Focus): boolean {
  return key.code === 'Space' && !key.ctrlKey && !key.altKey && !key.metaKey && focus !== 'elsewhere';
}
