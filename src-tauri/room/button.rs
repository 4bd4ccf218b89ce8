//! The talk button's side of the floor: it asks, keeps, begins and ends.

use std::time::Duration;

use pushtalk_protocol::{DeniedReason, FloorMessage, RevokedReason};

use crate::arbiter::PAUSE;
use crate::input::{Microphone, Output};
use crate::room::{LIMITS, Room, Word};
use crate::turn::{TurnKeeper, turn};
use crate::view::{RevokedWhy, Situation};

/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Who was asked may not know yet that it is the arbiter: it is asked again so much later.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// What was said in a press that ended before its grant is still sent when the grant comes no later than this after
/// the release: the words are not lost. Later, nobody expects them any more.
const STILL_WANTED: Duration = Duration::from_secs(1);
/// The last frames are out long before this.
const TAIL: Duration = Duration::from_secs(2);

/// What the button of this member is about.
pub(crate) enum Own {
    /// Up, and nothing is left to do.
    Rest,
    /// The floor was asked for.
    Asking(Ask),
    /// On air.
    Talking(Talk),
    /// Down, in vain.
    Refused(Situation),
}

pub(crate) struct Ask {
    pressed: Duration,
    released: Option<Duration>,
    again: Option<Duration>,
}

pub(crate) struct Talk {
    pub(crate) pressed: Duration,
    pub(crate) granted: Duration,
    pub(crate) until: Duration,
    released: Option<Duration>,
    /// The number of the grant.
    pub(crate) n: u64,
    keeper: TurnKeeper,
    /// When the arbiter does not know yet, or no longer, that we are talking.
    unknown: Option<Unknown>,
}

#[derive(Clone, Copy)]
struct Unknown {
    since: Duration,
    again: Option<Duration>,
}

impl Own {
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Rest | Self::Refused(_) => None,
            Self::Asking(ask) => Some(ask.end().min(ask.again.unwrap_or(Duration::MAX))),
            Self::Talking(talk) => {
                let unknown =
                    talk.unknown.map(|u| (u.since + PATIENCE).min(u.again.unwrap_or(Duration::MAX)));
                let tail = talk.released.map(|at| at + TAIL);
                [Some(talk.until), unknown, tail].into_iter().flatten().min()
            }
        }
    }
}

#[cfg(test)]
impl Talk {
    /// True when the arbiter knows that we are talking.
    pub(crate) fn is_known(&self) -> bool {
        self.unknown.is_none()
    }
}

impl Ask {
    fn end(&self) -> Duration {
        let patience = self.pressed + PATIENCE;
        self.released.map_or(patience, |at| patience.min(at + STILL_WANTED))
    }
}

impl Room {
    pub(crate) fn press(&mut self, now: Duration) {
        let deaf = self.ready().next().is_none();
        if self.microphone != Microphone::Open || self.mismatched().is_some() || deaf {
            return;
        }
        match &self.own {
            Own::Rest => {}
            // Key repeat, or a second source: it is down already.
            Own::Refused(_)
            | Own::Asking(Ask { released: None, .. })
            | Own::Talking(Talk { released: None, .. }) => {
                return;
            }
            // Pressed again before the last words were out: they end here.
            Own::Asking(_) | Own::Talking(_) => self.end(now, None),
        }
        // Known here first: the arbiter would say no more than this.
        if self.rests(now, self.me) {
            self.own = Own::Refused(Situation::Revoked { why: RevokedWhy::Limit });
            return;
        }
        self.spurt = self.spurt.wrapping_add(1);
        self.out.push(Output::Keep);
        self.own = Own::Asking(Ask { pressed: now, released: None, again: None });
        self.ask(now);
    }

    pub(crate) fn release(&mut self, now: Duration) {
        match &mut self.own {
            Own::Refused(_) => self.own = Own::Rest,
            Own::Asking(Ask { released: released @ None, .. })
            | Own::Talking(Talk { released: released @ None, .. }) => {
                *released = Some(now);
                self.out.push(Output::Finish);
            }
            Own::Rest | Own::Asking(_) | Own::Talking(_) => {}
        }
    }

    /// Asks the arbiter, which may be us. Without one it will be asked as soon as there is one.
    fn ask(&mut self, now: Duration) {
        if let Own::Asking(ask) = &mut self.own {
            ask.again = None;
        }
        match self.arbiter {
            Some(arbiter) if arbiter == self.me => self.decide(now, self.me, self.spurt),
            Some(arbiter) => self.send(arbiter, FloorMessage::Request { spurt: self.spurt, queue: false }),
            None => {}
        }
    }

    /// Tells the arbiter that we are talking.
    fn go_on(&mut self, now: Duration) {
        let (me, spurt, arbiter) = (self.me, self.spurt, self.arbiter);
        let Own::Talking(talk) = &mut self.own else { return };
        if arbiter == Some(me) {
            talk.unknown = None;
            return;
        }
        let since = talk.unknown.map_or(now, |unknown| unknown.since);
        talk.unknown = Some(Unknown { since, again: None });
        let n = talk.n;
        if let Some(arbiter) = arbiter {
            self.send(arbiter, FloorMessage::Continue { spurt, n });
        }
    }

    /// The arbiter has changed.
    pub(crate) fn tell_new_arbiter(&mut self, now: Duration) {
        match &self.own {
            Own::Rest | Own::Refused(_) => {}
            Own::Asking(_) => self.ask(now),
            Own::Talking(_) => self.go_on(now),
        }
    }

