//! Who the arbiter is, and how the floor goes from one to the next.

use std::time::Duration;

use pushtalk_protocol::{Mode, Pid};

use crate::arbiter::Holder;
use crate::room::{Room, Word};
use crate::view::LinkState;

/// Who enters waits so long for the path to others, one of whom may be the arbiter, before it is the arbiter itself.
const SETTLE: Duration = Duration::from_secs(2);
/// A holder that a new arbiter knows from hearsay only, and of whom no voice comes for so long, loses the floor.
const HEARSAY_SILENCE: Duration = Duration::from_secs(2);
/// So long after a change the new arbiter listens to what was granted before.
const HANDOVER: Duration = Duration::from_secs(2);

impl Room {
    /// Who decides may have changed: what we want is told to the new one.
    pub(crate) fn follow_arbiter(&mut self, now: Duration) {
        let next = self.who_decides(now);
        if next == self.arbiter {
            return;
        }
        // The last one's word counts no longer, not even when it should come back: it will say it anew.
        let last = std::mem::replace(&mut self.arbiter, next);
        if let Some(last) = last.and_then(|last| self.members.get_mut(&last)) {
            last.word = None;
        }
        self.reign = (next == Some(self.me)).then_some(now);
        // Those who wait ask the next one; a press of the host's is no more than one of them.
        self.queue.clear();
        self.preempting = None;
        if self.mode == Mode::Open {
            self.floor = None;
            return;
        }
        match next {
            None => self.floor = None,
            Some(next) if next == self.me => {
                self.take_over(now);
                self.tell_new_arbiter(now);
            }
            Some(next) => {
                self.tell_new_arbiter(now);
                if let Some(word) = self.members.get(&next).and_then(|member| member.word) {
                    self.learn(now, word);
                }
            }
        }
    }

    /// The host if connected, else the connected member with the smallest pid, where we are one of them.
    fn who_decides(&mut self, now: Duration) -> Option<Pid> {
        if self.is_host(self.me) {
            self.settled = true;
            return Some(self.me);
        }
        let host = self.host.filter(|pid| self.is_ready(*pid));
        let smallest = self.ready().min()?;
        if host.is_some() || self.settles().is_none_or(|at| now >= at) {
            self.settled = true;
        }
        match host {
            Some(host) => Some(host),
            None if smallest < self.me => Some(smallest),
            None => self.settled.then_some(self.me),
        }
    }

    /// When it will be certain who the arbiter is, though the path to others is not found; none when it is.
    pub(crate) fn settles(&self) -> Option<Duration> {
        let mut waits = self.members.values().filter(|member| member.link == LinkState::Connecting);
        let first = if self.settled { None } else { waits.next() };
        first.map(|first| waits.map(|member| member.since).fold(first.since, Duration::max) + SETTLE)
    }

    /// True while grants of another arbiter may still be out that this member took part in.
    pub(crate) fn hands_over(&self, now: Duration, from: Pid) -> bool {
        let fresh = |since: Duration| now < since + HANDOVER;
        self.reign.is_some_and(fresh) || self.members.get(&from).is_some_and(|member| fresh(member.since))
    }

    /// We are the arbiter from now on.
    fn take_over(&mut self, now: Duration) {
        let known = self.floor.take().filter(|holder| self.may_talk(holder.pid));
        self.floor = if let Some(talk) = self.talking() {
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
        let Some(talker) = talker else { return self.free(now) };
        self.floor = Some(self.told(now, talker, word.n));
        let n = self.count();
        self.announce(n, None);
    }

    /// A holder that we know by word.
    pub(crate) fn told(&self, now: Duration, talker: Pid, n: u64) -> Holder {
        Holder { silent: now + HEARSAY_SILENCE, ..self.holder(now, talker, None, n) }
    }
}
