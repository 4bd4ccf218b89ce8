//! The right to talk: a value that only the floor makes, and that ends when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The floor, held. Without a live one no frame may leave. It cannot be copied, and the room can end it at any time.
#[derive(Debug)]
pub struct Turn {
    spurt: u32,
    until: Duration,
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
pub(crate) fn turn(spurt: u32, until: Duration) -> (Turn, TurnKeeper) {
    let shared = Arc::new(Shared { live: AtomicBool::new(true), dropped: AtomicBool::new(false) });
    (Turn { spurt, until, shared: Arc::clone(&shared) }, TurnKeeper { shared })
}

impl Turn {
    /// False from the moment on that the floor is no longer ours; readable on the talk thread without waiting.
    pub fn is_live(&self) -> bool {
        self.shared.live.load(Ordering::Acquire)
    }

    /// Number of the press, from 1, as in floor messages.
    pub fn spurt(&self) -> u32 {
        self.spurt
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
        let (turn, keeper) = turn(7, Duration::from_secs(30));
        assert!(turn.is_live() && !keeper.is_dropped());
        assert_eq!((turn.spurt(), turn.until()), (7, Duration::from_secs(30)));
        drop(keeper);
        assert!(!turn.is_live());
    }

    #[test]
    fn the_room_sees_that_a_turn_was_dropped() {
        let (turn, keeper) = turn(1, Duration::ZERO);
        drop(turn);
        assert!(keeper.is_dropped());
    }
}
