// What a situation of the talk button means for its looks and for pressing it.
import type { IconName } from '../common/icons';
import type { Button, RoomMode, RoomView } from '../contract';
import { words, type Named } from '../words/words';
import type { Effect } from './press';

/** The outline of the button, so that no situation is told by colour alone. */
export type Form =
  'circle' | 'ring' | 'dashed' | 'dotted' | 'hollow' | 'squircle' | 'waiting' | 'octagon' | 'hexagon';

interface Look {
  effect: Effect;
  form: Form;
  icon: IconName;
}

export const looks: Record<Button['is'], Look> = {
  audioOff: { effect: 'enable', form: 'dashed', icon: 'micOff' },
  noMic: { effect: 'enable', form: 'dashed', icon: 'plug' },
  silentMic: { effect: 'talk', form: 'dashed', icon: 'flat' },
  connecting: { effect: 'nothing', form: 'dotted', icon: 'dots' },
  alone: { effect: 'nothing', form: 'hollow', icon: 'people' },
  idle: { effect: 'talk', form: 'circle', icon: 'mic' },
  requesting: { effect: 'talk', form: 'hollow', icon: 'up' },
  talking: { effect: 'talk', form: 'squircle', icon: 'onAir' },
  queued: { effect: 'talk', form: 'waiting', icon: 'line' },
  busy: { effect: 'talk', form: 'octagon', icon: 'stop' },
  revoked: { effect: 'talk', form: 'octagon', icon: 'timer' },
  receiving: { effect: 'talk', form: 'ring', icon: 'speaker' },
  offline: { effect: 'nothing', form: 'dotted', icon: 'offline' },
  reconnecting: { effect: 'nothing', form: 'dotted', icon: 'dots' },
  deafened: { effect: 'hear', form: 'dashed', icon: 'mute' },
  keyMismatch: { effect: 'nothing', form: 'hexagon', icon: 'shield' },
};

/**
 * What the button says and what its hint does; `queueing` when holding it waits in line, `voice` when a voice holds it
 * too.
 */
export function wordsFor(
  button: Button,
  { mode, microphone, latched, whispering }: Pick<RoomView, 'mode' | 'microphone' | 'latched' | 'whispering'>,
  queueing: boolean,
  voice = false,
): Named {
  const usual = words.situations[button.is];
  // It opens by the press: nothing can have been kept yet.
  if (button.is === 'requesting' && microphone === 'standby') return words.talk.standby;
  if (button.is === 'revoked') return { label: usual.label, hint: words.revoked[button.why] };
  if (button.is === 'talking' && button.near) return words.talk.near;
  if (button.is === 'talking' && whispering.length > 0)
    return latched ? { ...words.talk.latched, label: words.talk.whispering.label } : words.talk.whispering;
  if (button.is === 'talking' && latched) return words.talk.latched;
  if (voice && button.is === 'idle') return words.talk.voiceIdle;
  if (mode === 'open') {
    if (button.is === 'idle') return words.talk.openIdle;
    if (button.is === 'talking') return words.talk.openTalking;
    if (button.is === 'receiving') return words.talk.openReceiving;
  } else if (button.is === 'receiving' && queueing) {
    return { label: usual.label, hint: words.talk.line };
  }
  return usual;
}

/** True when the host may stop who talks. */
export const canInterrupt = (button: Button, mode: RoomMode): boolean =>
  mode === 'radio' && (button.is === 'receiving' || button.is === 'busy' || button.is === 'queued');

/** `requesting` lasts a few milliseconds in a good room: shown at once, it would only flicker. */
export const REQUESTING_SHOWN_AFTER_MS = 80;

/** Holds `requesting` back for a moment and lets every other situation through at once. */
export class Shown {
  readonly #show: (button: Button) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;

  constructor(show: (button: Button) => void) {
    this.#show = show;
  }

  take(button: Button): void {
    if (button.is === 'requesting') {
      if (this.#asking) return;
      this.#asking = true;
      this.#timer = setTimeout(() => this.#show(button), REQUESTING_SHOWN_AFTER_MS);
      return;
    }
    this.stop();
    this.#show(button);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asking = false;
  }
}
