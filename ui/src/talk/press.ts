// One press of the talk button at a time: whatever ends it, it ends once, and it never sticks.

/** What pressing does in the situation of now. */
export type Effect = 'talk' | 'enable' | 'hear' | 'nothing';

/** How the press asks to talk: when it is one's turn, as host at once, or to a few. */
export type How = 'press' | 'preempt' | 'pressWhisper' | 'pressAnswer';

/** Who holds the button down: one pointer, by its id, the space bar, or a bound key by its chord. */
export type Holder = number | string;

export interface Actions {
  press(how: How): void;
  release(): void;
  enable(): void;
  hear(): void;
  /** The device slept while the button was held: whatever ended the press then was told to nobody. */
  slept(): void;
}

/** How often the clock is looked at while the button is held. Milliseconds. */
const LOOK_EVERY = 500;
/** A clock that has gone on by more between two looks belongs to a device that has slept. Milliseconds. */
const ASLEEP = 3_000;

export class Press {
  readonly #effect: () => Effect;
  readonly #actions: Actions;
  #holder: Holder | null = null;
  #talking = false;
  #looks: ReturnType<typeof setInterval> | undefined;

  constructor(effect: () => Effect, actions: Actions) {
    this.#effect = effect;
    this.#actions = actions;
  }

  /** Who holds the button down; nobody while it is up. */
  get holder(): Holder | null {
    return this.#holder;
  }

  get held(): boolean {
    return this.#holder !== null;
  }

  /**
   * The button went down. A second holder is ignored, and so is the repetition of a key; but who whispers takes over:
   * what is meant for a few never goes to all.
   */
  down(holder: Holder, how: How = 'press'): boolean {
    if (this.#holder === holder) return false;
    if (this.#holder !== null) {
      if (how !== 'pressWhisper' && how !== 'pressAnswer') return false;
      this.drop();
    }
    this.#holder = holder;
    const effect = this.#effect();
    if (effect === 'talk') {
      this.#talking = true;
      this.#actions.press(how);
      this.#watchForSleep();
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
    clearInterval(this.#looks);
    if (!this.#talking) return;
    this.#talking = false;
    this.#actions.release();
  }

  // Timers stand still in sleep; the time of day does not.
  #watchForSleep(): void {
    let seen = Date.now();
    this.#looks = setInterval(() => {
      const now = Date.now();
      if (now - seen > ASLEEP) this.#actions.slept();
      seen = now;
    }, LOOK_EVERY);
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
