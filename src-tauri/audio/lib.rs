//! Sound without hardware: codec, jitter buffer, mixing, resampling, processing.
//!
//! Pure: no clock, no randomness, no IO. Everything is 48 kHz, mono, `f32` in -1.0 to 1.0, in blocks of 10 ms; only
//! [`Resampler`] knows other rates. After construction nothing here allocates, but for the gain control and the echo
//! cancelling of [`Processing`].
#![warn(missing_docs)]

mod arrival;
mod codec;
mod cue;
mod error;
mod gain;
mod gate;
mod jitter;
mod level;
mod mix;
mod pace;
mod pcm;
mod playout;
mod process;
mod resample;
mod slots;
mod stretch;
mod voice;

#[cfg(test)]
mod allocation;
#[cfg(test)]
mod clock_tests;
#[cfg(test)]
mod codec_tests;
#[cfg(test)]
mod echo_tests;
#[cfg(test)]
mod gate_tests;
#[cfg(test)]
mod jitter_tests;
#[cfg(test)]
mod loss_tests;
#[cfg(test)]
mod network;
#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod tone;

pub use codec::{Decoder, Encoder, EncoderSettings, FrameLength, MAX_FRAME_BYTES};
pub use cue::{Cue, Cues, test_sound};
pub use error::AudioError;
pub use gain::Gain;
pub use gate::{Gate, GateChange};
pub use jitter::{JitterBuffer, JitterConfig, JitterStats, Pulled, VoiceFrame};
pub use level::{Level, level};
pub use mix::Limiter;
pub use process::{Processing, ProcessingSettings};
pub use resample::Resampler;

/// The one sample rate inside PushTalk, in Hz.
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples of one block: 10 ms at [`SAMPLE_RATE`], mono.
pub const BLOCK: usize = 480;

/// How long so many samples last at `rate`, in Hz; days at most.
pub fn time_of(samples: usize, rate: u32) -> std::time::Duration {
    std::time::Duration::from_nanos((samples as u64).saturating_mul(1_000_000_000) / u64::from(rate.max(1)))
}
