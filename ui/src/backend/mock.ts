// A backend that plays a room by itself: for tests, pictures and a plain browser.
import { pinOf } from '../common/pin';
import type {
  Button,
  EnteringStep,
  ErrorCode,
  Intent,
  KeyReach,
  MemberView,
  RoomView,
  Theme,
  View,
} from '../contract';
import { hearers, nameOf, talkers } from '../room/people';
import type { Backend, Levels } from './backend';
import { chosen } from './choices';
import { Entrance, inspect } from './entrance';
import { invitation, member, room, sas, today } from './scenes';

export interface MockOptions {
  /** Steps of coming in wait for `step()`. */
  manual?: boolean;
  /** Asking for the floor waits for `grant()`. */
  slow?: boolean;
  /** People come and talk by themselves. */
  live?: boolean;
}

const NEAR_MS = 3_000;

export class MockBackend implements Backend {
  /** All that was asked for, in order. */
  readonly intents: Intent[] = [];
  readonly #options: MockOptions;
  #view: View;
  #talkingSince = 0;
  #noticeId = 100;
  /** Who whispered last. */
  #last = '';
  #onView: ((view: View) => void) | undefined;
  #onLevels: ((levels: Levels) => void) | undefined;
  #entering: (() => void)[] = [];
  #pressed = false;
  #deafened = false;
  /** The window is the small one. */
  isSmall = false;
  #ahead = 0;
  readonly #entrance = new Entrance();
  #codes = 0;

  constructor(view: View, options: MockOptions = {}) {
    this.#view = view;
    this.#options = options;
  }

  get view(): View {
    return this.#view;
  }

