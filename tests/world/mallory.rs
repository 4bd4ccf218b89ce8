//! A hostile operator: whatever a server can do with what passes through it, at random and as often as it is told to.
//!
//! It keeps all that it ever saw and says it again, to anybody; it swaps, holds back, drops and changes; it invents
//! members with keys of its own and knocks at doors; it hides members from each other and speaks in the name of all.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_e2ee::{MemberKey, pid};
use pushtalk_protocol::{
    LobbyClose, LobbyId, LobbyMessage, MemberJoined, MemberLeft, MemberPublic, Nameplate, Pid, Relayed,
    RoomClosed,
};
use pushtalk_signaling::lobby::{ConnectionId, Push};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

use super::call::{Call, Reply, Told};
use super::server::{Desk, Operator};

/// How often it does what: shares of what passes, and for what it invents of the steps of 10 ms.
#[derive(Clone, Copy, Debug, Default)]
pub struct Malice {
    /// Says nothing of it.
    pub drop: f64,
    /// Says it twice.
    pub twice: f64,
    /// Says it up to three seconds later.
    pub late: f64,
    /// Changes bytes, names and lists in it.
    pub change: f64,
    /// Tells it to another one.
    pub astray: f64,
    /// Says it in the name of another one.
    pub name: f64,
    /// Says something again that it once saw, to anybody.
    pub again: f64,
    /// Makes something up.
    pub invent: f64,
}

impl Malice {
    /// All of it, equally often.
    pub fn all(share: f64) -> Self {
        Self {
            drop: share,
            twice: share,
            late: share,
            change: share,
            astray: share,
            name: share,
            again: share,
            invent: share,
        }
    }
}

/// What it has gathered; shared with the test that it serves.
#[derive(Default)]
pub struct Loot {
    /// What it did.
    pub deeds: u64,
    /// All that was told to anybody.
    pub told: Vec<(ConnectionId, Told)>,
    /// All that was asked by anybody.
    pub calls: Vec<(ConnectionId, Call)>,
    connections: Vec<ConnectionId>,
    members: Vec<MemberPublic>,
    lobbies: Vec<LobbyId>,
    ghosts: Vec<MemberKey>,
}

/// The hostile operator.
pub struct Mallory {
    malice: Rc<RefCell<Malice>>,
    loot: Rc<RefCell<Loot>>,
}

/// Most that it keeps of each.
const MOST: usize = 2_000;

impl Mallory {
    /// With the handles by which a test steers it and sees what it did.
    pub fn new(malice: Malice) -> (Self, Rc<RefCell<Malice>>, Rc<RefCell<Loot>>) {
        let (malice, loot) = (Rc::new(RefCell::new(malice)), Rc::new(RefCell::new(Loot::default())));
        (Self { malice: malice.clone(), loot: loot.clone() }, malice, loot)
    }
}

impl Operator for Mallory {
    fn called(&mut self, desk: &mut Desk<'_>, from: ConnectionId, call: Call) {
        let malice = *self.malice.borrow();
        let mut loot = self.loot.borrow_mut();
        loot.saw_call(from, &call);
        let mut call = call;
        if desk.rng.random_bool(malice.drop / 2.0) {
            loot.deeds += 1;
            return;
        }
        if desk.rng.random_bool(malice.change / 2.0) {
            loot.deeds += 1;
            loot.change_call(desk.rng, &mut call);
        }
        if desk.rng.random_bool(malice.twice / 2.0) {
            loot.deeds += 1;
            desk.serve(from, call.clone());
        }
        desk.serve(from, call);
    }

    fn tells(&mut self, desk: &mut Desk<'_>, to: ConnectionId, told: Told) {
        let malice = *self.malice.borrow();
        let mut loot = self.loot.borrow_mut();
        loot.saw(to, &told);
        let (mut to, mut told) = (to, told);
        if desk.rng.random_bool(malice.drop) {
            loot.deeds += 1;
            return;
        }
        if desk.rng.random_bool(malice.change) {
            loot.deeds += 1;
            loot.change(desk.rng, &mut told);
        }
        if desk.rng.random_bool(malice.name)
            && let Told::Push(Push::Relayed(relayed)) = &mut told
            && let Some(name) = loot.any_pid(desk.rng)
        {
            loot.deeds += 1;
            relayed.from = name;
        }
        if desk.rng.random_bool(malice.astray)
            && let Some(other) = loot.connections.choose(desk.rng)
        {
            to = *other;
            loot.deeds += 1;
        }
        if desk.rng.random_bool(malice.twice) {
            loot.deeds += 1;
            desk.tell(to, told.clone());
        }
        if desk.rng.random_bool(malice.late) {
            loot.deeds += 1;
            let late = Duration::from_millis(desk.rng.random_range(1..3_000));
            return desk.tell_late(to, told, late);
        }
        desk.tell(to, told);
    }

    fn passes(&mut self, desk: &mut Desk<'_>) {
        let malice = *self.malice.borrow();
        let mut loot = self.loot.borrow_mut();
        let Some(to) = loot.connections.choose(desk.rng).copied() else { return };
        if desk.rng.random_bool(malice.again)
            && let Some((_, mut told)) = loot.told.choose(desk.rng).cloned()
        {
            loot.deeds += 1;
            if desk.rng.random_bool(malice.name)
                && let Told::Push(Push::Relayed(relayed)) = &mut told
                && let Some(name) = loot.any_pid(desk.rng)
            {
                relayed.from = name;
            }
            desk.tell(to, told);
        }
        if desk.rng.random_bool(malice.again)
            && let Some((from, call)) = loot.calls.choose(desk.rng).cloned()
        {
            loot.deeds += 1;
            desk.serve(from, call);
        }
        if desk.rng.random_bool(malice.invent) {
            loot.deeds += 1;
            let told = loot.invent(desk.rng);
            desk.tell(to, told);
        }
    }
}

