// The contract of the window: what it sees (View) and what it may ask for (Intent).
// Made from src-tauri/engine/face.rs by `PUSHTALK_WRITE_CONTRACT=1 cargo test -p pushtalk-engine face_contract`.
// Do not edit: a test compares the two.

/**
 * Two members who cannot hear each other.
 */
export type Apart = {
/**
 * `MemberView::id`.
 */
one: string,
/**
 * `MemberView::id`.
 */
other: string, };

/**
 * A key of the whole system.
 */
export type Bound = {
/**
 * The key, with what is held with it: `Ctrl+KeyV`; names are those of `KeyboardEvent.code`, `Mouse3` to
 * `Mouse5`, and `GamepadSouth` and its like.
 */
chord: string,
/**
 * What it does.
 */
does: KeyDoes, };

/**
 * The talk button shows exactly one of these.
 */
export type Button = { "is": "audioOff" } | { "is": "noMic" } | { "is": "silentMic" } | { "is": "connecting" } | { "is": "alone" } | { "is": "idle" } | { "is": "requesting" } | { "is": "talking",
/**
 * Milliseconds since the press.
 */
forMs: number,
/**
 * Milliseconds until the limit.
 */
leftMs: number,
/**
 * True in the last three seconds before the limit.
 */
near: boolean, } | { "is": "queued",
/**
 * From 1.
 */
place: number, } | { "is": "busy",
/**
 * `MemberView::id` of who does.
 */
id: string, } | { "is": "revoked",
/**
 * Why.
 */
why: RevokedWhy, } | { "is": "receiving",
/**
 * `MemberView::id`.
 */
id: string, } | { "is": "offline" } | { "is": "reconnecting",
/**
 * Milliseconds since then, at the time of this view.
 */
forMs: number, } | { "is": "deafened" } | { "is": "keyMismatch",
/**
 * `MemberView::id`.
 */
id: string, };

/**
 * An address that this program has to do with.
 */
export type Contact = {
/**
 * `host:port`.
 */
address: string,
/**
 * What for.
 */
why: ContactWhy,
/**
 * `MemberView::id`, where it is a member's.
 */
member: string | null, };

/**
 * What an address is contacted for.
 */
export type ContactWhy = "server" | "stun" | "member" | "neighbours";

/**
 * The sounds that tell what happens.
 */
export type CuePreferences = {
/**
 * Of all of them, 0 to 100 percent.
 */
volume: number,
/**
 * The button is down, and we may talk.
 */
permit: boolean,
/**
 * The button is down, and we may not, or no longer.
 */
busy: boolean,
/**
 * The one who talked has finished.
 */
free: boolean,
/**
 * The talk limit is near.
 */
limit: boolean,
/**
 * Others can be reached, or nobody any more.
 */
network: boolean,
/**
 * Somebody begins to whisper to us.
 */
whisper: boolean, };

/**
 * Devices found at the last look.
 */
export type Devices = {
/**
 * Exact names of the microphones.
 */
inputs: Array<string>,
/**
 * Exact names of the loudspeakers.
 */
outputs: Array<string>, };

/**
 * Who may come in.
 */
export type Door = "open" | "locked" | "pin";

/**
 * When what the loudspeaker plays is taken out of the microphone.
 */
export type EchoCancelling = "auto" | "on" | "off";

/**
 * The steps of coming in.
 */
export type EnteringStep = "looking" | "startingServer" | "connecting" | "proving" | "joining";

/**
 * Everything that can go wrong for a person.
 */
export type ErrorCode = "notAnInvitation" | "serverNeeded" | "badServer" | "badKey" | "nobodyToWhisperTo" | "badName" | "wrongCode" | "otherVersion" | "serverUnreachable" | "serverKeptApart" | "serverOnOtherNetwork" | "serverFull" | "serverUnready" | "wrongCertificate" | "notAvailable" | "nobodyAnswered" | "serverGone" | "cannotHost" | "noMicrophone" | "noOutput" | "microphoneBlocked" | "deviceMissing" | "microphoneGone" | "microphoneGoneTalking" | "microphoneReplaced" | "microphoneSilent" | "bluetoothMicrophone" | "outputGone" | "outputReplaced" | "cannotConnect" | "cannotConnectSecurely" | "roomCloses" | "roomClosed" | "codeRetired" | "pinNeeded" | "pinUnneeded" | "wrongPin" | "badPin" | "roomLocked" | "removed" | "codeGuessed" | "hostChanged" | "youAreHost" | "networkMissing" | "nowServing" | "hostLost" | "emojiDiffer" | "verifyingEnded" | "preferencesUnreadable" | "preferencesNotStored" | "startAtLoginFailed";

