//! One other member of the room, as far as its session and its peer connection have come.

use std::time::Duration;

use pushtalk_e2ee::{MediaKey, SealKey};
use pushtalk_protocol::{Ctl, Hello};
use rand::CryptoRng;

use crate::face::MemberLink;
use crate::pair::Pair;

/// One other member.
pub(crate) struct Member {
    pub(crate) pair: Pair,
    pub(crate) hello: Option<Hello>,
    pub(crate) host: bool,
    pub(crate) link: MemberLink,
    /// False once the server has told that its connection is gone.
    pub(crate) at_server: bool,
    pub(crate) path: Path,
    pub(crate) generation: u32,
    /// Waits until the voice path is up: nothing is sealed for a member that is not shown as ready.
    pub(crate) seal_key: Option<SealKey>,
    pub(crate) last_heard: Duration,
    pub(crate) failures: u32,
}

/// How far the peer connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    None,
    Opening {
        until: Duration,
    },
    /// The data channel is open on our side; the other side has not yet said anything over it.
    Open {
        until: Duration,
    },
    /// Both sides have spoken over it.
    Up,
}

impl Member {
    /// A fresh key: one half to seal with, the other to be told.
    pub(crate) fn next_generation(&mut self, rng: &mut dyn CryptoRng) -> (SealKey, Ctl) {
        let mut rng = rng;
        self.generation += 1;
        let key = MediaKey::generate(&mut rng);
        let told = Ctl::MediaKey { generation: self.generation, key: key.to_secret() };
        (SealKey::new(key, self.generation), told)
    }
}