impl Loot {
    fn saw_call(&mut self, from: ConnectionId, call: &Call) {
        if !self.connections.contains(&from) {
            self.connections.push(from);
        }
        match call {
            Call::Create(create) => self.members.push(create.member_pub),
            Call::Join(join) => self.members.push(join.member_pub),
            _ => {}
        }
        if self.calls.len() < MOST {
            self.calls.push((from, call.clone()));
        }
    }

    fn saw(&mut self, to: ConnectionId, told: &Told) {
        if let Told::Answer(Reply::LobbyOpened(opened)) = told {
            self.lobbies.push(opened.lobby);
        }
        if self.told.len() < MOST {
            self.told.push((to, told.clone()));
        }
    }

    /// Somebody of the room, or one of its own.
    fn any_member(&mut self, rng: &mut StdRng) -> MemberPublic {
        if self.ghosts.len() < 4 {
            self.ghosts.push(MemberKey::generate(rng));
        }
        let ghosts = self.ghosts.iter().map(MemberKey::public);
        let all: Vec<_> = self.members.iter().copied().chain(ghosts).collect();
        all.choose(rng).copied().unwrap_or(MemberPublic::new([9; 32]))
    }

    fn any_pid(&self, rng: &mut StdRng) -> Option<Pid> {
        self.members.choose(rng).map(pid)
    }

    /// A message that it saw before, or a random one.
    fn any_data(&self, rng: &mut StdRng) -> String {
        let relayed: Vec<_> = self.told.iter().filter_map(|(_, told)| data(told)).collect();
        match relayed.choose(rng) {
            Some(data) if rng.random_bool(0.7) => (*data).to_owned(),
            _ => {
                let mut bytes = vec![0; rng.random_range(0..200)];
                rng.fill_bytes(&mut bytes);
                if let Some([version, kind]) = bytes.first_chunk_mut() {
                    (*version, *kind) = (1, rng.random_range(0..6));
                }
                BASE64_URL_SAFE_NO_PAD.encode(bytes)
            }
        }
    }

    fn change(&mut self, rng: &mut StdRng, told: &mut Told) {
        match told {
            Told::Push(Push::Relayed(relayed)) => self.change_data(rng, &mut relayed.data),
            Told::Push(Push::LobbyMessage(message)) => self.change_data(rng, &mut message.data),
            Told::Push(Push::MemberJoined(joined)) => joined.member_pub = self.any_member(rng),
            Told::Push(Push::MemberLeft(left)) => left.pid = self.any_pid(rng).unwrap_or(left.pid),
            Told::Answer(Reply::Joined(joined)) => {
                for _ in 0..rng.random_range(0..3) {
                    let member = self.any_member(rng);
                    let at = rng.random_range(0..=joined.members.len());
                    joined.members.insert(at, member);
                }
                joined.members.retain(|_| rng.random_bool(0.7));
                if rng.random_bool(0.1) {
                    joined.nameplate = Nameplate::from_index(rng.random_range(0..Nameplate::COUNT));
                }
            }
            _ => {}
        }
    }

    fn change_call(&mut self, rng: &mut StdRng, call: &mut Call) {
        match call {
            Call::Relay(relay) if rng.random_bool(0.5) => {
                relay.to = self.any_pid(rng).unwrap_or(relay.to);
            }
            Call::Relay(relay) => self.change_data(rng, &mut relay.data),
            Call::LobbyMessage(message) => self.change_data(rng, &mut message.data),
            Call::LobbyOpen(open) => self.change_data(rng, &mut open.data),
            Call::Join(join) => join.member_pub = self.any_member(rng),
            _ => {}
        }
    }

    fn change_data(&mut self, rng: &mut StdRng, data: &mut String) {
        if rng.random_bool(0.3) {
            *data = self.any_data(rng);
            return;
        }
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&*data).unwrap_or_default();
        match rng.random_range(0..3) {
            0 => bytes.truncate(rng.random_range(0..=bytes.len())),
            1 => bytes.extend_from_slice(&[7; 3]),
            _ if bytes.is_empty() => {}
            _ => {
                let at = rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << rng.random_range(0..8);
            }
        }
        *data = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    }

    fn invent(&mut self, rng: &mut StdRng) -> Told {
        let lobby = match self.lobbies.choose(rng) {
            Some(lobby) if rng.random_bool(0.8) => *lobby,
            _ => LobbyId::new(rng.random()),
        };
        match rng.random_range(0..6) {
            0 | 1 => Told::Push(Push::MemberJoined(MemberJoined { member_pub: self.any_member(rng) })),
            2 => match self.any_pid(rng) {
                Some(pid) => Told::Push(Push::MemberLeft(MemberLeft { pid })),
                None => Told::Push(Push::RoomClosed(RoomClosed {})),
            },
            3 => Told::Push(Push::LobbyMessage(LobbyMessage { lobby, data: self.any_data(rng) })),
            4 => Told::Push(Push::LobbyClose(LobbyClose { lobby })),
            _ => {
                let from = pid(&self.any_member(rng));
                Told::Push(Push::Relayed(Relayed { from, data: self.any_data(rng) }))
            }
        }
    }
}

fn data(told: &Told) -> Option<&str> {
    match told {
        Told::Push(Push::Relayed(relayed)) => Some(&relayed.data),
        Told::Push(Push::LobbyMessage(message)) => Some(&message.data),
        _ => None,
    }
}
