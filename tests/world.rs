//! A whole world in virtual time: clients, their server and the network between them, from one seed.
//!
//! Brains, lobby, mouths, ears, keys and codec are the real ones. Made up are the clock, the network, and peer
//! connections as far as they bring bytes from one end to the other. Server and network can be hostile, members can be
//! moles; `law` holds all the same.

mod call;
mod devices;
mod dice;
mod law;
mod mallory;
mod mind;
mod mole;
mod network;
mod perform;
mod person;
mod server;
mod tally;
mod trouble;
mod voice;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushtalk_engine::HearingStats;
use pushtalk_engine::brain::{Brain, GamepadNews, Habits, Input, Output, Plug, VoiceNews};
use pushtalk_engine::face::{
    Intent, Invitation, KeyReach, MemberLink, Preferences, RoomView, Stage, TalkKey, Trigger, View,
};
use pushtalk_protocol::Pid;
use pushtalk_signaling::lobby::ConnectionId;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

pub use call::{Call, Reply, Told};
pub use devices::{Desktop, microphone};
pub use dice::Dice;
pub use law::{WRONG_PARTNER, pid_of, shown_as_ready};
pub use mallory::{Loot, Malice, Mallory};
pub use mind::Mind;
pub use mole::{Mole, Tie};
pub use network::{Kind, Meddler, Network, Parcel, Tamper};
pub use person::Person;
pub use server::{Desk, HASH, Honest, Operator, Server};
pub use tally::Tally;
pub use voice::tone;

/// One step of the voice.
pub const STEP: Duration = Duration::from_millis(10);
/// A client waits so long for the answer to a request.
const PATIENCE: Duration = Duration::from_secs(5);

enum Event {
    Input(usize, Input),
    Arrives(usize, Parcel),
    Called(usize, ConnectionId, Call),
    Told(usize, ConnectionId, Told),
    GiveUp(usize, u64),
    Opens(usize, Plug),
}

/// The world.
pub struct World {
    /// What all chance in it comes from.
    pub seed: u64,
    pub now: Duration,
    pub rng: StdRng,
    pub people: Vec<Person>,
    pub network: Network,
    pub tamper: Option<Tamper>,
    pub meddler: Option<Meddler>,
    pub server: Server,
    /// True where it ends when the one leaves on whose device it runs.
    pub server_goes_with_its_host: bool,
    /// True to keep what microphones gave and what went between devices.
    pub recorded: bool,
    /// What went between devices: from whom, to whom, and the bytes.
    pub wire: Vec<(Pid, Pid, Kind, Vec<u8>)>,
    pub tally: Tally,
    ledger: law::Ledger,
    events: BTreeMap<(Duration, u64), Event>,
    last: BTreeMap<(usize, usize), Duration>,
    count: u64,
    next_step: Duration,
    apart: BTreeSet<(usize, usize)>,
    /// Paths over which nothing comes any more, without anybody being told.
    dead: BTreeSet<(usize, usize)>,
    /// Those who reach nobody.
    offline: BTreeSet<usize>,
}

impl World {
    /// Nobody is there yet, and the server is honest.
    pub fn new(seed: u64, network: Network) -> Self {
        Self::run_by(seed, network, Box::new(Honest))
    }

    /// Nobody is there yet.
    pub fn run_by(seed: u64, network: Network, operator: Box<dyn Operator>) -> Self {
        Self {
            seed,
            now: Duration::ZERO,
            rng: StdRng::seed_from_u64(seed),
            people: Vec::new(),
            network,
            tamper: None,
            meddler: None,
            server: Server::new(operator),
            server_goes_with_its_host: false,
            recorded: false,
            wire: Vec::new(),
            tally: Tally { runs: 1, ..Tally::default() },
            ledger: law::Ledger::default(),
            events: BTreeMap::new(),
            last: BTreeMap::new(),
            count: 0,
            next_step: Duration::ZERO,
            apart: BTreeSet::new(),
            dead: BTreeSet::new(),
            offline: BTreeSet::new(),
        }
    }

    /// One more client, at home.
    ///
    /// # Errors
    /// When the codec cannot be had.
    pub fn person(&mut self) -> anyhow::Result<usize> {
        let habits = Habits {
            server: None,
            talk_limit: Duration::from_secs(30),
            enable_audio: true,
            adapt: true,
            discovery: false,
            version: "0".to_owned(),
        };
        self.mind(Box::new(Brain::new(habits, String::new(), habitual())))
    }

    /// One more mole, outside.
    ///
    /// # Errors
    /// As `person`.
    pub fn mole(&mut self) -> anyhow::Result<usize> {
        self.mind(Box::new(Mole::default()))
    }

