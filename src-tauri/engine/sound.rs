//! How this client speaks and listens: devices and frames.

use std::time::Duration;

use pushtalk_audio::{EncoderSettings, FrameLength};
use pushtalk_device::AudioHost;

/// Chosen at the start of the program.
#[derive(Clone, Copy, Debug)]
pub struct SoundSettings {
    /// The system's sound interface.
    pub host: AudioHost,
    /// Frames of 48 kHz in one device buffer.
    pub buffer: u32,
    /// Length of a voice frame; none to choose it by what the network is like.
    pub frame: Option<FrameLength>,
}

impl Default for SoundSettings {
    fn default() -> Self {
        Self { host: AudioHost::Default, buffer: 240, frame: None }
    }
}

impl SoundSettings {
    pub(crate) fn encoder(&self) -> EncoderSettings {
        match self.frame {
            None | Some(FrameLength::Ms10) => EncoderSettings::lan(),
            Some(FrameLength::Ms20) => EncoderSettings::wide(),
        }
    }
}

/// What was said just before the button came up is still on its way through the device: go on for so long.
const TAIL: Duration = Duration::from_millis(60);

/// Frames that are sent after the button came up.
pub fn tail_frames(frame: FrameLength) -> u32 {
    u32::try_from(TAIL.as_micros().div_ceil(frame.duration().as_micros())).unwrap_or(u32::MAX)
}
