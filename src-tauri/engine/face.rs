//! What the window sees and what it may ask for: plain data, no key and no address of a person.
//!
//! The UI has one command, `act(Intent)`, and one channel, `watch(View)`. Both are described to TypeScript by
//! `ts-rs`; `ui/src/contract.ts` is generated from this file and a test fails when the two differ.

use serde::{Deserialize, Serialize};

pub use crate::keys::{KeyReach, KeysView, Trigger};
pub use crate::preferences::{
    Bound, CuePreferences, EchoCancelling, KeyDoes, Language, Manners, Preferences, ProcessingPreferences,
    Recent, TalkKey, TalkMode, Theme, WindowPlace,
};

/// What a person asks for, by the window, the command line or a key.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Intent {
    /// Make a room and host it on this machine, for everybody on its network.
    Host {
        /// What the others will see.
        name: String,
        /// What the room is called; sealed, never seen by the server. Empty for none.
        title: String,
    },
    /// Read a code or a link, and show what it leads to. Nothing is contacted.
    Inspect {
        /// As typed or pasted.
        text: String,
        /// Any number; it comes back as `Stage::Home::ask`, so that an answer is never shown for another text.
        ask: u32,
    },
    /// Join by what `inspect` showed.
    Join {
        /// What the others will see.
        name: String,
        /// A code (`XXX-XXX-XXX`) or a link.
        text: String,
        /// `host:port` of the server, for a code; without it the room is looked for on this network. Forbidden with a link,
        /// which carries its own.
        server: Option<String>,
        /// The PIN, where the room has one.
        pin: Option<String>,
    },
    /// Open the microphone for this room. The only intent that ever does.
    EnableAudio,
    /// Close the microphone; listening goes on.
    DisableAudio,
    /// The talk button went down.
    Press,
    /// The button went down by which one whispers to those who were chosen for it.
    PressWhisper,
    /// The button went down by which one whispers to who has whispered last, or talked last.
    PressAnswer,
    /// The talk button, or the one to whisper, came up.
    Release,
    /// Hold the talk button down until it is pressed again; where it is held, let go of it.
    ToggleTalk,
    /// Choose the keys of the whole system, all of them.
    SetKeys {
        /// From now on.
        keys: Vec<Bound>,
    },
    /// Choose whether keys of the whole system are read from keyboards and mice themselves, where that can be.
    SetRawKeys {
        /// True to read them.
        on: bool,
    },
    /// The window waits for a key to be bound, or no longer: gamepads are to tell which button goes down.
    BindKey {
        /// True while it waits.
        on: bool,
    },
    /// Choose how the talk button and the talk keys hold.
    SetTalkKey {
        /// From now on.
        talk_key: TalkKey,
    },
    /// The talk button of the host went down, and who talks is to stop. From others it is a `Press`.
    Preempt,
    /// Show the others that one would like to say something, or no longer.
    RaiseHand {
        /// True to show it.
        up: bool,
    },
    /// Choose whether holding the button while somebody talks waits in the queue.
    SetQueueing {
        /// True to wait.
        on: bool,
    },
    /// Choose whether the microphone is open only while the button is down.
    SetMicWhilePressed {
        /// True for only then.
        on: bool,
    },
    /// Choose whether rooms on this network are looked for, and those hosted here can be found.
    SetNearby {
        /// True to let them.
        on: bool,
    },
    /// Choose whether voice may go through VPNs and other tunnels.
    SetUseVpn {
        /// True to let it.
        on: bool,
    },
    /// The host: choose who may talk.
    SetMode {
        /// From now on.
        mode: RoomMode,
    },
    /// The host: choose how long one person may talk without a pause.
    SetTalkLimit {
        /// 10 to 300 seconds.
        seconds: u16,
    },
    /// The host: send a member away; all keys and the code change.
    Kick {
        /// `MemberView::id`.
        id: String,
    },
    /// The host: let nobody in any more, or only who has the PIN too. Code and link change.
    Lock {
        /// 4 to 12 digits; none to let in nobody.
        pin: Option<String>,
    },
    /// The host: let in whoever has the new code or link.
    Unlock,
    /// The host: make a new code and link; the ones before are dead.
    NewCode,
    /// The host: make another member the host.
    HandOver {
        /// `MemberView::id`.
        id: String,
    },
    /// Compare emoji with a member.
    Verify {
        /// `MemberView::id`.
        id: String,
    },
    /// Tell whether the emoji are the same on both devices; where they differ, the pair ends.
    Verified {
        /// `MemberView::id`.
        id: String,
        /// True when they are.
        same: bool,
    },
    /// Stop comparing.
    StopVerifying,
    /// Leave the room, or stop trying to enter one.
    Leave,
    /// Close a notice.
    Dismiss {
        /// `Notice::id`.
        notice: u32,
    },
    /// Choose how the window looks.
    SetTheme {
        /// The theme to use from now on.
        theme: Theme,
    },
    /// Forget all that is kept on this device, and what was typed last.
    EraseAll,
    /// Choose which language it speaks.
    SetLanguage {
        /// From now on.
        language: Language,
    },
    /// Choose devices by their exact names; none means the system's default.
    SetDevices {
        /// Microphone.
        input: Option<String>,
        /// Loudspeaker or headphones.
        output: Option<String>,
    },
    /// Ask for the list of devices anew.
    ListDevices,
    /// In a room whose server is gone: this device is to be its server.
    HostHere,
    /// Look which networks this machine is on.
    ListNetworks,
    /// Look which addresses this program has to do with.
    ListContacts,
    /// The offered invitation is with the person now.
    TakeOffer {
        /// `Offer::number`.
        number: u32,
    },
    /// The first run is over: it is not shown again.
    Welcomed,
    /// Choose how the program behaves on the desktop.
    SetManners {
        /// All of it.
        manners: Manners,
    },
    /// Host rooms on this network alone; none for every one.
    SetHostOn {
        /// `Network::name`.
        network: Option<String>,
    },
    /// Choose how loud a member is heard here; nobody else learns of it.
    SetVolume {
        /// `MemberView::id`.
        id: String,
        /// 0 to 200; more counts as 200.
        percent: u16,
    },
    /// Hear a member no more at this device, or again. It does not count as one who heard what that one says.
    SetMuted {
        /// `MemberView::id`.
        id: String,
        /// True to hear nothing of it.
        on: bool,
    },
    /// Hear nobody and close the microphone, or hear again with the microphone as it was. The others see it.
    SetDeafened {
        /// True to hear nobody.
        on: bool,
    },
    /// Choose whether a member hears what is whispered.
    SetWhisper {
        /// `MemberView::id`.
        id: String,
        /// True to let that one hear it.
        on: bool,
    },
    /// Have nothing more to do with a member: no voice and no message goes either way; or take it back.
    SetBlocked {
        /// `MemberView::id`.
        id: String,
        /// True to block.
        on: bool,
    },
    /// Choose whether voices are turned down while one talks, in rooms where one talks at a time.
    SetDucking {
        /// True to turn them down.
        on: bool,
    },
    /// Choose what holds the talk button down.
    SetTalkMode {
        /// From now on.
        mode: TalkMode,
        /// A voice is at least so loud, in dBFS: -60 to -10.
        threshold: i8,
    },
    /// Choose which sounds tell what happens, and how loud.
    SetCues {
        /// All of them.
        cues: CuePreferences,
    },
    /// Choose what is done to the microphone; while one talks, from the end of it on.
    SetProcessing {
        /// All of it.
        processing: ProcessingPreferences,
    },
    /// Play a short sound on the chosen output.
    PlayTestSound,
    /// Record up to three seconds from the chosen microphone into memory, play them, and forget them.
    HearYourself,
    /// End the sound check that runs.
    StopSoundCheck,
    /// Begin or stop to keep the list of devices up to date outside a room too, for a person who looks at it.
    WatchDevices {
        /// True to begin.
        on: bool,
    },
    /// Forget one recent room.
    ForgetRecent {
        /// Its place in `Preferences::recent`.
        index: u32,
    },
    /// Forget every recent room.
    ForgetAllRecent,
}

