//! The arbiter's side of the floor: it grants, denies and revokes, and says so to everybody.

use std::time::Duration;

use pushtalk_protocol::{DeniedReason, FloorMessage, Pid, RevokedReason};

use crate::room::Room;

/// After a limit the same member has to wait so long.
pub(crate) const PAUSE: Duration = Duration::from_secs(3);
/// A holder of whom no voice comes for so long loses the floor.
const SILENCE: Duration = Duration::from_secs(4);
/// The same for who has waited in the queue: it has to begin, or the next one may.
const BEGINNING: Duration = Duration::from_millis(1_500);
/// Who is revoked stops at once and says so. The next one is not let in before, but does not wait longer than this.
const REVOKING: Duration = Duration::from_secs(1);

/// Who holds the floor.
pub(crate) struct Holder {
    pub(crate) pid: Pid,
    /// The number of its press; none as long as it is known from an arbiter's word only.
    pub(crate) spurt: Option<u32>,
    /// The number of its grant: where two were granted, the lower one stays.
    pub(crate) n: u64,
    pub(crate) since: Duration,
    pub(crate) until: Duration,
    /// When it is taken for silent; each frame moves it.
    pub(crate) silent: Duration,
    /// Once it was told to stop: from when on it is waited for its release, and why.
    pub(crate) revoked: Option<(Duration, RevokedReason)>,
}

impl Room {
    /// The next number.
    pub(crate) fn count(&mut self) -> u64 {
        self.n = self.n.saturating_add(1);
        self.n
    }

    pub(crate) fn holder(&self, now: Duration, pid: Pid, spurt: Option<u32>, n: u64) -> Holder {
        Holder {
            pid,
            spurt,
            n,
            since: now,
            until: now + self.talk_limit,
            silent: now + SILENCE,
            revoked: None,
        }
    }

    /// How the floor stands.
    pub(crate) fn state(&self, n: u64) -> FloorMessage {
        match &self.floor {
            Some(holder) => FloorMessage::Taken { n, talker: holder.pid },
            None => FloorMessage::Idle { n },
        }
    }

    /// Tells everybody how the floor stands, except the one who knows.
    pub(crate) fn announce(&mut self, n: u64, except: Option<Pid>) {
        let state = self.state(n);
        let others: Vec<Pid> = self.ready().filter(|pid| Some(*pid) != except).collect();
        for to in others {
            self.send(to, state);
        }
    }

    pub(crate) fn answer(&mut self, now: Duration, to: Pid, message: FloorMessage) {
        if to == self.me { self.answered(now, message) } else { self.send(to, message) }
    }

    /// Decides a request, which may be our own. With `queue` it waits where it cannot be granted at once.
    pub(crate) fn decide(&mut self, now: Duration, who: Pid, spurt: u32, queue: bool) {
        if self.rests(now, who) {
            return self.deny(now, who, spurt, DeniedReason::TooSoon);
        }
        match &self.floor {
            Some(holder) if holder.pid != who && queue => self.queue_up(now, who, spurt),
            Some(holder) if holder.pid != who => {
                let reason = DeniedReason::Busy { talker: holder.pid };
                self.deny(now, who, spurt, reason);
            }
            // Asked twice, because the answer was not there in time.
            Some(holder) if holder.spurt == Some(spurt) => {
                let limit_ms = millis(holder.until.saturating_sub(now));
                let n = self.count();
                self.answer(now, who, FloorMessage::Granted { n, spurt, limit_ms });
            }
            _ => {
                let n = self.count();
                let holder = self.holder(now, who, Some(spurt), n);
                self.grant(now, holder, n);
            }
        }
    }

    pub(crate) fn deny(&mut self, now: Duration, who: Pid, spurt: u32, reason: DeniedReason) {
        self.unqueue(now, who, None);
        let n = self.count();
        self.answer(now, who, FloorMessage::Denied { n, spurt, reason });
    }

    /// The host's own press takes the floor away from who has it, and gets it as soon as that one has stopped.
    pub(crate) fn pre_empt(&mut self, now: Duration, spurt: u32) {
        match &mut self.floor {
            Some(holder) if holder.pid != self.me => {
                self.preempting = Some(spurt);
                if holder.revoked.is_none() {
                    holder.revoked = Some((now, RevokedReason::Preempted));
                    let (pid, spurt) = (holder.pid, holder.spurt);
                    self.revoke(now, pid, spurt, RevokedReason::Preempted);
                }
            }
            _ => self.decide(now, self.me, spurt, false),
        }
    }

    fn grant(&mut self, now: Duration, holder: Holder, n: u64) {
        let (who, spurt) = (holder.pid, holder.spurt.unwrap_or_default());
        let limit_ms = millis(holder.until.saturating_sub(now));
        self.floor = Some(holder);
        self.queue.remove(who);
        self.answer(now, who, FloorMessage::Granted { n, spurt, limit_ms });
        self.announce(n, Some(who));
        // Behind the others' news: its number is the lower one.
        self.tell_places(now);
    }

