//! Sound without hardware: codec, jitter buffer, mixing, resampling, processing.
//!
//! Pure: no clock, no randomness, no IO. Everything is 48 kHz, mono, `f32` in -1.0 to 1.0, in blocks of 10 ms; only
//! [`Resampler`] knows other rates. After construction nothing here allocates, but for the gain control of [`Processing`].
#![warn(missing_docs)]

mod arrival;
mod codec;
mod error;
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
mod codec_tests;
#[cfg(test)]
mod jitter_tests;
#[cfg(test)]
mod loss_tests;
#[cfg(test)]
mod network;
#[cfg(test)]
mod tone;

pub use codec::{Decoder, Encoder, EncoderSettings, FrameLength, MAX_FRAME_BYTES};
pub use error::AudioError;
pub use jitter::{JitterBuffer, JitterConfig, JitterStats, Pulled, VoiceFrame};
pub use level::{Level, level};
pub use mix::{Limiter, mix};
pub use process::{Processing, ProcessingSettings};
pub use resample::Resampler;

/// The one sample rate inside PushTalk, in Hz.
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples of one block: 10 ms at [`SAMPLE_RATE`], mono.
pub const BLOCK: usize = 480;
