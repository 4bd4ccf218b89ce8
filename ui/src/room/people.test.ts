// Names, as they come from strangers.
import { expect, it } from 'vitest';
import { room } from '../backend/scenes';
import { initial, nameOf } from './people';

it('takes whole characters for initials', () => {
  expect(initial('ana')).toBe('A');
  expect(initial('👩‍👩‍👧‍👦 family')).toBe('👩‍👩‍👧‍👦');
  expect(initial('بن علي')).toBe('ب');
  expect(initial('<b>')).toBe('<');
  expect(initial('')).toBe('?');
});

it('has words for a name that is not known', () => {
  const of = room(['Ana', '']);
  expect(nameOf(of, 'm0')).toBe('Ana');
  expect(nameOf(of, 'm1')).toBe('Somebody new');
  expect(nameOf(of, 'gone')).toBe('Somebody new');
});
