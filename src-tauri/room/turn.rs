//! The right to talk: a value that only the room makes, and that ends when it is dropped.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pushtalk_protocol::Pid;

/// Whom a turn is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Whoever is in the room.
    #[default]
    Everybody,
    /// These members: it is whispered to them.
    Only(BTreeSet<Pid>),
}

impl Audience {
    /// True when a frame may go to this member.
    pub fn contains(&self, pid: &Pid) -> bool {
        match self {
            Self::Everybody => true,
            Self::Only(pids) => pids.contains(pid),
        }
    }

    /// True when it is whispered.
    pub fn is_whisper(&self) -> bool {
        matches!(self, Self::Only(_))
    }
}

/// The right to talk: the floor, held, or a whisper to a few, for whom it is not needed. Without a live one no frame may
/// leave, and none but to whom it is for. It cannot be copied, and the room can end it at any time.
#[derive(Debug)]
pub struct Turn {
    spurt: u32,
    until: Duration,
    audience: Audience,
    shared: Arc<Shared>,
}

/// The room's end of a turn; dropping it ends the turn at once.
#[derive(Debug)]
pub(crate) struct TurnKeeper {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    live: AtomicBool,
    dropped: AtomicBool,
}

/// A turn and the room's end of it.
pub(crate) fn turn(spurt: u32, until: Duration, audience: Audience) -> (Turn, TurnKeeper) {
    let shared = Arc::new(Shared { live: AtomicBool::new(true), dropped: AtomicBool::new(false) });
    (Turn { spurt, until, audience, shared: Arc::clone(&shared) }, TurnKeeper { shared })
}

impl Turn {
    /// False from the moment on that the floor is no longer ours; readable on the talk thread without waiting.
    pub fn is_live(&self) -> bool {
        self.shared.live.load(Ordering::Acquire)
    }

    /// Number of the press, from 1, as in floor messages; of a whisper the one before it.
    pub fn spurt(&self) -> u32 {
        self.spurt
    }

    /// Whom it is for.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// When the limit is reached, on the clock of the room. The room ends the turn then, if not before.
    pub fn until(&self) -> Duration {
        self.until
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.shared.dropped.store(true, Ordering::Release);
    }
}

impl TurnKeeper {
    pub(crate) fn is_dropped(&self) -> bool {
        self.shared.dropped.load(Ordering::Acquire)
    }
}

impl Drop for TurnKeeper {
    fn drop(&mut self) {
        self.shared.live.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_live_until_the_room_lets_go_of_it() {
        let (turn, keeper) = turn(7, Duration::from_secs(30), Audience::Everybody);
        assert!(turn.is_live() && !keeper.is_dropped());
        assert_eq!((turn.spurt(), turn.until()), (7, Duration::from_secs(30)));
        drop(keeper);
        assert!(!turn.is_live());
    }

    #[test]
    fn the_room_sees_that_a_turn_was_dropped() {
        let (turn, keeper) = turn(1, Duration::ZERO, Audience::Everybody);
        drop(turn);
        assert!(keeper.is_dropped());
    }
}
