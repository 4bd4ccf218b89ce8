// The guard: what the window sends passes here before the program sees it, and only what the contract knows passes on.
(() => {
  'use strict';

  const text = (longest) => (value) => typeof value === 'string' && value.length <= longest;
  const maybe = (check) => (value) => value === null || value === undefined || check(value);
  const number = (value) => Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
  const decibels = (value) => Number.isInteger(value) && value >= -128 && value <= 127;
  const flag = (value) => value === true || value === false;
  const oneOf = (...words) => (value) => words.includes(value);
  const listOf = (longest, check) => (value) =>
    Array.isArray(value) && value.length <= longest && value.every(check);
  const only = (fields) => (value) => record(value, fields);
  const channel = (value) => typeof value === 'string' && /^__CHANNEL__:\d{1,10}$/.test(value);

  /** True for a plain object with these fields and no others, each as its check wants it. */
  function record(value, fields) {
    return (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.keys(value).every((key) => Object.hasOwn(fields, key)) &&
      Object.keys(fields).every((key) => fields[key](value[key]))
    );
  }

  const processing = {
    highPass: flag,
    noiseSuppression: flag,
    gainControl: flag,
    echoCancelling: oneOf('auto', 'on', 'off'),
  };
  const manners = { closeToTray: flag, startAtLogin: flag, notify: flag, quiet: flag };
  const talkKey = { releaseDelay: number, latch: flag, doublePress: flag };
  const bound = { chord: text(64), does: oneOf('talk', 'latch', 'mute', 'deafen', 'whisper', 'answer') };
  const cues = { volume: number, permit: flag, busy: flag, free: flag, limit: flag, network: flag, whisper: flag };

  /** Every intent of the contract with its fields. A test compares the names with `ui/src/contract.ts`. */
  const intents = new Map(
    Object.entries({
      host: { name: text(256), title: text(256) },
      inspect: { text: text(4096), ask: number },
      join: { name: text(256), text: text(4096), server: maybe(text(512)), pin: maybe(text(32)) },
      enableAudio: {},
      disableAudio: {},
      press: {},
      release: {},
      preempt: {},
      pressWhisper: {},
      pressAnswer: {},
      toggleTalk: {},
      setKeys: { keys: listOf(16, only(bound)) },
      setRawKeys: { on: flag },
      bindKey: { on: flag },
      setTalkKey: { talkKey: only(talkKey) },
      raiseHand: { up: flag },
      setQueueing: { on: flag },
      setMicWhilePressed: { on: flag },
      setNearby: { on: flag },
      setUseVpn: { on: flag },
      setVolume: { id: text(64), percent: number },
      setMuted: { id: text(64), on: flag },
      setDucking: { on: flag },
      setTalkMode: { mode: oneOf('hold', 'voice'), threshold: decibels },
      setProcessing: { processing: only(processing) },
      setCues: { cues: only(cues) },
      setMode: { mode: oneOf('radio', 'open') },
      setTalkLimit: { seconds: number },
      kick: { id: text(64) },
      lock: { pin: maybe(text(32)) },
      unlock: {},
      newCode: {},
      handOver: { id: text(64) },
      verify: { id: text(64) },
      verified: { id: text(64), same: flag },
      stopVerifying: {},
      leave: {},
      dismiss: { notice: number },
      setTheme: { theme: oneOf('system', 'light', 'dark') },
      eraseAll: {},
      setDeafened: { on: flag },
      setBlocked: { id: text(64), on: flag },
      setWhisper: { id: text(64), on: flag },
      listContacts: {},
      takeOffer: { number: number },
      welcomed: {},
      setManners: { manners: only(manners) },
      setLanguage: { language: oneOf('system', 'en', 'fr', 'ar') },
      setDevices: { input: maybe(text(1024)), output: maybe(text(1024)) },
      listDevices: {},
      hostHere: {},
      listNetworks: {},
      setHostOn: { network: maybe(text(1024)) },
      watchDevices: { on: flag },
      playTestSound: {},
      hearYourself: {},
      stopSoundCheck: {},
      forgetRecent: { index: number },
      forgetAllRecent: {},
    }),
  );

  function intent(value) {
    const fields = typeof value === 'object' && value !== null ? intents.get(value.do) : undefined;
    return fields !== undefined && record(value, { do: text(32), ...fields });
  }

  const commands = new Map(
    Object.entries({
      act: (payload) => record(payload, { intent }),
      watch: (payload) => record(payload, { views: channel }),
      levels: (payload) => record(payload, { levels: channel }),
      small: (payload) => record(payload, { on: flag }),
      export: (payload) => record(payload, {}),
      // How Tauri itself fetches a message that is too long to be handed over in one piece.
      'plugin:__TAURI_CHANNEL__|fetch': (payload) => payload === null,
    }),
  );

  // A message that does not pass becomes a command that does not exist, so that the window learns of the refusal.
  window.__TAURI_ISOLATION_HOOK__ = (message) => {
    const check = commands.get(message.cmd);
    if (check?.(message.payload) === true) return message;
    return { cmd: 'refused', callback: message.callback, error: message.error, payload: {}, options: undefined };
  };
})();
