//! The composition: one control loop, the talk and listen threads, and the faces it shows.

mod aside;
mod backoff;
mod bound;
pub mod brain;
mod channel;
mod check;
mod coding;
mod contacts;
mod control;
mod crowd;
mod cues;
mod devices;
mod door;
pub mod ear;
mod echo;
mod engine;
mod entering;
mod epoch;
pub mod face;
#[cfg(test)]
mod face_contract;
mod floor;
mod guesses;
mod hands;
mod heard;
mod held_back;
mod hosting;
mod identity;
mod inside;
mod key;
mod keys;
mod levels;
mod listen;
mod listing;
mod looking;
mod lookout;
mod member;
pub mod mouth;
mod notices;
mod orders;
mod pair;
#[cfg(test)]
mod pair_tests;
mod paths;
mod peers;
mod port;
mod ports;
mod post;
mod preferences;
mod preroll;
mod reception;
mod restart;
mod seat;
mod serving;
mod silence;
mod sound;
mod soundcheck;
mod sounding;
mod speaker;
mod standby;
mod stats;
mod strip;
mod talk;
mod ticket;
mod ties;
mod verify;
mod vicinity;
mod view;
mod volumes;
mod whisper;
mod whole;
mod worn;

pub use engine::{Engine, EngineConfig, EngineError};
pub use sound::{SoundSettings, tail_frames};
pub use stats::{HearingStats, MemberStats, Played};

pub use pushtalk_audio::FrameLength;
pub use pushtalk_device::{AudioHost, DeviceError, DeviceInfo, Direction, list as list_devices};
pub use pushtalk_mesh::Transport;
/// The talk key: what hands do.
pub use pushtalk_ptt as ptt;

/// One of the 64 emoji that are compared, with its English name.
pub fn emoji(place: u8) -> Option<(&'static str, &'static str)> {
    pushtalk_protocol::EMOJI.get(usize::from(place)).map(|emoji| (emoji.symbol, emoji.en))
}

/// Reads `HOST:PORT`.
pub fn parse_server(text: &str) -> Option<pushtalk_protocol::ServerAddress> {
    text.parse().ok()
}
