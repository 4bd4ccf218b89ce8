//! What a member says to a joiner that it does not let in: message 5 of the door.
//!
//! Version, 5, reason(1) ‖ left(1). It is not authentic: a server that makes one up keeps a joiner out, which it can do
//! in any case, and learns nothing by it.

use pushtalk_protocol::Reader;
use thiserror::Error;

use crate::DoorError;
use crate::door::begin;

/// Why a joiner is turned away.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DoorRefusal {
    /// The room is locked: nobody comes in, whatever it knows.
    #[error("the room is locked")]
    Locked,
    /// The password was guessed at too often, and is dead in this epoch, also for who knows it.
    #[error("the code is retired")]
    CodeRetired,
    /// The room has a PIN, and the joiner knocked without one.
    #[error("a PIN is needed")]
    PinNeeded,
    /// The room has no PIN, and the joiner knocked with one.
    #[error("the room has no PIN")]
    PinUnneeded,
    /// The password or the PIN is wrong.
    #[error("wrong, {left} more can be tried")]
    Wrong {
        /// How many wrong guesses there may be before the code is retired.
        left: u8,
    },
}

impl DoorRefusal {
    /// Its place in the order of messages.
    pub(crate) const PLACE: u8 = 5;

    /// The message.
    pub fn encode(self) -> Vec<u8> {
        let (reason, left) = match self {
            Self::Locked => (1, 0),
            Self::CodeRetired => (2, 0),
            Self::PinNeeded => (3, 0),
            Self::PinUnneeded => (4, 0),
            Self::Wrong { left } => (5, left),
        };
        begin(Self::PLACE).u8(reason).u8(left).finish()
    }

    /// What is behind version and place.
    pub(crate) fn read(mut r: Reader<'_>) -> Result<Self, DoorError> {
        let (reason, left) = (r.u8()?, r.u8()?);
        r.end()?;
        match (reason, left) {
            (1, 0) => Ok(Self::Locked),
            (2, 0) => Ok(Self::CodeRetired),
            (3, 0) => Ok(Self::PinNeeded),
            (4, 0) => Ok(Self::PinUnneeded),
            (5, left) => Ok(Self::Wrong { left }),
            _ => Err(DoorError::Malformed),
        }
    }
}
