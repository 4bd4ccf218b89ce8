//! Whom we reach, told to the others, who compare it with what they see.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_protocol::{Ctl, Epoch, Pid, Roster};

use crate::brain::Output;
use crate::face::MemberLink;
use crate::inside::Inside;

/// Told that often at most, and in large rooms so much later for each one that is told it: of 64 members who come at once
/// each would else tell it 63 times to 63 others. Never so late that, with the time a difference must last, somebody hidden
/// is noticed after more than two seconds.
const EVERY: Duration = Duration::from_millis(250);
const EVERY_OF_EACH: Duration = Duration::from_millis(16);
const LATEST: Duration = Duration::from_millis(400);

/// A room fills while so many members are still being connected. Until then nearly all that is told is out of date when it
/// comes, and telling it would be most of the work.
const STILL_TO_COME: usize = 4;
const LATEST_WHILE_IT_FILLS: Duration = Duration::from_secs(2);

/// What the others were told last.
pub(crate) struct Listing {
    told: Roster,
    /// None when it is to be compared anew.
    pub(crate) compared: Option<Compared>,
    told_at: Option<Duration>,
    /// Not before this.
    next: Duration,
    waits: bool,
}

/// Our own list, as it was compared with those of the others last.
pub(crate) struct Compared {
    epoch: Epoch,
    /// Whom we reach.
    living: Vec<Pid>,
    /// Whom we know of.
    known: Vec<Pid>,
}

impl Listing {
    pub(crate) fn new(now: Duration, roster: Roster) -> Self {
        Self { told: roster, compared: None, told_at: None, next: now, waits: false }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.waits.then_some(self.next)
    }

    /// Whether it is to be told now, where so many are still to come.
    fn is_due(&mut self, now: Duration, roster: &Roster, to_come: usize) -> bool {
        if let Some(at) = self.told_at {
            let told = u32::try_from(self.told.pids.len()).unwrap_or(u32::MAX);
            let wait = (EVERY_OF_EACH * told).clamp(EVERY, LATEST);
            self.next = at + if to_come < STILL_TO_COME { wait } else { LATEST_WHILE_IT_FILLS };
        }
        self.waits = *roster != self.told && now < self.next;
        let due = *roster != self.told && now >= self.next;
        if due {
            self.told_at = Some(now);
            self.told.clone_from(roster);
        }
        due
    }
}

impl Inside {
    /// Tells the others with whom we have a living session, when that has changed.
    pub(crate) fn compare_rosters(&mut self, now: Duration, out: &mut Vec<Output>) {
        let changed = !self.listing.compared.as_ref().is_some_and(|compared| {
            compared.epoch == self.identity.epoch
                && compared.known.iter().eq(self.members.keys())
                && compared.living.iter().eq(self.ready_ones().map(|(pid, _)| pid))
        });
        if !changed && self.listing.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        let living: Vec<Pid> = self.ready_ones().map(|(pid, _)| *pid).collect();
        let compared =
            Compared { epoch: self.identity.epoch, living, known: self.members.keys().copied().collect() };
        if changed {
            self.rosters.own(now, compared.epoch, &set(&compared.living), &set(&compared.known));
        }
        let mut pids = compared.living.clone();
        pids.push(self.identity.pid);
        pids.sort_unstable();
        let roster = Roster { epoch: compared.epoch, pids };
        let to_come = self.members.values().filter(|member| member.link == MemberLink::Connecting).count();
        if self.listing.is_due(now, &roster, to_come) {
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
        assert!(!listing.is_due(ms(5), &roster(1), 0));
        assert!(listing.is_due(ms(10), &roster(2), 0));
        assert_eq!(listing.poll_timeout(), None);
        for n in 3..20 {
            assert!(!listing.is_due(ms(10 + 10 * u64::from(n)), &roster(n), 0));
            assert_eq!(listing.poll_timeout(), Some(ms(260)));
        }
        assert!(listing.is_due(ms(260), &roster(19), 0));
        assert!(!listing.is_due(ms(270), &roster(20), 0));
        assert_eq!(listing.poll_timeout(), Some(ms(260 + 19 * 16)));
        // It was a moment only.
        assert!(!listing.is_due(ms(280), &roster(19), 0));
        assert_eq!(listing.poll_timeout(), None);
    }

    #[test]
    fn the_largest_room_is_told_early_enough_for_somebody_hidden_to_be_noticed_within_two_seconds() {
        let ms = Duration::from_millis;
        let roster = |n: u8| Roster { epoch: Epoch(0), pids: (0..n).map(|n| Pid::new([n; 16])).collect() };
        let mut listing = Listing::new(ms(0), roster(1));
        assert!(listing.is_due(ms(10), &roster(63), 0));
        assert!(!listing.is_due(ms(20), &roster(64), 0));
        assert!(
            listing.poll_timeout().is_some_and(|at| at - ms(20) + pushtalk_room::Rosters::LASTING < ms(2000))
        );
    }

    #[test]
    fn while_a_room_fills_it_is_told_every_two_seconds_and_soon_after_the_last_have_come() {
        let ms = Duration::from_millis;
        let roster = |n: u8| Roster { epoch: Epoch(0), pids: (0..n).map(|n| Pid::new([n; 16])).collect() };
        let mut listing = Listing::new(ms(0), roster(1));
        assert!(listing.is_due(ms(10), &roster(2), 62));
        for n in 3..30 {
            assert!(!listing.is_due(ms(20 * u64::from(n)), &roster(n), 64 - usize::from(n)));
        }
        assert_eq!(listing.poll_timeout(), Some(ms(2_010)));
        assert!(listing.is_due(ms(2_010), &roster(40), 24));
        assert!(!listing.is_due(ms(2_100), &roster(61), 3));
        assert_eq!(listing.poll_timeout(), Some(ms(2_410)));
    }
}
