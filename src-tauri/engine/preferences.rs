//! What is kept on this device, and nothing else: what a person chose.

use serde::{Deserialize, Serialize};

/// How the window looks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Which language the window speaks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Language {
    /// The first of the system's that it speaks, else English.
    #[default]
    System,
    /// English.
    En,
    /// French.
    Fr,
    /// Arabic.
    Ar,
}

/// What stays on this device, and nothing else does.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct Preferences {
    /// How the window looks.
    pub theme: Theme,
    /// Which language it speaks.
    pub language: Language,
    /// Rooms of the last days, newest first, eight at most. Never a code, a link or who was there.
    pub recent: Vec<Recent>,
    /// Chosen microphone; none means the system's default.
    pub input: Option<String>,
    /// Chosen loudspeaker; none means the system's default.
    pub output: Option<String>,
    /// True to wait in the queue when the button is held while somebody talks.
    #[serde(default = "yes")]
    pub queueing: bool,
    /// What is done to the microphone.
    pub processing: ProcessingPreferences,
    /// True to turn voices down while one talks, in rooms where one talks at a time.
    #[serde(default = "yes")]
    pub ducking: bool,
    /// The sounds that tell what happens.
    pub cues: CuePreferences,
    /// What holds the talk button down.
    pub talk_mode: TalkMode,
    /// How the talk button and the talk keys hold.
    pub talk_key: TalkKey,
    /// Keys of the whole system and what each does; sixteen at most.
    pub keys: Vec<Bound>,
    /// True to read them from keyboards and mice themselves, all keys of which the program is then told.
    pub raw_keys: bool,
    /// A voice is at least so loud, in dBFS: -60 to -10, where the meter of levels begins at -60 and ends at 0.
    #[serde(default = "quiet_voice")]
    pub voice_threshold: i8,
    /// True to open the microphone only while the button is down; the first words then come later.
    pub mic_while_pressed: bool,
    /// Bluetooth microphones that it was told of what they do to the sound; exact names, newest first, eight at most.
    pub bluetooth_told: Vec<String>,
    /// True to let voice go through VPNs and other tunnels, which may be the only way.
    #[serde(default = "yes")]
    pub use_vpn: bool,
    /// True to look for rooms on this network while in none, and to let rooms hosted here be found.
    #[serde(default = "yes")]
    pub nearby: bool,
    /// The interface at whose addresses rooms hosted here are reached; none for every one.
    pub host_on: Option<String>,
    /// How the program behaves on the desktop.
    pub manners: Manners,
    /// Where the window was last; none for where the system wants it.
    pub window: Option<WindowPlace>,
    /// True when the first run is over.
    pub welcomed: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            language: Language::default(),
            recent: Vec::new(),
            input: None,
            output: None,
            queueing: true,
            processing: ProcessingPreferences::default(),
            ducking: true,
            cues: CuePreferences::default(),
            talk_mode: TalkMode::default(),
            talk_key: TalkKey::default(),
            keys: Vec::new(),
            raw_keys: false,
            voice_threshold: quiet_voice(),
            mic_while_pressed: false,
            bluetooth_told: Vec::new(),
            use_vpn: true,
            nearby: true,
            host_on: None,
            manners: Manners::default(),
            window: None,
            welcomed: false,
        }
    }
}

fn yes() -> bool {
    true
}

fn quiet_voice() -> i8 {
    -45
}

/// A room that this device was in.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Recent {
    /// What the room was called; empty for none.
    pub title: String,
    /// True when it was hosted here.
    pub hosted: bool,
    /// `host:port` of its server, when it was not hosted here.
    pub server: Option<String>,
    /// Day it was entered, in days since 1970-01-01.
    pub day: u32,
}

