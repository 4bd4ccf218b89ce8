//! Views that are held back: a whole room that comes in the same second is thousands of steps, and each view costs.

use std::time::{Duration, Instant};

/// What takes less is not counted.
const CHEAP: Duration = Duration::from_micros(40);
/// After a view that took time there is none for so many times as long: showing takes a two hundredth of all time, and
/// whoever is shown it has time too. A screen shows sixty a second.
const REST: u32 = 199;
/// Only where a machine has far too much to do are views so dear; what a person asked for is shown at once all the same.
const LONGEST: Duration = Duration::from_millis(200);

/// When the next view may be made.
#[derive(Default)]
pub(crate) struct HeldBack {
    until: Option<Instant>,
    waits: bool,
}

impl HeldBack {
    /// There is something to show. False when it is to wait until `poll_timeout`.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        self.waits = self.until.is_some_and(|until| now < until);
        !self.waits
    }

    /// A view was made, and took so long.
    pub(crate) fn made(&mut self, now: Instant, took: Duration) {
        self.until = (took >= CHEAP).then(|| now + (REST * took).min(LONGEST));
    }

    /// When something waits to be shown.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.until.filter(|_| self.waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    #[test]
    fn cheap_views_are_all_made_and_dear_ones_a_two_hundredth_of_the_time() {
        let mut held = HeldBack::default();
        let (mut now, mut made) = (Instant::now(), 0);
        for _ in 0..20 {
            assert!(held.is_due(now));
            held.made(now, us(39));
        }
        let begin = now;
        while now < begin + us(1_000_000) {
            if held.is_due(now) {
                now += us(1_000);
                held.made(now, us(1_000));
                made += 1;
            }
            now += us(10);
        }
        assert!((4..=6).contains(&made), "{made}");
    }

    #[test]
    fn the_last_step_is_always_shown() {
        let (mut held, now) = (HeldBack::default(), Instant::now());
        held.made(now, us(100));
        assert_eq!(held.poll_timeout(), None);
        assert!(!held.is_due(now + us(19_899)));
        assert_eq!(held.poll_timeout(), Some(now + us(19_900)));
        assert!(held.is_due(now + us(19_900)));
        assert_eq!(held.poll_timeout(), None);
        held.made(now, us(1_000_000));
        assert!(held.is_due(now + LONGEST));
    }
}