/**
 * Who holds the floor.
 */
export type FloorView = { "is": "idle" } | { "is": "taken",
/**
 * `MemberView::id`.
 */
id: string,
/**
 * Milliseconds since it was granted, at the time of this view.
 */
forMs: number, } | { "is": "open",
/**
 * `MemberView::id` of each.
 */
ids: Array<string>, };

/**
 * How many began to hear a spurt.
 */
export type HeardBy = {
/**
 * So many.
 */
by: number,
/**
 * Of so many.
 */
of: number, };

/**
 * What a text that was typed or pasted leads to.
 */
export type Inspected = { "is": "link",
/**
 * First letters of the room's code.
 */
nameplate: string,
/**
 * Where it leads, as `host:port`.
 */
servers: Array<string>,
/**
 * True when the link names the certificate of the server.
 */
pinned: boolean, } | { "is": "code",
/**
 * `XXX-XXX-XXX`.
 */
code: string, } | { "is": "unusable",
/**
 * Why not.
 */
why: ErrorCode, };

/**
 * What a person asks for, by the window, the command line or a key.
 */
export type Intent = { "do": "host",
/**
 * What the others will see.
 */
name: string,
/**
 * What the room is called; sealed, never seen by the server. Empty for none.
 */
title: string, } | { "do": "inspect",
/**
 * As typed or pasted.
 */
text: string,
/**
 * Any number; it comes back as `Stage::Home::ask`, so that an answer is never shown for another text.
 */
ask: number, } | { "do": "join",
/**
 * What the others will see.
 */
name: string,
/**
 * A code (`XXX-XXX-XXX`) or a link.
 */
text: string,
/**
 * `host:port` of the server, for a code; without it the room is looked for on this network. Forbidden with a link,
 * which carries its own.
 */
server: string | null,
/**
 * The PIN, where the room has one.
 */
pin: string | null, } | { "do": "enableAudio" } | { "do": "disableAudio" } | { "do": "press" } | { "do": "pressWhisper" } | { "do": "pressAnswer" } | { "do": "release" } | { "do": "toggleTalk" } | { "do": "setKeys",
/**
 * From now on.
 */
keys: Array<Bound>, } | { "do": "setRawKeys",
/**
 * True to read them.
 */
on: boolean, } | { "do": "bindKey",
/**
 * True while it waits.
 */
on: boolean, } | { "do": "setTalkKey",
/**
 * From now on.
 */
talkKey: TalkKey, } | { "do": "preempt" } | { "do": "raiseHand",
/**
 * True to show it.
 */
up: boolean, } | { "do": "setQueueing",
/**
 * True to wait.
 */
on: boolean, } | { "do": "setMicWhilePressed",
/**
 * True for only then.
 */
on: boolean, } | { "do": "setNearby",
/**
 * True to let them.
 */
on: boolean, } | { "do": "setUseVpn",
/**
 * True to let it.
 */
on: boolean, } | { "do": "setMode",
/**
 * From now on.
 */
mode: RoomMode, } | { "do": "setTalkLimit",
/**
 * 10 to 300 seconds.
 */
seconds: number, } | { "do": "kick",
/**
 * `MemberView::id`.
 */
id: string, } | { "do": "lock",
/**
 * 4 to 12 digits; none to let in nobody.
 */
pin: string | null, } | { "do": "unlock" } | { "do": "newCode" } | { "do": "handOver",
/**
 * `MemberView::id`.
 */
id: string, } | { "do": "verify",
/**
 * `MemberView::id`.
 */
id: string, } | { "do": "verified",
/**
 * `MemberView::id`.
 */
id: string,
/**
 * True when they are.
 */
same: boolean, } | { "do": "stopVerifying" } | { "do": "leave" } | { "do": "dismiss",
/**
 * `Notice::id`.
 */
notice: number, } | { "do": "setTheme",
/**
 * The theme to use from now on.
 */
theme: Theme, } | { "do": "eraseAll" } | { "do": "setLanguage",
/**
 * From now on.
 */
language: Language, } | { "do": "setDevices",
/**
 * Microphone.
 */
input: string | null,
/**
 * Loudspeaker or headphones.
 */
output: string | null, } | { "do": "listDevices" } | { "do": "hostHere" } | { "do": "listNetworks" } | { "do": "listContacts" } | { "do": "takeOffer",
/**
 * `Offer::number`.
 */
number: number, } | { "do": "welcomed" } | { "do": "setManners",
/**
 * All of it.
 */
manners: Manners, } | { "do": "setHostOn",
/**
 * `Network::name`.
 */
network: string | null, } | { "do": "setVolume",
/**
 * `MemberView::id`.
 */
id: string,
/**
 * 0 to 200; more counts as 200.
 */
percent: number, } | { "do": "setMuted",
/**
 * `MemberView::id`.
 */
id: string,
/**
 * True to hear nothing of it.
 */
on: boolean, } | { "do": "setDeafened",
/**
 * True to hear nobody.
 */
on: boolean, } | { "do": "setWhisper",
/**
 * `MemberView::id`.
 */
id: string,
/**
 * True to let that one hear it.
 */
on: boolean, } | { "do": "setBlocked",
/**
 * `MemberView::id`.
 */
id: string,
/**
 * True to block.
 */
on: boolean, } | { "do": "setDucking",
/**
 * True to turn them down.
 */
on: boolean, } | { "do": "setTalkMode",
/**
 * From now on.
 */
mode: TalkMode,
/**
 * A voice is at least so loud, in dBFS: -60 to -10.
 */
threshold: number, } | { "do": "setCues",
/**
 * All of them.
 */
cues: CuePreferences, } | { "do": "setProcessing",
/**
 * All of it.
 */
processing: ProcessingPreferences, } | { "do": "playTestSound" } | { "do": "hearYourself" } | { "do": "stopSoundCheck" } | { "do": "watchDevices",
/**
 * True to begin.
 */
on: boolean, } | { "do": "forgetRecent",
/**
 * Its place in `Preferences::recent`.
 */
index: number, } | { "do": "forgetAllRecent" };