/// How the program behaves on the desktop.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct Manners {
    /// True to stay in the tray when the window is closed.
    pub close_to_tray: bool,
    /// True to start when the user of the machine logs in.
    pub start_at_login: bool,
    /// True to tell what happens in the room while the window has not the focus; never a name.
    pub notify: bool,
    /// True for neither sounds nor notifications.
    pub quiet: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self { close_to_tray: false, start_at_login: false, notify: true, quiet: false }
    }
}

/// Where the window is, in pixels of the screen.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct WindowPlace {
    /// Of what is inside it.
    pub width: u32,
    /// Of what is inside it.
    pub height: u32,
    /// Of its upper left corner; none where the system does not tell.
    pub at: Option<(i32, i32)>,
    /// True when it fills the screen.
    pub maximized: bool,
}

/// What is done to the microphone before it is sent.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct ProcessingPreferences {
    /// Rumble is taken out. Noise suppression and echo cancelling do it in any case.
    pub high_pass: bool,
    /// Steady noise is lowered; the voice is heard 7 ms later.
    pub noise_suppression: bool,
    /// A quiet voice is raised, a loud one lowered.
    pub gain_control: bool,
    /// What the loudspeaker plays is taken out; the voice is heard 9 ms later.
    pub echo_cancelling: EchoCancelling,
}

impl ProcessingPreferences {
    /// Nothing is done.
    pub const fn off() -> Self {
        Self {
            high_pass: false,
            noise_suppression: false,
            gain_control: false,
            echo_cancelling: EchoCancelling::Off,
        }
    }
}

impl Default for ProcessingPreferences {
    fn default() -> Self {
        Self {
            high_pass: true,
            noise_suppression: true,
            gain_control: true,
            echo_cancelling: EchoCancelling::Auto,
        }
    }
}

/// When what the loudspeaker plays is taken out of the microphone.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum EchoCancelling {
    /// In open rooms, unless the output is known to be worn on the head.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// The sounds that tell what happens.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct CuePreferences {
    /// Of all of them, 0 to 100 percent.
    pub volume: u8,
    /// The button is down, and we may talk.
    pub permit: bool,
    /// The button is down, and we may not, or no longer.
    pub busy: bool,
    /// The one who talked has finished.
    pub free: bool,
    /// The talk limit is near.
    pub limit: bool,
    /// Others can be reached, or nobody any more.
    pub network: bool,
    /// Somebody begins to whisper to us.
    pub whisper: bool,
}

impl CuePreferences {
    /// None is heard.
    pub fn silent() -> Self {
        Self { volume: 0, ..Self::default() }
    }
}

impl Default for CuePreferences {
    fn default() -> Self {
        Self { volume: 70, permit: true, busy: true, free: true, limit: true, network: true, whisper: true }
    }
}

/// What holds the talk button down.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum TalkMode {
    /// The person.
    #[default]
    Hold,
    /// The person, or a voice as long as it speaks.
    Voice,
}

/// How the talk button and the talk keys hold.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct TalkKey {
    /// How long it goes on after the button came up, in milliseconds: 0 to 2000.
    pub release_delay: u16,
    /// True when a tap holds it until the next one.
    pub latch: bool,
    /// True when two taps in a row hold it until the next one.
    pub double_press: bool,
}

impl Default for TalkKey {
    fn default() -> Self {
        Self { release_delay: 150, latch: false, double_press: false }
    }
}

/// A key of the whole system.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Bound {
    /// The key, with what is held with it: `Ctrl+KeyV`; names are those of `KeyboardEvent.code`, `Mouse3` to
    /// `Mouse5`, and `GamepadSouth` and its like.
    pub chord: String,
    /// What it does.
    pub does: KeyDoes,
}

/// What a key does.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum KeyDoes {
    /// Holds the talk button.
    Talk,
    /// Holds it until it is pressed again.
    Latch,
    /// Turns the microphone off, and on again.
    Mute,
    /// Hears nobody, and everybody again.
    Deafen,
    /// Whispers, while it is held, to those who were chosen for it.
    Whisper,
    /// Whispers, while it is held, to who has whispered last, or talked last.
    Answer,
}
