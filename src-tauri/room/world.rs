//! The world that rooms are simulated in: people, a network, time, and what must always be true.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushtalk_protocol::FloorMessage;

use crate::button::Own;
use crate::simulation::{Dice, number};
use crate::table::{ms, pid};
use crate::{Input, Microphone, Output, Room, RoomConfig, Situation, Turn};

/// After a change among the members has been noticed, so long two may talk: the stated hand-over, and the way there
/// and back.
const HANDOVER: Duration = Duration::from_secs(2);
/// Frames of a talker are told so often.
const VOICE: u64 = 200;

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) now: Duration,
    /// How many said something.
    pub(crate) said: u64,
    /// Most live turns at one instant.
    pub(crate) most: usize,
    seats: BTreeMap<u8, Seat>,
    /// By time, then in order.
    coming: BTreeMap<(Duration, u64), Event>,
    events: u64,
    /// When the last message from the first to the second arrives.
    arrives: BTreeMap<(u8, u8), Duration>,
    /// Sessions of pairs: what is of an old one is lost.
    sessions: BTreeMap<(u8, u8), u32>,
    /// Pairs that cannot reach each other.
    cuts: BTreeSet<(u8, u8)>,
    delay: u64,
    disturbed: Option<Duration>,
}

struct Seat {
    room: Room,
    hosting: bool,
    turn: Option<Turn>,
    /// Since when a press waits for `Begin` or `Drop`.
    open: Option<Duration>,
    finishing: bool,
    /// Counts turns, so that the end of one does not end the next.
    turns: u64,
}

enum Event {
    Said {
        from: u8,
        to: u8,
        session: u32,
        message: FloorMessage,
    },
    /// Something is noticed.
    Notice {
        to: u8,
        about: u8,
        session: u32,
        input: Input,
    },
    Voice {
        from: u8,
        to: u8,
        session: u32,
    },
    /// The last frame of a turn is out.
    Spoken {
        who: u8,
        turn: u64,
    },
    Voices,
    Mend {
        a: u8,
        b: u8,
    },
}

fn pair(a: u8, b: u8) -> (u8, u8) {
    (a.min(b), a.max(b))
}

impl World {
    pub(crate) fn new(seed: u64, delay: u64) -> Self {
        let mut world = Self {
            seed,
            now: ms(0),
            said: 0,
            most: 0,
            seats: BTreeMap::new(),
            coming: BTreeMap::new(),
            events: 0,
            arrives: BTreeMap::new(),
            sessions: BTreeMap::new(),
            cuts: BTreeSet::new(),
            delay,
            disturbed: None,
        };
        world.later(ms(VOICE), Event::Voices);
        world
    }

    pub(crate) fn here(&self) -> Vec<u8> {
        self.seats.keys().copied().collect()
    }

    pub(crate) fn room(&self, who: u8) -> &Room {
        &self.seats[&who].room
    }

    pub(crate) fn is_open(&self, who: u8) -> bool {
        self.seats[&who].open.is_some()
    }

    pub(crate) fn live(&self) -> Vec<u8> {
        let live = |seat: &Seat| seat.turn.as_ref().is_some_and(Turn::is_live);
        self.seats.iter().filter(|(_, seat)| live(seat)).map(|(who, _)| *who).collect()
    }

    pub(crate) fn forget_disturbance(&mut self) {
        self.disturbed = None;
    }

    fn later(&mut self, after: Duration, event: Event) {
        self.events += 1;
        self.coming.insert((self.now + after, self.events), event);
    }

    /// In order behind everything that goes the same way.
    fn carry(&mut self, from: u8, to: u8, after: Duration, event: Event) {
        let arrives = self.arrives.entry((from, to)).or_default();
        *arrives = (*arrives).max(self.now + after);
        self.events += 1;
        self.coming.insert((*arrives, self.events), event);
    }

    fn session(&self, a: u8, b: u8) -> u32 {
        self.sessions.get(&pair(a, b)).copied().unwrap_or(0)
    }

    fn notice(&mut self, to: u8, about: u8, after: Duration, input: Input) {
        let session = self.session(to, about);
        let event = Event::Notice { to, about, session, input };
        // A good-bye comes behind what was said before it; the rest is noticed by each on its own.
        if matches!(input, Input::Gone(_)) {
            self.carry(about, to, after, event)
        } else {
            self.later(after, event)
        }
    }