/// All that the window shows.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// Where the person is.
    pub stage: Stage,
    /// What went wrong or should be known, oldest first; each stays until dismissed or overtaken.
    pub notices: Vec<Notice>,
    /// The name that was last used to host or join; in memory only, empty before that.
    pub name: String,
    /// How the keys of the whole system work here.
    pub keys: KeysView,
    /// What is kept on this device.
    pub preferences: Preferences,
    /// Devices found at the last look.
    pub devices: Devices,
    /// Networks found at the last look.
    pub networks: Vec<Network>,
    /// Addresses that this program has to do with, as of the last look; only while in a room or on the way into one.
    pub contacts: Vec<Contact>,
    /// An invitation that was opened outside the window; nothing was done with it.
    pub offered: Option<Offer>,
    /// What a sound check is at.
    pub sound_check: SoundCheck,
    /// Version of the program.
    pub version: String,
}

/// Where the person is.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "at", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "a view has one of it")]
pub enum Stage {
    /// In no room.
    Home {
        /// What the last `Intent::Inspect` found.
        inspected: Option<Inspected>,
        /// The number of that `Intent::Inspect`; 0 before any.
        ask: u32,
        /// First letters of the codes of rooms that say to be on this network, each once.
        nearby: Vec<String>,
    },
    /// On the way in.
    Entering {
        /// How far.
        step: EnteringStep,
        /// True when this machine is to host.
        hosting: bool,
    },
    /// In a room.
    Room(RoomView),
}

