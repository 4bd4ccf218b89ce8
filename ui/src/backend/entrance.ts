// How the mock reads an invitation, and whom it turns away.
import { pinOf } from '../common/pin';
import type { ErrorCode, Inspected } from '../contract';
import { invitation } from './scenes';

const MOST_GUESSES = 5;

/** The PIN of a room whose code begins with `111`. */
export const PIN = '2468';

export class Entrance {
  #guesses = 0;

  /** Why one is turned away, and what belongs to it; nothing when one is let in. The first digits of a code tell. */
  refusal(found: Inspected, pin: string | null): [ErrorCode, string | null] | null {
    const code = found.is === 'code' ? found.code : '';
    if (pin !== null && pinOf(pin) === null) return ['badPin', null];
    if (code.startsWith('000')) return ['wrongCode', null];
    if (code.startsWith('888')) return ['codeRetired', null];
    if (code.startsWith('999')) return ['roomLocked', null];
    if (!code.startsWith('111')) return pin === null ? null : ['pinUnneeded', null];
    if (pin === null) return ['pinNeeded', null];
    if (pin === PIN) return null;
    this.#guesses += 1;
    return ['wrongPin', String(Math.max(0, MOST_GUESSES - this.#guesses))];
  }
}

/** What a text leads to; nothing for none. */
export function inspect(text: string): Inspected | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const link = /^pushtalk:\/\/j\/(\d+)\.(\w{3})\.[\w-]+\.[\w-]+(\.[\w-]+)?$/.exec(trimmed);
  if (link) {
    if (link[1] !== '1') return { is: 'unusable', why: 'otherVersion' };
    return {
      is: 'link',
      nameplate: link[2] ?? '',
      servers: invitation.servers,
      pinned: link[3] !== undefined,
    };
  }
  const code = trimmed.replaceAll(/[\s_-]/g, '').toUpperCase();
  if (!/^[0-9A-TV-Z]{9}$/.test(code)) return { is: 'unusable', why: 'notAnInvitation' };
  return { is: 'code', code: `${code.slice(0, 3)}-${code.slice(3, 6)}-${code.slice(6)}` };
}
