//! The network between the devices of a world: late, lossy, and as hostile as a test likes.

use std::time::Duration;

use pushtalk_protocol::Pid;
use rand::rngs::StdRng;

/// What the network does.
#[derive(Clone, Copy)]
pub struct Network {
    /// Of every message, one way.
    pub delay: Duration,
    /// Up to so much more, by chance; messages of one way keep their order, frames need not.
    pub jitter: Duration,
    /// Share of the frames that is lost.
    pub loss: f64,
    /// So much later than a frame comes a message of the data channel: it is repeated when it is lost.
    pub messages_late: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss: 0.0,
            messages_late: Duration::ZERO,
        }
    }
}

/// Something on its way from one device to another. Real connections protect it once more (DTLS): here it is as if they
/// did not.
#[derive(Clone)]
pub struct Parcel {
    /// Over whose connection it comes.
    pub from: Pid,
    /// To whom.
    pub to: Pid,
    /// What it is.
    pub kind: Kind,
    /// As sent.
    pub bytes: Vec<u8>,
    /// How much later than the network has it anyway.
    pub late: Duration,
}

/// Frame or message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sealed frame, with what RTP says of it.
    Frame {
        /// RTP sequence number.
        sequence: u16,
        /// RTP timestamp.
        timestamp: u32,
    },
    /// A message of the data channel.
    Ctl,
}

/// Changes frames on their way, or makes others of them.
pub type Tamper = Box<dyn FnMut(&mut StdRng, &mut Vec<u8>)>;

/// Does with all that passes what it likes: gives what arrives instead.
pub type Meddler = Box<dyn FnMut(&mut StdRng, Parcel) -> Vec<Parcel>>;
