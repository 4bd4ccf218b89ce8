// What a member is called and how it is marked in the room.
import type { MemberView, RoomView } from '../contract';
import { listed, words } from '../words/words';

/** What to call a member. */
export const named = (member: MemberView | undefined): string =>
  member?.name ? member.name : words.room.unnamed;

/** The name of a member, or words for somebody whose name is not known. */
export const nameOf = (room: RoomView, id: string): string =>
  named(room.members.find((member) => member.id === id));

/** True when the powers of the host are ours. */
export const amHost = (room: RoomView): boolean => room.members.some((member) => member.me && member.host);

/** Who talks: nobody, one, or in an open room several. */
export function talkers(room: RoomView): string[] {
  const { floor } = room;
  return floor.is === 'open' ? floor.ids : floor.is === 'taken' ? [floor.id] : [];
}

/** Those who hear what is whispered here, of those who were chosen for it. */
export const hearers = (room: RoomView): MemberView[] =>
  room.members.filter((member) => member.chosen && member.link === 'ready');

const MOST_NAMES = 3;

/** These members in one line: ourselves first, and when they are many, how many more. */
export function namesOf(room: RoomView, ids: string[]): string {
  const names = room.members
    .filter((member) => ids.includes(member.id))
    .map((member) => (member.me ? words.room.you : named(member)));
  const shown = names.length > MOST_NAMES ? [...names.slice(0, MOST_NAMES - 1)] : names;
  const more = names.length - shown.length;
  return listed(more > 0 ? [...shown, `+${more}`] : shown);
}

/** The first character of a name, as a person counts characters. */
export function initial(name: string): string {
  for (const { segment } of new Intl.Segmenter().segment(name.trim())) return segment.toLocaleUpperCase();
  return '?';
}
