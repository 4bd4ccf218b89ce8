//! The right to talk: a value that only the floor makes, and that ends when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The floor, held. Without a live one no frame may leave. Cannot be copied.
pub struct Turn {
    shared: Arc<Shared>,
}

/// The room's end of a turn.
pub(crate) struct TurnKeeper {
    shared: Arc<Shared>,
}

struct Shared {
    live: AtomicBool,
    dropped: AtomicBool,
}

/// A turn and the room's end of it.
pub(crate) fn turn() -> (Turn, TurnKeeper) {
    let shared = Arc::new(Shared { live: AtomicBool::new(true), dropped: AtomicBool::new(false) });
    (Turn { shared: shared.clone() }, TurnKeeper { shared })
}

impl Turn {
    /// False from the moment on that the floor was taken away; readable on the talk thread without waiting.
    pub fn is_live(&self) -> bool {
        self.shared.live.load(Ordering::Acquire)
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

/// What the room lets go of is over.
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
        let (turn, keeper) = turn();
        assert!(turn.is_live() && !keeper.is_dropped());
        drop(keeper);
        assert!(!turn.is_live());
    }

    #[test]
    fn the_room_sees_that_a_turn_was_dropped() {
        let (turn, keeper) = turn();
        drop(turn);
        assert!(keeper.is_dropped());
    }
}