    /// A talker that was granted the floor by another arbiter, or of whom we had lost sight, goes on.
    pub(crate) fn continued(&mut self, now: Duration, who: Pid, spurt: u32, granted: u64) {
        self.n = self.n.max(granted);
        let n = self.count();
        let rests = self.rests(now, who);
        let lower = |holder: &Holder| (granted, who) < (holder.n, holder.pid);
        let wins = self.hands_over(now, who) && self.floor.as_ref().is_some_and(lower);
        match &mut self.floor {
            _ if rests => {
                self.send(who, FloorMessage::Revoked { n, spurt, reason: RevokedReason::Limit });
            }
            _ if self.preempting.is_some() => {
                self.send(who, FloorMessage::Revoked { n, spurt, reason: RevokedReason::Preempted });
            }
            // It may not have been possible to tell it before.
            Some(Holder { pid, revoked: Some((_, reason)), .. }) if *pid == who => {
                let reason = *reason;
                self.send(who, FloorMessage::Revoked { n, spurt, reason });
            }
            Some(holder) if holder.pid == who && holder.spurt.is_none_or(|known| known == spurt) => {
                (holder.spurt, holder.n, holder.silent) = (Some(spurt), granted, now + SILENCE);
                let limit_ms = millis(holder.until.saturating_sub(now));
                self.send(who, FloorMessage::Granted { n, spurt, limit_ms });
            }
            Some(holder) if holder.pid != who && !wins => {
                self.send(who, FloorMessage::Revoked { n, spurt, reason: RevokedReason::Collision });
            }
            _ => {
                let last = self.floor.take();
                if let Some((pid, Some(spurt))) = last.map(|last| (last.pid, last.spurt))
                    && pid != who
                {
                    let reason = RevokedReason::Collision;
                    self.answer(now, pid, FloorMessage::Revoked { n, spurt, reason });
                }
                let holder = self.holder(now, who, Some(spurt), granted);
                self.grant(now, holder, n);
            }
        }
    }

    /// A talker has finished, or does not want the floor any more.
    pub(crate) fn released(&mut self, now: Duration, who: Pid, spurt: u32) {
        if !self.is_arbiter() {
            return;
        }
        self.unqueue(now, who, Some(spurt));
        if who == self.me && self.preempting == Some(spurt) {
            self.preempting = None;
        }
        let ends = |holder: &Holder| holder.pid == who && holder.spurt.is_none_or(|known| known == spurt);
        if self.floor.as_ref().is_some_and(ends) {
            self.free(now);
        }
    }

    /// Nobody holds the floor any more: the next one may, if there is one.
    pub(crate) fn free(&mut self, now: Duration) {
        self.floor = None;
        let next = self.next();
        let n = self.count();
        match next {
            Some((pid, spurt)) => {
                let holder = self.holder(now, pid, Some(spurt), n);
                self.grant(now, Holder { silent: now + BEGINNING, ..holder }, n);
            }
            None => self.announce(n, None),
        }
    }

    /// The holder is heard.
    pub(crate) fn hold(&mut self, now: Duration, from: Pid) {
        if let Some(holder) = &mut self.floor
            && holder.pid == from
        {
            holder.silent = now + SILENCE;
        }
    }

    /// Ends what has lasted too long.
    pub(crate) fn enforce(&mut self, now: Duration) {
        if !self.is_arbiter() {
            return;
        }
        let Some(holder) = &self.floor else { return };
        let (pid, spurt) = (holder.pid, holder.spurt);
        if holder.revoked.is_some_and(|(at, _)| now >= at + REVOKING) {
            self.free(now);
        } else if holder.revoked.is_none() && now >= holder.until {
            self.resting.insert(pid, now + PAUSE);
            if let Some(holder) = &mut self.floor {
                holder.revoked = Some((now, RevokedReason::Limit));
            }
            self.revoke(now, pid, spurt, RevokedReason::Limit);
        } else if pid != self.me && now >= holder.silent {
            // What is not heard is in nobody's way.
            self.revoke(now, pid, spurt, RevokedReason::Silence);
            self.free(now);
        }
    }

    fn revoke(&mut self, now: Duration, who: Pid, spurt: Option<u32>, reason: RevokedReason) {
        let n = self.count();
        if let Some(spurt) = spurt {
            self.answer(now, who, FloorMessage::Revoked { n, spurt, reason });
        }
    }

    pub(crate) fn floor_deadline(&self) -> Option<Duration> {
        let holder = self.floor.as_ref().filter(|_| self.is_arbiter())?;
        let limit = holder.revoked.map_or(holder.until, |(at, _)| at + REVOKING);
        Some(if holder.pid == self.me { limit } else { limit.min(holder.silent) })
    }

    pub(crate) fn rests(&mut self, now: Duration, who: Pid) -> bool {
        self.resting.retain(|_, until| *until > now);
        self.resting.contains_key(&who)
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
