//! What a server takes before it refuses: section 3 of the protocol.

use std::time::Duration;

use pushtalk_protocol::MOST_MEMBERS;

/// Sizes and counts; each bounds something that a stranger could make grow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
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
        Self { members: MOST_MEMBERS, lobbies_of_a_room: MOST_MEMBERS, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
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
            statement: 4 * 1024,
            seat: Duration::from_secs(60),
            answer: Duration::from_secs(5),
        }
    }
}
