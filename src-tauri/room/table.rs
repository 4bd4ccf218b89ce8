//! Rooms around a table, for tests: what one says the others hear at once, unless it is held back or cut off.

use std::collections::VecDeque;
use std::time::Duration;

use pushtalk_protocol::{FloorMessage, Mode, Pid};

use crate::{Floor, Input, Microphone, Output, Room, RoomConfig, Situation, Turn};

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) const fn pid(of: u8) -> Pid {
    Pid::new([of; 16])
}

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Members are numbers, which are also the order of their pids.
pub(crate) struct Table {
    pub(crate) now: Duration,
    rooms: Vec<(u8, Room)>,
    turns: Vec<(u8, Turn)>,
    pub(crate) kept: Vec<u8>,
    pub(crate) dropped: Vec<u8>,
    pub(crate) finished: Vec<u8>,
    /// Who gets and says nothing.
    pub(crate) cut: Vec<u8>,
    /// While true, what is said waits.
    pub(crate) hold: bool,
    pub(crate) held: VecDeque<(u8, u8, FloorMessage)>,
    /// All that was said: from, to, what.
    pub(crate) said: Vec<(u8, u8, FloorMessage)>,
}

impl Table {
    /// Members 1, 2, … who are all connected; `host` is the host.
    pub(crate) fn of(count: u8, host: Option<u8>) -> Self {
        let mut table = Self::empty();
        for of in 1..=count {
            table.sit(of, host == Some(of));
        }
        for a in 1..=count {
            for b in (1..=count).filter(|b| *b != a) {
                table.give(a, Input::Known(pid(b)));
            }
        }
        for a in 1..=count {
            for b in (1..=count).filter(|b| *b != a) {
                table.up(a, b, host == Some(b));
            }
        }
        table.said.clear();
        table
    }

    pub(crate) fn empty() -> Self {
        Self {
            now: ms(0),
            rooms: vec![],
            turns: vec![],
            kept: vec![],
            dropped: vec![],
            finished: vec![],
            cut: vec![],
            hold: false,
            held: VecDeque::new(),
            said: vec![],
        }
    }

    /// A new member that knows nobody, with its microphone open.
    pub(crate) fn sit(&mut self, of: u8, hosting: bool) {
        self.rooms
            .push((of, Room::new(RoomConfig { me: pid(of), hosting, talk_limit: LIMIT, mode: Mode::Radio })));
        self.give(of, Input::Microphone(Microphone::Open));
        self.give(of, Input::Queueing(false));
    }

    /// `a` can reach `b`.
    pub(crate) fn up(&mut self, a: u8, b: u8, host: bool) {
        self.give(a, Input::Up { pid: pid(b), host });
    }

    pub(crate) fn room(&self, of: u8) -> &Room {
        &self.rooms.iter().find(|(p, _)| *p == of).unwrap().1
    }

    pub(crate) fn give(&mut self, to: u8, input: Input) {
        self.one(to, input);
        self.flow();
    }

    /// Delivers what is said, in order.
    pub(crate) fn flow(&mut self) {
        while !self.hold
            && let Some((from, to, message)) = self.held.pop_front()
        {
            self.one(to, Input::Floor { from: pid(from), message });
        }
    }

    fn one(&mut self, to: u8, input: Input) {
        let now = self.now;
        let Some((_, room)) = self.rooms.iter_mut().find(|(p, _)| *p == to) else { return };
        for output in room.handle(now, input) {
            match output {
                Output::Send { to: peer, message } => {
                    let peer = peer.as_bytes()[0];
                    self.said.push((to, peer, message));
                    if !self.cut.contains(&to) && !self.cut.contains(&peer) {
                        self.held.push_back((to, peer, message));
                    }
                }
                Output::Keep => self.kept.push(to),
                Output::Begin(turn) => self.turns.push((to, turn)),
                Output::Drop => {
                    self.dropped.push(to);
                    self.turns.retain(|(p, _)| *p != to);
                }
                Output::Finish => self.finished.push(to),
            }
        }
    }

    /// The talk thread of this member has sent its last frame.
    pub(crate) fn spoken(&mut self, of: u8) {
        self.turns.retain(|(p, _)| *p != of);
        self.give(of, Input::Tick);
    }

    /// Time passes; everybody hears who is on air.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.pass(time, true);
    }

    /// Time passes, and not a frame arrives.
    pub(crate) fn wait_in_silence(&mut self, time: Duration) {
        self.pass(time, false);
    }

    fn pass(&mut self, time: Duration, voices: bool) {
        let until = self.now + time;
        while self.now < until {
            let step = (self.now + ms(100)).min(until);
            let next = self.rooms.iter().filter_map(|(p, room)| Some((room.poll_timeout()?, *p))).min();
            if let Some((at, who)) = next.filter(|(at, _)| *at <= step) {
                self.now = self.now.max(at);
                self.give(who, Input::Tick);
                let after = self.room(who).poll_timeout();
                assert!(after.is_none_or(|after| after > self.now), "a timer stays due");
                continue;
            }
            self.now = step;
            if voices {
                self.voices();
            }
        }
    }

    fn voices(&mut self) {
        let members: Vec<u8> = self.rooms.iter().map(|(p, _)| *p).filter(|p| !self.cut.contains(p)).collect();
        for talker in self.live().into_iter().filter(|p| members.contains(p)) {
            let audience = self.turn(talker).audience().clone();
            for to in members.iter().filter(|to| **to != talker && audience.contains(&pid(**to))) {
                let from = pid(talker);
                let whisper = audience.is_whisper();
                self.give(*to, if whisper { Input::Whispered(from) } else { Input::Voice(from) });
            }
        }
    }

    /// Those with a live turn.
    pub(crate) fn live(&self) -> Vec<u8> {
        self.turns.iter().filter(|(_, turn)| turn.is_live()).map(|(p, _)| *p).collect()
    }

    pub(crate) fn turn(&self, of: u8) -> &Turn {
        &self.turns.iter().find(|(p, _)| *p == of).unwrap().1
    }

    pub(crate) fn button(&self, of: u8) -> Situation {
        self.room(of).view().button
    }

    pub(crate) fn floor(&self, of: u8) -> Floor {
        self.room(of).view().floor
    }

    /// Who talks, as this member sees it.
    pub(crate) fn talker(&self, of: u8) -> Option<u8> {
        match self.floor(of) {
            Floor::Idle => None,
            Floor::Taken { pid, .. } => Some(pid.as_bytes()[0]),
        }
    }
}