/**
 * How others come in.
 */
export type Invitation = {
/**
 * The whole link.
 */
link: string,
/**
 * `XXX-XXX-XXX`, to be said aloud.
 */
code: string,
/**
 * `host:port` of the server, to be typed together with the code; the most likely one first.
 */
servers: Array<string>,
/**
 * The link as a QR code: `size` rows of `size` modules, row after row, `1` for dark, without quiet zone.
 */
qr: Qr, };

/**
 * What a key does.
 */
export type KeyDoes = "talk" | "latch" | "mute" | "deafen" | "whisper" | "answer";

/**
 * Where keys are heard.
 */
export type KeyReach = "nowhere" | "everywhere" | "byDesktop" | "thisWindowAsking" | "thisWindowDenied" | "thisWindowNoPortal" | "thisWindowUnreadable" | "thisWindowNotAllowed" | "thisWindowGone" | "thisWindowBySystem" | "thisWindowRefused";

/**
 * How the keys of the whole system work here.
 */
export type KeysView = {
/**
 * Where they are heard.
 */
reach: KeyReach,
/**
 * Those of the bound chords that were heard since they were bound: it is proven that they work.
 */
heard: Array<string>,
/**
 * Those of the bound chords that another program has for itself, as far as the display tells.
 */
taken: Array<string>,
/**
 * Those of the bound chords that cannot be pressed on what is read, where keyboards and mice are read themselves: only
 * this window hears them.
 */
unread: Array<string>,
/**
 * What the desktop has bound them to, where it is the desktop that tells them; a chord that is missing is bound to
 * nothing.
 */
triggers: Array<Trigger>,
/**
 * True while nobody is there, as far as the system tells (the screen is locked, or another person has the seat): no
 * bound key does anything, unless it is this window that hears it.
 */
away: boolean,
/**
 * True while other programs of this person can hold the button, by `pushtalk ptt`.
 */
socket: boolean,
/**
 * True while gamepads are heard.
 */
gamepads: boolean,
/**
 * True while a key is to be bound, until a gamepad has told one.
 */
binding: boolean,
/**
 * The button of a gamepad that is to be bound: `GamepadSouth`.
 */
pressed: string | null, };

