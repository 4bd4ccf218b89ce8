//! The server's brain: rooms and nameplates, and who may speak to whom; no IO, no clock, no randomness.
//!
//! Each call is one event of one connection. It gives the acknowledgement or a refusal; what is to be pushed to others
//! waits in `take_pushes`. Everything is in memory and gone a minute after the last connection that it belongs to. How
//! strangers knock is in `knock.rs`, how members lose their seats and come back to them in `seat.rs`, how epochs begin
//! in `rotation.rs`, how rooms are made anew in `restoring.rs`.
//!
//! A stranger learns nothing from a refusal: for whatever depends on the rooms that there are, it is the one word
//! `NotAvailable`. `create`, `restore`, `join` and `resume` also do the same work whether or not there is such a room or seat: one
//! signature is checked before anything is looked at, against nobody's key when there is none. Not equal is the time of
//! what only members can ask (`relay`, `rotate`), and the search in a map by a room's id, which nobody outside the room
//! knows. A nameplate that somebody answers at is told from one where nobody does, since that is what it is for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushtalk_e2ee::{History, ServerIdentity, verify_create, verify_join};
use pushtalk_protocol::{
    Challenge, Create, Created, Empty, Epoch, HelloAck, HelloRequest, Join, JoinPublic, Joined, LobbyClose,
    LobbyId, LobbyMessage, MemberJoined, MemberLeft, Nameplate, Pid, RefusalCode, Relay, Relayed, RoomClosed,
    RoomCloses, RoomId, VERSION,
};
use serde::{Deserialize, Serialize};

use crate::bucket::{Bucket, Buckets};
use crate::knock::Knock;
pub use crate::limits::{Limits, Rate};
use crate::seat::{NOBODY, Presence, Room, Seat};
use crate::text64;

/// What a joiner of no room is checked against.
const NOBODYS_DOOR: JoinPublic = JoinPublic::new(NOBODY);

/// Names one connection to the server; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// From where a connection comes: a stand-in for its address, which is not kept. Connections from one address have the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(pub u64);

/// What the server says of itself to one connection.
#[derive(Clone, Deserialize, Serialize, PartialEq)]
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
    /// The room will be closed in so long.
    RoomCloses(RoomCloses),
    /// The one who is told has no seat any more.
    RoomClosed(RoomClosed),
}

/// All that a server knows.
pub struct Lobby {
    pub(crate) limits: Limits,
    identities: Vec<ServerIdentity>,
    stun: Option<u16>,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) nameplates: BTreeMap<Nameplate, RoomId>,
    pub(crate) knocks: BTreeMap<LobbyId, Knock>,
    pub(crate) knockers: Buckets<Source>,
    pub(crate) pushes: Vec<(ConnectionId, Push)>,
    pub(crate) cuts: Vec<ConnectionId>,
    /// None where nobody asks.
    pub(crate) touched: Option<BTreeSet<RoomId>>,
    pub(crate) holds_seats: bool,
}

/// A room that is made.
pub(crate) struct New {
    pub(crate) id: RoomId,
    pub(crate) history: History,
    pub(crate) epoch: Epoch,
    pub(crate) join_pub: JoinPublic,
    /// Of who makes it.
    pub(crate) seat: Seat,
    /// How it would like to be called.
    pub(crate) wish: Option<Nameplate>,
}

pub(crate) struct Connection {
    pub(crate) source: Source,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) seat: Option<(RoomId, Pid)>,
    pub(crate) lobbies: usize,
}

pub(crate) type Answer<T> = Result<T, RefusalCode>;

impl Lobby {
    /// An empty one. `identities` are what members may bind their proofs to.
    pub fn new(limits: Limits, identities: impl IntoIterator<Item = ServerIdentity>) -> Self {
        Self {
            limits,
            identities: identities.into_iter().collect(),
            stun: None,
            connections: BTreeMap::new(),
            rooms: BTreeMap::new(),
            nameplates: BTreeMap::new(),
            knocks: BTreeMap::new(),
            knockers: Buckets::new(limits.knocks_of_an_address, limits.knockers),
            pushes: Vec::new(),
            cuts: Vec::new(),
            touched: None,
            holds_seats: false,
        }
    }