/// The steps of coming in.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum EnteringStep {
    /// The room is looked for on this network.
    Looking,
    /// The embedded server is being started.
    StartingServer,
    /// The server is being reached.
    Connecting,
    /// A member is checking the code or the link.
    Proving,
    /// The server is letting us in.
    Joining,
}

/// What a text that was typed or pasted leads to.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Inspected {
    /// A whole link.
    Link {
        /// First letters of the room's code.
        nameplate: String,
        /// Where it leads, as `host:port`.
        servers: Vec<String>,
        /// True when the link names the certificate of the server.
        pinned: bool,
    },
    /// A whole code, in its usual spelling.
    Code {
        /// `XXX-XXX-XXX`.
        code: String,
    },
    /// Not something to join by.
    Unusable {
        /// Why not.
        why: ErrorCode,
    },
}

/// A room as its members see it.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct RoomView {
    /// What the host called it; empty for none or not known yet.
    pub title: String,
    /// True when this device has the powers of the host: it made the room, or they were handed over to it.
    pub hosting: bool,
    /// Everybody, ourselves first, then in the order they came.
    pub members: Vec<MemberView>,
    /// Who may talk.
    pub mode: RoomMode,
    /// Who talks.
    pub floor: FloorView,
    /// While one talks, and until the next press: how many began to hear it.
    pub heard: Option<HeardBy>,
    /// The one situation of the talk button.
    pub button: Button,
    /// `MemberView::id` of those who hear it while we whisper; empty otherwise.
    pub whispering: Vec<String>,
    /// True while the button stays down without a hand, until it is pressed again.
    pub latched: bool,
    /// Longest time one person may talk without a pause, in seconds.
    pub talk_limit: u32,
    /// How others come in; none until it is known, and while nobody can.
    pub invitation: Option<Invitation>,
    /// Who may come in.
    pub door: Door,
    /// True when so many wrong codes were tried that the code (with a PIN: every way in) is dead until the host makes
    /// a new one.
    pub code_dead: bool,
    /// Pairs of members who cannot hear each other, longer than it takes to connect.
    pub apart: Vec<Apart>,
    /// Members whom others see and we do not: somebody hides them from us.
    pub hidden: u32,
    /// Emoji that are being compared.
    pub verifying: Option<Verifying>,
    /// What the microphone does.
    pub microphone: Microphone,
    /// False when the server is gone: those inside talk on, nobody new can come in.
    pub server: bool,
    /// True when the server runs on this device: others come in as long as this program is in the room.
    pub serving: bool,
}