/**
 * Which language the window speaks.
 */
export type Language = "system" | "en" | "fr" | "ar";

/**
 * How the program behaves on the desktop.
 */
export type Manners = {
/**
 * True to stay in the tray when the window is closed.
 */
closeToTray: boolean,
/**
 * True to start when the user of the machine logs in.
 */
startAtLogin: boolean,
/**
 * True to tell what happens in the room while the window has not the focus; never a name.
 */
notify: boolean,
/**
 * True for neither sounds nor notifications.
 */
quiet: boolean, };

/**
 * How well a member is reached.
 */
export type MemberLink = "own" | "connecting" | "ready" | "lost" | "mismatch" | "blocked";

/**
 * One person in the room.
 */
export type MemberView = {
/**
 * Stable within the room, meaningless outside it.
 */
id: string,
/**
 * As chosen by that person; empty until it is known.
 */
name: string,
/**
 * True for the person at this device.
 */
me: boolean,
/**
 * True for who has the powers of the host.
 */
host: boolean,
/**
 * How well we reach them.
 */
link: MemberLink,
/**
 * True when emoji were compared and found the same.
 */
verified: boolean,
/**
 * True for who would like to say something.
 */
hand: boolean,
/**
 * How loud that person is heard here, in percent: 0 to 200.
 */
volume: number,
/**
 * True for who is not to be heard here.
 */
muted: boolean,
/**
 * True for whose microphone is off.
 */
micOff: boolean,
/**
 * True for who hears nobody.
 */
deafened: boolean,
/**
 * True for who was chosen to hear what is whispered here.
 */
chosen: boolean,
/**
 * True for who whispers to us.
 */
whispers: boolean,
/**
 * How many keys were made for that person, to seal what is said here.
 */
keys: number,
/**
 * How that person's voice arrived when it was last heard; none before.
 */
quality: Quality | null, };

/**
 * What the microphone does.
 */
export type Microphone = "off" | "standby" | "open" | "silent" | "failed";

/**
 * A network that this machine is on.
 */
export type Network = {
/**
 * What the system calls the interface there.
 */
name: string,
/**
 * Addresses of this machine there.
 */
addresses: Array<string>, };

/**
 * Something that should be known.
 */
export type Notice = {
/**
 * For `Intent::Dismiss`.
 */
id: number,
/**
 * What it is; the words are the UI's.
 */
code: ErrorCode,
/**
 * A name, a version or a device that belongs into the words; never a secret.
 */
about: string | null,
/**
 * The device that is used in place of the one in `about`.
 */
instead?: string, };

/**
 * An invitation that the system handed over.
 */
export type Offer = {
/**
 * To tell one from another.
 */
number: number,
/**
 * The link.
 */
text: string, };

/**
 * What stays on this device, and nothing else does.
 */
