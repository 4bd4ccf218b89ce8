// Which language the window speaks: as the system, or as it was chosen.
import type { Language } from '../contract';
import { speak, type Tongue } from './words';

const tongues: readonly Tongue[] = ['en', 'fr', 'ar'];

/** The first of the languages that a person reads which the window speaks too. */
export function tongueOf(chosen: Language, read: readonly string[]): Tongue {
  if (chosen !== 'system') return chosen;
  const known = read.map((tag) => tongues.find((tongue) => tag.toLowerCase().split('-')[0] === tongue));
  return known.find((tongue) => tongue !== undefined) ?? 'en';
}

/** The language that is spoken now; whoever shows words begins anew when it changes. */
export class Spoken {
  now = $state.raw<Tongue>('en');
  #wanted: Tongue = 'en';

  async follow(chosen: Language): Promise<void> {
    const wanted = tongueOf(chosen, navigator.languages);
    this.#wanted = wanted;
    await speak(wanted);
    // Of two that were asked for, the last one.
    if (this.#wanted !== wanted) return this.follow(this.#wanted);
    document.documentElement.lang = wanted;
    document.documentElement.dir = wanted === 'ar' ? 'rtl' : 'ltr';
    this.now = wanted;
  }
}