/// One person in the room.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// Stable within the room, meaningless outside it.
    pub id: String,
    /// As chosen by that person; empty until it is known.
    pub name: String,
    /// True for the person at this device.
    pub me: bool,
    /// True for who has the powers of the host.
    pub host: bool,
    /// How well we reach them.
    pub link: MemberLink,
    /// True when emoji were compared and found the same.
    pub verified: bool,
    /// True for who would like to say something.
    pub hand: bool,
    /// How loud that person is heard here, in percent: 0 to 200.
    pub volume: u16,
    /// True for who is not to be heard here.
    pub muted: bool,
    /// True for whose microphone is off.
    pub mic_off: bool,
    /// True for who hears nobody.
    pub deafened: bool,
    /// True for who was chosen to hear what is whispered here.
    pub chosen: bool,
    /// True for who whispers to us.
    pub whispers: bool,
    /// How many keys were made for that person, to seal what is said here.
    pub keys: u32,
    /// How that person's voice arrived when it was last heard; none before.
    pub quality: Option<Quality>,
}

/// How a voice arrives: of its last second.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// From that person's mouth to this ear, with devices, coding and network, in milliseconds; none before both clocks
    /// are known.
    pub mouth_to_ear_ms: Option<u32>,
    /// There and back over the network, in milliseconds.
    pub round_trip_ms: Option<u32>,
    /// How long it is held here, to be even, in milliseconds.
    pub buffer_ms: u32,
    /// How unevenly it arrives, in milliseconds (RFC 3550).
    pub jitter_ms: u32,
    /// Packets that never came, of a thousand.
    pub loss_permille: u32,
    /// Pieces that had to be made up, of a thousand.
    pub concealed_permille: u32,
    /// Bits of the codec in a second of voice.
    pub bitrate: u32,
}

/// Who may talk.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum RoomMode {
    /// One at a time.
    #[default]
    Radio,
    /// Anybody.
    Open,
}

/// Who may come in.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Door {
    /// Whoever has the code or the link.
    Open,
    /// Nobody.
    Locked,
    /// Who has the PIN as well.
    Pin,
}

/// How many began to hear a spurt.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HeardBy {
    /// So many.
    pub by: u32,
    /// Of so many.
    pub of: u32,
}

/// Two members who cannot hear each other.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Apart {
    /// `MemberView::id`.
    pub one: String,
    /// `MemberView::id`.
    pub other: String,
}

/// Comparing emoji with a member.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Verifying {
    /// `MemberView::id`.
    pub id: String,
    /// What to compare; none as long as the other device has not answered.
    pub code: Option<SasCode>,
}

/// What both devices show when nobody is between them.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SasCode {
    /// Seven places in the table of 64 emoji, from 0.
    pub emoji: Vec<u8>,
    /// The same as three numbers, for those who prefer.
    pub numbers: Vec<u16>,
}

/// How well a member is reached.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum MemberLink {
    /// Ourselves.
    Own,
    /// Keys are being agreed on or the path is being found.
    Connecting,
    /// Voice can flow.
    Ready,
    /// No answer for a while.
    Lost,
    /// The keys do not fit: nothing is sent and nothing is played.
    Mismatch,
    /// Blocked by us: nothing is sent and nothing is played.
    Blocked,
}

/// Who holds the floor.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FloorView {
    /// Nobody.
    Idle,
    /// Somebody.
    Taken {
        /// `MemberView::id`.
        id: String,
        /// Milliseconds since it was granted, at the time of this view.
        for_ms: u32,
    },
    /// Several at once, in an open room.
    Open {
        /// `MemberView::id` of each.
        ids: Vec<String>,
    },
}

