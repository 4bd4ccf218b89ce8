//! Another path to a member, where addresses have changed or the one in use is silent: section 6 of the protocol.
//!
//! Who offers begins it, and is asked to by the other one. The path in use goes on until the new one is open. What is
//! said about it goes over the data channel, and over the relay as well as soon as that may be dead.

use std::time::Duration;

use pushtalk_protocol::{Ctl, Pid, Sdp, SdpKind};

use crate::brain::Output;
use crate::inside::{Inside, PATH_PATIENCE, send};
use crate::member::{Member, Path};

/// A path on which nothing comes for so long may be dead: two pings were not answered. More in large rooms.
const SUSPECT: Duration = Duration::from_millis(2_200);
/// A data channel that lives answers in this time.
const ANSWER: Duration = Duration::from_millis(300);
/// Another path is there by then; twice as long at each further try.
const RESTARTING: Duration = Duration::from_secs(3);
const MOST_TRIES: u32 = 3;
/// The other one is not followed when it asks more often.
const ASKED_ENOUGH: Duration = Duration::from_secs(1);
/// So long after the last sign that the data channel may be dead, what is said goes both ways.
const BOTH_WAYS: Duration = Duration::from_secs(4);
/// When a first path is not open by then, TCP and link-local addresses are tried too; sooner where that was needed before.
const THOROUGH_AFTER: Duration = Duration::from_secs(3);
const THOROUGH_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Another path is being made.
#[derive(Clone, Copy)]
pub(crate) struct Restart {
    since: Duration,
    until: Duration,
    /// Begun before.
    tries: u32,
    /// Asked for once more too soon after it was begun: it is begun anew then.
    again: bool,
}

impl Inside {
    /// The addresses of this machine have changed.
    pub(crate) fn addresses_changed(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.seat.hurry(now);
        for peer in self.order.clone() {
            if let Some(member) = self.members.get_mut(&peer) {
                // Its silence up to now says nothing about it.
                member.last_heard = now;
                self.ping(now, peer, out);
                self.restart(now, peer, 0, out);
            }
        }
    }

    /// Makes another path, or asks for one.
    pub(crate) fn restart(&mut self, now: Duration, peer: Pid, tries: u32, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.path == Path::None || member.is_ended() {
            return;
        }
        let until = now + RESTARTING * 2_u32.pow(tries);
        member.restart = Some(Restart { since: now, until, tries, again: false });
        if member.pair.is_initiator() {
            tracing::info!("another path is made");
            member.thorough |= tries > 0;
            out.push(Output::RestartPeer(peer, member.thorough));
        } else {
            self.say(peer, &Ctl::Restart, out);
        }
    }

    /// The other one wants another path.
    pub(crate) fn restart_asked(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if !member.pair.is_initiator() {
            return;
        }
        match &mut member.restart {
            Some(restart) if now < restart.since + ASKED_ENOUGH => {
                (restart.until, restart.again) = (restart.since + ASKED_ENOUGH, true);
            }
            _ => self.restart(now, peer, 0, out),
        }
    }

    /// Another path has taken the place of the one before.
    pub(crate) fn moved(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        (member.restart, member.both_until) = (None, None);
        member.last_heard = now;
        if member.pair.is_initiator() {
            member.renew_at = now;
        }
        let mut parcels = Vec::new();
        member.pair.channel_opened(&mut parcels);
        send(peer, parcels, out);
        self.ping(now, peer, out);
    }

    /// What is said goes over the relay as well.
    pub(crate) fn go_both_ways(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.both_until.replace(now + BOTH_WAYS).is_none() {
            let mut parcels = Vec::new();
            member.pair.go_both_ways(&mut parcels);
            send(peer, parcels, out);
        }
    }

    pub(crate) fn tend_paths(&mut self, now: Duration, out: &mut Vec<Output>) {
        let crowd = self.crowd();
        for peer in self.order.clone() {
            let Some(member) = self.members.get_mut(&peer) else { continue };
            if member.both_until.is_some_and(|until| now >= until) {
                member.both_until = None;
                member.pair.go_one_way();
            }
            match member.path_wants(now, crowd) {
                Want::Nothing => {}
                Want::BothWays => self.go_both_ways(now, peer, out),
                Want::Another { tries } => {
                    let silent = now >= member.last_heard + SUSPECT * crowd && member.path == Path::Up;
                    self.restart(now, peer, tries, out);
                    if silent {
                        self.go_both_ways(now, peer, out);
                    }
                }
                Want::Thorough => {
                    member.thorough = true;
                    self.restart(now, peer, 0, out);
                }
                Want::Rest => member.restart = None,
            }
        }
    }
}

/// What is to be done about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Nothing,
    /// The data channel has not answered since another path was begun.
    BothWays,
    Another {
        tries: u32,
    },
    Thorough,
    /// Enough was tried; the path in use has to do.
    Rest,
}

impl Member {
    fn path_wants(&self, now: Duration, crowd: u32) -> Want {
        match (self.path, self.restart) {
            (Path::None, _) => Want::Nothing,
            (_, Some(restart)) if now >= restart.until => {
                if restart.again {
                    Want::Another { tries: 0 }
                } else if restart.tries + 1 < MOST_TRIES {
                    Want::Another { tries: restart.tries + 1 }
                } else {
                    Want::Rest
                }
            }
            (Path::Up, Some(restart))
                if self.both_until.is_none()
                    && now >= restart.since + ANSWER
                    && self.last_heard <= restart.since =>
            {
                Want::BothWays
            }
            (Path::Up, None) if now >= self.last_heard + SUSPECT * crowd => Want::Another { tries: 0 },
            (Path::Opening { .. }, None) if self.thorough_at().is_some_and(|at| now >= at) => Want::Thorough,
            _ => Want::Nothing,
        }
    }

