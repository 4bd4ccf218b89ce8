// What is told to people who do not see the window.
import { expect, it } from 'vitest';
import type { RoomView } from '../contract';
import { room } from '../backend/scenes';
import { spoken } from './spoken';

const idle = room(['Ana', 'Ben', 'Chloé']);
const bare = (lines: string[]): string[] => lines.map((line) => line.replaceAll(/[\u200e\u2068\u2069]/g, ''));
const talk = (id: string): RoomView => ({
  ...idle,
  floor: { is: 'taken', id, forMs: 0 },
  button: { is: 'receiving', id },
});

it('says that one is in, once', () => {
  expect(spoken(null, idle)).toEqual(['You are in the room.']);
  expect(spoken(idle, idle)).toEqual([]);
});

it('says who talks and when the channel is free', () => {
  expect(bare(spoken(idle, talk('m1')))).toEqual(['Ben talks.']);
  expect(bare(spoken(talk('m1'), talk('m2')))).toEqual(['Chloé talks.']);
  expect(bare(spoken(talk('m1'), idle))).toEqual(['Channel free.']);
});

it('says once that one is on air', () => {
  const own: RoomView = {
    ...idle,
    floor: { is: 'taken', id: 'm0', forMs: 0 },
    button: { is: 'talking', forMs: 0, leftMs: 30_000, near: false },
  };
  expect(bare(spoken(idle, own))).toEqual(['You are on air.']);
  expect(
    bare(spoken(own, { ...own, button: { is: 'talking', forMs: 900, leftMs: 29_100, near: false } })),
  ).toEqual([]);
});

it('says busy only once, with the name', () => {
  const busy: RoomView = { ...talk('m1'), button: { is: 'busy', id: 'm1' } };
  expect(bare(spoken(talk('m1'), busy))).toEqual(['Busy. Ben talks.']);
  expect(bare(spoken(idle, busy))).toEqual(['Busy. Ben talks.']);
});

it('says who came and who went', () => {
  const two = { ...idle, members: idle.members.slice(0, 2) };
  expect(bare(spoken(two, idle))).toEqual(['Chloé is here.']);
  expect(bare(spoken(idle, two))).toEqual(['Chloé is gone.']);
});

it('says the place in the line whenever it changes', () => {
  const queued = (place: number): RoomView => ({ ...talk('m1'), button: { is: 'queued', place } });
  expect(bare(spoken(talk('m1'), queued(2)))).toEqual(['In line. Place 2.']);
  expect(spoken(queued(2), queued(2))).toEqual([]);
  expect(bare(spoken(queued(2), queued(1)))).toEqual(['In line. Place 1.']);
});

it('says once that the limit is near', () => {
  const own = (near: boolean): RoomView => ({
    ...idle,
    floor: { is: 'taken', id: 'm0', forMs: 0 },
    button: { is: 'talking', forMs: 27_000, leftMs: 3_000, near },
  });
  expect(spoken(own(false), own(true))).toEqual(['The talk limit is near.']);
  expect(spoken(own(true), own(true))).toEqual([]);
});

it('in an open room says each who begins to talk, and when nobody does any more', () => {
  const open = (ids: string[]): RoomView => ({ ...idle, mode: 'open', floor: { is: 'open', ids } });
  expect(bare(spoken(open([]), open(['m1'])))).toEqual(['Ben talks.']);
  expect(bare(spoken(open(['m1']), open(['m1', 'm2'])))).toEqual(['Chloé talks.']);
  expect(spoken(open(['m1', 'm2']), open(['m2']))).toEqual([]);
  expect(spoken(open(['m2']), open([]))).toEqual(['Channel free.']);
});

it('says what the host has changed, who raises a hand and who is verified', () => {
  const changed: RoomView = { ...idle, mode: 'open', floor: { is: 'open', ids: [] }, door: 'locked' };
  expect(spoken(idle, changed)).toEqual(['Everybody may talk at once now.', 'The room is locked.']);
  const hands = {
    ...idle,
    members: idle.members.map((m) => ({ ...m, hand: true, verified: m.id === 'm2' })),
  };
  expect(bare(spoken(idle, hands))).toEqual([
    'Ben raises a hand.',
    'Chloé raises a hand.',
    'Chloé is verified.',
  ]);
});

it('says who whispers, and to whom one does, once', () => {
  const [ana, ben, chloé] = idle.members;
  if (!ana || !ben || !chloé) throw new Error('three people');
  const whispered = { ...idle, members: [ana, { ...ben, whispers: true }, chloé] };
  expect(bare(spoken(idle, whispered))).toEqual(['Ben whispers to you']);
  expect(bare(spoken(whispered, whispered))).toEqual([]);
  expect(bare(spoken(whispered, idle))).toEqual([]);
  const whispering: RoomView = {
    ...idle,
    whispering: ['m1', 'm2'],
    button: { is: 'talking', forMs: 0, leftMs: 30_000, near: false },
  };
  expect(bare(spoken(idle, whispering))).toEqual(['You whisper to Ben and Chloé']);
  expect(bare(spoken(whispering, whispering))).toEqual([]);
  expect(bare(spoken(whispering, { ...whispering, whispering: ['m1'] }))).toEqual(['You whisper to Ben']);
  expect(bare(spoken(whispering, { ...whispering, whispering: [] }))).toEqual(['You are on air.']);
});
