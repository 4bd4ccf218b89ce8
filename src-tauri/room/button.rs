//! The talk button's side of the floor: it asks, keeps, begins and ends.

use std::time::Duration;

use pushtalk_protocol::{FloorMessage, Mode};

use crate::arbiter::PAUSE;
use crate::input::{Microphone, Output};
use crate::room::Room;
use crate::turn::{Audience, TurnKeeper, turn};
use crate::view::{RevokedWhy, Situation};

/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What was said in a press that ended before its grant is still sent when the grant comes no later than this after
/// the release: the words are not lost. Later, nobody expects them any more.
const STILL_WANTED: Duration = Duration::from_secs(1);
/// The last frames are out long before this.
const TAIL: Duration = Duration::from_secs(2);
/// So long before the limit it is said that it comes.
const NEAR: Duration = Duration::from_secs(3);

/// What the button of this member is about.
pub(crate) enum Own {
    /// Up, and nothing is left to do.
    Rest,
    /// The floor was asked for.
    Asking(Ask),
    /// Down, and others talk first. Nothing is kept.
    Queued(Wait),
    /// On air.
    Talking(Talk),
    /// Down, in vain.
    Refused(Situation),
}

pub(crate) struct Ask {
    pub(crate) pressed: Duration,
    pub(crate) released: Option<Duration>,
    pub(crate) again: Option<Duration>,
    /// True when the one who talks has to stop for it.
    over: bool,
}

pub(crate) struct Wait {
    pub(crate) place: u16,
    /// When the arbiter has not confirmed it yet.
    pub(crate) unknown: Option<Unknown>,
}

pub(crate) struct Talk {
    pub(crate) pressed: Duration,
    pub(crate) granted: Duration,
    pub(crate) until: Duration,
    /// True shortly before.
    pub(crate) near: bool,
    pub(crate) released: Option<Duration>,
    /// The number of the grant; 0 where none was needed.
    pub(crate) n: u64,
    /// True when an arbiter was asked and has to be told of the end.
    pub(crate) asked: bool,
    keeper: TurnKeeper,
    /// When the arbiter does not know yet, or no longer, that we are talking.
    pub(crate) unknown: Option<Unknown>,
}

#[derive(Clone, Copy)]
pub(crate) struct Unknown {
    pub(crate) since: Duration,
    pub(crate) again: Option<Duration>,
}

impl Own {
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Rest | Self::Refused(_) => None,
            Self::Asking(ask) => Some(ask.end().min(ask.again.unwrap_or(Duration::MAX))),
            Self::Queued(wait) => wait.unknown.map(Unknown::deadline),
            Self::Talking(talk) => {
                let unknown = talk.unknown.map(Unknown::deadline);
                let tail = talk.released.map(|at| at + TAIL);
                let limit = if talk.near { talk.until } else { talk.nears() };
                [Some(limit), unknown, tail].into_iter().flatten().min()
            }
        }
    }
}

impl Unknown {
    fn deadline(self) -> Duration {
        (self.since + PATIENCE).min(self.again.unwrap_or(Duration::MAX))
    }
}

