//! The server of a world: the real lobby, and whoever runs it.
//!
//! An `Operator` stands between the clients and the lobby. An honest one passes everything on; a hostile one does what
//! it likes with what comes in and what goes out, for it sees all of both.

use std::time::Duration;

use pushtalk_e2ee::ServerIdentity;
use pushtalk_protocol::{CertificateHash, Challenge, LobbyId};
use pushtalk_signaling::lobby::{ConnectionId, Limits, Lobby, Source};
use rand::rngs::StdRng;
use rand::{Rng, RngExt};

use super::call::{Call, Reply, Told};

/// What the world's server shows for a certificate.
pub const HASH: CertificateHash = CertificateHash::new([7; 32]);

/// Who runs a server.
pub trait Operator {
    /// Which certificate this client sees.
    fn certificate(&mut self, who: usize) -> CertificateHash {
        let _ = who;
        HASH
    }

    /// A client says something.
    fn called(&mut self, desk: &mut Desk<'_>, from: ConnectionId, call: Call) {
        desk.serve(from, call);
    }

    /// The lobby would like to say something.
    fn tells(&mut self, desk: &mut Desk<'_>, to: ConnectionId, told: Told) {
        desk.tell(to, told);
    }

    /// 10 ms have passed.
    fn passes(&mut self, desk: &mut Desk<'_>) {
        let _ = desk;
    }
}

/// Passes everything on.
pub struct Honest;

impl Operator for Honest {}

fn empty(certificate: CertificateHash) -> Lobby {
    let limits = Limits { on_device: true, ..Limits::default() };
    Lobby::new(limits, [ServerIdentity::Certificate(certificate)])
}

/// What an operator has in its hands.
pub struct Desk<'a> {
    /// Now.
    pub now: Duration,
    /// The world's.
    pub rng: &'a mut StdRng,
    /// All that an honest server knows.
    pub lobby: &'a mut Lobby,
    asked: Vec<(ConnectionId, Told)>,
    letters: Vec<Letter>,
}

/// Something on its way to a client.
pub(super) struct Letter {
    pub(super) to: ConnectionId,
    pub(super) told: Told,
    pub(super) late: Duration,
}

impl Desk<'_> {
    /// Sends to a client.
    pub fn tell(&mut self, to: ConnectionId, told: Told) {
        self.tell_late(to, told, Duration::ZERO);
    }

    /// Sends to a client so much later, out of order.
    pub fn tell_late(&mut self, to: ConnectionId, told: Told, late: Duration) {
        self.letters.push(Letter { to, told, late });
    }

    /// Has the lobby do what a client asks. What it says comes by `Operator::tells`.
    pub fn serve(&mut self, from: ConnectionId, call: Call) {
        let (now, lobby) = (self.now, &mut *self.lobby);
        let reply = match call {
            Call::Hello(hello) => {
                let mut challenge = [0; 32];
                self.rng.fill_bytes(&mut challenge);
                lobby.hello(from, hello, Challenge::new(challenge)).map(Reply::Hello)
            }
            Call::Create(create) => lobby.create(now, from, &create, self.rng.random()).map(Reply::Created),
            Call::LobbyOpen(open) => {
                let id = LobbyId::new(self.rng.random());
                lobby.lobby_open(now, from, open, id).map(Reply::LobbyOpened)
            }
            Call::Join(join) => lobby.join(from, &join).map(Reply::Joined),
            Call::Relay(relay) => lobby.relay(from, relay).map(|_| Reply::Done),
            Call::LobbyMessage(message) => lobby.lobby_message(now, from, message).map(|_| Reply::Done),
            Call::LobbyClose(close) => lobby.lobby_close(from, close).map(|_| Reply::Done),
            Call::Restore(restore) => {
                lobby.restore(now, from, &restore, self.rng.random()).map(Reply::Created)
            }
            Call::Resume(resume) => lobby.resume(now, from, &resume).map(Reply::Joined),
            Call::Rotate(rotate) => lobby.rotate(now, from, &rotate).map(|_| Reply::Done),
        };
        self.asked.push((from, Told::Answer(reply.unwrap_or_else(Reply::Refused))));
        self.collect();
    }

    fn collect(&mut self) {
        let pushes = self.lobby.take_pushes();
        self.asked.extend(pushes.into_iter().map(|(to, push)| (to, Told::Push(push))));
    }
}