/// The talk button shows exactly one of these.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Button {
    /// The microphone is not enabled in this room; pressing enables it.
    AudioOff,
    /// Enabled, but there is no microphone that works.
    NoMic,
    /// There is one, but nothing comes from it: muted by the system or by itself. Talking begins when something does, if
    /// the button is still down.
    SilentMic,
    /// Others are being connected.
    Connecting,
    /// Nobody else is here.
    Alone,
    /// Press to talk.
    Idle,
    /// Pressed; the floor was asked for.
    Requesting,
    /// On air.
    Talking {
        /// Milliseconds since the press.
        for_ms: u32,
        /// Milliseconds until the limit.
        left_ms: u32,
        /// True in the last three seconds before the limit.
        near: bool,
    },
    /// Pressed, and waiting for its turn.
    Queued {
        /// From 1.
        place: u16,
    },
    /// Pressed, but somebody else talks.
    Busy {
        /// `MemberView::id` of who does.
        id: String,
    },
    /// The floor was taken away; release and press again.
    Revoked {
        /// Why.
        why: RevokedWhy,
    },
    /// Somebody else talks.
    Receiving {
        /// `MemberView::id`.
        id: String,
    },
    /// No member can be reached any more, and the room is closed.
    Offline,
    /// No member can be reached; they are looked for.
    Reconnecting {
        /// Milliseconds since then, at the time of this view.
        for_ms: u32,
    },
    /// We hear nobody, and the microphone is off.
    Deafened,
    /// The keys of a member do not fit; talking is off.
    KeyMismatch {
        /// `MemberView::id`.
        id: String,
    },
}

/// Why the floor was taken away.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum RevokedWhy {
    /// The talk limit was reached.
    Limit,
    /// Another one was there first.
    Collision,
    /// The member who gives the floor is gone.
    ArbiterLost,
    /// No voice came for a while.
    Silence,
    /// The host wanted to talk.
    Preempted,
    /// The host has changed who may talk.
    Mode,
}

/// How others come in.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// The whole link.
    pub link: String,
    /// `XXX-XXX-XXX`, to be said aloud.
    pub code: String,
    /// `host:port` of the server, to be typed together with the code; the most likely one first.
    pub servers: Vec<String>,
    /// The link as a QR code: `size` rows of `size` modules, row after row, `1` for dark, without quiet zone.
    pub qr: Qr,
}

/// A QR code as modules.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Qr {
    /// Modules in one row.
    pub size: u32,
    /// `size`² characters, `0` or `1`.
    pub modules: String,
}

/// What the microphone does.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Microphone {
    /// Not enabled: no stream exists.
    Off,
    /// Enabled, and to be opened by the next press: no stream exists.
    Standby,
    /// Open; frames leave only while talking.
    Open,
    /// Open, but all that it gives is exactly zero.
    Silent,
    /// Enabled, but it could not be opened or it went away.
    Failed,
}

/// Something that should be known.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// For `Intent::Dismiss`.
    pub id: u32,
    /// What it is; the words are the UI's.
    pub code: ErrorCode,
    /// A name, a version or a device that belongs into the words; never a secret.
    pub about: Option<String>,
    /// The device that is used in place of the one in `about`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub instead: Option<String>,
}

