//! A handshake inside a session, by which it gets new keys.

use crate::{Epoch, Reader, WireError, Writer};

/// Longer than any message of a handshake.
const LONGEST_HANDSHAKE: usize = 256;

/// One message of a handshake inside a session: section 5 of the protocol.
#[derive(Clone, PartialEq, Eq)]
pub enum Rekey {
    /// The first Noise message, by the initiator, for this epoch.
    First {
        /// The epoch whose key the handshake is mixed with.
        epoch: Epoch,
        /// Noise.
        message: Vec<u8>,
    },
    /// The second Noise message: the last that the responder seals with the keys before.
    Second {
        /// Noise.
        message: Vec<u8>,
    },
    /// The last message that the initiator seals with the keys before.
    Done,
}

impl Rekey {
    pub(crate) fn write(&self, w: Writer) -> Writer {
        match self {
            Self::First { epoch, message } => w.u8(1).u32(epoch.0).lv(message),
            Self::Second { message } => w.u8(2).lv(message),
            Self::Done => w.u8(3),
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(match r.u8()? {
            1 => Self::First { epoch: Epoch(r.u32()?), message: handshake(r.lv()?)? },
            2 => Self::Second { message: handshake(r.lv()?)? },
            3 => Self::Done,
            other => return Err(WireError::Kind(other)),
        })
    }
}

fn handshake(bytes: &[u8]) -> Result<Vec<u8>, WireError> {
    if bytes.len() > LONGEST_HANDSHAKE { Err(WireError::Value) } else { Ok(bytes.to_vec()) }
}
