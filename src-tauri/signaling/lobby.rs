//! The server's brain: rooms, nameplates and lobbies; no IO, no clock, no randomness.
//!
//! Each call is one event of one connection. It gives the acknowledgement or a refusal; what is to be pushed to others
//! waits in `take_pushes`. Everything is in memory and gone with the last connection that it belongs to.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_e2ee::{ServerIdentity, verify_create, verify_join};
use pushtalk_protocol::{
    Challenge, Create, Created, Empty, Epoch, HelloAck, HelloRequest, Join, JoinPublic, Joined, LobbyClose,
    LobbyId, LobbyMessage, LobbyOpen, LobbyOpened, MemberJoined, MemberLeft, MemberPublic, Nameplate, Pid,
    RefusalCode, Relay, Relayed, RoomId, VERSION,
};

use crate::text64;

/// Names one connection to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What a server takes before it refuses.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Members in one room.
    pub members: usize,
    /// Rooms.
    pub rooms: usize,
    /// Connections.
    pub connections: usize,
    /// Bytes in one relayed message, before base64url.
    pub relay: usize,
    /// Bytes in one lobby message, before base64url.
    pub lobby: usize,
    /// Lobbies that one connection may have open.
    pub lobbies: usize,
    /// A member that does not answer a lobby by then is passed over.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 20,
            rooms: 256,
            connections: 1024,
            relay: 16 * 1024,
            lobby: 512,
            lobbies: 8,
            answer: Duration::from_secs(5),
        }
    }
}

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
    limits: Limits,
    identity: ServerIdentity,
    connections: BTreeMap<ConnectionId, Connection>,
    rooms: BTreeMap<RoomId, Room>,
    nameplates: BTreeMap<Nameplate, RoomId>,
    lobbies: BTreeMap<LobbyId, Knock>,
    pushes: Vec<(ConnectionId, Push)>,
}

#[derive(Default)]
struct Connection {
    challenge: Option<Challenge>,
    seat: Option<(RoomId, Pid)>,
    lobbies: usize,
}

struct Room {
    nameplate: Nameplate,
    epoch: Epoch,
    join_pub: JoinPublic,
    /// In the order they came; who made the room is first as long as it is connected.
    members: Vec<Seat>,
}

struct Seat {
    pid: Pid,
    member_pub: MemberPublic,
    connection: ConnectionId,
}

/// A joiner at the door, and the member that it was put in touch with.
struct Knock {
    joiner: ConnectionId,
    responder: ConnectionId,
    room: RoomId,
    /// Said again to the next member when this one is silent; none once one has answered.
    first: Option<String>,
    tried: Vec<ConnectionId>,
    deadline: Duration,
}

type Answer<T> = Result<T, RefusalCode>;

impl Lobby {
    /// An empty one. `identity` is what members bind their proofs to.
    pub fn new(limits: Limits, identity: ServerIdentity) -> Self {
        Self {
            limits,
            identity,
            connections: BTreeMap::new(),
            rooms: BTreeMap::new(),
            nameplates: BTreeMap::new(),
            lobbies: BTreeMap::new(),
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
        let challenge = self.spend_challenge(from)?;
        let pid = verify_create(create, &challenge, &self.identity).map_err(|_| RefusalCode::NotAvailable)?;
        if self.rooms.len() >= self.limits.rooms || self.rooms.contains_key(&create.room_id) {
            return Err(RefusalCode::NotAvailable);
        }
        let nameplate = (0..Nameplate::COUNT)
            .map(|step| Nameplate::from_index(word.wrapping_add(step) % Nameplate::COUNT))
            .find(|nameplate| !self.nameplates.contains_key(nameplate))
            .ok_or(RefusalCode::NotAvailable)?;
        self.nameplates.insert(nameplate, create.room_id);
        let seat = Seat { pid, member_pub: create.member_pub, connection: from };
        let room = Room { nameplate, epoch: create.epoch, join_pub: create.join_pub, members: vec![seat] };
        self.rooms.insert(create.room_id, room);
        self.sit(from, create.room_id, pid);
        Ok(Created { nameplate })
    }

    /// Enters a room; the others are told.
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

    /// Knocks: the first member of the room gets the message. `lobby` is 8 fresh random bytes.
    ///
    /// # Errors
    /// `BadRequest` for what is too long or not base64url, `TooMany`, `NotAvailable` for a nameplate without a room.
    pub fn lobby_open(
        &mut self,
        now: Duration,
        from: ConnectionId,
        open: LobbyOpen,
        lobby: LobbyId,
    ) -> Answer<LobbyOpened> {
        if !text64::is_at_most(&open.data, self.limits.lobby) || self.lobbies.contains_key(&lobby) {
            return Err(RefusalCode::BadRequest);
        }
        let connection = self.connections.get_mut(&from).ok_or(RefusalCode::BadRequest)?;
        if connection.challenge.is_none() || connection.seat.is_some() {
            return Err(RefusalCode::NotAvailable);
        }
        if connection.lobbies >= self.limits.lobbies {
            return Err(RefusalCode::TooMany);
        }
        let room = *self.nameplates.get(&open.nameplate).ok_or(RefusalCode::NotAvailable)?;
        let responder = self
            .rooms
            .get(&room)
            .and_then(|r| r.members.first())
            .ok_or(RefusalCode::NotAvailable)?
            .connection;
        connection.lobbies += 1;
        let (first, deadline) = (Some(open.data.clone()), now + self.limits.answer);
        let knock = Knock { joiner: from, responder, room, first, tried: vec![responder], deadline };
        self.lobbies.insert(lobby, knock);
        self.pushes.push((responder, Push::LobbyMessage(LobbyMessage { lobby, data: open.data })));
        Ok(LobbyOpened { lobby })
    }

    /// Passes a message on to the other end of a lobby.
    ///
    /// # Errors
    /// `BadRequest` for what is too long or not base64url, `NotAvailable` for a lobby of others or none.
    pub fn lobby_message(
        &mut self,
        now: Duration,
        from: ConnectionId,
        message: LobbyMessage,
    ) -> Answer<Empty> {
        if !text64::is_at_most(&message.data, self.limits.lobby) {
            return Err(RefusalCode::BadRequest);
        }
        let answer = self.limits.answer;
        let knock = self.lobbies.get_mut(&message.lobby).ok_or(RefusalCode::NotAvailable)?;
        let to = if from == knock.joiner {
            knock.responder
        } else if from == knock.responder {
            knock.first = None;
            knock.joiner
        } else {
            return Err(RefusalCode::NotAvailable);
        };
        // The rest takes two more messages; a joiner that thinks for long is not one.
        knock.deadline = now + answer;
        self.pushes.push((to, Push::LobbyMessage(message)));
        Ok(Empty {})
    }

    /// Ends a lobby; the other end is told.
    ///
    /// # Errors
    /// `NotAvailable` for a lobby of others or none.
    pub fn lobby_close(&mut self, from: ConnectionId, close: LobbyClose) -> Answer<Empty> {
        let knock = self.lobbies.get(&close.lobby).ok_or(RefusalCode::NotAvailable)?;
        if from != knock.joiner && from != knock.responder {
            return Err(RefusalCode::NotAvailable);
        }
        self.end_lobby(close.lobby, Some(from));
        Ok(Empty {})
    }

    /// Leaves the room; the connection stays.
    ///
    /// # Errors
    /// `NotAvailable` outside a room.
    pub fn leave(&mut self, from: ConnectionId) -> Answer<Empty> {
        self.seat(from).ok_or(RefusalCode::NotAvailable)?;
        self.unseat(from);
        Ok(Empty {})
    }

    /// A connection is gone, with all that it had.
    pub fn disconnected(&mut self, from: ConnectionId) {
        self.unseat(from);
        let of: Vec<LobbyId> =
            self.lobbies.iter().filter(|(_, k)| k.joiner == from).map(|(id, _)| *id).collect();
        for lobby in of {
            self.end_lobby(lobby, Some(from));
        }
        self.connections.remove(&from);
    }

    /// When `handle_timeout` has something to do next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.lobbies.values().map(|k| k.deadline).min()
    }

