//! One other member of the room, as far as its session and its peer connection have come.

use std::time::Duration;

use pushtalk_e2ee::{MediaKey, SealKey};
use pushtalk_protocol::{Ctl, Hello, Status};
use rand::CryptoRng;

use crate::face::{ErrorCode, MemberLink};
use crate::notices::Notices;
use crate::pair::Pair;
use crate::reception::Reception;
use crate::restart::Restart;

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
    /// Cannot be reached at all; forgotten then.
    pub(crate) absent_until: Option<Duration>,
    /// When new keys are due.
    pub(crate) renew_at: Duration,
    /// When the present ones came.
    pub(crate) renewed: Duration,
    /// As initiator: new keys that were begun are there by then, or the pair is begun anew.
    pub(crate) renewing_until: Option<Duration>,
    /// Another path is being made.
    pub(crate) restart: Option<Restart>,
    /// Until then what is said goes over the relay as well.
    pub(crate) both_until: Option<Duration>,
    /// As initiator: since when both sides try to reach each other, as long as neither has.
    pub(crate) trying_since: Option<Duration>,
    /// True once UDP between ordinary addresses has led to nothing.
    pub(crate) thorough: bool,
    /// What it says of itself.
    pub(crate) status: Status,
    pub(crate) reception: Reception,
    pub(crate) failures: u32,
    /// Of the DTLS handshake, one after another.
    pub(crate) timeouts: u32,
}

/// How far the peer connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// A handshake that never ends is that of a slow device once or twice, and no accident the third time.
const MOST_TIMEOUTS: u32 = 3;
/// So many failures are told to the person; trying goes on.
const TOLD_AFTER: u32 = 3;

impl Member {
    /// Somebody that nothing was said with yet.
    pub(crate) fn new(now: Duration, pair: Pair, renew_at: Duration) -> Self {
        Self {
            pair,
            hello: None,
            host: false,
            link: MemberLink::Connecting,
            at_server: true,
            path: Path::None,
            generation: 0,
            seal_key: None,
            last_heard: now,
            absent_until: None,
            renew_at,
            renewed: now,
            renewing_until: None,
            restart: None,
            both_until: None,
            trying_since: None,
            thorough: false,
            status: Status::default(),
            reception: Reception::default(),
            failures: 0,
            timeouts: 0,
        }
    }

    /// True when nothing flows any more, and nothing is tried.
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.link, MemberLink::Mismatch | MemberLink::Blocked)
    }

    /// What that person is called, as far as it is known.
    pub(crate) fn name(&self) -> Option<String> {
        self.hello.as_ref().map(|hello| hello.name.as_str().to_owned())
    }

    /// One more try came to nothing.
    pub(crate) fn failed(&mut self, notices: &mut Notices) {
        self.failures += 1;
        if self.failures == TOLD_AFTER {
            notices.tell(ErrorCode::CannotConnect, self.name());
        }
    }

    /// The DTLS handshake did not end once more. True when that is no accident any more.
    pub(crate) fn stalled(&mut self) -> bool {
        self.timeouts += 1;
        self.timeouts >= MOST_TIMEOUTS
    }

    /// A fresh key: one half to seal with, the other to be told.
    pub(crate) fn next_generation(&mut self, rng: &mut dyn CryptoRng) -> (SealKey, Ctl) {
        let mut rng = rng;
        self.generation += 1;
        let key = MediaKey::generate(&mut rng);
        let told = Ctl::MediaKey { generation: self.generation, key: key.to_secret() };
        (SealKey::new(key, self.generation), told)
    }
}
