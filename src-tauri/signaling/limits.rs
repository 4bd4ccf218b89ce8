//! What a server takes before it refuses: section 3 of the protocol.

use std::time::Duration;

use pushtalk_protocol::MOST_MEMBERS;

pub use crate::bucket::Rate;

/// Sizes and counts; each bounds something that a stranger could make grow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The server runs on the device of a member, and goes with it: its members are told.
    pub on_device: bool,
    /// Members in one room.
    pub members: usize,
    /// Rooms.
    pub rooms: usize,
    /// Connections.
    pub connections: usize,
    /// Connections from one address of the internet: a whole room may be behind one.
    pub connections_from_afar: usize,
    /// Connections from one address of a network that the server is on, or of a private one.
    pub connections_from_near: usize,
    /// Bytes in one relayed message, before base64url.
    pub relay: usize,
    /// Bytes in one lobby message, before base64url.
    pub lobby: usize,
    /// Messages in one lobby; a conversation at the door takes four.
    pub lobby_messages: u8,
    /// Lobbies that one connection may have open.
    pub lobbies: usize,
    /// Lobbies that one room may have open.
    pub lobbies_of_a_room: usize,
    /// Lobbies that may be opened from one address: a whole room may come from one, but who tries nameplates is slowed down.
    /// None where they are not counted.
    pub knocks_of_an_address: Option<Rate>,
    /// Lobbies that may be opened to one room.
    pub knocks_at_a_room: Rate,
    /// Addresses that are told apart in this; all others count as one.
    pub knockers: usize,
    /// Events of one connection. Who says more is listened to more slowly.
    pub events: Rate,
    /// Bytes that one connection sends, in the same way.
    pub bytes: Rate,
    /// Bytes that may wait for one connection to take them; with more it is cut.
    pub backlog: usize,
    /// Bytes that may wait for all connections together; with more, those are cut that do not take them.
    pub backlogs: usize,
    /// A connection is asked for a sign of life this often, and given this long for it.
    pub ping: Duration,
    /// A room is closed when it is so old; none where it lasts as long as somebody is in it.
    pub life: Option<Duration>,
    /// Everybody in it is told so long before.
    pub notice: Duration,
    /// Bytes in one statement, before base64url; with 64 members and as many removed there are 2300.
    pub statement: usize,
    /// The seat of a connection that was lost is kept for so long.
    pub seat: Duration,
    /// A member that does not answer a lobby by then is passed over; a lobby that is silent for so long is over.
    pub answer: Duration,
}

impl Limits {
    /// For a server that somebody runs for one room: as many as a room can have may come, all in the same second.
    pub fn of_a_host() -> Self {
        let all = Rate::a_minute(MOST_MEMBERS as u32, MOST_MEMBERS as u32);
        Self {
            on_device: true,
            members: MOST_MEMBERS,
            rooms: 16,
            connections: 256,
            lobbies_of_a_room: MOST_MEMBERS,
            knocks_of_an_address: Some(all),
            knocks_at_a_room: all,
            events: Rate::a_second(1024, 128),
            // Who comes into a room of 64 sends an offer to each, in the same second.
            bytes: Rate::a_second(4 * 1024 * 1024, 1024 * 1024),
            backlog: 4 * 1024 * 1024,
            life: None,
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            on_device: false,
            members: 20,
            rooms: 256,
            connections: 2048,
            connections_from_afar: 32,
            connections_from_near: 128,
            relay: 16 * 1024,
            lobby: 512,
            lobby_messages: 8,
            lobbies: 8,
            lobbies_of_a_room: 32,
            knocks_of_an_address: Some(Rate::a_minute(20, 6)),
            knocks_at_a_room: Rate::a_minute(32, 30),
            knockers: 4096,
            events: Rate::a_second(160, 40),
            bytes: Rate::a_second(512 * 1024, 256 * 1024),
            backlog: 512 * 1024,
            backlogs: 64 * 1024 * 1024,
            ping: Duration::from_secs(10),
            life: Some(Duration::from_secs(24 * 3600)),
            notice: Duration::from_secs(5 * 60),
            statement: 4 * 1024,
            seat: Duration::from_secs(60),
            answer: Duration::from_secs(5),
        }
    }
}