    /// One of the two has said how it can be reached.
    pub(crate) fn described(&mut self, now: Duration, sdp: &Sdp) {
        let Path::Opening { until } = &mut self.path else { return };
        match sdp.kind {
            SdpKind::Offer => *until = (*until).min(now + PATH_PATIENCE),
            SdpKind::Answer if self.pair.is_initiator() && self.restart.is_none() => {
                self.trying_since.get_or_insert(now);
            }
            SdpKind::Answer => {}
        }
    }

    /// Addresses that work were found: another try would only begin all anew.
    pub(crate) fn reached(&mut self) {
        if matches!(self.path, Path::Opening { .. }) {
            (self.trying_since, self.restart) = (None, None);
        }
    }

    /// When all is tried.
    fn thorough_at(&self) -> Option<Duration> {
        Some(self.trying_since? + if self.thorough { THOROUGH_AGAIN_AFTER } else { THOROUGH_AFTER })
    }

    /// When the path is to be looked after next.
    pub(crate) fn path_timeout(&self, crowd: u32) -> Option<Duration> {
        let path = match (self.path, self.restart) {
            (Path::None, _) => None,
            (Path::Up, Some(restart)) if self.both_until.is_none() && self.last_heard <= restart.since => {
                Some(restart.until.min(restart.since + ANSWER))
            }
            (_, Some(restart)) => Some(restart.until),
            (Path::Up, None) => Some(self.last_heard + SUSPECT * crowd),
            (Path::Opening { .. }, None) => self.thorough_at(),
            _ => None,
        };
        [path, self.both_until].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inside::OFFER_PATIENCE;
    use crate::pair_tests::Two;

    const SECOND: Duration = Duration::from_secs(1);

    /// Waits for an offer to be made (as initiator) or to come.
    fn opening(initiator: bool) -> Member {
        let [first, second] = Two::new(1).pairs;
        let mut member = Member::new(Duration::ZERO, if initiator { first } else { second }, 900 * SECOND);
        member.path = Path::Opening { until: OFFER_PATIENCE };
        member
    }

    fn described(member: &mut Member, now: Duration, kind: SdpKind) {
        member.described(now, &Sdp { path: 0, kind, text: String::new() });
    }

    #[test]
    fn a_path_has_its_time_from_the_offer_on_however_long_that_took() {
        let mut member = opening(true);
        assert_eq!(member.path_wants(9 * SECOND, 1), Want::Nothing);
        described(&mut member, 9 * SECOND, SdpKind::Offer);
        assert_eq!(member.path, Path::Opening { until: 9 * SECOND + PATH_PATIENCE });
        // A second one does not make it longer.
        described(&mut member, 12 * SECOND, SdpKind::Offer);
        assert_eq!(member.path, Path::Opening { until: 9 * SECOND + PATH_PATIENCE });
    }

    #[test]
    fn more_ways_are_tried_some_time_after_the_answer_and_only_by_who_offered() {
        let mut member = opening(true);
        described(&mut member, SECOND, SdpKind::Offer);
        assert_eq!(member.path_timeout(1), None);
        described(&mut member, 2 * SECOND, SdpKind::Answer);
        assert_eq!(member.path_timeout(1), Some(2 * SECOND + THOROUGH_AFTER));
        assert_eq!(member.path_wants(4 * SECOND, 1), Want::Nothing);
        assert_eq!(member.path_wants(5 * SECOND, 1), Want::Thorough);
        // Sooner where it was needed before.
        member.thorough = true;
        assert_eq!(member.path_timeout(1), Some(2 * SECOND + THOROUGH_AGAIN_AFTER));

        let mut member = opening(false);
        described(&mut member, SECOND, SdpKind::Offer);
        described(&mut member, 2 * SECOND, SdpKind::Answer);
        assert_eq!(member.path_timeout(1), None);
    }

    #[test]
    fn nothing_more_is_tried_once_addresses_that_work_were_found() {
        let mut member = opening(true);
        described(&mut member, SECOND, SdpKind::Offer);
        described(&mut member, 2 * SECOND, SdpKind::Answer);
        member.reached();
        assert_eq!(member.path_timeout(1), None);
        assert_eq!(member.path_wants(8 * SECOND, 1), Want::Nothing);
    }

    #[test]
    fn another_path_that_is_made_while_one_is_up_is_not_ended_by_what_is_said_of_it() {
        let mut member = opening(true);
        member.path = Path::Up;
        member.restart = Some(Restart { since: SECOND, until: 4 * SECOND, tries: 0, again: false });
        member.reached();
        assert_eq!(member.path_wants(4 * SECOND, 1), Want::Another { tries: 1 });
    }

    #[test]
    fn a_silent_path_is_suspected_later_in_a_large_room() {
        let mut member = opening(true);
        member.path = Path::Up;
        for (crowd, suspect) in [(1, SUSPECT), (4, SUSPECT * 4)] {
            assert_eq!(member.path_timeout(crowd), Some(suspect));
            assert_eq!(member.path_wants(suspect - SECOND / 1000, crowd), Want::Nothing);
            assert_eq!(member.path_wants(suspect, crowd), Want::Another { tries: 0 });
        }
    }
}
