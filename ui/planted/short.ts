// Wrong on purpose: a language that lacks its words.
import type { Words } from '../src/words/words';

export const short: Words = { app: {} };
