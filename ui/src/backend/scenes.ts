// Situations to look at: each a whole view, as the program could send it.
import type {
  Bound,
  Button,
  ErrorCode,
  Invitation,
  MemberView,
  Notice,
  Preferences,
  Recent,
  RoomView,
  SasCode,
  Stage,
  View,
} from '../contract';

const NAMES = ['Ana', 'Ben', 'Chloé'];

// The QR code of `link`: one number of base 36 for each row of 41 modules.
const QR_ROWS =
  `ruq5d0n3 e92lvtj5 khoqhpi5 kgkt4ifx kh607n8d ebug92kh rwyepa4f 2di8f0g kty9jhbw jesh5yia q4xigew0
  im2uiroa 5ifnd25b rrt72jum 90nc5rtg 5ptjj83e iaj1dvz8 9nx0kr22 gnsfmzq4 o7yn8wg8 dfaf7n5y mhvop99x artz1xs8 1u8w1v56
  bcposcu9 989k688r rgepjfc azanbvx7 4p2qjrce l74t8jiv jky3n6p0 kd59ozkr kkiim2gl 2s97k7p rugsau6q eceyaqzc kg29r01q
  kgh57u2y khsscd1a e9ktmo16 rwszmfdc`.split(/\s+/);

export const invitation: Invitation = {
  link: 'pushtalk://j/1.7K0.MDEyMzQ1Njc4OWFiY2RlZg.BMCoARQchA.dGhpcnR5LXR3byBieXRlcyBvZiBhIGNlcnRpZmljYXQ',
  code: '7K0-1QP-XY2',
  servers: ['192.168.1.20:7300', '10.8.0.4:7300'],
  qr: {
    size: QR_ROWS.length,
    modules: QR_ROWS.map((row) => parseInt(row, 36).toString(2).padStart(QR_ROWS.length, '0')).join(''),
  },
};

/** The day of now, in days since 1970-01-01. */
export const today = (): number => Math.floor(Date.now() / 86_400_000);

const recent = (): Recent[] => [
  { title: 'Friday hike', hosted: false, server: '192.168.1.20:7300', day: today() },
  { title: 'Stage crew', hosted: true, server: null, day: today() - 1 },
  { title: '', hosted: false, server: 'talk.example.org:443', day: 20_700 },
];

export const preferences = (): Preferences => ({
  theme: 'system',
  language: 'system',
  recent: [],
  input: null,
  output: null,
  queueing: true,
  processing: { highPass: true, noiseSuppression: true, gainControl: true, echoCancelling: 'auto' },
  ducking: true,
  cues: { volume: 70, permit: true, busy: true, free: true, limit: true, network: true, whisper: true },
  talkMode: 'hold',
  voiceThreshold: -45,
  micWhilePressed: false,
  rawKeys: false,
  talkKey: { releaseDelay: 150, latch: false, doublePress: false },
  keys: [],
  bluetoothTold: [],
  useVpn: true,
  nearby: true,
  hostOn: null,
  manners: { closeToTray: false, startAtLogin: false, notify: true, quiet: false },
  window: null,
  welcomed: true,
});

export function view(stage: Stage, more: Partial<Preferences> = {}, notices: Notice[] = [], name = ''): View {
  return {
    stage,
    notices,
    name,
    preferences: { ...preferences(), ...more },
    devices: {
      inputs: ['Built-in Audio Analog Stereo', 'USB Headset Mono'],
      outputs: ['Built-in Audio Analog Stereo', 'USB Headset Analog Stereo'],
    },
    networks: [
      { name: 'wlan0', addresses: ['192.168.1.5'] },
      { name: 'eth0', addresses: ['10.0.0.5', 'fd00::5'] },
    ],
    contacts: [
      { address: '192.168.1.20:7300', why: 'server', member: null },
      { address: '192.168.1.21:50000', why: 'member', member: 'm1' },
      { address: '[fd00::21]:50000', why: 'member', member: 'm1' },
      { address: '192.168.1.22:50001', why: 'member', member: 'm9' },
      { address: '224.0.0.251:5353', why: 'neighbours', member: null },
    ],
    offered: null,
    keys: { reach: 'everywhere', heard: [], taken: [], triggers: [], ...PADS },
    soundCheck: 'idle',
    version: '0.1.0',
  };
}

