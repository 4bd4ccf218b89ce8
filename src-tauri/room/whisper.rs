//! Whispering: to a few, past the floor. Nobody is asked, and the others get nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_protocol::Pid;

use crate::button::{Own, Talk};
use crate::open::Voice;
use crate::room::Room;
use crate::turn::Audience;
use crate::view::LinkState;

impl Room {
    /// The button to whisper goes down. Whatever was on its way to everybody ends first, also where nobody is reached
    /// of those it is for: what is meant for a few never goes to all.
    pub(crate) fn whisper(&mut self, now: Duration, to: BTreeSet<Pid>) {
        if self.whispering().is_some() && matches!(&self.own, Own::Talking(Talk { released: None, .. })) {
            return;
        }
        self.end(now, None);
        let reached: BTreeSet<Pid> = to.into_iter().filter(|pid| self.is_ready(*pid)).collect();
        let nobody = reached.is_empty();
        self.audience = Audience::Only(reached);
        if self.mismatched().is_some() || nobody || !self.can_speak() || !self.keep(now, false) {
            return;
        }
        self.begin(now, now + self.talk_limit, 0, false);
    }

    /// Whom we whisper to, while we do.
    pub(crate) fn whispering(&self) -> Option<&BTreeSet<Pid>> {
        match (&self.own, &self.audience) {
            (Own::Talking(_), Audience::Only(pids)) => Some(pids),
            _ => None,
        }
    }

    /// Those of them who are reached: somebody always is.
    pub(crate) fn reached_whispers(&self) -> impl Iterator<Item = Pid> {
        self.whispering().into_iter().flatten().copied().filter(|pid| self.is_ready(*pid))
    }

    /// A frame of this member was authentic, and for a few.
    pub(crate) fn hear_whisper(&mut self, now: Duration, from: Pid) {
        if let Some(member) = self.members.get_mut(&from)
            && member.link == LinkState::Ready
        {
            Voice::heard(&mut member.whisper, now);
        }
    }

    /// Those who whisper to us.
    pub(crate) fn whispers(&self) -> impl Iterator<Item = Pid> {
        self.members.iter().filter(|(_, member)| member.whisper.is_some()).map(|(pid, _)| *pid)
    }
}