    fn mind(&mut self, mind: Box<dyn Mind>) -> anyhow::Result<usize> {
        let (seed, clock) = (self.rng.next_u64(), self.rng.next_u32());
        self.people.push(Person::new(mind, seed, clock)?);
        Ok(self.people.len() - 1)
    }

    /// A room with so many people in it, all ready for each other. The first one hosts.
    ///
    /// # Errors
    /// When it does not come to be.
    pub fn room(seed: u64, network: Network, names: &[&str], title: &str) -> anyhow::Result<Self> {
        let mut world = Self::new(seed, network);
        world.gather(names, title)?;
        Ok(world)
    }

    /// So many people come together in a room, one after the other. The first one hosts.
    ///
    /// # Errors
    /// When not all of them are ready for each other in the end.
    pub fn gather(&mut self, names: &[&str], title: &str) -> anyhow::Result<()> {
        for (at, name) in names.iter().enumerate() {
            let who = self.person()?;
            if at == 0 {
                self.act(who, Intent::Host { name: (*name).into(), title: title.into() });
            } else {
                self.join(who, name, &self.invitation(0)?.link);
            }
            self.run(Duration::from_secs(2) + 40 * self.network.delay);
        }
        for who in 0..names.len() {
            let ready = self.ready(who);
            anyhow::ensure!(ready == names.len() - 1, "seed {}: {who} is ready for {ready}", self.seed);
        }
        Ok(())
    }

    /// Goes into a room by a link.
    pub fn join(&mut self, who: usize, name: &str, link: &str) {
        self.act(who, Intent::Join { name: name.into(), text: link.into(), server: None, pin: None });
    }

    /// Whom this person is ready for.
    pub fn ready(&self, who: usize) -> usize {
        self.room_of(who).map_or(0, |room| shown_as_ready(&room).len())
    }

    /// A person does something.
    pub fn act(&mut self, who: usize, intent: Intent) {
        if let Intent::Host { name, .. } | Intent::Join { name, .. } = &intent {
            self.people[who].name.clone_from(name);
        }
        self.give(who, Input::Intent(intent));
    }

    /// A hand does something to a talk key.
    pub fn hand(&mut self, who: usize, input: pushtalk_engine::ptt::Input) {
        self.give(who, Input::Hand(input));
    }

    /// A bound key of the whole system goes down, and comes up; `elsewhere` while another program has the focus.
    pub fn taps_key(&mut self, who: usize, chord: &str, elsewhere: bool) {
        for down in [true, false] {
            self.give(who, Input::Key { chord: chord.to_owned(), down, elsewhere });
        }
    }

    /// Where keys of the whole system are heard, and what the desktop has bound them to.
    pub fn keys_reach(&mut self, who: usize, reach: KeyReach, triggers: &[(&str, &str)]) {
        let trigger = |(chord, by): &(&str, &str)| Trigger { chord: (*chord).into(), by: (*by).into() };
        self.give(who, Input::KeyReach(reach, triggers.iter().map(trigger).collect()));
    }

    /// Nobody is in front of this person's device, or somebody is again.
    pub fn away(&mut self, who: usize, away: bool) {
        self.away_because(who, 0, away);
    }

    /// The same, for a reason of this number.
    pub fn away_because(&mut self, who: usize, why: u8, begins: bool) {
        self.give(who, Input::Away { why, begins });
    }

    /// Another program has these chords for itself, too.
    pub fn keys_taken(&mut self, who: usize, taken: &[&str]) {
        self.give(who, Input::KeysTaken(taken.iter().map(ToString::to_string).collect()));
    }

    /// These chords cannot be pressed on what is read.
    pub fn keys_unread(&mut self, who: usize, unread: &[&str]) {
        self.give(who, Input::KeysUnread(unread.iter().map(ToString::to_string).collect()));
    }

    /// Gamepads tell something.
    pub fn gamepad(&mut self, who: usize, news: GamepadNews) {
        self.give(who, Input::Gamepad(news));
    }

    /// A bound key of the whole system goes down, or comes up, while another program has the focus.
    pub fn key(&mut self, who: usize, chord: &str, down: bool) {
        self.give(who, Input::Key { chord: chord.to_owned(), down, elsewhere: true });
    }

    /// The gate of this person's microphone opens, or closes.
    pub fn gate(&mut self, who: usize, open: bool) {
        self.give(who, Input::Voice(VoiceNews::Gate(open)));
    }

    /// The output that this person's client opened is worn on the head, or is not.
    pub fn wears(&mut self, who: usize, worn: bool) {
        self.give(who, Input::Voice(VoiceNews::OutputWorn(worn)));
    }

    /// The button is down for so long; then all is said that was kept.
    pub fn talks(&mut self, who: usize, time: Duration) {
        self.act(who, Intent::Press);
        self.run(time);
        self.act(who, Intent::Release);
        self.run(Duration::from_millis(500) + 4 * self.network.delay);
    }

