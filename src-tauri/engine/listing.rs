//! Whom we reach, told to the others, who compare it with what they see.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_protocol::{Ctl, Pid, Roster};

use crate::brain::Output;
use crate::inside::Inside;

/// Told that often at most: of 64 members who come at once each would else tell it 63 times to 63 others.
const EVERY: Duration = Duration::from_millis(250);

/// What the others were told last.
pub(crate) struct Listing {
    told: Roster,
    /// Not before this.
    next: Duration,
    waits: bool,
}

impl Listing {
    pub(crate) fn new(now: Duration, roster: Roster) -> Self {
        Self { told: roster, next: now, waits: false }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.waits.then_some(self.next)
    }

    /// Whether it is to be told now.
    fn is_due(&mut self, now: Duration, roster: &Roster) -> bool {
        self.waits = *roster != self.told && now < self.next;
        let due = *roster != self.told && now >= self.next;
        if due {
            self.next = now + EVERY;
            self.told.clone_from(roster);
        }
        due
    }
}

impl Inside {
    /// Tells the others with whom we have a living session, when that has changed.
    pub(crate) fn compare_rosters(&mut self, now: Duration, out: &mut Vec<Output>) {
        let mut living: BTreeSet<Pid> = self.ready_ones().map(|(pid, _)| *pid).collect();
        living.insert(self.identity.pid);
        let mut known: BTreeSet<Pid> = self.members.keys().copied().collect();
        known.insert(self.identity.pid);
        let roster = Roster { epoch: self.identity.epoch, pids: living.iter().copied().collect() };
        self.rosters.own(now, roster.epoch, &living, &known);
        if self.listing.is_due(now, &roster) {
            living.remove(&self.identity.pid);
            for peer in living {
                self.say(peer, &Ctl::Roster(roster.clone()), out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pushtalk_protocol::Epoch;

    use super::*;

    #[test]
    fn a_room_that_fills_is_told_at_once_and_then_four_times_a_second_to_the_end() {
        let ms = Duration::from_millis;
        let roster = |n: u8| Roster { epoch: Epoch(0), pids: (0..n).map(|n| Pid::new([n; 16])).collect() };
        let mut listing = Listing::new(ms(0), roster(1));
        assert!(!listing.is_due(ms(5), &roster(1)));
        assert!(listing.is_due(ms(10), &roster(2)));
        assert_eq!(listing.poll_timeout(), None);
        for n in 3..20 {
            assert!(!listing.is_due(ms(10 + 10 * u64::from(n)), &roster(n)));
            assert_eq!(listing.poll_timeout(), Some(ms(260)));
        }
        assert!(listing.is_due(ms(260), &roster(19)));
        assert!(!listing.is_due(ms(270), &roster(20)));
        // It was a moment only.
        assert!(!listing.is_due(ms(280), &roster(19)));
        assert_eq!(listing.poll_timeout(), None);
    }
}