    /// Somebody enters: is listed by everybody at once, and reached after a while.
    pub(crate) fn come(&mut self, who: u8, hosting: bool, dice: &mut Dice) {
        let others = self.here();
        let room = Room::new(RoomConfig { me: pid(who), hosting, talk_limit: ms(10_000) });
        let seat = Seat { room, hosting, turn: None, open: None, finishing: false, turns: 0 };
        self.seats.insert(who, seat);
        self.give(who, Input::Microphone(Microphone::Open));
        for other in others {
            self.give(who, Input::Known(pid(other)));
            self.give(other, Input::Known(pid(who)));
            self.connect(who, other, dice);
        }
    }

    fn connect(&mut self, a: u8, b: u8, dice: &mut Dice) {
        let after = dice.time(1_200);
        for (to, about) in [(a, b), (b, a)] {
            let host = self.seats[&about].hosting;
            self.notice(to, about, after + dice.time(150), Input::Up { pid: pid(about), host });
        }
    }

    /// Says good-bye.
    pub(crate) fn leave(&mut self, who: u8, dice: &mut Dice) {
        self.give(who, Input::Leave);
        assert!(!self.is_open(who), "seed {}: a press is left open", self.seed);
        assert!(self.live().iter().all(|live| *live != who), "seed {}: talks on after leaving", self.seed);
        self.seats.remove(&who);
        for other in self.here() {
            let after = dice.time(self.delay);
            self.notice(other, who, after, Input::Gone(pid(who)));
        }
    }

    /// Is no longer there, all of a sudden.
    pub(crate) fn die(&mut self, who: u8, dice: &mut Dice) {
        self.seats.remove(&who);
        for other in self.here() {
            let after = ms(2_500) + dice.time(1_500);
            let lost = dice.roll(2) == 0;
            if lost {
                self.notice(other, who, after, Input::Down(pid(who)));
            }
            self.notice(other, who, after + dice.time(500), Input::Gone(pid(who)));
        }
    }

    /// Two do not reach each other for a while. Both notice, and then find each other in a new session.
    pub(crate) fn cut(&mut self, a: u8, b: u8, dice: &mut Dice) {
        if !self.cuts.insert(pair(a, b)) {
            return;
        }
        *self.sessions.entry(pair(a, b)).or_default() += 1;
        let most = [200, 3_000][usize::try_from(dice.roll(2)).unwrap()];
        let mut noticed = Duration::ZERO;
        for (to, about) in [(a, b), (b, a)] {
            let after = dice.time(most);
            noticed = noticed.max(after);
            self.notice(to, about, after, Input::Down(pid(about)));
        }
        let most = [500, 20_000][usize::try_from(dice.roll(2)).unwrap()];
        let again = noticed + dice.time(most);
        self.later(again, Event::Mend { a, b });
    }

    /// All who are here find each other again.
    pub(crate) fn mend(&mut self, dice: &mut Dice) {
        self.pass(ms(4_000), dice);
        let cuts = self.cuts.clone();
        for (a, b) in cuts {
            self.mend_pair(a, b, dice);
        }
    }

    fn mend_pair(&mut self, a: u8, b: u8, dice: &mut Dice) {
        if self.cuts.remove(&pair(a, b)) && self.seats.contains_key(&a) && self.seats.contains_key(&b) {
            self.connect(a, b, dice);
        }
    }

    pub(crate) fn give(&mut self, who: u8, input: Input) {
        let Some(seat) = self.seats.get_mut(&who) else { return };
        let (seed, now) = (self.seed, self.now);
        let mut said = Vec::new();
        for output in seat.room.handle(now, input) {
            match output {
                Output::Send { to, message } => said.push((number(to), message)),
                Output::Keep => {
                    assert!(seat.open.is_none(), "seed {seed}: two presses of {who} are open");
                    assert!(seat.turn.is_none(), "seed {seed}: {who} keeps while it talks");
                    (seat.open, seat.finishing) = (Some(now), false);
                }
                Output::Begin(turn) => {
                    assert!(seat.open.take().is_some(), "seed {seed}: {who} begins without a press");
                    assert!(turn.is_live() && seat.turn.is_none(), "seed {seed}: two turns of {who}");
                    seat.turn = Some(turn);
                    seat.turns += 1;
                }
                Output::Drop => {
                    let (open, turn) = (seat.open.take(), seat.turn.take());
                    assert!(open.is_some() != turn.is_some(), "seed {seed}: nothing of {who} to drop");
                    assert!(turn.is_none_or(|turn| !turn.is_live()), "seed {seed}: dropped alive");
                }
                Output::Finish => seat.finishing = true,
            }
        }
        if seat.finishing && seat.turn.is_some() {
            seat.finishing = false;
            let turn = seat.turns;
            self.later(ms(60), Event::Spoken { who, turn });
        }
        for (to, message) in said {
            self.said += 1;
            let session = self.session(who, to);
            // Different for each message, and the same in each run.
            let after = ms(self.said.wrapping_mul(7_919) % (self.delay + 1));
            self.carry(who, to, after, Event::Said { from: who, to, session, message });
        }
        self.check();
    }

