//! The control socket: other programs of the same person hold the talk button, and ask how things are.
//!
//! For bindings of window managers, foot pedals and panels of buttons. One line is asked, one line is answered, as often
//! as one likes:
//!
//! ```text
//! ptt down     the button goes down         ok
//! ptt up       it comes up                  ok
//! ptt toggle   down until it is asked again ok
//! ptt hold     down as long as this connection stands   ok
//! status       how things are               one JSON object: no name, no code, no address
//! ```
//!
//! Anything else is answered with `error` and why. On Unix it is a socket that only its owner can open, in a directory
//! that is only its owner's, and the other end is asked who it is; on Windows a pipe of this session that no other
//! machine reaches.
#![warn(missing_docs)]

mod client;
mod place;
mod request;
mod serve;
#[cfg(test)]
mod tests;

pub use client::{Answer, ask, hold};
pub use place::Place;
pub use request::{Request, UnknownRequest};
pub use serve::{Host, Server};

/// Why nobody can be asked, or nobody can ask.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No program listens there.
    #[error("PushTalk is not running")]
    NotRunning,
    /// The directory of the socket is somebody else's, or open to others.
    #[error("{0} is not only yours")]
    NotOurs(std::path::PathBuf),
    /// It answered something that is no answer, or too long a one.
    #[error("what answers there is not PushTalk")]
    NoAnswer,
    /// It understood, and refuses.
    #[error("{0}")]
    Refused(String),
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