impl Talk {
    fn nears(&self) -> Duration {
        self.until.saturating_sub(NEAR)
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
    /// The button goes down, to talk to everybody. With `over`, and when we are the host, who talks has to stop for it.
    pub(crate) fn press(&mut self, now: Duration, over: bool) {
        let deaf = self.ready().next().is_none();
        if self.mismatched().is_some() || deaf {
            return;
        }
        if matches!(self.own, Own::Rest) {
            self.audience = Audience::Everybody;
        }
        if !self.can_speak() {
            return;
        }
        let over = over && self.is_host(self.me);
        match &self.own {
            Own::Rest => {}
            // The host does not wait any longer.
            Own::Refused(_) | Own::Queued(_) if over => self.end(now, None),
            // Key repeat, or a second source: it is down already.
            Own::Refused(_)
            | Own::Queued(_)
            | Own::Asking(Ask { released: None, .. })
            | Own::Talking(Talk { released: None, .. }) => {
                return;
            }
            // Pressed again before the last words were out: they end here.
            Own::Asking(_) | Own::Talking(_) => self.end(now, None),
        }
        self.audience = Audience::Everybody;
        if !self.keep(now, over) {
            return;
        }
        match self.mode {
            Mode::Radio => self.ask(now),
            Mode::Open => self.begin(now, now + self.talk_limit, 0, false),
        }
    }

    /// True when the microphone gives something. A button that goes down while it is silent waits for that.
    pub(crate) fn can_speak(&mut self) -> bool {
        if self.microphone == Microphone::Silent && matches!(self.own, Own::Rest) {
            self.own = Own::Refused(Situation::SilentMic);
        }
        self.microphone == Microphone::Open
    }

    /// What is said from now on is kept. False where the limit was reached a moment ago.
    pub(crate) fn keep(&mut self, now: Duration, over: bool) -> bool {
        // Known here first: the arbiter would say no more than this.
        if self.rests(now, self.me) {
            self.own = Own::Refused(Situation::Revoked { why: RevokedWhy::Limit });
            return false;
        }
        // Whispers are not counted: the arbiter would see from the gap that there was one.
        if !self.audience.is_whisper() {
            self.spurt = self.spurt.wrapping_add(1);
        }
        self.out.push(Output::Keep);
        self.own = Own::Asking(Ask { pressed: now, released: None, again: None, over });
        true
    }

    pub(crate) fn release(&mut self, now: Duration) {
        match &mut self.own {
            Own::Refused(_) => self.own = Own::Rest,
            Own::Queued(_) => self.end(now, None),
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
        let (spurt, arbiter) = (self.spurt, self.arbiter);
        let (queue, over) = match &mut self.own {
            Own::Asking(ask) => {
                ask.again = None;
                (self.queueing, ask.over)
            }
            Own::Queued(wait) => {
                let since = wait.unknown.map_or(now, |unknown| unknown.since);
                wait.unknown = Some(Unknown { since, again: None });
                (true, false)
            }
            Own::Rest | Own::Talking(_) | Own::Refused(_) => return,
        };
        match arbiter {
            Some(arbiter) if arbiter == self.me && over => self.pre_empt(now, spurt),
            Some(arbiter) if arbiter == self.me => self.decide(now, self.me, spurt, queue),
            Some(arbiter) => self.send(arbiter, FloorMessage::Request { spurt, queue }),
            None => {}
        }
    }

    /// What was asked for is ours, until then.
    pub(crate) fn begin(&mut self, now: Duration, until: Duration, n: u64, asked: bool) {
        let (pressed, released) = match &self.own {
            Own::Asking(ask) => (ask.pressed, ask.released),
            Own::Queued(_) => {
                // What was said while waiting is over; from here on nothing is lost.
                self.out.push(Output::Keep);
                (now, None)
            }
            Own::Rest | Own::Talking(_) | Own::Refused(_) => return,
        };
        let (turn, keeper) = turn(self.spurt, until, self.audience.clone());
        self.own = Own::Talking(Talk {
            pressed,
            granted: now,
            until,
            near: false,
            // The words of a short press go out from now on.
            released: released.map(|_| now),
            n,
            asked,
            keeper,
            unknown: None,
        });
        self.out.push(Output::Begin(turn));
    }

    /// The room is open from now on: nobody has to be asked any more, or to be told.
    pub(crate) fn talk_openly(&mut self, now: Duration) {
        if let Own::Talking(talk) = &mut self.own {
            talk.unknown = None;
        }
        self.begin(now, now + self.talk_limit, 0, true);
    }

    /// Tells the arbiter that we are talking.
    pub(crate) fn go_on(&mut self, now: Duration) {
        let (me, spurt, arbiter) = (self.me, self.spurt, self.arbiter);
        let Own::Talking(talk) = &mut self.own else { return };
        // A whisper is no arbiter's business.
        if self.audience.is_whisper() {
            return;
        }
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
            Own::Asking(_) | Own::Queued(_) => self.ask(now),
            Own::Talking(_) => self.go_on(now),
        }
    }

    /// Others talk first: what was kept is not wanted later.
    pub(crate) fn queued(&mut self, now: Duration, place: u16) {
        match &mut self.own {
            Own::Asking(Ask { released: None, .. }) => self.out.push(Output::Drop),
            // Who has let go of the button does not wait.
            Own::Asking(_) => return self.end(now, None),
            Own::Queued(_) => {}
            Own::Rest | Own::Talking(_) | Own::Refused(_) => return,
        }
        self.own = Own::Queued(Wait { place, unknown: None });
    }

    /// Nothing comes of it.
    pub(crate) fn refuse(&mut self, why: Situation) {
        let down = matches!(self.own, Own::Asking(Ask { released: None, .. }) | Own::Queued(_));
        if matches!(self.own, Own::Asking(_)) {
            self.out.push(Output::Drop);
        }
        self.own = if down { Own::Refused(why) } else { Own::Rest };
    }

    /// Our turn, when it is for everybody.
    pub(crate) fn talking(&self) -> Option<&Talk> {
        match &self.own {
            Own::Talking(talk) if !self.audience.is_whisper() => Some(talk),
            _ => None,
        }
    }

    /// Ends our asking or talking. With a reason the button shows it until it comes up.
    pub(crate) fn end(&mut self, now: Duration, why: Option<RevokedWhy>) {
        let (down, kept, asked) = match std::mem::replace(&mut self.own, Own::Rest) {
            Own::Rest => return,
            Own::Refused(situation) => {
                self.own = if why.is_some() { Own::Refused(situation) } else { Own::Rest };
                return;
            }
            Own::Asking(ask) => (ask.released.is_none(), true, true),
            Own::Queued(_) => (true, false, true),
            // The keeper is dropped here: no frame leaves from now on.
            Own::Talking(talk) => (talk.released.is_none(), true, talk.asked),
        };
        if kept {
            self.out.push(Output::Drop);
        }
        if why == Some(RevokedWhy::Limit) {
            self.resting.insert(self.me, now + PAUSE);
        }
        if asked {
            self.let_go(now, self.spurt);
        }
        if let (Some(why), true) = (why, down) {
            self.own = Own::Refused(Situation::Revoked { why });
        }
    }

    /// Tells the arbiter, which may be us, that we do not want the floor any more.
    pub(crate) fn let_go(&mut self, now: Duration, spurt: u32) {
        match self.arbiter {
            Some(arbiter) if arbiter == self.me => self.released(now, self.me, spurt),
            Some(arbiter) => self.send(arbiter, FloorMessage::Release { spurt }),
            None => {}
        }
    }

    /// A turn that the talk thread has dropped is over.
    pub(crate) fn notice_end(&mut self, now: Duration) {
        let Own::Talking(talk) = &self.own else { return };
        if talk.keeper.is_dropped() {
            let asked = talk.asked;
            self.own = Own::Rest;
            if asked {
                self.let_go(now, self.spurt);
            }
        }
    }

    /// Gives up what has waited too long, and asks again.
    pub(crate) fn wait(&mut self, now: Duration) {
        let past = |at: Option<Duration>| at.is_some_and(|at| now >= at);
        match &mut self.own {
            Own::Rest | Own::Refused(_) => {}
            Own::Queued(wait) => {
                if past(wait.unknown.map(|unknown| unknown.since + PATIENCE)) {
                    self.end(now, Some(RevokedWhy::ArbiterLost));
                } else if past(wait.unknown.and_then(|unknown| unknown.again)) {
                    self.ask(now);
                }
            }
            Own::Asking(ask) => {
                if now >= ask.end() {
                    self.end(now, Some(RevokedWhy::ArbiterLost));
                } else if past(ask.again) {
                    self.ask(now);
                }
            }
            Own::Talking(talk) => {
                talk.near = now >= talk.nears();
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
