// What is told to people who do not see the window, when one view of a room follows another.
import type { MemberView, RoomView } from '../contract';
import { fill, words } from '../words/words';

const named = (member: MemberView | undefined): string => (member?.name ? member.name : words.room.unnamed);

const find = (room: RoomView, id: string): MemberView | undefined => room.members.find((m) => m.id === id);

/** Sentences, the most urgent first; empty when there is nothing to tell. */
export function spoken(before: RoomView | null, now: RoomView): string[] {
  if (!before) return [words.spoken.entered];
  return [...ofButton(before, now), ...ofFloor(before, now), ...ofMembers(before, now)];
}

function ofButton(before: RoomView, now: RoomView): string[] {
  const { button } = now;
  if (button.is === before.button.is) return [];
  switch (button.is) {
    case 'talking':
      return [words.spoken.onAir];
    case 'busy':
      return [fill(words.spoken.busy, { name: named(find(now, button.id)) })];
    case 'revoked':
      return [words.revoked[button.why]];
    case 'keyMismatch':
      return [fill(words.spoken.mismatch, { name: named(find(now, button.id)) })];
    case 'offline':
      return [words.spoken.offline];
    case 'noMic':
      return [words.situations.noMic.label];
    case 'audioOff':
    case 'connecting':
    case 'alone':
    case 'idle':
    case 'requesting':
    case 'receiving':
      return [];
  }
}

function ofFloor(before: RoomView, now: RoomView): string[] {
  const was = before.floor.is === 'taken' ? before.floor.id : null;
  const is = now.floor.is === 'taken' ? now.floor.id : null;
  if (was === is) return [];
  if (is === null) return [words.spoken.free];
  const talker = find(now, is);
  // Who talks is told of their own talking, and of a busy channel, by the button.
  if (talker?.me || now.button.is === 'busy') return [];
  return [fill(words.spoken.talks, { name: named(talker) })];
}

function ofMembers(before: RoomView, now: RoomView): string[] {
  const there = (room: RoomView): MemberView[] => room.members.filter((m) => !m.me && m.link === 'ready');
  const came = there(now).filter((m) => find(before, m.id)?.link !== 'ready');
  const went = before.members.filter((m) => !m.me && !find(now, m.id));
  return [
    ...came.map((m) => fill(words.spoken.came, { name: named(m) })),
    ...went.map((m) => fill(words.spoken.went, { name: named(m) })),
  ];
}
