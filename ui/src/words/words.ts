// The words of the window in the language of now, and how values get into them.
import type {
  Button,
  ContactWhy,
  CuePreferences,
  Door,
  EchoCancelling,
  EnteringStep,
  ErrorCode,
  KeyDoes,
  Language,
  Manners,
  MemberLink,
  RevokedWhy,
  RoomMode,
  SoundCheck,
  TalkMode,
  Theme,
} from '../contract';
import { en } from './en';

/** Forms by Intl.PluralRules; every language has `other`. */
export type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;

/** What something is called, and what to know or to do about it. */
export interface Named {
  label: string;
  hint: string;
}

/** What happened, what to do now, and what stands for `{about}` when it is not known. */
export interface ErrorWords {
  what: string;
  todo: string;
  about?: string;
}

/** What every catalogue must have for the enums of the contract. */
export interface ContractWords {
  situations: Record<Button['is'], Named>;
  revoked: Record<RevokedWhy, string>;
  steps: Record<EnteringStep, string>;
  links: Record<MemberLink, string>;
  themes: Record<Theme, string>;
  languages: Record<Language, string>;
  modes: Record<RoomMode, Named>;
  checks: Record<SoundCheck, string>;
  doors: Record<Door, Named>;
  talkModes: Record<TalkMode, Named>;
  keyDoes: Record<KeyDoes, string>;
  echo: Record<EchoCancelling, Named>;
  cues: Record<Exclude<keyof CuePreferences, 'volume'>, Named>;
  manners: Record<keyof Manners, Named>;
  contacts: Record<ContactWhy, string>;
  errors: Record<ErrorCode, ErrorWords>;
}

type Shape<T> = {
  [K in keyof T]: T[K] extends string ? string : T[K] extends { other: string } ? Plural : Shape<T[K]>;
};

/** Every catalogue has the keys of the English one; a missing one does not compile. */
export type Words = Shape<Omit<typeof en, keyof ContractWords>> & ContractWords;

/** A language that there is a catalogue of. */
export type Tongue = 'en' | 'fr' | 'ar';

// The English one is at hand; the others come when they are wanted.
const catalogues: Record<Tongue, () => Promise<Words>> = {
  en: () => Promise.resolve(en),
  fr: async () => (await import('./fr')).fr,
  ar: async () => (await import('./ar')).ar,
};

// Codes are said in the digits that they are typed in, so all numbers are.
const locales: Record<Tongue, string> = { en: 'en', fr: 'fr', ar: 'ar-u-nu-latn' };

/** The words of the language of now. */
export let words: Words = en;
/** Which one that is. */
export let tongue: Tongue = 'en';
const PERCENT = { style: 'percent', maximumFractionDigits: 1 } as const;
let locale = locales.en;
// A list of names goes in this direction.
let mark = '\u200e';
let list = new Intl.ListFormat(locale);
let rules = new Intl.PluralRules(locale);
let percents = new Intl.NumberFormat(locale, PERCENT);

/** From now on all words and numbers are of this language. */
export async function speak(next: Tongue): Promise<void> {
  words = await catalogues[next]();
  tongue = next;
  locale = locales[next];
  mark = next === 'ar' ? '\u200f' : '\u200e';
  list = new Intl.ListFormat(locale);
  rules = new Intl.PluralRules(locale);
  percents = new Intl.NumberFormat(locale, PERCENT);
}

/** One piece of a message: text of the catalogue, or a value that came from somewhere else. */
export interface Piece {
  text: string;
  foreign: boolean;
}

/** Cuts `Hello {name}` where its values go. */
export function pieces(message: string, values: Readonly<Record<string, string | number>>): Piece[] {
  return message
    .split(/(\{[a-z]+\})/)
    .filter((text) => text !== '')
    .map((text) => {
      const value = /^\{[a-z]+\}$/.test(text) ? values[text.slice(1, -1)] : undefined;
      if (value === undefined) return { text, foreign: false };
      return { text: String(value), foreign: typeof value === 'string' };
    });
}

/** For places that take no markup (titles, spoken text): values are isolated from the direction of the sentence. */
export function fill(message: string, values: Readonly<Record<string, string | number>>): string {
  return pieces(message, values)
    .map(({ text, foreign }) => (foreign ? `\u2068${text}\u2069` : text))
    .join('');
}

/** Every value of an enum, in the order of the catalogue. */
export const keysOf = <Key extends string>(of: Record<Key, unknown>): Key[] => Object.keys(of) as Key[];

/** `Ana, Ben and Chloé`, each isolated; in the direction of the language, whatever that of the first name is. */
export function listed(names: string[]): string {
  return mark + list.format(names.map((name) => `\u2068${name}\u2069`));
}

/** The form for `n`; the number itself goes where `{n}` stands. */
export function plural(forms: Plural, n: number): string {
  const form = forms[rules.select(n)] ?? forms.other;
  return form.replace('{n}', new Intl.NumberFormat(locale).format(n));
}

/** `70 %`, as the language has it. */
export const percent = (n: number): string => percents.format(n / 100);

/** `-45 dB`, as the language has it. */
export const decibels = (n: number): string => `${new Intl.NumberFormat(locale).format(n)}\u00a0dB`;

/** Minutes and seconds, `0:07`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Today, yesterday, else the date; `day` and `today` in days since 1970-01-01. */
export function dayName(day: number, today: number): string {
  const ago = day - today;
  if (ago === 0 || ago === -1)
    return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(ago, 'day');
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(day * 86_400_000);
}
