//! Whom we reach, told to the others, who compare it with what they see.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_protocol::{Ctl, Epoch, Pid, Roster};

use crate::brain::Output;
use crate::inside::Inside;

/// Told that often at most, and in large rooms so much later for each one that is told it: of 64 members who come at once
/// each would else tell it 63 times to 63 others. Never so late that, with the time a difference must last, somebody hidden
/// is noticed after more than two seconds.
const EVERY: Duration = Duration::from_millis(250);
const EVERY_OF_EACH: Duration = Duration::from_millis(16);
const LATEST: Duration = Duration::from_millis(400);

/// What the others were told last.
pub(crate) struct Listing {
    told: Roster,
    /// None when it is to be compared anew.
    pub(crate) compared: Option<Compared>,
    /// Not before this.
    next: Duration,
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
        Self { told: roster, compared: None, next: now, waits: false }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.waits.then_some(self.next)
    }

    /// Whether it is to be told now.
    fn is_due(&mut self, now: Duration, roster: &Roster) -> bool {
        self.waits = *roster != self.told && now < self.next;
        let due = *roster != self.told && now >= self.next;
        if due {
            let told = u32::try_from(roster.pids.len()).unwrap_or(u32::MAX);
            self.next = now + (EVERY_OF_EACH * told).clamp(EVERY, LATEST);
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

    #[test]
    fn a_room_that_fills_is_told_at_once_and_then_a_few_times_a_second_to_the_end() {
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
        assert_eq!(listing.poll_timeout(), Some(ms(260 + 19 * 16)));
        // It was a moment only.
        assert!(!listing.is_due(ms(280), &roster(19)));
        assert_eq!(listing.poll_timeout(), None);
    }

    #[test]
    fn the_largest_room_is_told_early_enough_for_somebody_hidden_to_be_noticed_within_two_seconds() {
        let ms = Duration::from_millis;
        let roster = |n: u8| Roster { epoch: Epoch(0), pids: (0..n).map(|n| Pid::new([n; 16])).collect() };
        let mut listing = Listing::new(ms(0), roster(1));
        assert!(listing.is_due(ms(10), &roster(63)));
        assert!(!listing.is_due(ms(20), &roster(64)));
        assert!(
            listing.poll_timeout().is_some_and(|at| at - ms(20) + pushtalk_room::Rosters::LASTING < ms(2000))
        );
    }
}
