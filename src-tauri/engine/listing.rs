//! Whom we reach, told to the others, who compare it with what they see.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_protocol::{Ctl, Epoch, Pid, Roster};

use crate::brain::Output;
use crate::inside::Inside;

/// Told that often at most on average, and in large rooms so much later for each one that is told it: of 64 members who come
/// at once each would else tell it 63 times to 63 others.
const EVERY: Duration = Duration::from_millis(250);
const EVERY_OF_EACH: Duration = Duration::from_millis(16);
/// So many are told at once before that counts: in a room that does not just fill nothing waits, so that, with the time a
/// difference must last, somebody hidden is noticed within two seconds.
const AT_ONCE: u32 = 3;

/// What the others were told last.
pub(crate) struct Listing {
    told: Roster,
    /// None when it is to be compared anew.
    pub(crate) compared: Option<Compared>,
    /// The next one is due then, if they come evenly (the theoretical arrival time of the generic cell rate algorithm).
    even: Duration,
    /// How much before that it may come.
    early: Duration,
    waits: bool,
}

/// Our own list, as it was compared with those of the others last.
#[derive(PartialEq, Eq)]
pub(crate) struct Compared {
    epoch: Epoch,
    /// Whom we reach.
    living: Vec<Pid>,
    /// Whom we know of.
    known: Vec<Pid>,
}

impl Listing {
    pub(crate) fn new(now: Duration, roster: Roster) -> Self {
        Self { told: roster, compared: None, even: now, early: Duration::ZERO, waits: false }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.waits.then_some(self.even.saturating_sub(self.early))
    }

    /// Whether it is to be told now.
    fn is_due(&mut self, now: Duration, roster: &Roster) -> bool {
        let changed = *roster != self.told;
        let due = changed && now >= self.even.saturating_sub(self.early);
        self.waits = changed && !due;
        if due {
            let told = u32::try_from(roster.pids.len()).unwrap_or(u32::MAX);
            let every = EVERY.max(EVERY_OF_EACH * told);
            self.even = self.even.max(now) + every;
            self.early = every * (AT_ONCE - 1);
            self.told.clone_from(roster);
        }
        due
    }
}

impl Inside {
    /// Tells the others with whom we have a living session, when that has changed.
    pub(crate) fn compare_rosters(&mut self, now: Duration, out: &mut Vec<Output>) {
        let living: Vec<Pid> = self.ready_ones().map(|(pid, _)| *pid).collect();
        let compared =
            Compared { epoch: self.identity.epoch, living, known: self.members.keys().copied().collect() };
        let changed = self.listing.compared.as_ref() != Some(&compared);
        if changed {
            self.rosters.own(now, compared.epoch, &set(&compared.living), &set(&compared.known));
        } else if self.listing.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        let mut pids = compared.living.clone();
        pids.push(self.identity.pid);
        pids.sort_unstable();
        let roster = Roster { epoch: compared.epoch, pids };
        if self.listing.is_due(now, &roster) {
            for peer in &compared.living {
                self.say(*peer, &Ctl::Roster(roster.clone()), out);
            }
        }
        self.listing.compared = Some(compared);
    }
}

fn set(pids: &[Pid]) -> BTreeSet<Pid> {
    pids.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster(n: u8) -> Roster {
        Roster { epoch: Epoch(0), pids: (0..n).map(|n| Pid::new([n; 16])).collect() }
    }

    #[test]
    fn a_room_that_fills_is_told_at_once_and_then_a_few_times_a_second_to_the_end() {
        let ms = Duration::from_millis;
        let mut listing = Listing::new(ms(0), roster(1));
        assert!(!listing.is_due(ms(5), &roster(1)));
        for n in 2..5 {
            assert!(listing.is_due(ms(10), &roster(n)));
            assert_eq!(listing.poll_timeout(), None);
        }
        for n in 5..20 {
            assert!(!listing.is_due(ms(10 + 10 * u64::from(n)), &roster(n)));
            assert_eq!(listing.poll_timeout(), Some(ms(260)));
        }
        assert!(listing.is_due(ms(260), &roster(19)));
        assert!(!listing.is_due(ms(270), &roster(20)));
        // It was a moment only.
        assert!(!listing.is_due(ms(280), &roster(19)));
        assert_eq!(listing.poll_timeout(), None);
    }

    #[test]
    fn in_the_largest_room_too_a_few_changes_are_told_at_once_and_many_once_a_second() {
        let ms = Duration::from_millis;
        let mut listing = Listing::new(ms(0), roster(64));
        let mut told = Vec::new();
        // Somebody comes or goes every 50 ms, for ten seconds.
        for n in 0..200 {
            if listing.is_due(ms(50 * n), &roster(62 + (n % 3) as u8)) {
                told.push(50 * n);
            }
        }
        assert_eq!(told[..3], [0, 50, 100]);
        assert!((11..=13).contains(&told.len()), "{told:?}");
        // After a while of quiet nothing waits again.
        for n in 0..3 {
            assert!(listing.is_due(ms(20_000 + n), &roster(50 + n as u8)));
        }
    }
}
