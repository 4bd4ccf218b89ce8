// A backend that plays a room by itself: for tests, pictures and a plain browser.
import type { Button, ErrorCode, Inspected, Intent, RoomView, Theme, View } from '../contract';
import type { Backend, Levels } from './backend';
import { invitation, member, room, scene, today } from './scenes';

export interface MockOptions {
  /** Steps of coming in wait for `step()`. */
  manual?: boolean;
  /** Asking for the floor waits for `grant()`. */
  slow?: boolean;
  /** People come and talk by themselves. */
  live?: boolean;
}

const TALK_LIMIT_MS = 30_000;

export class MockBackend implements Backend {
  /** All that was asked for, in order. */
  readonly intents: Intent[] = [];
  readonly #options: MockOptions;
  #view: View;
  #talkingSince = 0;
  #noticeId = 100;
  #onView: ((view: View) => void) | undefined;
  #onLevels: ((levels: Levels) => void) | undefined;
  #entering: (() => void)[] = [];
  #pressed = false;

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

  // What a script does to the room.

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
      ...(of.floor.is === 'taken' && of.floor.id === id ? { floor: { is: 'idle' as const } } : {}),
    }));
  }

  /** Somebody else talks. */
  talk(id: string): void {
    this.#room(() => ({ floor: { is: 'taken', id, forMs: 0 } }));
  }

  quiet(): void {
    this.#room(() => ({ floor: { is: 'idle' } }));
  }

  /** The floor that was asked for is given. */
  grant(): void {
    if (!this.#pressed) return;
    this.#talkingSince = performance.now();
    this.#room((of) => ({ floor: { is: 'taken', id: of.members[0]?.id ?? '', forMs: 0 } }));
  }

  notice(code: ErrorCode, about: string | null = null): void {
    this.#show({ notices: [...this.#view.notices, { id: this.#noticeId++, code, about }] });
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
    if (of.microphone === 'off') return { is: 'audioOff' };
    if (of.microphone === 'failed') return { is: 'noMic' };
    if (others.length === 0) return { is: 'alone' };
    if (others.every((m) => m.link === 'lost')) return { is: 'offline' };
    if (!others.some((m) => m.link === 'ready')) return { is: 'connecting' };
    if (of.floor.is === 'idle') return { is: this.#pressed ? 'requesting' : 'idle' };
    if (of.floor.id !== of.members[0]?.id)
      return { is: this.#pressed ? 'busy' : 'receiving', id: of.floor.id };
    const forMs = Math.round(performance.now() - this.#talkingSince);
    return { is: 'talking', forMs, leftMs: Math.max(0, TALK_LIMIT_MS - forMs) };
  }

  #perform(intent: Intent): void {
    const { stage, preferences } = this.#view;
    switch (intent.do) {
      case 'host':
        return this.#enter(intent.name, true, ['startingServer', 'connecting', 'joining'], () =>
          room([intent.name], { title: intent.title, microphone: 'off' }),
        );
      case 'join':
        return this.#join(intent.name, intent.text, intent.server);
      case 'inspect':
        if (stage.at === 'home')
          this.#show({ stage: { ...stage, inspected: inspect(intent.text), ask: intent.ask } });
        return;
      case 'enableAudio':
        return this.#room(() => ({ microphone: 'open' }));
      case 'disableAudio':
        return this.#room(() => ({ microphone: 'off' }));
      case 'press':
        this.#pressed = true;
        this.#room(() => ({}));
        if (!this.#options.slow && stage.at === 'room' && stage.floor.is === 'idle') this.grant();
        return;
      case 'release':
        this.#pressed = false;
        return this.#room((of) =>
          of.floor.is === 'taken' && of.floor.id === of.members[0]?.id ? { floor: { is: 'idle' } } : {},
        );
      case 'leave':
        this.#pressed = false;
        this.#entering = [];
        return this.#home();
      case 'dismiss':
        return this.#show({ notices: this.#view.notices.filter((notice) => notice.id !== intent.notice) });
      case 'setTheme':
        return this.theme(intent.theme);
      case 'setDevices':
        return this.#show({ preferences: { ...preferences, input: intent.input, output: intent.output } });
      case 'listDevices':
        return this.#show({});
      case 'forgetRecent':
        return this.#show({
          preferences: { ...preferences, recent: preferences.recent.filter((_, at) => at !== intent.index) },
        });
      case 'forgetAllRecent':
        return this.#show({ preferences: { ...preferences, recent: [] } });
    }
  }

  #home(): void {
    this.#show({ stage: { at: 'home', inspected: null, ask: 0 } });
  }

  #fail(code: ErrorCode): void {
    this.#home();
    this.notice(code);
  }

  #join(name: string, text: string, server: string | null): void {
    const found = inspect(text);
    if (found?.is !== 'link' && found?.is !== 'code') return this.#fail('notAnInvitation');
    if (found.is === 'code' && !server) return this.#fail('serverNeeded');
    if (server?.startsWith('nowhere')) return this.#fail('serverUnreachable');
    if (found.is === 'code' && found.code.startsWith('000')) return this.#fail('wrongCode');
    const members = [
      member(0, name, { host: false }),
      member(1, 'Ana', { host: true }),
      member(2, 'Ben', { link: 'connecting' }),
    ];
    this.#enter(name, false, ['connecting', 'proving', 'joining'], () =>
      room([], { hosting: false, microphone: 'off', members, invitation }),
    );
  }

  #enter(
    name: string,
    hosting: boolean,
    steps: ('startingServer' | 'connecting' | 'proving' | 'joining')[],
    arrive: () => RoomView,
  ): void {
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

  /** People come, talk now and then, and levels move; for looking at the window in a browser. */
  live(): void {
    const names = ['Ben', 'Chloé', 'Dmitri'];
    let ticks = 0;
    setInterval(() => {
      const { stage } = this.#view;
      if (stage.at !== 'room') return;
      const talking = stage.floor.is === 'taken';
      const wave = 0.25 + 0.5 * Math.abs(Math.sin(ticks * 0.9) * Math.sin(ticks * 0.23));
      this.level(
        stage.button.is === 'talking' ? wave : 0,
        talking && stage.button.is !== 'talking' ? wave : 0,
      );
      ticks += 1;
      if (ticks % 12 !== 0) return;
      const second = ticks / 12;
      const next = names[stage.members.length - 1];
      if (second % 4 === 1 && next) this.come(next);
      if (second % 4 === 2) this.connected();
      if (second % 12 === 6 && !talking && !this.#pressed && stage.members[1]) this.talk(stage.members[1].id);
      if (second % 12 === 10 && talking && stage.button.is !== 'talking') this.quiet();
    }, 1000 / 12);
  }
}

function inspect(text: string): Inspected | null {
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

declare global {
  /** The mock of this page, for scripts that play the room. */
  var pushtalkMock: MockBackend | undefined;
}

/** `?scene=NAME&theme=dark&manual&slow`; without a scene the room lives by itself. */
export function mockFromAddress(address: URL): MockBackend {
  const asked = address.searchParams;
  const name = asked.get('scene');
  const view = scene(name ?? 'home-recent');
  const theme = asked.get('theme');
  if (theme === 'light' || theme === 'dark') view.preferences.theme = theme;
  const live = name === null;
  const mock = new MockBackend(view, { manual: asked.has('manual'), slow: asked.has('slow'), live });
  if (live) mock.live();
  globalThis.pushtalkMock = mock;
  return mock;
}
