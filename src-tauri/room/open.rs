//! Open rooms: anybody talks at once and nobody is asked; here too is the change between open and radio.

use std::time::Duration;

use pushtalk_protocol::{Mode, Pid};

use crate::room::{Member, Room};
use crate::view::{LinkState, RevokedWhy, Talker};

/// A member of whom no voice came for so long does not talk any more. Voices are told a few times a second.
const QUIET: Duration = Duration::from_millis(600);

/// A member's voice, while it is heard.
#[derive(Clone, Copy)]
pub(crate) struct Voice {
    since: Duration,
    last: Duration,
}

impl Voice {
    /// It is heard now.
    pub(crate) fn heard(voice: &mut Option<Self>, now: Duration) {
        voice.get_or_insert(Self { since: now, last: now }).last = now;
    }
}

impl Room {
    /// The host has set who may talk. From radio to open who talks goes on, and who waits may talk at once. From open
    /// to radio every turn ends, at each talker by itself: so no two of them are left, whoever learns of it first.
    pub(crate) fn change_over(&mut self, now: Duration, mode: Mode) {
        if mode == self.mode {
            return;
        }
        self.mode = mode;
        self.floor = None;
        self.queue.clear();
        self.preempting = None;
        match mode {
            Mode::Open => self.talk_openly(now),
            Mode::Radio => {
                if self.talking().is_some() {
                    self.end(now, Some(RevokedWhy::Mode));
                }
                if self.is_arbiter() {
                    // Who has not heard of the open room goes on under its old grant, and says so now.
                    let n = self.count();
                    self.announce(n, None);
                } else if let Some(word) =
                    self.arbiter.and_then(|arbiter| self.members.get(&arbiter)).and_then(|member| member.word)
                {
                    self.learn(now, word);
                }
            }
        }
    }

    /// A frame of this member was authentic.
    pub(crate) fn hear(&mut self, now: Duration, from: Pid) {
        if let Some(member) = self.members.get_mut(&from)
            && member.link == LinkState::Ready
        {
            Voice::heard(&mut member.voice, now);
        }
    }

    /// Forgets voices that are over.
    pub(crate) fn hush(&mut self, now: Duration) {
        for member in self.members.values_mut() {
            member.voice.take_if(|voice| now >= voice.last + QUIET);
            member.whisper.take_if(|voice| now >= voice.last + QUIET);
        }
    }

    /// Those of the others who are heard.
    pub(crate) fn voices(&self) -> impl Iterator<Item = Talker> {
        self.members.iter().filter_map(|(pid, member)| {
            member.voice.as_ref().map(|voice| Talker { pid: *pid, since: voice.since })
        })
    }

    /// When a voice will be over, where that can be seen.
    pub(crate) fn voice_deadline(&self) -> Option<Duration> {
        let open = self.mode == Mode::Open;
        let heard = |member: &Member| [member.voice.filter(|_| open), member.whisper];
        let voices = self.members.values().flat_map(heard).flatten();
        voices.map(|voice| voice.last + QUIET).min()
    }
}
