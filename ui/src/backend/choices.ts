// What the mock keeps of what a person chooses.
import type { Intent, Preferences } from '../contract';
import { preferences as preferencesOf } from './scenes';

type Choice = Extract<
  Intent['do'],
  | 'setQueueing'
  | 'setTheme'
  | 'setManners'
  | 'welcomed'
  | 'setLanguage'
  | 'eraseAll'
  | 'setDevices'
  | 'setMicWhilePressed'
  | 'setProcessing'
  | 'setDucking'
  | 'setCues'
  | 'setTalkMode'
  | 'forgetRecent'
  | 'forgetAllRecent'
  | 'setTalkKey'
  | 'setKeys'
  | 'setRawKeys'
>;

/** The preferences after a choice. */
export function chosen(preferences: Preferences, intent: Extract<Intent, { do: Choice }>): Preferences {
  switch (intent.do) {
    case 'setQueueing':
      return { ...preferences, queueing: intent.on };
    case 'setTheme':
      return { ...preferences, theme: intent.theme };
    case 'setManners':
      return { ...preferences, manners: intent.manners };
    case 'welcomed':
      return { ...preferences, welcomed: true };
    case 'eraseAll':
      return preferencesOf();
    case 'setLanguage':
      return { ...preferences, language: intent.language };
    case 'setDevices':
      return { ...preferences, input: intent.input, output: intent.output };
    case 'setMicWhilePressed':
      return { ...preferences, micWhilePressed: intent.on };
    case 'setProcessing':
      return { ...preferences, processing: intent.processing };
    case 'setDucking':
      return { ...preferences, ducking: intent.on };
    case 'setCues':
      return { ...preferences, cues: intent.cues };
    case 'setKeys':
      return { ...preferences, keys: intent.keys };
    case 'setRawKeys':
      return { ...preferences, rawKeys: intent.on };
    case 'setTalkKey':
      return { ...preferences, talkKey: intent.talkKey };
    case 'setTalkMode':
      return { ...preferences, talkMode: intent.mode, voiceThreshold: intent.threshold };
    case 'forgetRecent':
      return { ...preferences, recent: preferences.recent.filter((_, at) => at !== intent.index) };
    case 'forgetAllRecent':
      return { ...preferences, recent: [] };
  }
}