    /// What this person sees. Nobody looks through the eyes of a mole.
    pub fn view(&self, who: usize) -> View {
        let Some(view) = self.people[who].mind.view(self.now) else { panic!("{who} shows nothing") };
        view
    }

    /// The room that this person is in.
    ///
    /// # Errors
    /// When there is none.
    pub fn room_of(&self, who: usize) -> anyhow::Result<RoomView> {
        match self.people[who].mind.view(self.now).map(|view| view.stage) {
            Some(Stage::Room(room)) => Ok(room),
            other => anyhow::bail!("{who} is in no room: {other:?}"),
        }
    }

    /// How others come in.
    ///
    /// # Errors
    /// When this person cannot tell.
    pub fn invitation(&self, who: usize) -> anyhow::Result<Invitation> {
        self.room_of(who)?.invitation.ok_or_else(|| anyhow::anyhow!("{who} has no invitation"))
    }

    /// How one person shows another.
    pub fn link(&self, who: usize, other: usize) -> Option<MemberLink> {
        let (room, pid) = (self.room_of(who).ok()?, self.people[other].pid?);
        room.members.iter().find(|m| pid_of(&m.id) == Some(pid)).map(|m| m.link)
    }

    /// Time passes.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let timer = (0..self.people.len())
                .filter_map(|who| Some((self.people[who].poll_timeout()?.max(self.now), who)))
                .min();
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            let next = [timer.map(|(at, _)| at), event, Some(self.next_step)].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= until) else { break };
            self.now = next;
            if event == Some(next) {
                if let Some((_, event)) = self.events.pop_first() {
                    self.happen(event);
                }
            } else if self.next_step == next {
                self.next_step += STEP;
                let letters = self.server.passes(self.now, &mut self.rng);
                self.letters(letters);
                self.step();
            } else if let Some((_, who)) = timer {
                self.give(who, Input::Tick);
            }
        }
        self.now = until;
    }

    /// What this person calls another one.
    ///
    /// # Errors
    /// When it does not know that one.
    pub fn id_of(&self, who: usize, name: &str) -> anyhow::Result<String> {
        let room = self.room_of(who)?;
        let member = room.members.into_iter().find(|member| member.name == name);
        member.map(|member| member.id).ok_or_else(|| anyhow::anyhow!("{who} knows no {name}"))
    }

    /// What this person's ear did with the voice of the one that it heard.
    pub fn hearing(&self, who: usize) -> HearingStats {
        self.people[who].hearing()
    }

    /// Frames that this person sent to that one.
    pub fn sent(&self, who: usize, to: usize) -> u64 {
        self.people[who].sent.get(&to).copied().unwrap_or(0)
    }

    /// True when this person waits for any moment to come.
    pub fn is_waiting(&self, who: usize) -> bool {
        self.people[who].poll_timeout().is_some()
    }

    /// True when the server holds nothing of anybody.
    pub fn server_is_empty(&self) -> bool {
        self.server.is_empty()
    }

    fn give(&mut self, who: usize, input: Input) {
        let person = &mut self.people[who];
        let outputs: Vec<Output> = person.mind.handle(self.now, &mut person.dice, input);
        for output in outputs {
            self.perform(who, output);
        }
        self.check(who);
    }

    fn at(&mut self, time: Duration, event: Event) {
        self.count += 1;
        self.events.insert((time, self.count), event);
    }

    fn delay(&mut self) -> Duration {
        let most = u64::try_from(self.network.jitter.as_micros()).unwrap_or(0);
        self.network.delay + Duration::from_micros(self.rng.random_range(0..=most))
    }

    /// Keeps the order of what one end says to another; the server's end is `usize::MAX`.
    fn in_order(&mut self, from: usize, to: usize) -> Duration {
        let at = self.now + self.delay();
        let last = self.last.entry((from, to)).or_default();
        *last = (*last).max(at);
        *last
    }

    fn later(&mut self, who: usize, input: Input) {
        let at = self.in_order(usize::MAX, who);
        self.at(at, Event::Input(who, input));
    }

    fn who(&self, pid: Pid) -> Option<usize> {
        self.ledger.known.get(&pid).map(|known| known.who).filter(|who| self.people[*who].pid == Some(pid))
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Input(who, input) => self.give(who, input),
            Event::Arrives(to, parcel) => self.arrives(to, parcel),
            Event::Called(who, id, call) => self.called(who, id, call),
            Event::Told(who, id, told) => self.told(who, id, told),
            Event::GiveUp(who, number) => self.give_up(who, number),
            Event::Opens(who, plug) => self.opens(who, &plug),
        }
    }
}

/// What is kept on a device of the world: a release comes when it is given.
fn habitual() -> Preferences {
    Preferences { talk_key: TalkKey { release_delay: 0, ..TalkKey::default() }, ..Preferences::default() }
}