/// Everything that can go wrong for a person.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// Neither a code nor a link.
    NotAnInvitation,
    /// A code needs the address of its server.
    ServerNeeded,
    /// The address of the server cannot be read.
    BadServer,
    /// A key cannot be bound (`about`): it is bound already, or there is no such key.
    BadKey,
    /// Whoever is to hear the whisper is not there, or was not chosen.
    NobodyToWhisperTo,
    /// The name is empty, too long or has characters that cannot be shown.
    BadName,
    /// The code, or the link, is not (or no longer) the right one.
    WrongCode,
    /// Made by another version; `about` names both.
    OtherVersion,
    /// Nobody answers at the server's address.
    ServerUnreachable,
    /// Nobody answers there, though it is on a network of this device's.
    ServerKeptApart,
    /// Nobody answers there, and it is on no network of this device's.
    ServerOnOtherNetwork,
    /// The server has as many connections as it takes.
    ServerFull,
    /// The server does not reach the others that stand with it for one.
    ServerUnready,
    /// The server shows another certificate than the invitation names.
    WrongCertificate,
    /// The server refused: no such room, or full.
    NotAvailable,
    /// Nobody in the room answered in time.
    NobodyAnswered,
    /// The server went away; those inside talk on.
    ServerGone,
    /// This machine could not start to host; `about` says which address.
    CannotHost,
    /// There is no microphone.
    NoMicrophone,
    /// There is no loudspeaker.
    NoOutput,
    /// The system does not allow the microphone.
    MicrophoneBlocked,
    /// The named device (`about`) is not there.
    DeviceMissing,
    /// The microphone (`about`) went away, and there is no other.
    MicrophoneGone,
    /// The same while we talked: the rest of what was said was not sent.
    MicrophoneGoneTalking,
    /// The microphone (`about`) is not there; another one (`instead`) is used until it is.
    MicrophoneReplaced,
    /// Only digital silence comes from the microphone (`about`), so nobody would hear what is said.
    MicrophoneSilent,
    /// The microphone (`about`) is one of Bluetooth: while it is open, all sound of that headset is that of a telephone.
    BluetoothMicrophone,
    /// The loudspeaker (`about`) went away, and there is no other.
    OutputGone,
    /// The loudspeaker (`about`) is not there; another one (`instead`) is used until it is.
    OutputReplaced,
    /// A member (`about`) could not be connected to.
    CannotConnect,
    /// A member (`about`) could not be connected to securely.
    CannotConnectSecurely,
    /// The server will close the room in so many minutes (`about`). Those inside talk on; nobody can come in any more.
    RoomCloses,
    /// The room was closed, because everybody left it or its time was over.
    RoomClosed,
    /// So many wrong codes were tried that this one is dead; the host can make a new one.
    CodeRetired,
    /// The room has a PIN.
    PinNeeded,
    /// The room has no PIN, or no longer.
    PinUnneeded,
    /// Code or PIN are wrong; `about` says how many tries are left.
    WrongPin,
    /// Not 4 to 12 digits.
    BadPin,
    /// Nobody is let in.
    RoomLocked,
    /// The host has sent us away.
    Removed,
    /// Somebody tried so many wrong codes that the code is dead: make a new one.
    CodeGuessed,
    /// A member (`about`) is the host from now on.
    HostChanged,
    /// We are the host from now on.
    YouAreHost,
    /// The network that rooms are to be hosted on (`about`) is not there.
    NetworkMissing,
    /// The one on whose device the server ran has left; it runs on this device from now on.
    NowServing,
    /// The host is gone; until it is back nobody can lock, remove or change anything.
    HostLost,
    /// The emoji that were compared with a member (`about`) differ: somebody is between; nothing flows any more.
    EmojiDiffer,
    /// A member (`about`) does not compare emoji now.
    VerifyingEnded,
    /// The stored preferences could not be read; defaults are used.
    PreferencesUnreadable,
    /// The preferences could not be stored.
    PreferencesNotStored,
    /// The system does not let the program start at login, or stop doing so.
    StartAtLoginFailed,
}

/// An invitation that the system handed over.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// To tell one from another.
    pub number: u32,
    /// The link.
    pub text: String,
}

/// An address that this program has to do with.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// `host:port`.
    pub address: String,
    /// What for.
    pub why: ContactWhy,
    /// `MemberView::id`, where it is a member's.
    pub member: Option<String>,
}

/// What an address is contacted for.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum ContactWhy {
    /// The server of the room.
    Server,
    /// The server, to learn from which address we are seen.
    Stun,
    /// A member, for voice.
    Member,
    /// Everybody on this network, to find rooms or to let one be found.
    Neighbours,
}

/// A network that this machine is on.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// What the system calls the interface there.
    pub name: String,
    /// Addresses of this machine there.
    pub addresses: Vec<String>,
}

/// Devices found at the last look.
#[derive(Clone, Debug, Default, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Devices {
    /// Exact names of the microphones.
    pub inputs: Vec<String>,
    /// Exact names of the loudspeakers.
    pub outputs: Vec<String>,
}

/// What a sound check is at.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum SoundCheck {
    /// None runs.
    #[default]
    Idle,
    /// A test sound is played.
    TestSound,
    /// The microphone is open, up to three seconds; the voice goes to memory.
    Recording,
    /// What was recorded is played.
    PlayingBack,
}