export type Preferences = {
/**
 * How the window looks.
 */
theme: Theme,
/**
 * Which language it speaks.
 */
language: Language,
/**
 * Rooms of the last days, newest first, eight at most. Never a code, a link or who was there.
 */
recent: Array<Recent>,
/**
 * Chosen microphone; none means the system's default.
 */
input: string | null,
/**
 * Chosen loudspeaker; none means the system's default.
 */
output: string | null,
/**
 * True to wait in the queue when the button is held while somebody talks.
 */
queueing: boolean,
/**
 * What is done to the microphone.
 */
processing: ProcessingPreferences,
/**
 * True to turn voices down while one talks, in rooms where one talks at a time.
 */
ducking: boolean,
/**
 * The sounds that tell what happens.
 */
cues: CuePreferences,
/**
 * What holds the talk button down.
 */
talkMode: TalkMode,
/**
 * How the talk button and the talk keys hold.
 */
talkKey: TalkKey,
/**
 * Keys of the whole system and what each does; sixteen at most.
 */
keys: Array<Bound>,
/**
 * True to read them from keyboards and mice themselves, all keys of which the program is then told.
 */
rawKeys: boolean,
/**
 * A voice is at least so loud, in dBFS: -60 to -10, where the meter of levels begins at -60 and ends at 0.
 */
voiceThreshold: number,
/**
 * True to open the microphone only while the button is down; the first words then come later.
 */
micWhilePressed: boolean,
/**
 * Bluetooth microphones that it was told of what they do to the sound; exact names, newest first, eight at most.
 */
bluetoothTold: Array<string>,
/**
 * True to let voice go through VPNs and other tunnels, which may be the only way.
 */
useVpn: boolean,
/**
 * True to look for rooms on this network while in none, and to let rooms hosted here be found.
 */
nearby: boolean,
/**
 * The interface at whose addresses rooms hosted here are reached; none for every one.
 */
hostOn: string | null,
/**
 * How the program behaves on the desktop.
 */
manners: Manners,
/**
 * Where the window was last; none for where the system wants it.
 */
window: WindowPlace | null,
/**
 * True when the first run is over.
 */
welcomed: boolean, };

/**
 * What is done to the microphone before it is sent.
 */
export type ProcessingPreferences = {
/**
 * Rumble is taken out. Noise suppression and echo cancelling do it in any case.
 */
highPass: boolean,
/**
 * Steady noise is lowered; the voice is heard 7 ms later.
 */
noiseSuppression: boolean,
/**
 * A quiet voice is raised, a loud one lowered.
 */
gainControl: boolean,
/**
 * What the loudspeaker plays is taken out; the voice is heard 9 ms later.
 */
echoCancelling: EchoCancelling, };

/**
 * A QR code as modules.
 */
export type Qr = {
/**
 * Modules in one row.
 */
size: number,
/**
 * `size`² characters, `0` or `1`.
 */
modules: string, };

/**
 * How a voice arrives: of its last second.
 */
export type Quality = {
/**
 * From that person's mouth to this ear, with devices, coding and network, in milliseconds; none before both clocks
 * are known.
 */
mouthToEarMs: number | null,
/**
 * There and back over the network, in milliseconds.
 */
roundTripMs: number | null,
/**
 * How long it is held here, to be even, in milliseconds.
 */
bufferMs: number,
/**
 * How unevenly it arrives, in milliseconds (RFC 3550).
 */
jitterMs: number,
/**
 * Packets that never came, of a thousand.
 */
lossPermille: number,
/**
 * Pieces that had to be made up, of a thousand.
 */
concealedPermille: number,
/**
 * Bits of the codec in a second of voice.
 */
bitrate: number, };

/**
 * A room that this device was in.
 */
export type Recent = {
/**
 * What the room was called; empty for none.
 */
title: string,
/**
 * True when it was hosted here.
 */
hosted: boolean,
/**
 * `host:port` of its server, when it was not hosted here.
 */
server: string | null,
/**
 * Day it was entered, in days since 1970-01-01.
 */
day: number, };

/**
 * Why the floor was taken away.
 */
export type RevokedWhy = "limit" | "collision" | "arbiterLost" | "silence" | "preempted" | "mode";

/**
 * Who may talk.
 */
export type RoomMode = "radio" | "open";

/**
 * A room as its members see it.
 */
