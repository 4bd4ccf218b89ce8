//! The room: members that come and go, the button of this one, and the floor between them.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_protocol::{DeniedReason, FloorMessage, Pid, RevokedReason};

use crate::arbiter::{Book, Decision, Holder};
use crate::turn::{Turn, TurnKeeper, turn};
use crate::view::{Floor, RevokedWhy, RoomView, Situation};

/// A request that nobody answers is given up.
const PATIENCE: Duration = Duration::from_secs(5);
/// An unanswered request is repeated: who was asked may not have known yet that it is the arbiter.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// A press that ended before its answer came is still sent when the answer is no later than this.
const STILL_WANTED: Duration = Duration::from_secs(1);

/// With what a room begins.
#[derive(Clone, Copy, Debug)]
pub struct RoomConfig {
    /// This member.
    pub me: Pid,
    /// True when this member is the host.
    pub hosting: bool,
    /// Longest time one member may talk without a pause.
    pub talk_limit: Duration,
}

/// What the microphone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Microphone {
    /// Not enabled.
    Off,
    /// Gives samples.
    Open,
    /// Enabled, but does not work.
    Failed,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// Somebody is in the room, not connected yet.
    Known(Pid),
    /// Voice can flow to that member.
    Up {
        /// Who.
        pid: Pid,
        /// True for the host.
        host: bool,
    },
    /// No answer from that member any more; it may come back.
    Down(Pid),
    /// That member has left.
    Gone(Pid),
    /// The keys of that member do not fit.
    Mismatch(Pid),
    /// The talk button went down.
    Press,
    /// The talk button came up.
    Release,
    /// A member said this.
    Floor {
        /// Who.
        from: Pid,
        /// What.
        message: FloorMessage,
    },
    /// A frame of this member was authentic; told a few times a second.
    Voice(Pid),
    /// The host has set the talk limit.
    TalkLimit(Duration),
    /// The microphone was opened or closed.
    Microphone(Microphone),
    /// We leave.
    Leave,
    /// A timer is due, or a turn was dropped.
    Tick,
}

/// What is to be done.
pub enum Output {
    /// Say this to one member.
    Send {
        /// To whom.
        to: Pid,
        /// What.
        message: FloorMessage,
    },
    /// The button is down: keep frames from now on.
    Keep,
    /// The floor is ours: send what was kept, and go on.
    Begin(Turn),
    /// Throw away what was kept.
    Drop,
    /// The button is up: send the rest, then drop the turn.
    Finish,
}

/// One member's picture of a room.
pub struct Room {
    config: RoomConfig,
    members: BTreeMap<Pid, Member>,
    microphone: Microphone,
    book: Book,
    /// True once this member has decided something as arbiter; before that it learns from whoever did.
    decided: bool,
    /// Who was the arbiter at the end of the last `handle`.
    arbiter: Pid,
    spurt: u32,
    own: Own,
    out: Vec<Output>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Known,
    Up { host: bool },
    Down,
    Mismatch,
}

/// What the button of this member is about.
enum Own {
    /// Up.
    Rest,
    /// The floor was asked for. `released`: when the button came up before the answer.
    Asking { since: Duration, asked: Duration, released: Option<Duration> },
    /// On air. `n`: the number of the grant. `down`: the button is.
    Talking { since: Duration, until: Duration, keeper: TurnKeeper, n: u64, down: bool },
    /// Down, in vain.
    Refused(Situation),
}

impl Room {
    /// An empty room.
    pub fn new(config: RoomConfig) -> Self {
        Self {
            config,
            members: BTreeMap::new(),
            microphone: Microphone::Off,
            book: Book::default(),
            decided: false,
            arbiter: config.me,
            spurt: 0,
            own: Own::Rest,
            out: Vec::new(),
        }
    }

