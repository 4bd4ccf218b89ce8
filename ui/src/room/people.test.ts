// Names, as they come from strangers.
import { expect, it } from 'vitest';
import { room } from '../backend/scenes';
import { amHost, initial, nameOf, namesOf, talkers } from './people';

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

it('the host is who has its powers, whoever made the room', () => {
  expect(amHost(room(['Ana', 'Ben']))).toBe(true);
  const handedOver = room(['Ana', 'Ben']);
  handedOver.members = handedOver.members.map((member) => ({ ...member, host: !member.me }));
  expect(amHost(handedOver)).toBe(false);
});

it('says who talk: nobody, one or several', () => {
  expect(talkers(room())).toEqual([]);
  expect(talkers(room(undefined, { floor: { is: 'taken', id: 'm1', forMs: 0 } }))).toEqual(['m1']);
  expect(talkers(room(undefined, { floor: { is: 'open', ids: ['m1', 'm2'] } }))).toEqual(['m1', 'm2']);
});

it('puts ourselves first into a list of names, and shortens a long one', () => {
  const names = (ids: string[]): string =>
    namesOf(room(['Ana', 'Ben', 'Chloé', 'Dmitri']), ids).replaceAll(/[\u2068\u2069\u200e]/g, '');
  expect(names(['m1'])).toBe('Ben');
  expect(names(['m2', 'm0'])).toBe('You and Chloé');
  expect(names(['m1', 'm2', 'm3', 'm0'])).toBe('You, Ben, and +2');
});