    pub(crate) fn pass(&mut self, time: Duration, dice: &mut Dice) {
        let until = self.now + time;
        loop {
            let timers = self.seats.iter().filter_map(|(who, seat)| Some((seat.room.poll_timeout()?, *who)));
            let timer = timers.min();
            let event = self.coming.first_key_value().map(|((at, _), _)| *at);
            match (timer, event) {
                (Some((at, who)), event) if at <= until && event.is_none_or(|event| at < event) => {
                    self.now = self.now.max(at);
                    self.give(who, Input::Tick);
                    let next = self.seats[&who].room.poll_timeout();
                    assert!(next.is_none_or(|next| next > self.now), "seed {}: a timer stays due", self.seed);
                }
                (_, Some(at)) if at <= until => {
                    self.now = self.now.max(at);
                    if let Some((_, event)) = self.coming.pop_first() {
                        self.happen(event, dice);
                    }
                }
                _ => break,
            }
        }
        self.now = until;
        self.check();
    }

    fn happen(&mut self, event: Event, dice: &mut Dice) {
        match event {
            Event::Said { from, to, session, message } => {
                if session == self.session(from, to) && !self.cuts.contains(&pair(from, to)) {
                    self.give(to, Input::Floor { from: pid(from), message });
                }
            }
            Event::Notice { to, about, session, input } => {
                // A path that was cut while it was being found is not found.
                let found = matches!(input, Input::Up { .. });
                if found && (session != self.session(to, about) || !self.seats.contains_key(&about)) {
                    return;
                }
                self.disturbed = Some(self.now);
                self.give(to, input);
            }
            Event::Voice { from, to, session } => {
                if session == self.session(from, to) && !self.cuts.contains(&pair(from, to)) {
                    self.give(to, Input::Voice(pid(from)));
                }
            }
            Event::Spoken { who, turn } => {
                if let Some(seat) = self.seats.get_mut(&who).filter(|seat| seat.turns == turn) {
                    seat.turn = None;
                    self.give(who, Input::Tick);
                }
            }
            Event::Voices => {
                for from in self.live() {
                    for to in self.here().into_iter().filter(|to| *to != from) {
                        let session = self.session(from, to);
                        let after = dice.time(self.delay);
                        self.later(after, Event::Voice { from, to, session });
                    }
                }
                self.later(ms(VOICE), Event::Voices);
            }
            Event::Mend { a, b } => self.mend_pair(a, b, dice),
        }
    }

    /// What must be true at every instant.
    fn check(&mut self) {
        let (seed, now) = (self.seed, self.now);
        for (who, seat) in &self.seats {
            if let Some(since) = seat.open {
                assert!(now <= since + ms(5_000), "seed {seed}: {who} waits for ever");
            }
            let view = seat.room.view();
            let talks = matches!(view.button, Situation::Talking { .. });
            let live = seat.turn.as_ref().is_some_and(Turn::is_live);
            assert_eq!(talks, live, "seed {seed}: the button of {who} says what is");
            assert_eq!(view.button == Situation::Requesting, seat.open.is_some(), "seed {seed}: {who}");
        }
        let live = self.live();
        self.most = self.most.max(live.len());
        // A hand-over takes its time: it begins when the last one has noticed.
        let settled = HANDOVER + ms(4 * self.delay);
        if self.disturbed.is_some_and(|at| now < at + settled) {
            return;
        }
        // Those that follow the same arbiter, which knows them.
        let mut followed = BTreeSet::new();
        for who in &live {
            let room = &self.seats[who].room;
            if let (Some(arbiter), Own::Talking(talk)) = (room.arbiter, &room.own)
                && talk.is_known()
            {
                assert!(followed.insert(arbiter), "seed {seed}: two talk at once at {now:?}: {live:?}");
            }
        }
        let connected = |seat: &Seat| seat.room.ready().count() + 1 == self.seats.len();
        if self.seats.values().all(connected) {
            assert!(
                live.len() <= 1,
                "seed {seed}: {live:?} talk at once at {now:?}, though all are connected"
            );
        }
    }
}
