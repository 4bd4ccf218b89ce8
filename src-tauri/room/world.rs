//! The world that rooms are simulated in: people, a network and time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushtalk_protocol::{FloorMessage, Mode};

use crate::simulation::{Dice, number};
use crate::table::{ms, pid};
use crate::{Audience, Input, Microphone, Output, Room, RoomConfig, Turn};

/// Frames of a talker are told so often.
const VOICE: u64 = 200;

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) now: Duration,
    /// How many said something.
    pub(crate) said: u64,
    /// Most live turns at one instant.
    pub(crate) most: usize,
    pub(crate) seats: BTreeMap<u8, Seat>,
    /// Whoever is the host, here or not.
    host: Option<u8>,
    mode: Mode,
    /// By time, then in order.
    coming: BTreeMap<(Duration, u64), Event>,
    events: u64,
    /// When the last message from the first to the second arrives.
    arrives: BTreeMap<(u8, u8), Duration>,
    /// Sessions of pairs: what is of an old one is lost.
    sessions: BTreeMap<(u8, u8), u32>,
    /// Pairs that cannot reach each other.
    cuts: BTreeSet<(u8, u8)>,
    pub(crate) delay: u64,
    /// When something was noticed last that may take time to settle.
    pub(crate) disturbed: Option<Duration>,
}

pub(crate) struct Seat {
    pub(crate) room: Room,
    pub(crate) turn: Option<Turn>,
    /// Since when a press waits for `Begin` or `Drop`.
    pub(crate) open: Option<Duration>,
    finishing: bool,
    /// Counts turns, so that the end of one does not end the next.
    pub(crate) turns: u64,
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
        whisper: bool,
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
            host: None,
            mode: Mode::Radio,
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

    pub(crate) fn turns(&self, who: u8) -> u64 {
        self.seats[&who].turns
    }

    /// Those with a live turn for everybody.
    pub(crate) fn live(&self) -> Vec<u8> {
        self.on_air().filter(|(_, to)| !to.is_whisper()).map(|(who, _)| who).collect()
    }

    /// Those with a live turn, and whom it is for.
    fn on_air(&self) -> impl Iterator<Item = (u8, &Audience)> {
        self.seats.iter().filter_map(|(who, seat)| {
            let turn = seat.turn.as_ref().filter(|turn| turn.is_live())?;
            Some((*who, turn.audience()))
        })
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
        let goes = matches!(input, Input::Gone(_));
        let event = Event::Notice { to, about, session, input };
        // A good-bye comes behind what was said before it; the rest is noticed by each on its own.
        if goes { self.carry(about, to, after, event) } else { self.later(after, event) }
    }

    /// Somebody enters: is listed by everybody at once, and reached after a while.
    pub(crate) fn come(&mut self, who: u8, hosting: bool, dice: &mut Dice) {
        let others = self.here();
        let room = Room::new(RoomConfig { me: pid(who), hosting, talk_limit: ms(10_000), mode: Mode::Radio });
        if hosting {
            self.host = Some(who);
        }
        let seat = Seat { room, turn: None, open: None, finishing: false, turns: 0 };
        self.seats.insert(who, seat);
        self.give(who, Input::Microphone(Microphone::Open));
        self.tell(who, Input::Mode(self.mode), dice);
        for other in others {
            self.give(who, Input::Known(pid(other)));
            self.give(other, Input::Known(pid(who)));
            self.connect(who, other, dice);
        }
    }

    fn connect(&mut self, a: u8, b: u8, dice: &mut Dice) {
        let after = dice.time(1_200);
        for (to, about) in [(a, b), (b, a)] {
            self.notice(to, about, after + dice.time(150), Input::Up { pid: pid(about), host: false });
        }
    }

    /// One member learns sooner or later what the host has settled; what comes later is learned later.
    fn tell(&mut self, who: u8, input: Input, dice: &mut Dice) {
        let after = dice.time(self.delay);
        self.carry(0, who, after, Event::Notice { to: who, about: 0, session: 0, input });
    }

    /// From now on the room is open, or radio.
    pub(crate) fn change_over(&mut self, mode: Mode, dice: &mut Dice) {
        self.mode = mode;
        for who in self.here() {
            self.tell(who, Input::Mode(mode), dice);
        }
    }

    /// Somebody else is the host.
    pub(crate) fn hand_over(&mut self, to: u8, dice: &mut Dice) {
        self.host = Some(to);
        for who in self.here() {
            self.tell(who, Input::Host(Some(pid(to))), dice);
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
        // Who is not heard any more may have to make room before it knows.
        self.disturb(self.now + noticed);
        let most = [500, 20_000][usize::try_from(dice.roll(2)).unwrap()];
        let again = noticed + dice.time(most);
        self.later(again, Event::Mend { a, b });
    }

    fn disturb(&mut self, at: Duration) {
        self.disturbed = self.disturbed.max(Some(at));
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
                    assert!(seat.turn.is_none(), "seed {seed}: two turns of {who}");
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
            Event::Notice { to, about, session, mut input } => {
                // A path that was cut while it was being found is not found.
                let found = matches!(input, Input::Up { .. });
                if found && (session != self.session(to, about) || !self.seats.contains_key(&about)) {
                    return;
                }
                if let Input::Up { host, .. } = &mut input {
                    // It proves what it is at that moment.
                    *host = self.host == Some(about);
                }
                self.disturb(self.now);
                self.give(to, input);
            }
            Event::Voice { from, to, session, whisper } => {
                if session == self.session(from, to) && !self.cuts.contains(&pair(from, to)) {
                    let from = pid(from);
                    self.give(to, if whisper { Input::Whispered(from) } else { Input::Voice(from) });
                }
            }
            Event::Spoken { who, turn } => {
                if let Some(seat) = self.seats.get_mut(&who).filter(|seat| seat.turns == turn) {
                    seat.turn = None;
                    self.give(who, Input::Tick);
                }
            }
            Event::Voices => {
                let on_air: Vec<_> = self.on_air().map(|(who, to)| (who, to.clone())).collect();
                for (from, audience) in on_air {
                    let heard = |to: &u8| *to != from && audience.contains(&pid(*to));
                    for to in self.here().into_iter().filter(heard) {
                        let (session, whisper) = (self.session(from, to), audience.is_whisper());
                        let after = dice.time(self.delay);
                        self.later(after, Event::Voice { from, to, session, whisper });
                    }
                }
                self.later(ms(VOICE), Event::Voices);
            }
            Event::Mend { a, b } => self.mend_pair(a, b, dice),
        }
    }
}