  watch(onView: (view: View) => void): Promise<void> {
    this.#onView = onView;
    onView(this.#view);
    return Promise.resolve();
  }

  levels(onLevels: (levels: Levels) => void): Promise<void> {
    this.#onLevels = onLevels;
    return Promise.resolve();
  }

  act(intent: Intent): Promise<void> {
    this.intents.push(intent);
    this.#perform(intent);
    return Promise.resolve();
  }

  small(on: boolean): Promise<void> {
    this.isSmall = on;
    return Promise.resolve();
  }

  exportKept(): Promise<string> {
    return Promise.resolve('/home/ana/Downloads/pushtalk-preferences.json');
  }

  // What a script does to the room.

  /** The system hands over an invitation. */
  offer(text: string): void {
    this.#show({ offered: { number: 1, text } });
  }

  /** Goes on to the next step of coming in. */
  step(): void {
    this.#entering.shift()?.();
  }

  /** Somebody comes in, and is connected when `connected()` is called. */
  come(name: string): void {
    this.#room((of) => ({
      members: [...of.members, member(of.members.length, name, { link: 'connecting' })],
    }));
  }

  connected(): void {
    this.#room((of) => ({
      members: of.members.map((m) => (m.link === 'connecting' ? { ...m, link: 'ready' } : m)),
    }));
  }

  go(id: string): void {
    this.#room((of) => ({
      members: of.members.filter((m) => m.id !== id),
      ...this.#silent(of, id),
    }));
  }

  /** Somebody else talks. */
  talk(id: string): void {
    this.#room((of) => ({
      floor:
        of.floor.is === 'open' ? { is: 'open', ids: [...of.floor.ids, id] } : { is: 'taken', id, forMs: 0 },
    }));
  }

  /** Nobody talks any more; whoever waits in line at the first place does now. */
  quiet(): void {
    this.#room((of) => ({ floor: of.mode === 'open' ? { is: 'open', ids: [] } : { is: 'idle' } }));
    if (this.#pressed && this.#ahead === 0) this.grant();
  }

  /** So many wait in line before us. */
  ahead(count: number): void {
    this.#ahead = count;
    this.#room(() => ({}));
  }

  /** So many of so many began to hear what we say. */
  heard(by: number, of: number): void {
    this.#room(() => ({ heard: { by, of } }));
  }

  hand(id: string, up: boolean): void {
    this.#member(id, { hand: up });
  }

  /** Somebody else wants to compare. */
  ask(id: string): void {
    this.#room(() => ({ verifying: { id, code: null } }));
  }

  /** The other device has answered: there is something to compare. */
  answer(): void {
    this.#room((of) => ({ verifying: of.verifying && { ...of.verifying, code: sas } }));
  }

  /** Too many wrong codes were tried. */
  guessed(): void {
    this.#room(() => ({ codeDead: true }));
    this.notice('codeGuessed');
  }

  /** Members cannot hear each other. */
  apart(one: string, other: string): void {
    this.#room((of) => ({ apart: [...of.apart, { one, other }] }));
  }

  /** Others see so many members more than we do. */
  hide(hidden: number): void {
    this.#room(() => ({ hidden }));
  }

  /** The host has made us the host. */
  crown(): void {
    this.#host('m0');
    this.notice('youAreHost');
  }

  /** The floor that was asked for is given. */
  grant(): void {
    if (!this.#pressed) return;
    this.#talkingSince = performance.now();
    this.#room((of) => {
      const id = of.members[0]?.id ?? '';
      const ids = talkers(of).filter((other) => other !== id);
      return {
        floor: of.mode === 'open' ? { is: 'open', ids: [...ids, id] } : { is: 'taken', id, forMs: 0 },
        heard: { by: 0, of: of.members.length - 1 },
      };
    });
  }

  /** Where keys of the whole system are heard from now on. */
  keysReach(reach: KeyReach): void {
    this.#show({ keys: { ...this.#view.keys, reach } });
  }

  /** Somebody whispers to us, or no longer. */
  whisper(id: string, on: boolean): void {
    this.#last = id;
    this.#member(id, { whispers: on });
  }

  #whisper(to: (of: RoomView) => MemberView[]): void {
    const { stage } = this.#view;
    if (stage.at !== 'room' || to(stage).length === 0) return this.notice('nobodyToWhisperTo');
    this.#talkingSince = performance.now();
    const ids = to(stage).map(({ id }) => id);
    this.#room((of) => ({
      ...this.#silent(of, of.members[0]?.id ?? ''),
      whispering: ids,
      heard: { by: 0, of: ids.length },
    }));
  }

  notice(code: ErrorCode, about: string | null = null): void {
    this.#show({ notices: [...this.#view.notices, { id: this.#noticeId++, code, about }] });
  }

  /** A button of a gamepad goes down, which counts while a key is to be bound. */
  gamepad(pressed: string): void {
    const { keys } = this.#view;
    if (keys.binding) this.#show({ keys: { ...keys, binding: false, pressed } });
  }

  /** Puts a situation on the button, whatever the room is like. */
  button(button: Button): void {
    if (this.#view.stage.at === 'room') this.#show({ stage: { ...this.#view.stage, button } });
  }

  level(own: number, heard: number): void {
    this.#onLevels?.({ own, heard });
  }

  theme(theme: Theme): void {
    this.#show({ preferences: { ...this.#view.preferences, theme } });
  }

  #show(part: Partial<View>): void {
    this.#view = { ...this.#view, ...part };
    this.#onView?.(this.#view);
  }

  #room(change: (of: RoomView) => Partial<RoomView>): void {
    const { stage } = this.#view;
    if (stage.at !== 'room') return;
    const changed = { ...stage, ...change(stage) };
    this.#show({ stage: { ...changed, button: this.#situation(changed) } });
  }

  #situation(of: RoomView): Button {
    const others = of.members.filter((m) => !m.me);
    const bad = others.find((m) => m.link === 'mismatch');
    if (bad) return { is: 'keyMismatch', id: bad.id };
    if (of.microphone === 'off') return { is: this.#deafened ? 'deafened' : 'audioOff' };
    if (of.microphone === 'failed') return { is: 'noMic' };
    if (of.microphone === 'silent') return { is: 'silentMic' };
    if (others.length === 0) return { is: 'alone' };
    if (others.every((m) => m.link === 'lost')) return { is: 'reconnecting', forMs: 0 };
    if (!others.some((m) => m.link === 'ready')) return { is: 'connecting' };
    const [talker] = talkers(of);
    if (of.whispering.length > 0 || talkers(of).includes(of.members[0]?.id ?? '')) {
      const forMs = Math.round(performance.now() - this.#talkingSince);
      const leftMs = Math.max(0, of.talkLimit * 1000 - forMs);
      return { is: 'talking', forMs, leftMs, near: leftMs <= NEAR_MS };
    }
    if (talker === undefined || (this.#pressed && of.mode === 'open'))
      return { is: this.#pressed ? 'requesting' : 'idle' };
    if (!this.#pressed) return { is: 'receiving', id: talker };
    return this.#view.preferences.queueing
      ? { is: 'queued', place: this.#ahead + 1 }
      : { is: 'busy', id: talker };
  }

  #perform(intent: Intent): void {
    const { stage, preferences } = this.#view;
    switch (intent.do) {
      case 'host':
        return this.#enter(intent.name, true, ['startingServer', 'connecting', 'joining'], () =>
          room([intent.name], { title: intent.title, microphone: 'off' }),
        );
      case 'join':
        return this.#join(intent.name, intent.text, intent.server, intent.pin);
      case 'inspect':
        if (stage.at === 'home')
          this.#show({ stage: { ...stage, inspected: inspect(intent.text), ask: intent.ask } });
        return;
      case 'enableAudio':
        this.#deafened = false;
        return this.#room(() => ({ microphone: 'open' }));
      case 'disableAudio':
        return this.#room(() => ({ microphone: 'off' }));
      case 'press':
        // Who whispers does not talk to all by a second button.
        if (stage.at === 'room' && stage.whispering.length > 0) return;
        this.#pressed = true;
        this.#room(() => ({}));
        if (!this.#options.slow && stage.at === 'room' && stage.floor.is !== 'taken') this.grant();
        return;
      case 'preempt':
        this.#pressed = true;
        return this.grant();
      case 'pressWhisper':
        return this.#whisper((of) => hearers(of));
      case 'pressAnswer':
        return this.#whisper((of) => of.members.filter((m) => m.id === this.#last));
      case 'release':
        this.#pressed = false;
        return this.#room((of) => ({ ...this.#silent(of, of.members[0]?.id ?? ''), whispering: [] }));
      case 'toggleTalk': {
        const latched = stage.at === 'room' && stage.latched;
        this.#pressed = !latched;
        this.#room((of) => ({ ...this.#silent(of, of.members[0]?.id ?? ''), latched: !latched }));
        return latched ? undefined : this.grant();
      }
      case 'raiseHand':
        return this.#member('m0', { hand: intent.up });
      case 'setNearby':
        return this.#show({ preferences: { ...preferences, nearby: intent.on } });
      case 'setHostOn':
        return this.#show({ preferences: { ...preferences, hostOn: intent.network } });
      case 'setUseVpn':
        return this.#show({ preferences: { ...preferences, useVpn: intent.on } });
      case 'bindKey':
        return this.#show({ keys: { ...this.#view.keys, binding: intent.on, pressed: null } });
      case 'setQueueing':
      case 'setTheme':
      case 'setManners':
      case 'welcomed':
      case 'setLanguage':
      case 'eraseAll':
      case 'setDevices':
      case 'setMicWhilePressed':
      case 'setProcessing':
      case 'setDucking':
      case 'setCues':
      case 'setTalkMode':
      case 'setTalkKey':
      case 'setKeys':
      case 'setRawKeys':
      case 'forgetRecent':
      case 'forgetAllRecent':
        return this.#show({ preferences: chosen(preferences, intent) });
      case 'setVolume':
        return this.#member(intent.id, { volume: Math.min(intent.percent, 200) });
      case 'setMuted':
        return this.#member(intent.id, { muted: intent.on });
      case 'setWhisper':
        this.#room(() => ({ whispering: [] }));
        return this.#member(intent.id, { chosen: intent.on });
      case 'setDeafened':
        return this.#deafen(intent.on);
      case 'setBlocked':
        return this.#member(intent.id, { link: intent.on ? 'blocked' : 'connecting' });
      case 'takeOffer':
        return this.#show({ offered: null });
      case 'setMode':
        return this.#room(() => ({
          mode: intent.mode,
          floor: intent.mode === 'open' ? { is: 'open', ids: [] } : { is: 'idle' },
        }));
      case 'setTalkLimit':
        return this.#room(() => ({ talkLimit: intent.seconds }));
      case 'kick':
        this.go(intent.id);
        return this.#renew({});
      case 'lock':
        if (intent.pin !== null && pinOf(intent.pin) === null) return this.notice('badPin');
        return this.#renew({ door: intent.pin === null ? 'locked' : 'pin' });
      case 'unlock':
        return this.#renew({ door: 'open' });
      case 'newCode':
        return this.#renew({});
      case 'handOver':
        this.#host(intent.id);
        return this.notice('hostChanged', stage.at === 'room' ? nameOf(stage, intent.id) : null);
      case 'verify':
        this.ask(intent.id);
        return this.#options.slow ? undefined : this.answer();
      case 'verified':
        this.#room(() => ({ verifying: null }));
        if (intent.same) return this.#member(intent.id, { verified: true });
        this.#member(intent.id, { verified: false, link: 'mismatch' });
        return this.notice('emojiDiffer', stage.at === 'room' ? nameOf(stage, intent.id) : null);
      case 'stopVerifying':
        return this.#room(() => ({ verifying: null }));
      case 'leave':
        this.#pressed = false;
        this.#entering = [];
        return this.#home();
      case 'dismiss':
        return this.#show({ notices: this.#view.notices.filter((notice) => notice.id !== intent.notice) });
      case 'playTestSound':
        return this.#show({ soundCheck: 'testSound' });
      case 'hearYourself':
        return this.#show({ soundCheck: 'recording' });
      case 'stopSoundCheck':
        return this.#show({ soundCheck: 'idle' });
      case 'hostHere':
        this.#room(() => ({ server: true, serving: true, invitation }));
        return this.notice('nowServing');
      case 'listDevices':
      case 'listNetworks':
      case 'listContacts':
      case 'watchDevices':
        return this.#show({});
    }
  }

  #home(): void {
    this.#show({ stage: { at: 'home', inspected: null, ask: 0, nearby: [] } });
  }

  #fail(code: ErrorCode, about: string | null = null): void {
    this.#home();
    this.notice(code, about);
  }

  #member(id: string, change: Partial<MemberView>): void {
    this.#room((of) => ({ members: of.members.map((m) => (m.id === id ? { ...m, ...change } : m)) }));
  }

  #deafen(on: boolean): void {
    this.#deafened = on;
    this.#member('m0', { micOff: on, deafened: on });
    this.#room(() => ({ microphone: on ? 'off' : 'open' }));
  }

  #host(id: string): void {
    this.#room((of) => ({
      hosting: id === of.members[0]?.id,
      members: of.members.map((m) => ({ ...m, host: m.id === id })),
    }));
  }

  #silent(of: RoomView, id: string): Partial<RoomView> {
    if (of.floor.is === 'open') return { floor: { is: 'open', ids: of.floor.ids.filter((m) => m !== id) } };
    return of.floor.is === 'taken' && of.floor.id === id ? { floor: { is: 'idle' } } : {};
  }

  /** All keys change, and so do code and link. */
  #renew(change: Partial<RoomView>): void {
    this.#codes += 1;
    const renewed = { ...invitation, code: invitation.code.replace(/\w$/, String((2 + this.#codes) % 10)) };
    this.#show({ notices: this.#view.notices.filter((notice) => notice.code !== 'codeGuessed') });
    this.#room((of) => {
      const changed = { ...of, ...change, codeDead: false };
      return { ...changed, invitation: changed.door === 'locked' ? null : renewed };
    });
  }

  #join(name: string, text: string, server: string | null, pin: string | null): void {
    const found = inspect(text);
    if (found?.is !== 'link' && found?.is !== 'code') return this.#fail('notAnInvitation');
    const { stage, preferences } = this.#view;
    const nearby = stage.at === 'home' && preferences.nearby ? stage.nearby : [];
    const looked = found.is === 'code' && !server;
    if (looked && !nearby.some((nameplate) => found.code.startsWith(nameplate)))
      return this.#fail('serverNeeded');
    if (server?.startsWith('nowhere')) return this.#fail('serverUnreachable');
    const refused = this.#entrance.refusal(found, pin);
    this.#view = { ...this.#view, notices: [], name };
    if (refused) return this.#fail(...refused);
    const members = [
      member(0, name, { host: false }),
      member(1, 'Ana', { host: true }),
      member(2, 'Ben', { link: 'connecting' }),
    ];
    this.#enter(
      name,
      false,
      [...(looked ? (['looking'] as const) : []), 'connecting', 'proving', 'joining'],
      () => room([], { hosting: false, serving: false, microphone: 'off', members, invitation }),
    );
  }

  #enter(name: string, hosting: boolean, steps: EnteringStep[], arrive: () => RoomView): void {
    if (name.trim() === '') return this.notice('badName');
    const { preferences } = this.#view;
    this.#show({ name, notices: [] });
    this.#entering = [
      ...steps.map((step) => () => this.#show({ stage: { at: 'entering', step, hosting } })),
      () => {
        const entered = arrive();
        this.#show({
          stage: { at: 'room', ...entered, button: this.#situation(entered) },
          preferences: {
            ...this.#view.preferences,
            recent: [
              {
                title: entered.title,
                hosted: hosting,
                server: hosting ? null : '192.168.1.20:7300',
                day: today(),
              },
              ...preferences.recent,
            ].slice(0, 8),
          },
        });
      },
    ];
    if (this.#options.live) {
      this.#entering.forEach((step, at) => setTimeout(step, at * 500));
      this.#entering = [];
    } else if (this.#options.manual) {
      this.step();
    } else {
      while (this.#entering.length > 0) this.step();
    }
  }
}
