// What the window knows of the program behind it: two doors and the levels.
import type { Intent, View } from '../contract';

/** Own microphone and what is heard, each 0 (silence) to 1 (full scale). */
export interface Levels {
  own: number;
  heard: number;
}

export interface Backend {
  /** Hands over what the person asks for; in the order of the calls. What came of it shows in the next view. */
  act(intent: Intent): Promise<void>;
  /** Calls `onView` with the view of now and with every later one. */
  watch(onView: (view: View) => void): Promise<void>;
  /** Calls `onLevels` 15 times a second at most, while there is something to show. */
  levels(onLevels: (levels: Levels) => void): Promise<void>;
  /** Makes the window a small one that stays above all others, or the usual one again. */
  small(on: boolean): Promise<void>;
  /** Writes what is kept on this device into a file of its own; gives its path. */
  exportKept(): Promise<string>;
}

/** Reads the two bytes of a levels message; nothing for a message of another size. */
export function readLevels(bytes: Uint8Array): Levels | null {
  const [own, heard] = bytes;
  if (bytes.length !== 2 || own === undefined || heard === undefined) return null;
  return { own: own / 255, heard: heard / 255 };
}