export const member = (index: number, name: string, more: Partial<MemberView> = {}): MemberView => ({
  id: `m${index}`,
  name,
  me: index === 0,
  host: index === 0,
  link: index === 0 ? 'own' : 'ready',
  verified: false,
  hand: false,
  volume: 100,
  muted: false,
  micOff: false,
  deafened: false,
  chosen: false,
  whispers: false,
  keys: index === 0 ? 0 : 2,
  quality: null,
  ...more,
});

/** A room hosted here with these people, ourselves first; everybody connected, the channel free. */
export function room(names: string[] = NAMES, more: Partial<RoomView> = {}): RoomView {
  return {
    title: 'Friday hike',
    hosting: true,
    members: names.map((name, index) => member(index, name)),
    mode: 'radio',
    floor: { is: 'idle' },
    heard: null,
    button: { is: names.length > 1 ? 'idle' : 'alone' },
    talkLimit: 30,
    invitation,
    door: 'open',
    codeDead: false,
    apart: [],
    hidden: 0,
    verifying: null,
    microphone: 'open',
    server: true,
    serving: true,
    whispering: [],
    latched: false,
    ...more,
  };
}

/** Of gamepads: they are heard, and none is to be bound. */
const PADS = { socket: true, gamepads: true, binding: false, pressed: null, unread: [], away: false };

const KEYS: Bound[] = [
  { chord: 'F9', does: 'talk' },
  { chord: 'Ctrl+KeyM', does: 'mute' },
  { chord: 'Mouse4', does: 'latch' },
];

/** The same seven places as the three numbers: what two devices could show. */
export const sas: SasCode = { emoji: [6, 12, 16, 33, 35, 51, 63], numbers: [1808, 5033, 8191] };

/** These people, ourselves first, and the second one hosts. */
const guestOf = (names: string[]): Partial<RoomView> => ({
  hosting: false,
  serving: false,
  members: names.map((name, index) => member(index, name, { host: index === 1 })),
});

const inRoom = (of: RoomView, notices: Notice[] = []): View =>
  view({ at: 'room', ...of }, { recent: recent() }, notices, 'Ana');
const at = (button: Button, more: Partial<RoomView> = {}): View => inRoom(room(NAMES, { button, ...more }));
const linked = (link: MemberView['link']): MemberView[] => [
  member(0, 'Ana'),
  member(1, 'Ben', { link }),
  member(2, 'Chloé'),
];
const home = (more: Partial<Preferences> = {}, notices: Notice[] = [], name = ''): View =>
  view({ at: 'home', inspected: null, ask: 0, nearby: [] }, more, notices, name);

const HOSTILE = [
  'Ana',
  'بن علي بن حسين',
  '<img src=x onerror=alert(1)>',
  '👩‍👩‍👧‍👦 family 🇫🇷',
  'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW',
  '',
];

const CROWD =
  'Ana Ben Chloé Dmitri Elif Farid Grace Hugo Ines Jamal Kemal Lena Mona Nils Olga Pavel Quinn Rosa Sami Tove';

