//! The server's brain: rooms and nameplates, and who may speak to whom; no IO, no clock, no randomness.
//!
//! Each call is one event of one connection. It gives the acknowledgement or a refusal; what is to be pushed to others
//! waits in `take_pushes`. Everything is in memory and gone with the last connection that it belongs to. How strangers
//! knock is in `knock.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_e2ee::{ServerIdentity, verify_create, verify_join};
use pushtalk_protocol::{
    Challenge, Create, Created, Empty, Epoch, HelloAck, HelloRequest, Join, JoinPublic, Joined, LobbyClose,
    LobbyId, LobbyMessage, MemberJoined, MemberLeft, MemberPublic, Nameplate, Pid, RefusalCode, Relay,
    Relayed, RoomId, VERSION,
};

use crate::knock::Knock;
pub use crate::limits::Limits;
use crate::text64;

/// Names one connection to the server; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What the server says of itself to one connection.
#[derive(Clone, PartialEq)]
pub enum Push {
    /// Sealed bytes of a member.
    Relayed(Relayed),
    /// A message of a lobby.
    LobbyMessage(LobbyMessage),
    /// A lobby is over.
    LobbyClose(LobbyClose),
    /// Somebody came in.
    MemberJoined(MemberJoined),
    /// Somebody's connection ended.
    MemberLeft(MemberLeft),
}

/// All that a server knows.
pub struct Lobby {
    pub(crate) limits: Limits,
    identity: ServerIdentity,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) nameplates: BTreeMap<Nameplate, RoomId>,
    pub(crate) knocks: BTreeMap<LobbyId, Knock>,
    pub(crate) pushes: Vec<(ConnectionId, Push)>,
}

#[derive(Default)]
pub(crate) struct Connection {
    pub(crate) challenge: Option<Challenge>,
    pub(crate) seat: Option<(RoomId, Pid)>,
    pub(crate) lobbies: usize,
}

pub(crate) struct Room {
    pub(crate) nameplate: Nameplate,
    epoch: Epoch,
    join_pub: JoinPublic,
    /// In the order they came; who made the room is first as long as it is connected.
    pub(crate) members: Vec<Seat>,
}

pub(crate) struct Seat {
    pub(crate) pid: Pid,
    member_pub: MemberPublic,
    pub(crate) connection: ConnectionId,
}

pub(crate) type Answer<T> = Result<T, RefusalCode>;

impl Lobby {
    /// An empty one. `identity` is what members bind their proofs to.
    pub fn new(limits: Limits, identity: ServerIdentity) -> Self {
        Self {
            limits,
            identity,
            connections: BTreeMap::new(),
            rooms: BTreeMap::new(),
            nameplates: BTreeMap::new(),
            knocks: BTreeMap::new(),
            pushes: Vec::new(),
        }
    }

