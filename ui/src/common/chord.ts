// Keys as they are bound: `Ctrl+KeyV`, `ControlRight`, `Mouse4`.
import type { System } from './system';

interface Held {
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** A KeyboardEvent is one. */
export interface Pressed extends Held {
  code: string;
  /** What it writes. */
  key?: string;
}

const MODIFIERS = [
  ['Ctrl', 'ctrlKey'],
  ['Shift', 'shiftKey'],
  ['Alt', 'altKey'],
  ['Meta', 'metaKey'],
] as const;

/** WebKit on Linux has names of its own for two keys. */
export const codeOf = (code: string): string => code.replace(/^OS(Left|Right)$/, 'Meta$1');

/** True for a key that is held with others, and can be bound alone. */
export const isModifier = (code: string): boolean =>
  /^(Control|Shift|Alt|Meta)(Left|Right)$/.test(codeOf(code));

/** What is held at an event. */
export const heldWith = ({ ctrlKey, shiftKey, altKey, metaKey }: Held): Held => ({
  ctrlKey,
  shiftKey,
  altKey,
  metaKey,
});

/**
 * What was pressed, with what was held; a modifier stands for itself. With `printed`, a letter is called by what it
 * writes and not by where it lies: so Windows tells letters.
 */
export function chordOf(pressed: Pressed, printed = false): string {
  const letter = printed ? /^[a-z]$/i.exec(pressed.key ?? '') : null;
  const code = letter ? `Key${letter[0].toUpperCase()}` : codeOf(pressed.code);
  if (isModifier(code)) return code;
  const held = MODIFIERS.filter(([, flag]) => pressed[flag]).map(([name]) => name);
  return [...held, code].join('+');
}

/** The name of a mouse button that can be bound, by its number in a MouseEvent. */
export const mouseChord = (button: number): string | null =>
  ({ 1: 'Mouse3', 3: 'Mouse4', 4: 'Mouse5' })[button] ?? null;

/** True for a button of a gamepad, of which the page learns nothing. */
export const isGamepad = (chord: string): boolean => chord.startsWith('Gamepad');

/** True when this press is that chord; more may be held than it asks for. */
export function matches(chord: string, pressed: Pressed): boolean {
  return chord.split('+').at(-1) === codeOf(pressed.code) && holds(chord, pressed);
}

/** True while all is held that is to be held with its key. */
export function holds(chord: string, held: Held): boolean {
  return chord
    .split('+')
    .slice(0, -1)
    .every((name) => MODIFIERS.some(([known, flag]) => known === name && held[flag]));
}

/** As it stands on keyboards, nearly: `Ctrl + V`. */
export function spellChord(chord: string): string {
  return chord
    .split('+')
    .map((part) =>
      part
        .replace(/^(Key|Digit)/, '')
        .replace(/^Arrow(.*)/, '$1')
        .replace(/^(\w+?)(Left|Right)$/, '$1 $2')
        .replace(/^Mouse/, 'Mouse ')
        .replace(/^Gamepad(?=\w)/, 'Gamepad ')
        .replace(/([a-z])([A-Z])/g, '$1 $2'),
    )
    .join(' + ');
}

const TYPED =
  /^(Shift\+)?(Key.|Digit.|Numpad.+|Shift.+|Space|Enter|Backspace|Tab|Minus|Equal|Bracket.+|.*Backslash|Semicolon|Quote|Backquote|Comma|Period|Slash)$/;

/** True for a key that is pressed to write, in any program. */
export const isTyped = (chord: string): boolean => TYPED.test(chord);

/** Keys of which the system tells nobody, or not as long as they are down. */
const UNTOLD: Partial<Record<System, RegExp>> = {
  windows: /(^|\+)(AudioVolume.+|Pause)$/,
  macos: /(^|\+)(AudioVolume.+|NumLock|CapsLock)$/,
};

/** True for a key that could hold nothing here. */
export const isUntold = (chord: string, system: System): boolean => UNTOLD[system]?.test(chord) ?? false;
