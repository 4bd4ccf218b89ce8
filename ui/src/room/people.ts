// What a member is called and how it is marked in the room.
import type { RoomView } from '../contract';
import { words } from '../words/words';

/** The name of a member, or words for somebody whose name is not known. */
export function nameOf(room: RoomView, id: string): string {
  const name = room.members.find((member) => member.id === id)?.name ?? '';
  return name === '' ? words.room.unnamed : name;
}

/** The first character of a name, as a person counts characters. */
export function initial(name: string): string {
  for (const { segment } of new Intl.Segmenter().segment(name.trim())) return segment.toLocaleUpperCase();
  return '?';
}
