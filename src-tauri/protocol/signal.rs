//! The signaling events of section 3 of the protocol: what a client and a server say to each other over Socket.IO, in JSON.
//!
//! Every event has one object as its argument and is acknowledged by a result or by `Refusal`. Unknown fields are
//! refused; opaque bytes are base64url without padding.

use serde::{Deserialize, Serialize};

use crate::{
    Challenge, Epoch, HostPublic, JoinPublic, LobbyId, MemberPublic, Nameplate, Pid, RoomId, SeatPublic,
    Signature,
};

/// Names of the events.
pub mod event {
    /// Client → server, first of all: `HelloRequest`, answered by `HelloAck`.
    pub const HELLO: &str = "hello";
    /// Client → server: `Create`, answered by `Created`.
    pub const CREATE: &str = "create";
    /// Client → server: `Join`, answered by `Joined`.
    pub const JOIN: &str = "join";
    /// Client → server: `Resume`, answered by `Joined`.
    pub const RESUME: &str = "resume";
    /// Client → server: `Restore`, answered by `Created`.
    pub const RESTORE: &str = "restore";
    /// Client → server: `Rotate`, answered by `Empty`.
    pub const ROTATE: &str = "rotate";
    /// Client → server: `Empty`, answered by `Empty`.
    pub const LEAVE: &str = "leave";
    /// Client → server: `Relay`, answered by `Empty`. Server → client: `Relayed`.
    pub const RELAY: &str = "relay";
    /// Client → server: `LobbyOpen`, answered by `LobbyOpened`. Server → member: `LobbyMessage`, the first of it.
    pub const LOBBY_OPEN: &str = "lobby open";
    /// Both ways: `LobbyMessage`; a client's is answered by `Empty`.
    pub const LOBBY_MESSAGE: &str = "lobby message";
    /// Both ways: `LobbyClose`; a client's is answered by `Empty`.
    pub const LOBBY_CLOSE: &str = "lobby close";
    /// Server → client: `MemberJoined`.
    pub const MEMBER_JOINED: &str = "member joined";
    /// Server → client: `MemberLeft`.
    pub const MEMBER_LEFT: &str = "member left";
    /// Server → client: `RoomCloses`.
    pub const ROOM_CLOSES: &str = "room closes";
    /// Server → client: `RoomClosed`.
    pub const ROOM_CLOSED: &str = "room closed";
}

/// An event or answer that says nothing more.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// First words of a client.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct HelloRequest {
    /// `VERSION`.
    pub version: u8,
}

/// What the server says to `hello`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct HelloAck {
    /// `VERSION`.
    pub version: u8,
    /// To be signed in `create` or `join`; used up by either.
    pub challenge: Challenge,
    /// The UDP port of the server at which it speaks STUN; none where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stun: Option<u16>,
    /// The server runs on a member's device, and goes with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_device: bool,
}

/// Makes a room.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// Hash of `host_pub`.
    pub room_id: RoomId,
    /// The room's host key.
    pub host_pub: HostPublic,
    /// The first epoch.
    pub epoch: Epoch,
    /// What the server will check joiners with.
    pub join_pub: JoinPublic,
    /// The creator's own member key.
    pub member_pub: MemberPublic,
    /// With this key the creator comes back to its seat.
    pub seat_pub: SeatPublic,
    /// By the host key, over "PushTalk1 create" ‖ 0 ‖ challenge ‖ room_id ‖ e ‖ join_pub ‖ pid ‖ srv.
    pub host_sig: Signature,
    /// By the join key, as in `Join`.
    pub join_sig: Signature,
}

/// What the server says to `create`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// Unique on this server, freed with the room.
    pub nameplate: Nameplate,
}

/// Enters a room.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Learned in the lobby.
    pub room_id: RoomId,
    /// Learned in the lobby.
    pub epoch: Epoch,
    /// The joiner's member key; its hash is the pid.
    pub member_pub: MemberPublic,
    /// With this key the joiner comes back to its seat.
    pub seat_pub: SeatPublic,
    /// By the join key, over "PushTalk1 join" ‖ 0 ‖ challenge ‖ room_id ‖ e ‖ pid ‖ srv.
    pub sig: Signature,
}

