//! A lobby with people around it, for its tests.

use std::time::Duration;

use pushtalk_e2ee::{HostKey, JoinKey, MemberKey, RoomSecret, SeatKey, ServerIdentity, pid, room_id};
use pushtalk_protocol::{
    CertificateHash, Challenge, Create, Empty, Epoch, HelloRequest, Join, LobbyId, LobbyMessage, LobbyOpen,
    MemberPublic, Nameplate, Pid, RefusalCode, Relay, Restore, Resume, RoomId, Rotate, SignedStatement,
    Statement, StatementKind,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::lobby::{ConnectionId, Limits, Lobby, Source};
use crate::text64;

pub(crate) const NOW: Duration = Duration::ZERO;
/// All connections come from one address.
pub(crate) const HERE: Source = Source(0);
pub(crate) const NO: RefusalCode = RefusalCode::NotAvailable;

/// Rooms last, and nobody knocks too often: that has tests of its own.
pub(crate) fn easy() -> Limits {
    Limits { life: None, knocks_of_an_address: None, ..Limits::default() }
}

/// A lobby, a room's secrets, and connections 0, 1, … that have said hello.
pub(crate) struct World {
    pub(crate) lobby: Lobby,
    pub(crate) host: HostKey,
    /// From which the secret of each epoch is drawn.
    seed: u64,
    members: Vec<MemberKey>,
    seats: Vec<SeatKey>,
    identity: ServerIdentity,
}

pub(crate) const fn conn(of: usize) -> ConnectionId {
    ConnectionId(of as u64)
}

pub(crate) fn challenge(of: usize) -> Challenge {
    Challenge::new([of as u8; 32])
}

impl World {
    pub(crate) fn new(limits: Limits, connections: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let identity = ServerIdentity::Certificate(CertificateHash::new([9; 32]));
        let mut world = Self {
            lobby: Lobby::new(limits, [identity.clone()]),
            host: HostKey::generate(&mut rng),
            seed: 1000,
            members: (0..connections).map(|_| MemberKey::generate(&mut rng)).collect(),
            seats: (0..connections).map(|_| SeatKey::generate(&mut rng)).collect(),
            identity,
        };
        for of in 0..connections {
            world.lobby.connected(conn(of), HERE).unwrap();
            world.hello(of);
        }
        world
    }

    pub(crate) fn hello(&mut self, of: usize) {
        self.lobby.hello(conn(of), HelloRequest { version: 1 }, challenge(of)).unwrap();
    }

    pub(crate) fn public(&self, of: usize) -> MemberPublic {
        self.members[of].public()
    }

    pub(crate) fn pid(&self, of: usize) -> Pid {
        pid(&self.public(of))
    }

    pub(crate) fn room_id(&self) -> RoomId {
        room_id(&self.host.public())
    }

    pub(crate) fn join_key(&self, epoch: Epoch) -> JoinKey {
        let mut rng = StdRng::seed_from_u64(self.seed + u64::from(epoch.0));
        RoomSecret::generate(&mut rng).join_key(self.room_id(), epoch)
    }

    pub(crate) fn create(&mut self, of: usize) -> Create {
        let (epoch, host_pub, room_id) = (Epoch::default(), self.host.public(), self.room_id());
        let join_key = self.join_key(epoch);
        let (join_pub, own, challenge) = (join_key.public(), self.pid(of), challenge(of));
        Create {
            room_id,
            host_pub,
            epoch,
            join_pub,
            member_pub: self.public(of),
            seat_pub: self.seats[of].public(),
            host_sig: self.host.sign_create(&challenge, room_id, epoch, &join_pub, own, &self.identity),
            join_sig: join_key.sign_join(&challenge, room_id, epoch, own, &self.identity),
        }
    }

    pub(crate) fn join(&self, of: usize) -> Join {
        self.join_in(of, Epoch::default())
    }

    pub(crate) fn join_in(&self, of: usize, epoch: Epoch) -> Join {
        self.join_on(of, of, epoch)
    }

    /// On the connection `on`, with the member key of `of`.
    pub(crate) fn join_on(&self, on: usize, of: usize, epoch: Epoch) -> Join {
        let room_id = self.room_id();
        let key = self.join_key(epoch);
        let sig = key.sign_join(&challenge(on), room_id, epoch, self.pid(of), &self.identity);
        Join { room_id, epoch, member_pub: self.public(of), seat_pub: self.seats[of].public(), sig }
    }

    /// On the connection `on`, the seat of `of`.
    pub(crate) fn resume(&self, on: usize, of: usize) -> Resume {
        let (room_id, pid) = (self.room_id(), self.pid(of));
        let sig = self.seats[of].sign_resume(&challenge(on), room_id, pid, &self.identity);
        Resume { room_id, pid, sig }
    }

    /// On the connection of `of`, with what the hosts have signed.
    pub(crate) fn restore(&self, of: usize, statements: &[&SignedStatement]) -> Restore {
        let room_id = self.room_id();
        let epoch = statements.last().map_or(Epoch::default(), |last| last.statement.epoch);
        let key = self.join_key(epoch);
        Restore {
            room_id,
            first_host: self.host.public(),
            statements: statements.iter().map(|signed| text64::encode(&signed.encode())).collect(),
            epoch,
            join_pub: key.public(),
            nameplate: Nameplate::from_index(5),
            member_pub: self.public(of),
            seat_pub: self.seats[of].public(),
            sig: key.sign_restore(&challenge(of), room_id, epoch, self.pid(of), &self.identity),
        }
    }

    /// Says that these are in the room from `epoch` on.
    pub(crate) fn statement(&self, epoch: u32, kind: StatementKind, roster: &[usize]) -> Statement {
        let mut roster: Vec<_> = roster.iter().map(|of| self.pid(*of)).collect();
        roster.sort_unstable();
        let join_pub = self.join_key(Epoch(epoch)).public();
        let room_id = self.room_id();
        Statement { room_id, epoch: Epoch(epoch), seq: epoch, kind, removed: Vec::new(), roster, join_pub }
    }

    /// The host says so.
    pub(crate) fn signed(&self, epoch: u32, roster: &[usize]) -> SignedStatement {
        self.host.sign_statement(self.statement(epoch, StatementKind::Remove, roster))
    }

    pub(crate) fn rotate(&mut self, from: usize, signed: &SignedStatement) -> Result<Empty, RefusalCode> {
        let statement = text64::encode(&signed.encode());
        self.lobby.rotate(NOW, conn(from), &Rotate { statement })
    }

    pub(crate) fn relay(&mut self, from: usize, to: usize) -> Result<Empty, RefusalCode> {
        self.lobby.relay(conn(from), Relay { to: self.pid(to), data: text64::encode(b"sealed") })
    }

    /// Another room's secrets from here on.
    pub(crate) fn renew(&mut self) {
        let mut rng = StdRng::seed_from_u64(2);
        (self.host, self.seed) = (HostKey::generate(&mut rng), 2000);
    }

    /// Connection 0 makes the room, the next `joiners` join it.
    pub(crate) fn room(limits: Limits, joiners: usize, more: usize) -> (Self, Nameplate) {
        let mut world = Self::new(limits, 1 + joiners + more);
        let create = world.create(0);
        let nameplate = world.lobby.create(NOW, conn(0), &create, 5).unwrap().nameplate;
        for of in 1..=joiners {
            let join = world.join(of);
            world.lobby.join(conn(of), &join).unwrap();
        }
        world.lobby.take_pushes();
        (world, nameplate)
    }

    pub(crate) fn knock(&mut self, of: usize, nameplate: Nameplate, id: u8) -> Result<LobbyId, RefusalCode> {
        self.knock_at(NOW, of, nameplate, id)
    }

    pub(crate) fn knock_at(
        &mut self,
        now: Duration,
        of: usize,
        nameplate: Nameplate,
        id: u8,
    ) -> Result<LobbyId, RefusalCode> {
        let lobby = LobbyId::new([id; 8]);
        let data = text64::encode(b"first");
        self.lobby.lobby_open(now, conn(of), LobbyOpen { nameplate, data }, lobby).map(|o| o.lobby)
    }
}

pub(crate) fn message(lobby: LobbyId, text: &[u8]) -> LobbyMessage {
    LobbyMessage { lobby, data: text64::encode(text) }
}
