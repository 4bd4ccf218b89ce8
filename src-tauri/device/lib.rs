//! Microphones and loudspeakers: 48 kHz mono towards the program, whatever the device wants on the other side.
//!
//! The callbacks of the system copy samples between the device and a lock-free ring, wake the thread at its other end,
//! and do nothing else (`feed.rs`). Everything that takes time or memory (mixing channels, changing the rate) happens on the thread
//! that calls [`Capture::read`] or [`Playback::write`].
//!
//! A stream exists as long as its value: no [`Capture`], no open microphone. Open, use and drop a [`Capture`] or a
//! [`Playback`] on one and the same thread: some systems tie a stream to the thread that made it.

mod bluetooth;
mod capture;
#[cfg(target_os = "linux")]
mod cards;
mod cushion;
mod error;
mod feed;
mod host;
mod open;
mod playback;
mod priority;
mod roster;
mod stamp;

pub use capture::Capture;
pub use error::{DeviceError, StreamEvent};
pub use host::AudioHost;
pub use open::{OpenSettings, StreamShape};
pub use playback::Playback;
pub use priority::hurry;
pub use roster::{DeviceInfo, Direction, list};

/// The rate of all samples that cross the door of this crate, in frames a second.
pub const RATE: u32 = 48_000;