/// What the server says to `join`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Joined {
    /// Everybody else who is connected, in the order they came.
    pub members: Vec<MemberPublic>,
    /// Where others knock.
    pub nameplate: Nameplate,
}

/// Comes back to a seat whose connection was lost a short time ago, or that is still taken for connected.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The room.
    pub room_id: RoomId,
    /// Whose seat.
    pub pid: Pid,
    /// By the seat key, over "PushTalk1 resume" ‖ 0 ‖ challenge ‖ room_id ‖ pid ‖ srv.
    pub sig: Signature,
}

/// Makes a room anew that its server has lost: by any member, at the same server or another one.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Hash of `first_host`.
    pub room_id: RoomId,
    /// The key of who made the room.
    pub first_host: HostPublic,
    /// What hosts have signed, each a `SignedStatement` in base64url: those by which another member became the host, in
    /// their order, and the last one of all.
    pub statements: Vec<String>,
    /// That of the last statement, 0 without one.
    pub epoch: Epoch,
    /// That of the last statement.
    pub join_pub: JoinPublic,
    /// What the room was called; it is called so again if nothing else is.
    pub nameplate: Nameplate,
    /// The member's key.
    pub member_pub: MemberPublic,
    /// With this key the member comes back to its seat.
    pub seat_pub: SeatPublic,
    /// By the join key, over "PushTalk1 restore" ‖ 0 ‖ challenge ‖ room_id ‖ e ‖ pid ‖ srv.
    pub sig: Signature,
}

impl Restore {
    /// Most statements: each is a signature to check.
    pub const MOST_STATEMENTS: usize = 16;
}

/// Hands over what the host has signed: the next epoch begins at the server too.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// A `SignedStatement` in base64url; the new join key is in it.
    pub statement: String,
}

/// Sealed bytes for one member of the same room.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// To whom.
    pub to: Pid,
    /// At most 16 KiB before base64url.
    pub data: String,
}

/// Sealed bytes from one member of the same room.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Relayed {
    /// From whom; the server vouches for it, the session proves it.
    pub from: Pid,
    /// As it was sent.
    pub data: String,
}

/// Knocks.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct LobbyOpen {
    /// Where.
    pub nameplate: Nameplate,
    /// First message, at most 512 bytes before base64url.
    pub data: String,
}

/// What the server says to `lobby open`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct LobbyOpened {
    /// Names the conversation.
    pub lobby: LobbyId,
}

/// A message between a joiner and the member that answers it.
#[derive(Clone, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct LobbyMessage {
    /// Which conversation.
    pub lobby: LobbyId,
    /// At most 512 bytes before base64url.
    pub data: String,
}

/// The conversation ends.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct LobbyClose {
    /// Which conversation.
    pub lobby: LobbyId,
}

/// Somebody came in.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct MemberJoined {
    /// Its key; its hash is the pid.
    pub member_pub: MemberPublic,
}

/// Somebody's connection to the server ended; voice may go on.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct MemberLeft {
    /// Who.
    pub pid: Pid,
}

/// The server will close the room; who is in it talks on.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct RoomCloses {
    /// In so many seconds.
    pub seconds: u32,
}

/// The server has closed the room.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct RoomClosed {}

/// A refusal, in place of an answer.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Which.
    pub error: RefusalCode,
    /// With `OtherVersion`: the version that the server speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
}

/// Refusals say no more than this: a guesser learns nothing from them.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// No such room, no right to it, or no place in it.
    NotAvailable,
    /// The event's argument is not what the event takes.
    BadRequest,
    /// Another version of the protocol.
    OtherVersion,
    /// Too much at once; try again later.
    TooMany,
    /// The server does not reach the others that stand with it for one; try again in a moment.
    Unready,
}