/** What `?scene=` can name; `error-CODE` comes on top. */
export const scenes: Record<string, () => View> = {
  home: () => home(),
  'home-nearby': () => view({ at: 'home', inspected: null, ask: 0, nearby: ['2AB', '7K0'] }, {}, [], 'Ana'),
  'home-by-address': () => home({ nearby: false }),
  'first-run': () => home({ welcomed: false }),
  'home-recent': () => home({ recent: recent() }, [], 'Ana'),
  'entering-host': () => view({ at: 'entering', step: 'startingServer', hosting: true }),
  'entering-join': () => view({ at: 'entering', step: 'proving', hosting: false }),
  'room-off': () => at({ is: 'audioOff' }, { microphone: 'off' }),
  'room-nomic': () => at({ is: 'noMic' }, { microphone: 'failed' }),
  'room-standby': () => at({ is: 'idle' }, { microphone: 'standby' }),
  'room-silentmic': () => at({ is: 'silentMic' }, { microphone: 'silent' }),
  'room-connecting': () =>
    inRoom(room(['Ana', 'Ben'], { button: { is: 'connecting' }, members: linked('connecting').slice(0, 2) })),
  'room-alone': () => inRoom(room(['Ana'])),
  'room-idle': () => at({ is: 'idle' }),
  'room-voice': () => view({ at: 'room', ...room() }, { recent: recent(), talkMode: 'voice' }, [], 'Ana'),
  'room-deafened': () =>
    at(
      { is: 'deafened' },
      {
        microphone: 'off',
        members: [
          member(0, 'Ana', { micOff: true, deafened: true }),
          member(1, 'Ben', { micOff: true }),
          member(2, 'Chloé', { deafened: true, micOff: true }),
        ],
      },
    ),
  'room-blocked': () => at({ is: 'idle' }, { members: linked('blocked') }),
  'room-measured': () =>
    at(
      { is: 'idle' },
      {
        members: [
          member(0, 'Ana'),
          member(1, 'Ben', {
            quality: {
              mouthToEarMs: 48,
              roundTripMs: 3,
              bufferMs: 20,
              jitterMs: 2,
              lossPermille: 4,
              concealedPermille: 1,
              bitrate: 48_000,
            },
          }),
          member(2, 'Chloé'),
        ],
      },
    ),
  'room-requesting': () => at({ is: 'requesting' }),
  'room-talking': () =>
    at(
      { is: 'talking', forMs: 7_400, leftMs: 22_600, near: false },
      { floor: { is: 'taken', id: 'm0', forMs: 7_400 }, heard: { by: 2, of: 2 } },
    ),
  'room-keys': () => ({
    ...at({ is: 'idle' }),
    keys: { reach: 'everywhere', heard: ['F9'], taken: ['Ctrl+KeyM'], triggers: [], ...PADS },
    preferences: { ...preferences(), welcomed: true, keys: [...KEYS] },
  }),
  'room-keyshere': () => ({
    ...at({ is: 'idle' }),
    keys: { reach: 'thisWindowNoPortal', heard: [], taken: [], triggers: [], ...PADS },
    preferences: { ...preferences(), welcomed: true, keys: [...KEYS] },
  }),
  'room-keyssome': () => ({
    ...at({ is: 'idle' }),
    keys: {
      reach: 'everywhere',
      heard: ['F9'],
      taken: [],
      triggers: [],
      ...PADS,
      unread: ['Ctrl+KeyM'],
      away: true,
    },
    preferences: { ...preferences(), welcomed: true, rawKeys: true, keys: [...KEYS] },
  }),
  'room-keysdesktop': () => ({
    ...at({ is: 'idle' }),
    keys: { reach: 'byDesktop', heard: [], taken: [], triggers: [{ chord: 'F9', by: 'Press F9' }], ...PADS },
    preferences: { ...preferences(), welcomed: true, keys: [...KEYS] },
  }),
  'room-keysunreadable': () => ({
    ...at({ is: 'idle' }),
    keys: {
      reach: 'thisWindowUnreadable',
      heard: [],
      taken: [],
      triggers: [],
      ...PADS,
      socket: false,
      gamepads: false,
    },
    preferences: {
      ...preferences(),
      welcomed: true,
      rawKeys: true,
      keys: [...KEYS, { chord: 'GamepadSouth', does: 'talk' }],
    },
  }),
  'room-latched': () =>
    at(
      { is: 'talking', forMs: 7_400, leftMs: 22_600, near: false },
      { latched: true, floor: { is: 'taken', id: 'm0', forMs: 7_400 }, heard: { by: 2, of: 2 } },
    ),
  'room-whispering': () =>
    at(
      { is: 'talking', forMs: 7_400, leftMs: 22_600, near: false },
      {
        whispering: ['m1'],
        heard: { by: 1, of: 1 },
        members: [member(0, 'Ana'), member(1, 'Ben', { chosen: true }), member(2, 'Chloé')],
      },
    ),
  'room-whispered': () =>
    at(
      { is: 'receiving', id: 'm2' },
      {
        floor: { is: 'taken', id: 'm2', forMs: 4_000 },
        members: [member(0, 'Ana'), member(1, 'Ben', { whispers: true, chosen: true }), member(2, 'Chloé')],
      },
    ),
  'room-countdown': () =>
    at(
      { is: 'talking', forMs: 23_400, leftMs: 6_600, near: false },
      { floor: { is: 'taken', id: 'm0', forMs: 23_400 }, heard: { by: 1, of: 2 } },
    ),
  'room-near': () =>
    at(
      { is: 'talking', forMs: 27_900, leftMs: 2_100, near: true },
      { floor: { is: 'taken', id: 'm0', forMs: 27_900 }, heard: { by: 1, of: 2 } },
    ),
  'room-heard': () => at({ is: 'idle' }, { heard: { by: 1, of: 2 } }),
  'room-queued': () =>
    at(
      { is: 'queued', place: 2 },
      { floor: { is: 'taken', id: 'm1', forMs: 9_000 }, ...guestOf(['Chloé', 'Ana', 'Ben', 'Dmitri']) },
    ),
  'room-open': () => at({ is: 'idle' }, { mode: 'open', floor: { is: 'open', ids: [] } }),
  'room-openreceiving': () =>
    at({ is: 'receiving', id: 'm1' }, { mode: 'open', floor: { is: 'open', ids: ['m1', 'm2'] } }),
  'room-opentalking': () =>
    at(
      { is: 'talking', forMs: 3_000, leftMs: 27_000, near: false },
      { mode: 'open', floor: { is: 'open', ids: ['m0', 'm2'] }, heard: { by: 2, of: 2 } },
    ),
  'room-hands': () =>
    at(
      { is: 'receiving', id: 'm1' },
      {
        floor: { is: 'taken', id: 'm1', forMs: 4_200 },
        members: [
          member(0, 'Ana', { hand: true }),
          member(1, 'Ben', { verified: true }),
          member(2, 'Chloé', { hand: true, verified: true }),
        ],
      },
    ),
  'room-locked': () => at({ is: 'idle' }, { door: 'locked', invitation: null }),
  'room-pin': () => at({ is: 'idle' }, { door: 'pin' }),
  'room-codedead': () => at({ is: 'idle' }, { codeDead: true }),
  'room-alldead': () => at({ is: 'idle' }, { codeDead: true, door: 'pin' }),
  'room-apart': () => at({ is: 'idle' }, { apart: [{ one: 'm1', other: 'm2' }] }),
  'room-hidden': () => at({ is: 'idle' }, { hidden: 1, ...guestOf(['Chloé', 'Ana', 'Ben']) }),
  'room-nohost': () =>
    inRoom(
      room(NAMES, {
        hosting: false,
        members: NAMES.map((name, index) => member(index, name, { host: false })),
      }),
      [{ id: 1, code: 'hostLost', about: null }],
    ),
  'room-waiting': () => at({ is: 'idle' }, { verifying: { id: 'm1', code: null } }),
  'room-verifying': () => at({ is: 'idle' }, { verifying: { id: 'm1', code: sas } }),
  'room-receiving': () =>
    at({ is: 'receiving', id: 'm1' }, { floor: { is: 'taken', id: 'm1', forMs: 4_200 } }),
  'room-busy': () => at({ is: 'busy', id: 'm2' }, { floor: { is: 'taken', id: 'm2', forMs: 12_000 } }),
  'room-revoked': () => at({ is: 'revoked', why: 'limit' }),
  'room-offline': () => at({ is: 'offline' }, { members: linked('lost').slice(0, 2), server: false }),
  'room-reconnecting': () =>
    at({ is: 'reconnecting', forMs: 12_000 }, { members: linked('lost').slice(0, 2), server: false }),
  'room-mismatch': () => at({ is: 'keyMismatch', id: 'm1' }, { members: linked('mismatch') }),
  'room-servergone': () =>
    inRoom(room(NAMES, { server: false, serving: false, invitation: null }), [
      { id: 1, code: 'serverGone', about: null },
    ]),
  'room-guest': () =>
    inRoom(
      room(NAMES, {
        hosting: false,
        invitation: null,
        title: '',
        members: [
          member(0, 'Chloé', { host: false }),
          member(1, 'Ana', { host: true }),
          member(2, 'Ben', { link: 'lost' }),
        ],
      }),
    ),
  'room-names': () => inRoom(room(HOSTILE, { title: '<b>Ünsinn</b> שלום 🎉' })),
  'room-crowd': () => inRoom(room(CROWD.split(' '), { title: 'Everybody' })),
};

const WITH_ABOUT: ErrorCode[] = [
  'badKey',
  'otherVersion',
  'deviceMissing',
  'microphoneGone',
  'microphoneGoneTalking',
  'bluetoothMicrophone',
  'microphoneReplaced',
  'microphoneSilent',
  'outputGone',
  'outputReplaced',
  'cannotConnect',
  'cannotConnectSecurely',
  'roomCloses',
  'networkMissing',
  'wrongPin',
  'hostChanged',
  'emojiDiffer',
  'verifyingEnded',
];

/** The view of a scene; the home one for a name that there is not. */
export function scene(name: string): View {
  const code = /^error-(\w+)$/.exec(name)?.[1] as ErrorCode | undefined;
  if (code) {
    const instead = code.endsWith('Replaced') ? { instead: 'Built-in <2>' } : {};
    return home({}, [{ id: 1, code, about: WITH_ABOUT.includes(code) ? 'Ben <1.2>' : null, ...instead }]);
  }
  return (scenes[name] ?? (() => home()))();
}
