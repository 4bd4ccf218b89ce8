// The mock of this page, as its address asks for it.
import { talkers } from '../room/people';
import { keysOf, words } from '../words/words';
import { MockBackend } from './mock';
import { scene } from './scenes';

declare global {
  /** The mock of this page, for scripts that play the room. */
  var pushtalkMock: MockBackend | undefined;
}

/** `?scene=NAME&theme=dark&lang=fr&manual&slow&queueless`; without a scene the room lives by itself. */
export function mockFromAddress(address: URL): MockBackend {
  const asked = address.searchParams;
  const name = asked.get('scene');
  const view = scene(name ?? 'home-recent');
  const theme = asked.get('theme');
  if (theme === 'light' || theme === 'dark') view.preferences.theme = theme;
  const language = keysOf(words.languages).find((it) => it === asked.get('lang'));
  if (language) view.preferences.language = language;
  if (asked.has('queueless')) view.preferences.queueing = false;
  const live = name === null;
  const mock = new MockBackend(view, { manual: asked.has('manual'), slow: asked.has('slow'), live });
  if (live) enliven(mock);
  globalThis.pushtalkMock = mock;
  return mock;
}

/** People come, talk now and then, and levels move; for looking at the window in a browser. */
function enliven(mock: MockBackend): void {
  const names = ['Ben', 'Chloé', 'Dmitri'];
  let ticks = 0;
  setInterval(() => {
    const { stage } = mock.view;
    if (stage.at !== 'room') return;
    const talking = talkers(stage).length > 0;
    const own = stage.button.is === 'talking';
    const wave = 0.25 + 0.5 * Math.abs(Math.sin(ticks * 0.9) * Math.sin(ticks * 0.23));
    mock.level(own ? wave : 0, talking && !own ? wave : 0);
    ticks += 1;
    if (ticks % 12 !== 0) return;
    const second = ticks / 12;
    const next = names[stage.members.length - 1];
    if (second % 4 === 1 && next) mock.come(next);
    if (second % 4 === 2) mock.connected();
    if (second % 12 === 6 && !talking && stage.button.is !== 'requesting' && stage.members[1])
      mock.talk(stage.members[1].id);
    if (second % 12 === 10 && talking && !own) mock.quiet();
  }, 1000 / 12);
}