export type RoomView = {
/**
 * What the host called it; empty for none or not known yet.
 */
title: string,
/**
 * True when this device has the powers of the host: it made the room, or they were handed over to it.
 */
hosting: boolean,
/**
 * Everybody, ourselves first, then in the order they came.
 */
members: Array<MemberView>,
/**
 * Who may talk.
 */
mode: RoomMode,
/**
 * Who talks.
 */
floor: FloorView,
/**
 * While one talks, and until the next press: how many began to hear it.
 */
heard: HeardBy | null,
/**
 * The one situation of the talk button.
 */
button: Button,
/**
 * `MemberView::id` of those who hear it while we whisper; empty otherwise.
 */
whispering: Array<string>,
/**
 * True while the button stays down without a hand, until it is pressed again.
 */
latched: boolean,
/**
 * Longest time one person may talk without a pause, in seconds.
 */
talkLimit: number,
/**
 * How others come in; none until it is known, and while nobody can.
 */
invitation: Invitation | null,
/**
 * Who may come in.
 */
door: Door,
/**
 * True when so many wrong codes were tried that the code (with a PIN: every way in) is dead until the host makes
 * a new one.
 */
codeDead: boolean,
/**
 * Pairs of members who cannot hear each other, longer than it takes to connect.
 */
apart: Array<Apart>,
/**
 * Members whom others see and we do not: somebody hides them from us.
 */
hidden: number,
/**
 * Emoji that are being compared.
 */
verifying: Verifying | null,
/**
 * What the microphone does.
 */
microphone: Microphone,
/**
 * False when the server is gone: those inside talk on, nobody new can come in.
 */
server: boolean,
/**
 * True when the server runs on this device: others come in as long as this program is in the room.
 */
serving: boolean, };

/**
 * What both devices show when nobody is between them.
 */
export type SasCode = {
/**
 * Seven places in the table of 64 emoji, from 0.
 */
emoji: Array<number>,
/**
 * The same as three numbers, for those who prefer.
 */
numbers: Array<number>, };

/**
 * What a sound check is at.
 */
export type SoundCheck = "idle" | "testSound" | "recording" | "playingBack";

/**
 * Where the person is.
 */
export type Stage = { "at": "home",
/**
 * What the last `Intent::Inspect` found.
 */
inspected: Inspected | null,
/**
 * The number of that `Intent::Inspect`; 0 before any.
 */
ask: number,
/**
 * First letters of the codes of rooms that say to be on this network, each once.
 */
nearby: Array<string>, } | { "at": "entering",
/**
 * How far.
 */
step: EnteringStep,
/**
 * True when this machine is to host.
 */
hosting: boolean, } | { "at": "room" } & RoomView;

/**
 * How the talk button and the talk keys hold.
 */
export type TalkKey = {
/**
 * How long it goes on after the button came up, in milliseconds: 0 to 2000.
 */
releaseDelay: number,
/**
 * True when a tap holds it until the next one.
 */
latch: boolean,
/**
 * True when two taps in a row hold it until the next one.
 */
doublePress: boolean, };

/**
 * What holds the talk button down.
 */
export type TalkMode = "hold" | "voice";

/**
 * How the window looks.
 */
export type Theme = "system" | "light" | "dark";

/**
 * What the desktop has bound a chord to.
 */
export type Trigger = {
/**
 * `Bound::chord`.
 */
chord: string,
/**
 * In the desktop's words.
 */
by: string, };

/**
 * Comparing emoji with a member.
 */
export type Verifying = {
/**
 * `MemberView::id`.
 */
id: string,
/**
 * What to compare; none as long as the other device has not answered.
 */
code: SasCode | null, };

/**
 * All that the window shows.
 */
export type View = {
/**
 * Where the person is.
 */
stage: Stage,
/**
 * What went wrong or should be known, oldest first; each stays until dismissed or overtaken.
 */
notices: Array<Notice>,
/**
 * The name that was last used to host or join; in memory only, empty before that.
 */
name: string,
/**
 * How the keys of the whole system work here.
 */
keys: KeysView,
/**
 * What is kept on this device.
 */
preferences: Preferences,
/**
 * Devices found at the last look.
 */
devices: Devices,
/**
 * Networks found at the last look.
 */
networks: Array<Network>,
/**
 * Addresses that this program has to do with, as of the last look; only while in a room or on the way into one.
 */
contacts: Array<Contact>,
/**
 * An invitation that was opened outside the window; nothing was done with it.
 */
offered: Offer | null,
/**
 * What a sound check is at.
 */
soundCheck: SoundCheck,
/**
 * Version of the program.
 */
version: string, };

/**
 * Where the window is, in pixels of the screen.
 */
export type WindowPlace = {
/**
 * Of what is inside it.
 */
width: number,
/**
 * Of what is inside it.
 */
height: number,
/**
 * Of its upper left corner; none where the system does not tell.
 */
at: [number, number] | null,
/**
 * True when it fills the screen.
 */
maximized: boolean, };
