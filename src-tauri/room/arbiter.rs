//! The arbiter's side of the floor: it grants, denies and revokes, and says so to everybody.

use std::time::Duration;

use pushtalk_protocol::{DeniedReason, FloorMessage, Pid, RevokedReason};

use crate::button::Own;
use crate::room::{Room, Word};

/// After a limit the same member has to wait so long.
pub(crate) const PAUSE: Duration = Duration::from_secs(3);
/// A holder of whom no voice comes for so long loses the floor.
const SILENCE: Duration = Duration::from_secs(4);
/// The same for a holder that a new arbiter knows from hearsay only.
const HEARSAY_SILENCE: Duration = Duration::from_secs(2);
/// Who is revoked stops at once and says so. The next one is not let in before, but does not wait longer than this.
const REVOKING: Duration = Duration::from_secs(1);
/// So long after a change the new arbiter listens to what was granted before.
const HANDOVER: Duration = Duration::from_secs(2);

/// Who holds the floor.
pub(crate) struct Holder {
    pub(crate) pid: Pid,
    /// The number of its press; none as long as it is known from an arbiter's word only.
    pub(crate) spurt: Option<u32>,
    /// The number of its grant: where two were granted, the lower one stays.
    pub(crate) n: u64,
    pub(crate) since: Duration,
    until: Duration,
    /// When it is taken for silent; each frame moves it.
    silent: Duration,
    /// From when on it is waited for its release.
    revoked: Option<Duration>,
}

impl Room {
    /// The next number.
    fn count(&mut self) -> u64 {
        self.n = self.n.saturating_add(1);
        self.n
    }

    fn holder(&self, now: Duration, pid: Pid, spurt: Option<u32>, n: u64) -> Holder {
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
    fn announce(&mut self, n: u64, except: Option<Pid>) {
        let state = self.state(n);
        let others: Vec<Pid> = self.ready().filter(|pid| Some(*pid) != except).collect();
        for to in others {
            self.send(to, state);
        }
    }

    fn answer(&mut self, now: Duration, to: Pid, message: FloorMessage) {
        if to == self.me { self.answered(now, message) } else { self.send(to, message) }
    }

    /// Decides a request, which may be our own.
    pub(crate) fn decide(&mut self, now: Duration, who: Pid, spurt: u32) {
        let n = self.count();
        if self.rests(now, who) {
            return self.answer(now, who, FloorMessage::Denied { n, spurt, reason: DeniedReason::TooSoon });
        }
        match &self.floor {
            Some(holder) if holder.pid != who => {
                let reason = DeniedReason::Busy { talker: holder.pid };
                self.answer(now, who, FloorMessage::Denied { n, spurt, reason });
            }
            // Asked twice, because the answer was not there in time.
            Some(holder) if holder.spurt == Some(spurt) => {
                let limit_ms = millis(holder.until.saturating_sub(now));
                self.answer(now, who, FloorMessage::Granted { n, spurt, limit_ms });
            }
            _ => {
                let holder = self.holder(now, who, Some(spurt), n);
                self.grant(now, holder, n);
            }
        }
    }

    fn grant(&mut self, now: Duration, holder: Holder, n: u64) {
        let (who, spurt) = (holder.pid, holder.spurt.unwrap_or_default());
        let limit_ms = millis(holder.until.saturating_sub(now));
        self.floor = Some(holder);
        self.answer(now, who, FloorMessage::Granted { n, spurt, limit_ms });
        self.announce(n, Some(who));
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
    pub(crate) fn released(&mut self, who: Pid, spurt: u32) {
        let ends = |holder: &Holder| holder.pid == who && holder.spurt.is_none_or(|known| known == spurt);
        if self.is_arbiter() && self.floor.as_ref().is_some_and(ends) {
            self.free();
        }
    }

    /// Nobody holds the floor any more.
    pub(crate) fn free(&mut self) {
        self.floor = None;
        let n = self.count();
        self.announce(n, None);
    }

    pub(crate) fn heard(&mut self, now: Duration, from: Pid) {
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
        if holder.revoked.is_some_and(|at| now >= at + REVOKING) {
            self.free();
        } else if holder.revoked.is_none() && now >= holder.until {
            self.resting.insert(pid, now + PAUSE);
            if let Some(holder) = &mut self.floor {
                holder.revoked = Some(now);
            }
            self.revoke(now, pid, spurt, RevokedReason::Limit);
        } else if pid != self.me && now >= holder.silent {
            // What is not heard is in nobody's way.
            self.revoke(now, pid, spurt, RevokedReason::Silence);
            self.free();
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
        let limit = holder.revoked.map_or(holder.until, |at| at + REVOKING);
        Some(if holder.pid == self.me { limit } else { limit.min(holder.silent) })
    }

    pub(crate) fn rests(&mut self, now: Duration, who: Pid) -> bool {
        self.resting.retain(|_, until| *until > now);
        self.resting.contains_key(&who)
    }

    /// True while grants of another arbiter may still be out that this member took part in.
    pub(crate) fn hands_over(&self, now: Duration, from: Pid) -> bool {
        let fresh = |since: Duration| now < since + HANDOVER;
        self.reign.is_some_and(fresh) || self.members.get(&from).is_some_and(|member| fresh(member.since))
    }

    /// We are the arbiter from now on.
    pub(crate) fn take_over(&mut self, now: Duration) {
        let known = self.floor.take().filter(|holder| self.may_talk(holder.pid));
        self.floor = if let Own::Talking(talk) = &self.own {
            // Our own limit runs on at the button.
            Some(self.holder(now, self.me, Some(self.spurt), talk.n))
        } else {
            let silent = now + HEARSAY_SILENCE;
            known.map(|known| Holder { spurt: None, silent, revoked: None, ..known })
        };
        let n = self.count();
        self.announce(n, None);
        // Those who have just come: the last arbiter told them, and they are it now.
        let words = self.ready().filter_map(|pid| self.members.get(&pid)?.word);
        if let Some(word) = words.max_by_key(|word| word.n)
            && word.n >= n
        {
            self.hearsay(now, word);
        }
    }

    /// The last arbiter's word counts until we have granted something ourselves.
    pub(crate) fn hearsay(&mut self, now: Duration, word: Word) {
        self.n = self.n.max(word.n);
        if self.floor.as_ref().is_some_and(|holder| holder.spurt.is_some() || holder.n > word.n) {
            return;
        }
        // It may be connected to us only in a moment, like the one who tells.
        let talker = word.talker.filter(|talker| *talker != self.me);
        if self.floor.as_ref().map(|holder| holder.pid) == talker {
            return;
        }
        self.floor = talker.map(|talker| self.told(now, talker, word.n));
        let n = self.count();
        self.announce(n, None);
    }

    /// A holder that we know by word.
    pub(crate) fn told(&self, now: Duration, talker: Pid, n: u64) -> Holder {
        Holder { silent: now + HEARSAY_SILENCE, ..self.holder(now, talker, None, n) }
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