    /// The arbiter's word to everybody: who talks.
    pub(crate) fn learn(&mut self, now: Duration, word: Word) {
        self.n = self.n.max(word.n);
        // Whose `Continue` is not answered yet waits for the answer.
        let settled = matches!(&self.own, Own::Talking(talk) if talk.unknown.is_none());
        match word.talker {
            Some(talker) if talker == self.me => {
                self.floor = None;
                // From the time of the last arbiter; we have finished since.
                if matches!(self.own, Own::Rest | Own::Refused(_)) {
                    self.let_go(self.spurt);
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
            FloorMessage::Revoked { n, spurt, reason } => {
                self.n = self.n.max(n);
                if spurt == self.spurt && matches!(self.own, Own::Talking(_)) {
                    self.end(now, Some(revoked(reason)));
                }
            }
            FloorMessage::Request { .. }
            | FloorMessage::Queued { .. }
            | FloorMessage::Continue { .. }
            | FloorMessage::Release { .. }
            | FloorMessage::Taken { .. }
            | FloorMessage::Idle { .. } => {}
        }
    }

    fn granted(&mut self, now: Duration, n: u64, spurt: u32, until: Duration) {
        match &mut self.own {
            Own::Asking(ask) if spurt == self.spurt => {
                let (turn, keeper) = turn(spurt, until);
                self.own = Own::Talking(Talk {
                    pressed: ask.pressed,
                    granted: now,
                    until,
                    // The words of a short press go out from now on.
                    released: ask.released.map(|_| now),
                    n,
                    keeper,
                    unknown: None,
                });
                self.out.push(Output::Begin(turn));
            }
            Own::Talking(talk) if spurt == self.spurt => {
                talk.until = talk.until.min(until);
                talk.unknown = None;
            }
            // No longer wanted.
            _ => return self.let_go(spurt),
        }
        if !self.is_arbiter() {
            self.floor = None;
        }
    }

    fn denied(&mut self, now: Duration, reason: DeniedReason) {
        let again = Some(now + ASK_AGAIN);
        match (&mut self.own, reason) {
            (Own::Asking(ask), DeniedReason::NotArbiter) => ask.again = again,
            (Own::Talking(Talk { unknown: Some(unknown), .. }), DeniedReason::NotArbiter) => {
                unknown.again = again
            }
            (Own::Asking(_), DeniedReason::Busy { talker }) => self.refuse(Situation::Busy { who: talker }),
            (Own::Asking(_), DeniedReason::TooSoon) => {
                self.refuse(Situation::Revoked { why: RevokedWhy::Limit });
            }
            _ => {}
        }
    }

    /// Nothing comes of what was kept.
    fn refuse(&mut self, why: Situation) {
        let down = matches!(self.own, Own::Asking(Ask { released: None, .. }));
        self.out.push(Output::Drop);
        self.own = if down { Own::Refused(why) } else { Own::Rest };
    }

    /// Ends our asking or talking. With a reason the button shows it until it comes up.
    pub(crate) fn end(&mut self, now: Duration, why: Option<RevokedWhy>) {
        let down = match std::mem::replace(&mut self.own, Own::Rest) {
            Own::Rest => return,
            Own::Refused(situation) => {
                self.own = if why.is_some() { Own::Refused(situation) } else { Own::Rest };
                return;
            }
            Own::Asking(ask) => ask.released.is_none(),
            // The keeper is dropped here: no frame leaves from now on.
            Own::Talking(talk) => talk.released.is_none(),
        };
        self.out.push(Output::Drop);
        if why == Some(RevokedWhy::Limit) {
            self.resting.insert(self.me, now + PAUSE);
        }
        self.let_go(self.spurt);
        if let (Some(why), true) = (why, down) {
            self.own = Own::Refused(Situation::Revoked { why });
        }
    }

    /// Tells the arbiter, which may be us, that we do not want the floor any more.
    fn let_go(&mut self, spurt: u32) {
        match self.arbiter {
            Some(arbiter) if arbiter == self.me => self.released(self.me, spurt),
            Some(arbiter) => self.send(arbiter, FloorMessage::Release { spurt }),
            None => {}
        }
    }

    /// A turn that the talk thread has dropped is over.
    pub(crate) fn notice_end(&mut self) {
        if matches!(&self.own, Own::Talking(talk) if talk.keeper.is_dropped()) {
            self.own = Own::Rest;
            self.let_go(self.spurt);
        }
    }

    /// Gives up what has waited too long, and asks again.
    pub(crate) fn wait(&mut self, now: Duration) {
        let past = |at: Option<Duration>| at.is_some_and(|at| now >= at);
        match &self.own {
            Own::Rest | Own::Refused(_) => {}
            Own::Asking(ask) => {
                if now >= ask.end() {
                    self.end(now, Some(RevokedWhy::ArbiterLost));
                } else if past(ask.again) {
                    self.ask(now);
                }
            }
            Own::Talking(talk) => {
                if now >= talk.until {
                    self.end(now, Some(RevokedWhy::Limit));
                } else if past(talk.released.map(|at| at + TAIL)) {
                    self.end(now, None);
                } else if past(talk.unknown.map(|unknown| unknown.since + PATIENCE)) {
                    self.end(now, Some(RevokedWhy::ArbiterLost));
                } else if past(talk.unknown.and_then(|unknown| unknown.again)) {
                    self.go_on(now);
                }
            }
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