/// The server.
pub struct Server {
    lobby: Lobby,
    operator: Box<dyn Operator>,
    /// All that it got and gave, as it travelled.
    pub transcript: String,
    /// Calls that it got, and letters that it gave.
    pub counts: (u64, u64),
    alive: bool,
    certificate: CertificateHash,
    /// How many there were, one after the other.
    number: u8,
    /// On whose device it runs.
    runner: Option<usize>,
}

impl Server {
    pub(super) fn new(operator: Box<dyn Operator>) -> Self {
        Self {
            lobby: empty(HASH),
            operator,
            transcript: String::new(),
            counts: (0, 0),
            alive: true,
            certificate: HASH,
            number: 0,
            runner: None,
        }
    }

    /// The certificate that this client sees; none when nobody answers.
    pub(super) fn connect(&mut self, who: usize, id: ConnectionId) -> Option<CertificateHash> {
        if !self.alive || self.lobby.connected(id, Source(who as u64)).is_err() {
            return None;
        }
        let is_first = self.number == 0;
        Some(if is_first { self.operator.certificate(who) } else { self.certificate })
    }

    pub(super) fn die(&mut self) {
        self.alive = false;
        self.lobby = empty(self.certificate);
    }

    /// As it was, but for what it knew.
    pub(super) fn start_again(&mut self) {
        self.alive = true;
    }

    /// On this device: another one, where there is none.
    pub(super) fn start(&mut self, on: usize) -> CertificateHash {
        if !self.alive {
            self.number += 1;
            self.certificate = CertificateHash::new([100 + self.number; 32]);
            self.lobby = empty(self.certificate);
            self.alive = true;
        }
        self.runner = Some(on);
        self.certificate
    }

    pub(super) fn runs_on(&self, who: usize) -> bool {
        self.runner == Some(who)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lobby.is_empty()
    }

    pub(super) fn called(
        &mut self,
        now: Duration,
        rng: &mut StdRng,
        from: ConnectionId,
        call: Call,
    ) -> Vec<Letter> {
        if !self.alive {
            return Vec::new();
        }
        self.counts.0 += 1;
        call.write(&mut self.transcript);
        self.work(now, rng, |operator, desk| operator.called(desk, from, call))
    }

    /// Connections that the server cuts.
    pub(super) fn cuts(&mut self) -> Vec<ConnectionId> {
        self.lobby.take_cuts()
    }

    /// A connection ends; in good order with a farewell before.
    pub(super) fn disconnected(
        &mut self,
        now: Duration,
        rng: &mut StdRng,
        from: ConnectionId,
        farewell: bool,
    ) -> Vec<Letter> {
        self.work(now, rng, |_, desk| {
            if farewell {
                // Outside a room there is nothing to leave.
                let _ = desk.lobby.leave(now, from);
            }
            desk.lobby.disconnected(now, from);
            desk.collect();
        })
    }

    /// 10 ms have passed.
    pub(super) fn passes(&mut self, now: Duration, rng: &mut StdRng) -> Vec<Letter> {
        if !self.alive {
            return Vec::new();
        }
        self.work(now, rng, |operator, desk| {
            if desk.lobby.poll_timeout().is_some_and(|at| at <= now) {
                desk.lobby.handle_timeout(now);
                desk.collect();
            }
            operator.passes(desk);
        })
    }

    fn work(
        &mut self,
        now: Duration,
        rng: &mut StdRng,
        does: impl FnOnce(&mut dyn Operator, &mut Desk<'_>),
    ) -> Vec<Letter> {
        let mut desk = Desk { now, rng, lobby: &mut self.lobby, asked: Vec::new(), letters: Vec::new() };
        does(&mut *self.operator, &mut desk);
        while !desk.asked.is_empty() {
            for (to, told) in std::mem::take(&mut desk.asked) {
                self.operator.tells(&mut desk, to, told);
            }
        }
        let letters = desk.letters;
        self.counts.1 += letters.len() as u64;
        for letter in &letters {
            letter.told.write(&mut self.transcript);
        }
        letters
    }
}
