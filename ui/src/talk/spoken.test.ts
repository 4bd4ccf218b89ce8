// What is told to people who do not see the window.
import { expect, it } from 'vitest';
import type { RoomView } from '../contract';
import { room } from '../backend/scenes';
import { spoken } from './spoken';

const idle = room(['Ana', 'Ben', 'Chloé']);
const bare = (lines: string[]): string[] => lines.map((line) => line.replaceAll(/[\u2068\u2069]/g, ''));
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
    button: { is: 'talking', forMs: 0, leftMs: 30_000 },
  };
  expect(bare(spoken(idle, own))).toEqual(['You are on air.']);
  expect(bare(spoken(own, { ...own, button: { is: 'talking', forMs: 900, leftMs: 29_100 } }))).toEqual([]);
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
