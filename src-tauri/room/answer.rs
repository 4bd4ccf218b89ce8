//! What the arbiter says, at the talk button: granted, queued, denied, revoked, and who talks.

use std::time::Duration;

use pushtalk_protocol::{DeniedReason, FloorMessage, Mode, RevokedReason};

use crate::button::{Own, Talk, Wait};
use crate::room::{LIMITS, Room, Word};
use crate::view::{RevokedWhy, Situation};

/// Who was asked may not know yet that it is the arbiter: it is asked again so much later.
const ASK_AGAIN: Duration = Duration::from_millis(250);

impl Room {
    /// The arbiter's word to everybody: who talks.
    pub(crate) fn learn(&mut self, now: Duration, word: Word) {
        self.n = self.n.max(word.n);
        // Whose `Continue` is not answered yet waits for the answer.
        let settled = self.talking().is_some_and(|talk| talk.unknown.is_none());
        match word.talker {
            Some(talker) if talker == self.me => {
                self.floor = None;
                // From the time of the last arbiter; we have finished since.
                if matches!(self.own, Own::Rest | Own::Refused(_)) || self.whispering().is_some() {
                    self.let_go(now, self.spurt);
                }
            }
            Some(talker) => {
                if settled {
                    self.end(now, Some(RevokedWhy::Collision));
                }
                match &mut self.floor {
                    Some(holder) if holder.pid == talker => holder.n = word.n,
                    _ => self.floor = Some(self.told(now, talker, word.n)),
                }
            }
            None if settled => self.go_on(now),
            None => self.floor = None,
        }
        // It may have lost sight of us in between. If not, it says our place again.
        if matches!(self.own, Own::Queued(_)) {
            self.tell_new_arbiter(now);
        }
    }

    /// The arbiter, which may be us, has answered our request or takes the floor away.
    pub(crate) fn answered(&mut self, now: Duration, message: FloorMessage) {
        match message {
            FloorMessage::Granted { n, spurt, limit_ms } => {
                self.n = self.n.max(n);
                // Not even an arbiter that says so makes us talk longer than anybody may.
                let limit = Duration::from_millis(limit_ms.into()).min(LIMITS.1);
                self.granted(now, n, spurt, now + limit);
            }
            FloorMessage::Denied { n, spurt, reason } => {
                self.n = self.n.max(n);
                if spurt == self.spurt {
                    self.denied(now, reason);
                }
            }
            FloorMessage::Queued { n, spurt, place } => {
                self.n = self.n.max(n);
                if spurt == self.spurt {
                    self.queued(now, place);
                }
            }
            // In an open room nothing can be taken away; our own limit ends the turn.
            FloorMessage::Revoked { n, spurt, reason } => {
                self.n = self.n.max(n);
                let ours = spurt == self.spurt && self.mode == Mode::Radio;
                if ours && self.talking().is_some() {
                    self.end(now, Some(revoked(reason)));
                }
            }
            FloorMessage::Request { .. }
            | FloorMessage::Continue { .. }
            | FloorMessage::Release { .. }
            | FloorMessage::Taken { .. }
            | FloorMessage::Idle { .. } => {}
        }
    }

    fn granted(&mut self, now: Duration, n: u64, spurt: u32, until: Duration) {
        let whispers = self.audience.is_whisper();
        match &mut self.own {
            Own::Asking(_) | Own::Queued(_) if spurt == self.spurt => self.begin(now, until, n, true),
            Own::Talking(talk) if spurt == self.spurt && !whispers => {
                talk.until = talk.until.min(until);
                talk.unknown = None;
            }
            // No longer wanted.
            _ => return self.let_go(now, spurt),
        }
        if !self.is_arbiter() {
            self.floor = None;
        }
    }

    fn denied(&mut self, now: Duration, reason: DeniedReason) {
        let again = Some(now + ASK_AGAIN);
        match (&mut self.own, reason) {
            (Own::Asking(ask), DeniedReason::NotArbiter) => ask.again = again,
            (
                Own::Talking(Talk { unknown: Some(unknown), .. })
                | Own::Queued(Wait { unknown: Some(unknown), .. }),
                DeniedReason::NotArbiter,
            ) => unknown.again = again,
            (Own::Asking(_) | Own::Queued(_), DeniedReason::Busy { talker }) => {
                self.refuse(Situation::Busy { who: talker });
            }
            (Own::Asking(_) | Own::Queued(_), DeniedReason::TooSoon) => {
                self.refuse(Situation::Revoked { why: RevokedWhy::Limit });
            }
            _ => {}
        }
    }
}

fn revoked(reason: RevokedReason) -> RevokedWhy {
    match reason {
        RevokedReason::Limit => RevokedWhy::Limit,
        RevokedReason::Collision => RevokedWhy::Collision,
        RevokedReason::Silence => RevokedWhy::Silence,
        RevokedReason::Preempted => RevokedWhy::Preempted,
        RevokedReason::Mode => RevokedWhy::Mode,
    }
}
