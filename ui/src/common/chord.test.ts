// Keys as they are bound.
import { expect, it } from 'vitest';
import { chordOf, holds, isModifier, isTyped, isUntold, matches, mouseChord, spellChord } from './chord';

const press = (
  code: string,
  held: Partial<Record<'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey', boolean>> = {},
) => ({
  code,
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ...held,
});

it('a chord is the key with what is held, and a modifier stands for itself', () => {
  expect(chordOf(press('KeyV'))).toBe('KeyV');
  expect(chordOf(press('KeyV', { ctrlKey: true, altKey: true }))).toBe('Ctrl+Alt+KeyV');
  expect(chordOf(press('ControlRight', { ctrlKey: true }))).toBe('ControlRight');
  expect(isModifier('MetaLeft') && isModifier('OSRight') && !isModifier('ArrowLeft')).toBe(true);
  expect(chordOf(press('OSLeft', { metaKey: true }))).toBe('MetaLeft');
  // On a French keyboard.
  const q = { ...press('KeyQ', { ctrlKey: true }), key: 'a' };
  expect([chordOf(q), chordOf(q, true)]).toEqual(['Ctrl+KeyQ', 'Ctrl+KeyA']);
  expect(chordOf({ ...press('KeyQ'), key: 'й' }, true)).toBe('KeyQ');
  expect(chordOf({ ...press('Digit1'), key: '&' }, true)).toBe('Digit1');
  expect(chordOf({ ...press('Semicolon'), key: 'm' }, true)).toBe('KeyM');
});

it('it is pressed with more held than it asks for, and not with less', () => {
  expect(matches('Ctrl+KeyV', press('KeyV', { ctrlKey: true, shiftKey: true }))).toBe(true);
  expect(matches('Ctrl+KeyV', press('KeyV', { shiftKey: true }))).toBe(false);
  expect(matches('KeyV', press('KeyB'))).toBe(false);
  expect(matches('MetaLeft', press('OSLeft'))).toBe(true);
  expect(holds('Ctrl+KeyV', press('ControlLeft')) || !holds('F8', press('KeyB'))).toBe(false);
});

it('only buttons of the mouse that nothing else needs can be bound', () => {
  expect([0, 1, 2, 3, 4, 5].map(mouseChord)).toEqual([null, 'Mouse3', null, 'Mouse4', 'Mouse5', null]);
});

it('reads as keyboards do', () => {
  expect(
    [
      'Ctrl+KeyV',
      'ControlRight',
      'Digit1',
      'F13',
      'Mouse4',
      'ArrowUp',
      'GamepadLeftShoulder',
      'GamepadLeft',
      'ScrollLock',
    ].map(spellChord),
  ).toEqual([
    'Ctrl + V',
    'Control Right',
    '1',
    'F13',
    'Mouse 4',
    'Up',
    'Gamepad Left Shoulder',
    'Gamepad Left',
    'Scroll Lock',
  ]);
});

it('a key with which one writes is told from others', () => {
  for (const chord of ['KeyA', 'Shift+Digit4', 'Space', 'ShiftLeft', 'Backslash', 'IntlBackslash'])
    expect(isTyped(chord), chord).toBe(true);
  for (const chord of ['Ctrl+KeyA', 'Ctrl+Shift+Space', 'F8', 'ControlRight', 'Mouse4', 'Pause', 'Home'])
    expect(isTyped(chord), chord).toBe(false);
});

it('a key of which the system tells nothing is known', () => {
  expect(isUntold('Ctrl+Pause', 'windows') && isUntold('AudioVolumeUp', 'macos')).toBe(true);
  for (const system of ['linux', 'windows', 'macos'] as const) expect(isUntold('F8', system)).toBe(false);
  expect(isUntold('MediaPlayPause', 'windows')).toBe(false);
  expect(isUntold('Pause', 'linux') || isUntold('Pause', 'macos')).toBe(false);
});
