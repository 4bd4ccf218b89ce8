// Keys as they are bound: `Ctrl+KeyV`, `ControlRight`, `Mouse4`.

interface Held {
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

/** A KeyboardEvent is one. */
export interface Pressed extends Held {
  code: string;
}

const MODIFIERS = [
  ['Ctrl', 'ctrlKey'],
  ['Shift', 'shiftKey'],
  ['Alt', 'altKey'],
  ['Meta', 'metaKey'],
] as const;

/** True for a key that is held with others, and can be bound alone. */
export const isModifier = (code: string): boolean => /^(Control|Shift|Alt|Meta)(Left|Right)$/.test(code);

/** What is held at an event. */
export const heldWith = ({ ctrlKey, shiftKey, altKey, metaKey }: Held): Held => ({
  ctrlKey,
  shiftKey,
  altKey,
  metaKey,
});

/** What was pressed, with what was held; a modifier stands for itself. */
export function chordOf(pressed: Pressed): string {
  if (isModifier(pressed.code)) return pressed.code;
  const held = MODIFIERS.filter(([, flag]) => pressed[flag]).map(([name]) => name);
  return [...held, pressed.code].join('+');
}

/** The name of a mouse button that can be bound, by its number in a PointerEvent. */
export const mouseChord = (button: number): string | null =>
  ({ 1: 'Mouse3', 3: 'Mouse4', 4: 'Mouse5' })[button] ?? null;

/** True when this press is that chord; more may be held than it asks for. */
export function matches(chord: string, pressed: Pressed): boolean {
  const [code, ...held] = chord.split('+').reverse();
  return (
    code === pressed.code &&
    held.every((name) => MODIFIERS.some(([known, flag]) => known === name && pressed[flag]))
  );
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
        .replace(/^Mouse/, 'Mouse '),
    )
    .join(' + ');
}
