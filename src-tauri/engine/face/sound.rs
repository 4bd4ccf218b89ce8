//! What a person chooses about sound.

use serde::{Deserialize, Serialize};

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
}

impl Default for CuePreferences {
    fn default() -> Self {
        Self { volume: 70, permit: true, busy: true, free: true, limit: true, network: true }
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
