//! A lobby with people around it, for its tests.

use std::time::Duration;

use pushtalk_e2ee::{HostKey, MemberKey, RoomSecret, SeatKey, ServerIdentity, pid, room_id};
use pushtalk_protocol::{
    CertificateHash, Challenge, Create, Epoch, HelloRequest, Join, LobbyId, LobbyMessage, LobbyOpen,
    MemberPublic, Nameplate, Pid, RefusalCode,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::lobby::{ConnectionId, Limits, Lobby};
use crate::text64;

pub(crate) const NOW: Duration = Duration::ZERO;
pub(crate) const NO: RefusalCode = RefusalCode::NotAvailable;

/// A lobby, a room's secrets, and connections 0, 1, … that have said hello.
pub(crate) struct World {
    pub(crate) lobby: Lobby,
    host: HostKey,
    secret: RoomSecret,
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
            lobby: Lobby::new(limits, identity.clone()),
            host: HostKey::generate(&mut rng),
            secret: RoomSecret::generate(&mut rng),
            members: (0..connections).map(|_| MemberKey::generate(&mut rng)).collect(),
            seats: (0..connections).map(|_| SeatKey::generate(&mut rng)).collect(),
            identity,
        };
        for of in 0..connections {
            world.lobby.connected(conn(of)).unwrap();
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

    pub(crate) fn create(&mut self, of: usize) -> Create {
        let (epoch, host_pub) = (Epoch::default(), self.host.public());
        let room_id = room_id(&host_pub);
        let join_key = self.secret.join_key(room_id, epoch);
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
        let (epoch, room_id) = (Epoch::default(), room_id(&self.host.public()));
        let join_key = self.secret.join_key(room_id, epoch);
        let sig = join_key.sign_join(&challenge(of), room_id, epoch, self.pid(of), &self.identity);
        Join { room_id, epoch, member_pub: self.public(of), seat_pub: self.seats[of].public(), sig }
    }

    /// Another room's secrets from here on.
    pub(crate) fn renew(&mut self) {
        let mut rng = StdRng::seed_from_u64(2);
        (self.host, self.secret) = (HostKey::generate(&mut rng), RoomSecret::generate(&mut rng));
    }

    /// Connection 0 makes the room, the next `joiners` join it.
    pub(crate) fn room(limits: Limits, joiners: usize, more: usize) -> (Self, Nameplate) {
        let mut world = Self::new(limits, 1 + joiners + more);
        let create = world.create(0);
        let nameplate = world.lobby.create(conn(0), &create, 5).unwrap().nameplate;
        for of in 1..=joiners {
            let join = world.join(of);
            world.lobby.join(conn(of), &join).unwrap();
        }
        world.lobby.take_pushes();
        (world, nameplate)
    }

    pub(crate) fn knock(&mut self, of: usize, nameplate: Nameplate, id: u8) -> Result<LobbyId, RefusalCode> {
        let lobby = LobbyId::new([id; 8]);
        let data = text64::encode(b"first");
        self.lobby.lobby_open(NOW, conn(of), LobbyOpen { nameplate, data }, lobby).map(|o| o.lobby)
    }
}

pub(crate) fn message(lobby: LobbyId, text: &[u8]) -> LobbyMessage {
    LobbyMessage { lobby, data: text64::encode(text) }
}
