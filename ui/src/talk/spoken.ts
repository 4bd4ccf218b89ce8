// What is told to people who do not see the window, when one view of a room follows another.
import type { MemberView, RoomView } from '../contract';
import { named, namesOf, talkers } from '../room/people';
import { fill, words } from '../words/words';

const find = (room: RoomView, id: string): MemberView | undefined => room.members.find((m) => m.id === id);

/** Sentences, the most urgent first; empty when there is nothing to tell. */
export function spoken(before: RoomView | null, now: RoomView): string[] {
  if (!before) return [words.spoken.entered];
  return [
    ...ofButton(before, now),
    ...ofFloor(before, now),
    ...ofWhispers(before, now),
    ...ofRules(before, now),
    ...ofMembers(before, now),
  ];
}

function ofButton(before: RoomView, now: RoomView): string[] {
  const { button } = now;
  const was = before.button;
  if (button.is === 'talking' && button.near && !(was.is === 'talking' && was.near))
    return [words.spoken.near];
  if (button.is === 'queued' && !(was.is === 'queued' && was.place === button.place))
    return [fill(words.spoken.queued, { n: button.place })];
  const [whom, were] = [now, before].map((room) => room.whispering.join());
  if (now.whispering.length > 0 && whom !== were)
    return [fill(words.room.whispering, { names: namesOf(now, now.whispering) })];
  if (now.latched && button.is === 'talking' && !(before.latched && was.is === 'talking'))
    return [words.spoken.latched];
  // Who whispered is told that all hear it now.
  if (button.is === was.is && whom === were) return [];
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
    case 'reconnecting':
      return [words.spoken.offline];
    case 'noMic':
    case 'silentMic':
    case 'deafened':
      return [words.situations[button.is].label];
    case 'audioOff':
    case 'connecting':
    case 'alone':
    case 'idle':
    case 'requesting':
    case 'receiving':
    case 'queued':
      return [];
  }
}

function ofFloor(before: RoomView, now: RoomView): string[] {
  const was = talkers(before);
  const are = talkers(now);
  if (are.length === 0) return was.length > 0 ? [words.spoken.free] : [];
  // Who talks is told of their own talking, and of a busy channel, by the button.
  if (now.button.is === 'busy') return [];
  return are
    .filter((id) => !was.includes(id))
    .map((id) => find(now, id))
    .filter((member) => !member?.me)
    .map((member) => fill(words.spoken.talks, { name: named(member) }));
}

function ofWhispers(before: RoomView, now: RoomView): string[] {
  const began = now.members.filter((m) => m.whispers && !find(before, m.id)?.whispers);
  return began.map((m) => fill(words.room.whisperedBy, { name: named(m) }));
}

/** Who may talk, and who may come in. */
function ofRules(before: RoomView, now: RoomView): string[] {
  const door = { open: words.spoken.unlocked, locked: words.spoken.locked, pin: words.spoken.withPin };
  return [
    ...(before.mode === now.mode ? [] : [now.mode === 'open' ? words.spoken.open : words.spoken.radio]),
    ...(before.door === now.door ? [] : [door[now.door]]),
  ];
}

function ofMembers(before: RoomView, now: RoomView): string[] {
  const there = (room: RoomView): MemberView[] => room.members.filter((m) => !m.me && m.link === 'ready');
  const came = there(now).filter((m) => find(before, m.id)?.link !== 'ready');
  const went = before.members.filter((m) => !m.me && !find(now, m.id));
  const raised = now.members.filter((m) => !m.me && m.hand && !find(before, m.id)?.hand);
  const verified = now.members.filter((m) => m.verified && !find(before, m.id)?.verified);
  return [
    ...raised.map((m) => fill(words.spoken.hand, { name: named(m) })),
    ...verified.map((m) => fill(words.spoken.verified, { name: named(m) })),
    ...came.map((m) => fill(words.spoken.came, { name: named(m) })),
    ...went.map((m) => fill(words.spoken.went, { name: named(m) })),
  ];
}