    /// Passes over members that do not answer, and ends lobbies that are over.
    pub fn handle_timeout(&mut self, now: Duration) {
        let due: Vec<LobbyId> =
            self.lobbies.iter().filter(|(_, k)| k.deadline <= now).map(|(id, _)| *id).collect();
        for lobby in due {
            self.next_responder(now, lobby);
        }
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
            && self.lobbies.is_empty()
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

    fn unseat(&mut self, from: ConnectionId) {
        let Some((id, pid)) = self.connections.get_mut(&from).and_then(|c| c.seat.take()) else { return };
        // Lobbies that it answers go to the next member, or end.
        let answering: Vec<LobbyId> =
            self.lobbies.iter().filter(|(_, k)| k.responder == from).map(|(id, _)| *id).collect();
        if let Some(room) = self.rooms.get_mut(&id) {
            room.members.retain(|m| m.connection != from);
            let push = Push::MemberLeft(MemberLeft { pid });
            self.pushes.extend(room.members.iter().map(|m| (m.connection, push.clone())));
            if room.members.is_empty() {
                self.nameplates.remove(&room.nameplate);
                self.rooms.remove(&id);
            }
        }
        for lobby in answering {
            let now = self.lobbies.get(&lobby).map_or(Duration::ZERO, |k| k.deadline);
            self.next_responder(now, lobby);
        }
    }

    fn next_responder(&mut self, now: Duration, lobby: LobbyId) {
        let Some(knock) = self.lobbies.get_mut(&lobby) else { return };
        let room = self.rooms.get(&knock.room);
        let next = room.and_then(|r| r.members.iter().find(|m| !knock.tried.contains(&m.connection)));
        match (next, &knock.first) {
            (Some(next), Some(first)) => {
                let (next, data) = (next.connection, first.clone());
                // Who is passed over need not answer any more.
                self.pushes.push((knock.responder, Push::LobbyClose(LobbyClose { lobby })));
                knock.responder = next;
                knock.tried.push(next);
                knock.deadline = now + self.limits.answer;
                self.pushes.push((next, Push::LobbyMessage(LobbyMessage { lobby, data })));
            }
            _ => self.end_lobby(lobby, None),
        }
    }

    /// Tells everybody in it but `by`.
    fn end_lobby(&mut self, lobby: LobbyId, by: Option<ConnectionId>) {
        let Some(knock) = self.lobbies.remove(&lobby) else { return };
        if let Some(joiner) = self.connections.get_mut(&knock.joiner) {
            joiner.lobbies = joiner.lobbies.saturating_sub(1);
        }
        for end in [knock.joiner, knock.responder] {
            if Some(end) != by && self.connections.contains_key(&end) {
                self.pushes.push((end, Push::LobbyClose(LobbyClose { lobby })));
            }
        }
    }
}
