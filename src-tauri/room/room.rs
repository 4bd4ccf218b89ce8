//! The room: members that come and go, and what they say.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_protocol::{DeniedReason, FloorMessage, Mode, Pid};

use crate::arbiter::Holder;
use crate::button::Own;
use crate::input::{Input, Microphone, Output, RoomConfig};
use crate::open::Voice;
use crate::queue::Queue;
use crate::turn::Audience;
use crate::view::LinkState;

/// Shortest and longest talk limit.
pub(crate) const LIMITS: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(300));
/// No arbiter counts so far ahead of what was heard: who says so wants the count to end.
const FAR: u64 = 1 << 32;

/// One member's picture of a room, and its part in it.
pub struct Room {
    pub(crate) me: Pid,
    /// Who is the host, connected or not, as far as it is known.
    pub(crate) host: Option<Pid>,
    pub(crate) mode: Mode,
    pub(crate) talk_limit: Duration,
    pub(crate) members: BTreeMap<Pid, Member>,
    pub(crate) microphone: Microphone,
    /// Who gives the floor, as at the end of the last `handle`; none until it can be known.
    pub(crate) arbiter: Option<Pid>,
    /// From when on we are it.
    pub(crate) reign: Option<Duration>,
    /// True once it was certain who the arbiter is: from then on there always is one.
    pub(crate) settled: bool,
    /// Highest number of an arbiter that was said or heard.
    pub(crate) n: u64,
    /// Who holds the floor: as arbiter by our own decision, else by the arbiter's word.
    pub(crate) floor: Option<Holder>,
    /// As arbiter: who waits for it. Nobody does while it is free.
    pub(crate) queue: Queue,
    /// As host and arbiter: our press for which another one was told to stop.
    pub(crate) preempting: Option<u32>,
    /// Whether our presses wait in the queue when somebody talks.
    pub(crate) queueing: bool,
    /// Until when those have to wait who were stopped by the limit.
    pub(crate) resting: BTreeMap<Pid, Duration>,
    pub(crate) spurt: u32,
    pub(crate) own: Own,
    /// Whom the last press was for.
    pub(crate) audience: Audience,
    left: bool,
    pub(crate) out: Vec<Output>,
}

/// One other member.
pub(crate) struct Member {
    pub(crate) link: LinkState,
    /// From when on the link is in this state.
    pub(crate) since: Duration,
    /// The last number in this session; what has a lower one is old.
    n: u64,
    /// Who holds the floor, by this member's last word. It counts as soon as this member is the arbiter: the others
    /// may have learned of it before us.
    pub(crate) word: Option<Word>,
    /// While it is heard.
    pub(crate) voice: Option<Voice>,
    /// While it whispers to us.
    pub(crate) whisper: Option<Voice>,
}

/// What an arbiter tells everybody.
#[derive(Clone, Copy)]
pub(crate) struct Word {
    pub(crate) n: u64,
    pub(crate) talker: Option<Pid>,
}

impl Member {
    fn new(link: LinkState, since: Duration) -> Self {
        Self { link, since, n: 0, word: None, voice: None, whisper: None }
    }
}

impl Room {
    /// A room with nobody else in it.
    pub fn new(config: RoomConfig) -> Self {
        let hosting = config.hosting;
        Self {
            me: config.me,
            host: hosting.then_some(config.me),
            mode: config.mode,
            talk_limit: config.talk_limit.clamp(LIMITS.0, LIMITS.1),
            members: BTreeMap::new(),
            microphone: Microphone::Off,
            arbiter: hosting.then_some(config.me),
            reign: hosting.then_some(Duration::ZERO),
            settled: hosting,
            n: 0,
            floor: None,
            queue: Queue::default(),
            preempting: None,
            queueing: true,
            resting: BTreeMap::new(),
            spurt: 0,
            own: Own::Rest,
            audience: Audience::Everybody,
            left: false,
            out: Vec::new(),
        }
    }

