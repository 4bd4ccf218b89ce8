//! What can be wrong, told apart only where the caller must act differently.

use pushtalk_protocol::{VERSION, WireError};
use thiserror::Error;

use crate::DoorRefusal;

/// A signature, tag, key or point does not fit. Which one, and why, is not said.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not authentic")]
pub struct CryptoError;

/// A key has sealed all that it may; a new one is needed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the key is used up")]
pub struct Exhausted;

/// Why somebody does not come in.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DoorError {
    /// The other side speaks another version.
    #[error("version {theirs} of the protocol, this program speaks version {VERSION}")]
    Version {
        /// The version byte found.
        theirs: u8,
    },
    /// Not a message of the door, or not the one whose turn it is.
    #[error("not the message that was expected")]
    Malformed,
    /// The other side did not use the same password, PIN, nameplate and server: a guess, to be counted.
    #[error("the password does not fit")]
    WrongTag,
    /// A point or the sealed end does not fit.
    #[error("not authentic")]
    Refused,
    /// The member says that it lets nobody in, or not like this. Not authentic: the server may have said it.
    #[error("turned away: {0}")]
    TurnedAway(DoorRefusal),
}

impl From<WireError> for DoorError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Version { theirs } => Self::Version { theirs },
            _ => Self::Malformed,
        }
    }
}

impl From<CryptoError> for DoorError {
    fn from(CryptoError: CryptoError) -> Self {
        Self::Refused
    }
}

/// Why a handshake or a message of a session is refused. Nothing has changed then.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SessionError {
    /// The handshake's counter is not above the last one seen.
    #[error("a handshake that was seen before")]
    Replayed,
    /// The member with the smaller pid begins, the other one answers; here it is the other way round.
    #[error("the other side begins")]
    Role,
    /// Not the next message.
    #[error("message {expected} is next")]
    OutOfOrder {
        /// The number that is next.
        expected: u64,
    },
    /// New keys are being moved to already, or the new ones are those of another pair.
    #[error("no change to these keys now")]
    Switch,
    /// More than one Noise message holds.
    #[error("the message is too long")]
    TooLong,
    /// All numbers are used.
    #[error("the session is used up")]
    Exhausted,
    /// Anything else.
    #[error("not authentic")]
    Refused,
}

impl From<snow::Error> for SessionError {
    fn from(_: snow::Error) -> Self {
        Self::Refused
    }
}

impl From<CryptoError> for SessionError {
    fn from(CryptoError: CryptoError) -> Self {
        Self::Refused
    }
}

/// Why a frame is not opened. Nothing has changed then. All but `Refused` are seen from the clear header alone.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// Too short, or a header that is not in its shortest form.
    #[error("not a sealed frame")]
    Malformed,
    /// Sealed with a key of another generation.
    #[error("a frame of another generation")]
    Generation,
    /// Of a spurt whose key is wiped.
    #[error("a frame of a spurt that is over")]
    Passed,
    /// More than 63 spurts ahead: a new generation has to be asked for.
    #[error("a frame of a spurt too far ahead")]
    TooFar,
    /// Its number was taken before, or is too old to tell.
    #[error("a frame that was seen before")]
    Replayed,
    /// The place to put the plaintext is too small.
    #[error("the frame is too long")]
    TooLong,
    /// Not authentic.
    #[error("not authentic")]
    Refused,
}

impl From<CryptoError> for FrameError {
    fn from(CryptoError: CryptoError) -> Self {
        Self::Refused
    }
}