    /// Takes what happened and gives what is to be done, in order.
    pub fn handle(&mut self, now: Duration, input: Input) -> Vec<Output> {
        self.settle_turn();
        match input {
            Input::Known(pid) => {
                self.members.entry(pid).or_insert(Member::Known);
            }
            Input::Up { pid, host } => self.up(pid, host),
            Input::Down(pid) => self.away(pid, Some(Member::Down)),
            Input::Gone(pid) => self.away(pid, None),
            Input::Mismatch(pid) => self.away(pid, Some(Member::Mismatch)),
            Input::Press => self.press(now),
            Input::Release => self.release(now),
            Input::Floor { from, message } => self.message(now, from, message),
            Input::Voice(pid) => self.book.heard(now, pid),
            Input::TalkLimit(limit) => self.config.talk_limit = limit,
            Input::Microphone(microphone) => {
                self.microphone = microphone;
                if microphone != Microphone::Open {
                    self.give_up(None);
                }
            }
            Input::Leave => {
                self.give_up(None);
                self.members.clear();
            }
            Input::Tick => {}
        }
        self.follow_arbiter(now);
        self.time(now);
        std::mem::take(&mut self.out)
    }

    /// When `Input::Tick` is wanted next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let own = match &self.own {
            Own::Asking { since, asked, released } => {
                let end = released.map_or(*since + PATIENCE, |at| at + STILL_WANTED);
                Some(end.min(*asked + ASK_AGAIN))
            }
            Own::Talking { until, .. } => Some(*until),
            Own::Rest | Own::Refused(_) => None,
        };
        let book =
            self.is_arbiter().then(|| self.book.deadline(self.config.me, self.config.talk_limit)).flatten();
        own.into_iter().chain(book).min()
    }

    /// What a person sees.
    pub fn view(&self) -> RoomView {
        let floor = match &self.book.holder {
            Some(holder) => Floor::Taken { pid: holder.pid, since: holder.since },
            None => Floor::Idle,
        };
        RoomView { floor, button: self.situation() }
    }

    fn situation(&self) -> Situation {
        let mismatch = self.members.iter().find(|(_, m)| **m == Member::Mismatch);
        if let Some((who, _)) = mismatch {
            return Situation::KeyMismatch { who: *who };
        }
        match &self.own {
            Own::Asking { .. } => return Situation::Requesting,
            Own::Talking { since, until, .. } => return Situation::Talking { since: *since, until: *until },
            Own::Refused(situation) => return *situation,
            Own::Rest => {}
        }
        match self.microphone {
            Microphone::Off => return Situation::AudioOff,
            Microphone::Failed => return Situation::NoMic,
            Microphone::Open => {}
        }
        if self.members.is_empty() {
            return Situation::Alone;
        }
        if self.ready().next().is_none() {
            let lost = self.members.values().all(|m| *m == Member::Down);
            return if lost { Situation::Offline } else { Situation::Connecting };
        }
        match self.book.holder {
            Some(holder) if holder.pid != self.config.me => Situation::Receiving { who: holder.pid },
            _ => Situation::Idle,
        }
    }

    fn ready(&self) -> impl Iterator<Item = Pid> {
        self.members.iter().filter(|(_, m)| matches!(m, Member::Up { .. })).map(|(pid, _)| *pid)
    }

    fn is_arbiter(&self) -> bool {
        self.arbiter == self.config.me
    }

    /// The host if connected, else the member with the smallest pid.
    fn who_is_arbiter(&self) -> Pid {
        if self.config.hosting {
            return self.config.me;
        }
        let host = self.members.iter().find(|(_, m)| **m == Member::Up { host: true });
        host.map_or_else(
            || self.ready().chain(std::iter::once(self.config.me)).min().unwrap_or(self.config.me),
            |(pid, _)| *pid,
        )
    }

    fn send(&mut self, to: Pid, message: FloorMessage) {
        self.out.push(Output::Send { to, message });
    }

    fn broadcast(&mut self, except: Pid, message: FloorMessage) {
        let to: Vec<Pid> = self.ready().filter(|pid| *pid != except).collect();
        self.out.extend(to.into_iter().map(|to| Output::Send { to, message }));
    }

    fn up(&mut self, pid: Pid, host: bool) {
        self.members.insert(pid, Member::Up { host });
        // Who comes later learns how things stand; also the number, in case it is the next arbiter.
        if self.is_arbiter() {
            let n = self.book.n;
            let message = match self.book.holder {
                Some(holder) => FloorMessage::Taken { n, talker: holder.pid },
                None => FloorMessage::Idle { n },
            };
            self.send(pid, message);
        }
    }

    fn away(&mut self, pid: Pid, left: Option<Member>) {
        match left {
            Some(member) => self.members.insert(pid, member),
            None => self.members.remove(&pid),
        };
        if self.book.holder.is_some_and(|h| h.pid == pid) {
            self.book.holder = None;
            // With the arbiter gone too, the next one says it.
            self.arbiter = self.who_is_arbiter();
            if self.is_arbiter() {
                self.decided = true;
                let n = self.book.count();
                self.broadcast(pid, FloorMessage::Idle { n });
            }
        }
        if self.ready().next().is_none() {
            self.give_up(None);
        }
    }

    fn press(&mut self, now: Duration) {
        let mismatch = self.members.values().any(|m| *m == Member::Mismatch);
        if self.microphone != Microphone::Open || mismatch || self.ready().next().is_none() {
            return;
        }
        match &self.own {
            // Key repeat, or a second source: it is down already.
            Own::Asking { released: None, .. } | Own::Talking { down: true, .. } | Own::Refused(_) => return,
            Own::Rest => {}
            // Pressed again before the last words were through: they end here, and a new spurt begins.
            Own::Asking { .. } | Own::Talking { .. } => self.give_up(None),
        }
        self.spurt += 1;
        self.out.push(Output::Keep);
        self.own = Own::Asking { since: now, asked: now, released: None };
        self.ask(now);
    }

    fn release(&mut self, now: Duration) {
        match &mut self.own {
            Own::Rest => {}
            Own::Refused(_) => self.own = Own::Rest,
            Own::Asking { released, .. } => {
                if released.is_none() {
                    *released = Some(now);
                    self.out.push(Output::Finish);
                }
            }
            Own::Talking { down, .. } => {
                if std::mem::replace(down, false) {
                    self.out.push(Output::Finish);
                }
            }
        }
    }

    /// Asks the arbiter, which may be us.
    fn ask(&mut self, now: Duration) {
        if let Own::Asking { asked, .. } = &mut self.own {
            *asked = now;
        }
        if self.is_arbiter() {
            self.request(now, self.config.me, self.spurt);
        } else {
            self.send(self.arbiter, FloorMessage::Request { spurt: self.spurt });
        }
    }

    /// As arbiter: answers a request, also our own.
    fn request(&mut self, now: Duration, who: Pid, spurt: u32) {
        self.decided = true;
        let n = self.book.count();
        let me = self.config.me;
        let answer = match self.book.decide(now, who, spurt, self.config.talk_limit) {
            Decision::Granted { left, new } => {
                if new {
                    self.broadcast(who, FloorMessage::Taken { n, talker: who });
                }
                let limit_ms = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
                FloorMessage::Granted { n, spurt, limit_ms }
            }
            Decision::Denied(reason) => FloorMessage::Denied { n, spurt, reason },
        };
        if who == me { self.answered(now, answer) } else { self.send(who, answer) }
    }

    fn message(&mut self, now: Duration, from: Pid, message: FloorMessage) {
        if !matches!(self.members.get(&from), Some(Member::Up { .. })) {
            return;
        }
        match message {
            FloorMessage::Request { spurt } if self.is_arbiter() => self.request(now, from, spurt),
            FloorMessage::Request { spurt } => {
                let denied = FloorMessage::Denied { n: self.book.n, spurt, reason: DeniedReason::NotArbiter };
                self.send(from, denied);
            }
            FloorMessage::Release { spurt } => {
                let ends = |h: &Holder| h.pid == from && h.spurt.is_none_or(|s| s == spurt);
                if self.is_arbiter() && self.book.holder.as_ref().is_some_and(ends) {
                    self.free();
                }
            }
            FloorMessage::Granted { .. } | FloorMessage::Denied { .. } | FloorMessage::Revoked { .. } => {
                if from == self.arbiter {
                    self.answered(now, message);
                }
            }
            FloorMessage::Taken { n, talker } => {
                if self.learns(from, n) {
                    self.taken(now, talker);
                }
            }
            FloorMessage::Idle { n } => {
                if self.learns(from, n) {
                    self.book.holder = None;
                    if matches!(&self.own, Own::Talking { n: granted, .. } if *granted < n) {
                        self.give_up(Some(RevokedWhy::Silence));
                    }
                }
            }
        }
    }

    /// True for news of the arbiter; and, before we have decided anything ourselves, for news of whoever did.
    fn learns(&mut self, from: Pid, n: u64) -> bool {
        let news = n > self.book.n && (from == self.arbiter || (self.is_arbiter() && !self.decided));
        if news {
            self.book.n = n;
        }
        news
    }

    fn taken(&mut self, now: Duration, talker: Pid) {
        let spurt = None;
        self.book.holder = Some(Holder { pid: talker, spurt, since: now, heard: now });
        if talker != self.config.me
            && let Own::Talking { down, .. } = self.own
        {
            // The arbiter's word counts, so that all agree.
            let why = Situation::Revoked { why: RevokedWhy::Collision };
            self.own = if down { Own::Refused(why) } else { Own::Rest };
            self.out.push(Output::Drop);
        }
    }

    /// The arbiter, which may be us, has answered our request or taken the floor away.
    fn answered(&mut self, now: Duration, message: FloorMessage) {
        match message {
            FloorMessage::Granted { n, spurt, limit_ms } => {
                self.book.n = self.book.n.max(n);
                let until = now + Duration::from_millis(limit_ms.into());
                match &mut self.own {
                    Own::Asking { since, released, .. } if spurt == self.spurt => {
                        let (turn, keeper) = turn();
                        let (since, down) = (*since, released.is_none());
                        self.own = Own::Talking { since, until, keeper, n, down };
                        self.book.holder =
                            Some(Holder { pid: self.config.me, spurt: Some(spurt), since: now, heard: now });
                        self.out.push(Output::Begin(turn));
                    }
                    Own::Talking { until: end, n: granted, .. } if spurt == self.spurt => {
                        *end = until.min(*end);
                        *granted = n;
                    }
                    // No longer wanted.
                    _ => self.let_go(spurt),
                }
            }
            FloorMessage::Denied { n, spurt, reason } => {
                self.book.n = self.book.n.max(n);
                let why = match reason {
                    DeniedReason::Busy { talker } => Situation::Busy { who: talker },
                    DeniedReason::TooSoon => Situation::Revoked { why: RevokedWhy::Limit },
                    // Asked again by the timer, or when we know better who it is.
                    DeniedReason::NotArbiter => return,
                };
                match &self.own {
                    Own::Asking { released, .. } if spurt == self.spurt => {
                        let down = released.is_none();
                        self.out.push(Output::Drop);
                        self.own = if down { Own::Refused(why) } else { Own::Rest };
                    }
                    // A talker that told itself anew to an arbiter who has given the floor to somebody else.
                    Own::Talking { .. } if spurt == self.spurt => {
                        self.give_up(Some(RevokedWhy::Collision));
                    }
                    _ => {}
                }
            }
            FloorMessage::Revoked { n, spurt, reason } if spurt == self.spurt => {
                self.book.n = self.book.n.max(n);
                self.give_up(Some(match reason {
                    RevokedReason::Limit => RevokedWhy::Limit,
                    RevokedReason::Collision => RevokedWhy::Collision,
                    RevokedReason::Silence => RevokedWhy::Silence,
                }));
            }
            _ => {}
        }
    }

    /// Ends our asking or talking. With a reason the button shows it until it comes up.
    fn give_up(&mut self, why: Option<RevokedWhy>) {
        let own = std::mem::replace(&mut self.own, Own::Rest);
        match own {
            Own::Rest => {}
            Own::Refused(situation) => {
                if why.is_some() {
                    self.own = Own::Refused(situation);
                }
            }
            Own::Asking { .. } => {
                self.out.push(Output::Drop);
                self.let_go(self.spurt);
            }
            Own::Talking { keeper, down, .. } => {
                drop(keeper);
                self.out.push(Output::Drop);
                self.let_go(self.spurt);
                if let (Some(why), true) = (why, down) {
                    self.own = Own::Refused(Situation::Revoked { why });
                }
            }
        }
    }

    /// Tells the arbiter, which may be us, that we have finished.
    fn let_go(&mut self, spurt: u32) {
        let me = self.config.me;
        if self.is_arbiter() {
            if self.book.holder.is_some_and(|h| h.pid == me) {
                self.free();
            }
        } else {
            if self.book.holder.is_some_and(|h| h.pid == me) {
                self.book.holder = None;
            }
            self.send(self.arbiter, FloorMessage::Release { spurt });
        }
    }

    /// As arbiter: nobody holds the floor any more.
    fn free(&mut self) {
        self.decided = true;
        self.book.holder = None;
        let n = self.book.count();
        self.broadcast(self.config.me, FloorMessage::Idle { n });
    }

    /// A turn that the talk thread has dropped is over.
    fn settle_turn(&mut self) {
        if matches!(&self.own, Own::Talking { keeper, .. } if keeper.is_dropped()) {
            self.own = Own::Rest;
            self.let_go(self.spurt);
        }
    }

    /// Who decides may have changed: what we want is told to the new one.
    fn follow_arbiter(&mut self, now: Duration) {
        let arbiter = self.who_is_arbiter();
        if arbiter == self.arbiter {
            return;
        }
        self.arbiter = arbiter;
        if self.is_arbiter()
            && let Some(holder) = &mut self.book.holder
        {
            holder.heard = now;
        }
        match &self.own {
            Own::Asking { .. } => self.ask(now),
            Own::Talking { .. } if !self.is_arbiter() => {
                self.send(arbiter, FloorMessage::Request { spurt: self.spurt });
            }
            Own::Talking { .. } | Own::Rest | Own::Refused(_) => {}
        }
    }

    fn time(&mut self, now: Duration) {
        if self.is_arbiter()
            && let Some((holder, reason)) = self.book.overdue(now, self.config.me, self.config.talk_limit)
        {
            let n = self.book.count();
            let revoked = FloorMessage::Revoked { n, spurt: holder.spurt.unwrap_or(0), reason };
            if holder.pid == self.config.me {
                self.answered(now, revoked);
            } else {
                self.send(holder.pid, revoked);
                self.free();
            }
        }
        match &self.own {
            Own::Asking { since, asked, released } => {
                let over = released.map_or(now >= *since + PATIENCE, |at| now >= at + STILL_WANTED);
                let (down, again) = (released.is_none(), now >= *asked + ASK_AGAIN);
                if over {
                    self.give_up(None);
                    if down {
                        self.own = Own::Refused(Situation::Revoked { why: RevokedWhy::ArbiterLost });
                    }
                } else if again {
                    self.ask(now);
                }
            }
            Own::Talking { until, .. } if now >= *until => self.give_up(Some(RevokedWhy::Limit)),
            _ => {}
        }
    }
}