    /// Takes what happened and gives what is to be done, in order. `now` must not go back.
    #[must_use = "what is to be done has to be done, in order"]
    pub fn handle(&mut self, now: Duration, input: Input) -> Vec<Output> {
        if self.left {
            return Vec::new();
        }
        // What was due before comes first, so that a late tick decides nothing.
        self.notice_end(now);
        // Nothing begins for who leaves, and nothing for all when what is said now is for a few.
        if !matches!(input, Input::Leave | Input::Whisper(_)) {
            self.run_timers(now);
        }
        match input {
            Input::Known(pid) => self.known(now, pid),
            Input::Up { pid, host } => self.up(now, pid, host),
            Input::Down(pid) => self.away(now, pid, Some(LinkState::Lost)),
            Input::Mismatch(pid) => self.away(now, pid, Some(LinkState::Mismatch)),
            Input::Gone(pid) => self.away(now, pid, None),
            Input::Press => self.press(now, false),
            Input::Preempt => self.press(now, true),
            Input::Whisper(to) => self.whisper(now, to),
            Input::Release => self.release(now),
            Input::Floor { from, message } => self.message(now, from, message),
            Input::Voice(from) => {
                self.hold(now, from);
                self.hear(now, from);
            }
            Input::Whispered(from) => self.hear_whisper(now, from),
            Input::Mode(mode) => self.change_over(now, mode),
            Input::Host(host) => self.host = host,
            Input::Queueing(queueing) => self.queueing = queueing,
            Input::TalkLimit(limit) => self.talk_limit = limit.clamp(LIMITS.0, LIMITS.1),
            Input::Microphone(microphone) => self.microphone(now, microphone),
            Input::Leave => {
                self.end(now, None);
                self.left = true;
                self.members.clear();
                self.queue.clear();
                self.floor = None;
                return std::mem::take(&mut self.out);
            }
            Input::Tick => {}
        }
        self.follow_arbiter(now);
        self.run_timers(now);
        std::mem::take(&mut self.out)
    }