    /// A connection has come.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn connected(&mut self, connection: ConnectionId) -> Answer<()> {
        if self.connections.len() >= self.limits.connections {
            return Err(RefusalCode::TooMany);
        }
        self.connections.insert(connection, Connection::default());
        Ok(())
    }

    /// First words; `challenge` is 32 fresh random bytes.
    ///
    /// # Errors
    /// `OtherVersion`, or `BadRequest` from a connection that is not known.
    pub fn hello(
        &mut self,
        from: ConnectionId,
        hello: HelloRequest,
        challenge: Challenge,
    ) -> Answer<HelloAck> {
        let connection = self.connections.get_mut(&from).ok_or(RefusalCode::BadRequest)?;
        if hello.version != VERSION {
            return Err(RefusalCode::OtherVersion);
        }
        connection.challenge = Some(challenge);
        Ok(HelloAck { version: VERSION, challenge })
    }

    /// Makes a room; `word` is random and chooses the nameplate.
    ///
    /// # Errors
    /// `NotAvailable` for whatever reason.
    pub fn create(&mut self, from: ConnectionId, create: &Create, word: u16) -> Answer<Created> {
        const NO: RefusalCode = RefusalCode::NotAvailable;
        let challenge = self.spend_challenge(from)?;
        if self.rooms.len() >= self.limits.rooms || self.rooms.contains_key(&create.room_id) {
            return Err(NO);
        }
        let pid = verify_create(create, &challenge, &self.identity).map_err(|_| NO)?;
        let nameplate = (0..Nameplate::COUNT)
            .map(|step| Nameplate::from_index(word.wrapping_add(step) % Nameplate::COUNT))
            .find(|nameplate| !self.nameplates.contains_key(nameplate))
            .ok_or(NO)?;
        self.nameplates.insert(nameplate, create.room_id);
        let seat = Seat { pid, member_pub: create.member_pub, connection: from };
        let room = Room { nameplate, epoch: create.epoch, join_pub: create.join_pub, members: vec![seat] };
        self.rooms.insert(create.room_id, room);
        self.sit(from, create.room_id, pid);
        Ok(Created { nameplate })
    }

    /// Enters a room; the others are told.
    ///
    /// A pid that is there already is refused: whoever knows the room secret could else push a member off its seat.
    ///
    /// # Errors
    /// `NotAvailable` for whatever reason.
    pub fn join(&mut self, from: ConnectionId, join: &Join) -> Answer<Joined> {
        const NO: RefusalCode = RefusalCode::NotAvailable;
        let challenge = self.spend_challenge(from)?;
        let room = self.rooms.get_mut(&join.room_id).ok_or(NO)?;
        let pid = verify_join(join, &room.join_pub, &challenge, &self.identity).map_err(|_| NO)?;
        let known = room.members.iter().any(|m| m.pid == pid);
        if room.epoch != join.epoch || known || room.members.len() >= self.limits.members {
            return Err(NO);
        }
        let push = Push::MemberJoined(MemberJoined { member_pub: join.member_pub });
        self.pushes.extend(room.members.iter().map(|m| (m.connection, push.clone())));
        let members = room.members.iter().map(|m| m.member_pub).collect();
        let nameplate = room.nameplate;
        room.members.push(Seat { pid, member_pub: join.member_pub, connection: from });
        self.sit(from, join.room_id, pid);
        Ok(Joined { members, nameplate })
    }

    /// Passes sealed bytes on to a member of the same room.
    ///
    /// # Errors
    /// `BadRequest` for what is too long or not base64url, `NotAvailable` for a member that is not there.
    pub fn relay(&mut self, from: ConnectionId, relay: Relay) -> Answer<Empty> {
        if !text64::is_at_most(&relay.data, self.limits.relay) {
            return Err(RefusalCode::BadRequest);
        }
        let (room, pid) = self.seat(from).ok_or(RefusalCode::NotAvailable)?;
        let to = self.rooms.get(&room).and_then(|r| r.members.iter().find(|m| m.pid == relay.to));
        let to = to.ok_or(RefusalCode::NotAvailable)?.connection;
        self.pushes.push((to, Push::Relayed(Relayed { from: pid, data: relay.data })));
        Ok(Empty {})
    }

    /// Leaves the room; the connection stays.
    ///
    /// # Errors
    /// `NotAvailable` outside a room.
    pub fn leave(&mut self, now: Duration, from: ConnectionId) -> Answer<Empty> {
        self.seat(from).ok_or(RefusalCode::NotAvailable)?;
        self.unseat(now, from);
        Ok(Empty {})
    }

    /// A connection is gone, with all that it had.
    pub fn disconnected(&mut self, now: Duration, from: ConnectionId) {
        self.unseat(now, from);
        self.stop_knocking(from);
        self.connections.remove(&from);
        self.pushes.retain(|(to, _)| *to != from);
    }

    /// What is to be told to others since the last call, in order.
    pub fn take_pushes(&mut self) -> Vec<(ConnectionId, Push)> {
        std::mem::take(&mut self.pushes)
    }

    /// True when nothing is left of anybody.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
            && self.rooms.is_empty()
            && self.nameplates.is_empty()
            && self.knocks.is_empty()
            && self.pushes.is_empty()
    }

    /// Rooms and connections there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.rooms.len(), self.connections.len())
    }

    /// Each challenge is for one try, by a connection that sits in no room.
    fn spend_challenge(&mut self, from: ConnectionId) -> Answer<Challenge> {
        let connection = self.connections.get_mut(&from).ok_or(RefusalCode::BadRequest)?;
        if connection.seat.is_some() {
            return Err(RefusalCode::NotAvailable);
        }
        connection.challenge.take().ok_or(RefusalCode::NotAvailable)
    }

    fn seat(&self, of: ConnectionId) -> Option<(RoomId, Pid)> {
        self.connections.get(&of)?.seat
    }

    fn sit(&mut self, connection: ConnectionId, room: RoomId, pid: Pid) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.seat = Some((room, pid));
        }
    }

    fn unseat(&mut self, now: Duration, from: ConnectionId) {
        let Some((id, pid)) = self.connections.get_mut(&from).and_then(|c| c.seat.take()) else { return };
        if let Some(room) = self.rooms.get_mut(&id) {
            room.members.retain(|m| m.connection != from);
            let push = Push::MemberLeft(MemberLeft { pid });
            self.pushes.extend(room.members.iter().map(|m| (m.connection, push.clone())));
            if room.members.is_empty() {
                self.nameplates.remove(&room.nameplate);
                self.rooms.remove(&id);
            }
        }
        self.stop_answering(now, from);
    }
}