    /// The same, telling members at which port of this server STUN is spoken.
    pub fn with_stun(self, stun: Option<u16>) -> Self {
        Self { stun, ..self }
    }

    /// What a proof says that is good for one of the names of this server. Which one it is does not show in the time it
    /// takes where it is good for none.
    pub(crate) fn proved<T, E>(&self, verify: impl Fn(&ServerIdentity) -> Result<T, E>) -> Option<T> {
        self.identities.iter().find_map(|identity| verify(identity).ok())
    }

    /// A connection has come.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn connected(&mut self, connection: ConnectionId, source: Source) -> Answer<()> {
        if self.connections.len() >= self.limits.connections {
            return Err(RefusalCode::TooMany);
        }
        let new = Connection { source, challenge: None, seat: None, lobbies: 0 };
        self.connections.insert(connection, new);
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
        Ok(HelloAck { version: VERSION, challenge, stun: self.stun, on_device: self.limits.on_device })
    }

    /// Makes a room; `word` is random and chooses the nameplate.
    ///
    /// # Errors
    /// `NotAvailable` for whatever reason.
    pub fn create(
        &mut self,
        now: Duration,
        from: ConnectionId,
        create: &Create,
        word: u16,
    ) -> Answer<Created> {
        const NO: RefusalCode = RefusalCode::NotAvailable;
        let challenge = self.spend_challenge(from)?;
        let pid = self.proved(|identity| verify_create(create, &challenge, identity)).ok_or(NO)?;
        let Create { room_id: id, host_pub, epoch, join_pub, member_pub, seat_pub, .. } = *create;
        if self.rooms.contains_key(&id) {
            return Err(NO);
        }
        let seat = Seat { pid, member_pub, seat_pub, presence: Presence::Here(from) };
        let history = History { host_pub, seq: 0 };
        self.open_room(now, New { id, history, epoch, join_pub, seat, wish: None }, word)
    }

    /// One that is not here yet.
    pub(crate) fn open_room(&mut self, now: Duration, new: New, word: u16) -> Answer<Created> {
        const NO: RefusalCode = RefusalCode::NotAvailable;
        let New { id, history, epoch, join_pub, seat, wish } = new;
        if self.rooms.len() >= self.limits.rooms {
            self.clear_deserted().ok_or(NO)?;
        }
        let wish = wish.filter(|wish| !self.nameplates.contains_key(wish));
        let nameplate = wish.or_else(|| self.free_nameplate(word)).ok_or(NO)?;
        self.nameplates.insert(nameplate, id);
        let (connection, pid) = (seat.connection(), seat.pid);
        let room = Room {
            nameplate,
            host_pub: history.host_pub,
            epoch,
            seq: history.seq,
            join_pub,
            seats: vec![seat],
            knocks: Bucket::new(now, self.limits.knocks_at_a_room),
            closes_at: self.limits.life.map(|life| now + life),
            told: false,
        };
        self.rooms.insert(id, room);
        self.touch(id);
        if let Some(connection) = connection {
            self.sit(connection, id, pid);
        }
        Ok(Created { nameplate })
    }

    /// The first that no room has, from `word` on.
    pub(crate) fn free_nameplate(&self, word: u16) -> Option<Nameplate> {
        (0..Nameplate::COUNT)
            .map(|step| Nameplate::from_index(word.wrapping_add(step) % Nameplate::COUNT))
            .find(|nameplate| !self.nameplates.contains_key(nameplate))
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
        let join_pub = self.rooms.get(&join.room_id).map_or(NOBODYS_DOOR, |r| r.join_pub);
        let proved = self.proved(|identity| verify_join(join, &join_pub, &challenge, identity));
        let (Some(room), Some(pid)) = (self.rooms.get_mut(&join.room_id), proved) else { return Err(NO) };
        if room.epoch != join.epoch || room.seat(pid).is_some() || room.seats.len() >= self.limits.members {
            return Err(NO);
        }
        let Join { room_id, member_pub, seat_pub, .. } = *join;
        let joined = Joined { members: room.present().collect(), nameplate: room.nameplate };
        room.seats.push(Seat { pid, member_pub, seat_pub, presence: Presence::Here(from) });
        self.sit(from, room_id, pid);
        self.touch(room_id);
        self.tell_others(room_id, pid, &Push::MemberJoined(MemberJoined { member_pub }));
        Ok(joined)
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
        let to = self.rooms.get(&room).and_then(|r| r.seat(relay.to)).and_then(Seat::connection);
        let to = to.ok_or(RefusalCode::NotAvailable)?;
        self.pushes.push((to, Push::Relayed(Relayed { from: pid, data: relay.data })));
        Ok(Empty {})
    }

    /// Leaves the room: the seat is free at once. The connection stays.
    ///
    /// # Errors
    /// `NotAvailable` outside a room.
    pub fn leave(&mut self, now: Duration, from: ConnectionId) -> Answer<Empty> {
        let (room, pid) = self.seat(from).ok_or(RefusalCode::NotAvailable)?;
        self.unseat(now, room, pid);
        Ok(Empty {})
    }

    /// A connection is gone, with all that it had but its seat: that is kept for as long as `Limits::seat`.
    pub fn disconnected(&mut self, now: Duration, from: ConnectionId) {
        self.keep_seat(now, from);
        self.forget(from);
        self.cuts.retain(|cut| *cut != from);
    }

    /// What is to be told to others since the last call, in order.
    pub fn take_pushes(&mut self) -> Vec<(ConnectionId, Push)> {
        std::mem::take(&mut self.pushes)
    }

    /// The connections that have lost their seat to a newer one since the last call: they are to be cut.
    ///
    /// Whatever they say before is refused, for the lobby does not know them any more.
    pub fn take_cuts(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.cuts)
    }

    /// When `handle_timeout` has something to do next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let of_rooms = self.next_answer().into_iter().chain(self.next_seat()).chain(self.next_close());
        of_rooms.chain(self.knockers.poll_timeout()).min()
    }

    /// Passes over members that do not answer at the door, ends lobbies that are over, frees seats that nobody came back
    /// to, and closes rooms whose time is over.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.pass_over(now);
        self.free_seats(now);
        self.close_old_rooms(now);
        self.knockers.handle_timeout(now);
    }

    /// Forgets everything; nobody is told.
    pub fn clear(&mut self) {
        let touched = self.touched.is_some().then(BTreeSet::new);
        *self = Self::new(self.limits, std::mem::take(&mut self.identities)).with_stun(self.stun);
        self.touched = touched;
    }

    /// True when nothing is left of anybody.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
            && self.rooms.is_empty()
            && self.nameplates.is_empty()
            && self.knocks.is_empty()
            && self.knockers.is_empty()
            && self.pushes.is_empty()
            && self.cuts.is_empty()
    }

    /// Rooms and connections there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.rooms.len(), self.connections.len())
    }

    /// Each challenge is for one try, by a connection that sits in no room.
    pub(crate) fn spend_challenge(&mut self, from: ConnectionId) -> Answer<Challenge> {
        let connection = self.connections.get_mut(&from).ok_or(RefusalCode::BadRequest)?;
        if connection.seat.is_some() {
            return Err(RefusalCode::NotAvailable);
        }
        connection.challenge.take().ok_or(RefusalCode::NotAvailable)
    }

    pub(crate) fn seat(&self, of: ConnectionId) -> Option<(RoomId, Pid)> {
        self.connections.get(&of)?.seat
    }

    pub(crate) fn sit(&mut self, connection: ConnectionId, room: RoomId, pid: Pid) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.seat = Some((room, pid));
        }
    }

    /// Of a connection that sits nowhere.
    pub(crate) fn forget(&mut self, connection: ConnectionId) {
        self.stop_knocking(connection);
        self.connections.remove(&connection);
        self.pushes.retain(|(to, _)| *to != connection);
    }

    /// This room was made, changed or closed.
    pub(crate) fn touch(&mut self, room: RoomId) {
        if let Some(touched) = &mut self.touched {
            touched.insert(room);
        }
    }

    pub(crate) fn tell_others(&mut self, room: RoomId, but: Pid, push: &Push) {
        let Some(room) = self.rooms.get(&room) else { return };
        let others = room.seats.iter().filter(|seat| seat.pid != but);
        self.pushes.extend(others.filter_map(Seat::connection).map(|to| (to, push.clone())));
    }
}
