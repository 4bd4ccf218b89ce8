//! What was found out about sound cards, for as long as the same cards are there.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Not all depends on cards alone: a system's configuration may have changed meanwhile.
const LASTS: Duration = Duration::from_secs(30);

/// Remembers one thing.
pub(crate) struct Cards<T>(Mutex<Option<Known<T>>>);

struct Known<T> {
    cards: String,
    until: Instant,
    what: T,
}

impl<T: Clone> Cards<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// What is known, or what comes of finding it out.
    pub(crate) fn recall<E>(&self, find_out: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.at(Instant::now(), cards(), find_out)
    }

    fn at<E>(&self, now: Instant, cards: String, find_out: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.cards == cards && now < known.until) {
            return Ok(known.what.clone());
        }
        let what = find_out()?;
        *known = Some(Known { cards, until: now + LASTS, what: what.clone() });
        Ok(what)
    }
}

/// The cards as the kernel names them, and their devices; nothing where there are none.
fn cards() -> String {
    let list = |file| std::fs::read_to_string(file).unwrap_or_default();
    list("/proc/asound/cards") + &list("/proc/asound/devices")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_holds_while_the_cards_are_the_same_and_half_a_minute() {
        let (cards, begin) = (Cards::new(), Instant::now());
        let at = |seconds, names: &str, found| {
            cards.at(begin + Duration::from_secs(seconds), names.into(), || Ok::<u8, ()>(found)).unwrap()
        };
        assert_eq!(at(0, "a", 1), 1);
        assert_eq!(at(29, "a", 2), 1);
        assert_eq!(at(29, "ab", 3), 3);
        assert_eq!(at(58, "ab", 4), 3);
        assert_eq!(at(59, "ab", 5), 5);
    }

    #[test]
    fn a_failure_is_not_remembered() {
        let (cards, now) = (Cards::new(), Instant::now());
        assert_eq!(cards.at(now, String::new(), || Err::<u8, _>("busy")), Err("busy"));
        assert_eq!(cards.at(now, String::new(), || Ok::<_, ()>(1)), Ok(1));
    }
}
