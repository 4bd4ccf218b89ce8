//! The arbiter's book: who holds the floor, since when, and who has to wait after a limit.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_protocol::{DeniedReason, Pid, RevokedReason};

/// After a limit the same member has to wait so long.
const PAUSE: Duration = Duration::from_secs(3);
/// A holder of whom no voice comes for so long loses the floor.
const SILENCE: Duration = Duration::from_secs(4);

/// Kept by every member, so that any of them can take over; only the arbiter changes it by itself.
#[derive(Default)]
pub(crate) struct Book {
    /// Number of the last thing that an arbiter said.
    pub(crate) n: u64,
    pub(crate) holder: Option<Holder>,
    resting: BTreeMap<Pid, Duration>,
}

#[derive(Clone, Copy)]
pub(crate) struct Holder {
    pub(crate) pid: Pid,
    /// The holder's number of the press; none as long as it is known from hearsay only.
    pub(crate) spurt: Option<u32>,
    pub(crate) since: Duration,
    pub(crate) heard: Duration,
}

/// The answer to a request.
pub(crate) enum Decision {
    Granted { left: Duration, new: bool },
    Denied(DeniedReason),
}

impl Book {
    /// The next number.
    pub(crate) fn count(&mut self) -> u64 {
        self.n += 1;
        self.n
    }

    pub(crate) fn decide(&mut self, now: Duration, who: Pid, spurt: u32, limit: Duration) -> Decision {
        self.resting.retain(|_, until| *until > now);
        if self.resting.contains_key(&who) {
            return Decision::Denied(DeniedReason::TooSoon);
        }
        match &mut self.holder {
            Some(holder) if holder.pid != who => Decision::Denied(DeniedReason::Busy { talker: holder.pid }),
            // Told anew by a talker whose arbiter is gone: it goes on, on the same clock.
            Some(holder) if holder.spurt.is_none_or(|s| s == spurt) => {
                holder.spurt = Some(spurt);
                holder.heard = now;
                Decision::Granted { left: (holder.since + limit).saturating_sub(now), new: false }
            }
            _ => {
                self.holder = Some(Holder { pid: who, spurt: Some(spurt), since: now, heard: now });
                Decision::Granted { left: limit, new: true }
            }
        }
    }

    /// What has to end now, and why.
    pub(crate) fn overdue(
        &mut self,
        now: Duration,
        me: Pid,
        limit: Duration,
    ) -> Option<(Holder, RevokedReason)> {
        let holder = self.holder?;
        if now >= holder.since + limit {
            self.resting.insert(holder.pid, now + PAUSE);
            return Some((holder, RevokedReason::Limit));
        }
        (holder.pid != me && now >= holder.heard + SILENCE).then_some((holder, RevokedReason::Silence))
    }

    pub(crate) fn deadline(&self, me: Pid, limit: Duration) -> Option<Duration> {
        let holder = self.holder?;
        let limit = holder.since + limit;
        Some(if holder.pid == me { limit } else { limit.min(holder.heard + SILENCE) })
    }

    pub(crate) fn heard(&mut self, now: Duration, who: Pid) {
        if let Some(holder) = &mut self.holder
            && holder.pid == who
        {
            holder.heard = now;
        }
    }
}