    /// When `Input::Tick` is wanted next; it may change with every `handle`.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.left {
            return None;
        }
        let unsure = self.arbiter.is_none() && self.ready().next().is_some();
        let settle = if unsure { self.settles() } else { None };
        let due = [self.own.deadline(), self.floor_deadline(), self.voice_deadline(), settle];
        due.into_iter().flatten().min()
    }

    fn run_timers(&mut self, now: Duration) {
        self.enforce(now);
        self.wait(now);
        self.hush(now);
    }

    /// Those that voice can flow to.
    pub(crate) fn ready(&self) -> impl Iterator<Item = Pid> {
        self.members.iter().filter(|(_, member)| member.link == LinkState::Ready).map(|(pid, _)| *pid)
    }

    pub(crate) fn is_ready(&self, pid: Pid) -> bool {
        self.members.get(&pid).is_some_and(|member| member.link == LinkState::Ready)
    }

    /// False for who is known not to be able to talk to us.
    pub(crate) fn may_talk(&self, pid: Pid) -> bool {
        let link = self.members.get(&pid).map(|member| member.link);
        matches!(link, Some(LinkState::Connecting | LinkState::Ready))
    }

    pub(crate) fn mismatched(&self) -> Option<Pid> {
        let mut members = self.members.iter();
        members.find(|(_, member)| member.link == LinkState::Mismatch).map(|(pid, _)| *pid)
    }

    pub(crate) fn is_host(&self, pid: Pid) -> bool {
        self.host == Some(pid)
    }

    pub(crate) fn is_arbiter(&self) -> bool {
        self.arbiter == Some(self.me)
    }

    pub(crate) fn send(&mut self, to: Pid, message: FloorMessage) {
        self.out.push(Output::Send { to, message });
    }

    fn known(&mut self, now: Duration, pid: Pid) {
        if pid == self.me {
            return;
        }
        let member = self.members.entry(pid).or_insert_with(|| Member::new(LinkState::Connecting, now));
        if member.link == LinkState::Lost {
            (member.link, member.since) = (LinkState::Connecting, now);
        }
    }

    fn up(&mut self, now: Duration, pid: Pid, host: bool) {
        if pid == self.me {
            return;
        }
        let member = self.members.entry(pid).or_insert_with(|| Member::new(LinkState::Connecting, now));
        // There is no way back from keys that do not fit, other than to leave and to come anew.
        if member.link == LinkState::Mismatch {
            return;
        }
        let before = (member.link != LinkState::Ready).then_some(member.word).flatten();
        (member.link, member.since) = (LinkState::Ready, now);
        if host && !self.is_host(self.me) {
            self.host = Some(pid);
        }
        if self.is_arbiter() && self.mode == Mode::Radio {
            // It may have been the arbiter of others until now.
            if let Some(word) = before {
                self.hearsay(now, word);
            }
            // Who comes learns how things stand, also who is the arbiter from now on.
            let state = self.state(self.n);
            self.send(pid, state);
        }
    }

    fn away(&mut self, now: Duration, pid: Pid, link: Option<LinkState>) {
        match (link, self.members.get_mut(&pid)) {
            (_, None) => return,
            (Some(LinkState::Lost), Some(Member { link: LinkState::Mismatch, .. })) => return,
            (Some(link), Some(member)) => {
                // What it said counts no longer: it will say it anew.
                *member = Member::new(link, now);
            }
            (None, Some(_)) => {
                self.members.remove(&pid);
            }
        }
        // First, so that a floor that becomes free is not given to us.
        if self.mismatched().is_some() || !self.ready().any(|pid| self.audience.contains(&pid)) {
            self.end(now, None);
        }
        if self.is_arbiter() {
            self.unqueue(now, pid, None);
            if self.floor.as_ref().is_some_and(|holder| holder.pid == pid) {
                self.free(now);
            }
        }
    }

    fn message(&mut self, now: Duration, from: Pid, message: FloorMessage) {
        let Some(member) = self.members.get_mut(&from) else { return };
        if member.link == LinkState::Mismatch {
            return;
        }
        if let Some(n) = number(&message) {
            if n < member.n || n > self.n.saturating_add(FAR) {
                return;
            }
            member.n = n;
        }
        match message {
            FloorMessage::Request { spurt, .. } | FloorMessage::Continue { spurt, .. }
                if !(self.is_arbiter() && self.is_ready(from) && self.mode == Mode::Radio) =>
            {
                let reason = DeniedReason::NotArbiter;
                self.send(from, FloorMessage::Denied { n: self.n, spurt, reason });
            }
            FloorMessage::Request { spurt, queue } => self.decide(now, from, spurt, queue),
            FloorMessage::Continue { spurt, n } if n <= self.n.saturating_add(FAR) => {
                self.continued(now, from, spurt, n);
            }
            FloorMessage::Continue { .. } => {}
            FloorMessage::Release { spurt } => self.released(now, from, spurt),
            FloorMessage::Taken { n, talker } => self.word(now, from, Word { n, talker: Some(talker) }),
            FloorMessage::Idle { n } => self.word(now, from, Word { n, talker: None }),
            FloorMessage::Granted { .. }
            | FloorMessage::Denied { .. }
            | FloorMessage::Queued { .. }
            | FloorMessage::Revoked { .. }
                if self.arbiter == Some(from) =>
            {
                self.answered(now, message);
            }
            // Asked when it was the arbiter, but we have asked another one since.
            FloorMessage::Granted { spurt, .. } | FloorMessage::Queued { spurt, .. } => {
                self.send(from, FloorMessage::Release { spurt });
            }
            FloorMessage::Denied { .. } | FloorMessage::Revoked { .. } => {}
        }
    }

    fn word(&mut self, now: Duration, from: Pid, word: Word) {
        if let Some(member) = self.members.get_mut(&from) {
            member.word = Some(word);
        }
        if self.mode == Mode::Open {
            return;
        }
        if self.arbiter == Some(from) {
            self.learn(now, word);
        } else if self.is_arbiter() && self.is_ready(from) && self.hands_over(now, from) {
            self.hearsay(now, word);
        }
    }
}

fn number(message: &FloorMessage) -> Option<u64> {
    match *message {
        FloorMessage::Granted { n, .. }
        | FloorMessage::Denied { n, .. }
        | FloorMessage::Queued { n, .. }
        | FloorMessage::Revoked { n, .. }
        | FloorMessage::Taken { n, .. }
        | FloorMessage::Idle { n } => Some(n),
        FloorMessage::Request { .. } | FloorMessage::Release { .. } | FloorMessage::Continue { .. } => None,
    }
}
