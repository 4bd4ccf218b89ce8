//! What clients and server say to each other, in the types and the JSON that travel.

use std::fmt::Write;
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use pushtalk_engine::brain::{Answer, Request};
use pushtalk_protocol::{
    Create, Created, Empty, HelloAck, HelloRequest, Join, Joined, LobbyClose, LobbyMessage, LobbyOpen,
    LobbyOpened, RefusalCode, Relay, Restore, Resume, Rotate, VERSION, event,
};
use pushtalk_signaling::client::ServerEvent;
use pushtalk_signaling::lobby::Push;
use serde::Serialize;

use super::person::Asked;

/// What a client says to a server.
#[derive(Clone)]
pub enum Call {
    /// First words.
    Hello(HelloRequest),
    /// A room is to be made.
    Create(Box<Create>),
    /// A knock.
    LobbyOpen(LobbyOpen),
    /// A room is to be entered.
    Join(Box<Join>),
    /// To another member.
    Relay(Relay),
    /// To the other end of a lobby.
    LobbyMessage(LobbyMessage),
    /// A lobby is over.
    LobbyClose(LobbyClose),
    /// A room is to be made anew.
    Restore(Box<Restore>),
    /// A seat is to be taken again.
    Resume(Box<Resume>),
    /// What the host has signed.
    Rotate(Rotate),
}

/// What a server says to a client.
#[derive(Clone)]
pub enum Told {
    /// To the request that is open.
    Answer(Reply),
    /// Of itself.
    Push(Push),
}

/// The answer to a request.
#[derive(Clone)]
pub enum Reply {
    /// To `Call::Hello`.
    Hello(HelloAck),
    /// To `Call::Create` and `Call::Restore`.
    Created(Created),
    /// To `Call::LobbyOpen`.
    LobbyOpened(LobbyOpened),
    /// To `Call::Join` and `Call::Resume`.
    Joined(Joined),
    /// To whatever takes no more than that.
    Done,
    /// No.
    Refused(RefusalCode),
}

impl Call {
    pub(super) fn request(request: Request) -> (Asked, Self) {
        match request {
            Request::Hello => (Asked::Hello, Self::Hello(HelloRequest { version: VERSION })),
            Request::Create(create) => (Asked::Create, Self::Create(create)),
            Request::LobbyOpen(nameplate, first) => {
                let open = LobbyOpen { nameplate, data: BASE64_URL_SAFE_NO_PAD.encode(&first) };
                (Asked::LobbyOpen, Self::LobbyOpen(open))
            }
            Request::Join(join) => (Asked::Join, Self::Join(join)),
            Request::Restore(restore) => (Asked::Create, Self::Restore(restore)),
            Request::Resume(resume) => (Asked::Resume, Self::Resume(resume)),
        }
    }

    /// As it travels.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Hello(x) => line(out, event::HELLO, x),
            Self::Create(x) => line(out, event::CREATE, x),
            Self::LobbyOpen(x) => line(out, event::LOBBY_OPEN, x),
            Self::Join(x) => line(out, event::JOIN, x),
            Self::Relay(x) => line(out, event::RELAY, x),
            Self::LobbyMessage(x) => line(out, event::LOBBY_MESSAGE, x),
            Self::LobbyClose(x) => line(out, event::LOBBY_CLOSE, x),
            Self::Restore(x) => line(out, event::RESTORE, x),
            Self::Resume(x) => line(out, event::RESUME, x),
            Self::Rotate(x) => line(out, event::ROTATE, x),
        }
    }
}

impl Told {
    /// As it travels.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Answer(Reply::Hello(x)) => line(out, "ack", x),
            Self::Answer(Reply::Created(x)) => line(out, "ack", x),
            Self::Answer(Reply::LobbyOpened(x)) => line(out, "ack", x),
            Self::Answer(Reply::Joined(x)) => line(out, "ack", x),
            Self::Answer(Reply::Done) => line(out, "ack", &Empty {}),
            Self::Answer(Reply::Refused(x)) => line(out, "ack", x),
            Self::Push(Push::Relayed(x)) => line(out, event::RELAY, x),
            Self::Push(Push::LobbyMessage(x)) => line(out, event::LOBBY_MESSAGE, x),
            Self::Push(Push::LobbyClose(x)) => line(out, event::LOBBY_CLOSE, x),
            Self::Push(Push::MemberJoined(x)) => line(out, event::MEMBER_JOINED, x),
            Self::Push(Push::MemberLeft(x)) => line(out, event::MEMBER_LEFT, x),
            Self::Push(Push::RoomCloses(x)) => line(out, event::ROOM_CLOSES, x),
            Self::Push(Push::RoomClosed(x)) => line(out, event::ROOM_CLOSED, x),
        }
    }

    /// What a client makes of a push; none for what it cannot read.
    pub(super) fn event(self) -> Option<ServerEvent> {
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        Some(match self {
            Self::Answer(_) => return None,
            Self::Push(Push::Relayed(r)) => {
                ServerEvent::Relayed { from: r.from, data: Bytes::from(decode(&r.data)?) }
            }
            Self::Push(Push::LobbyMessage(m)) => {
                ServerEvent::LobbyMessage { lobby: m.lobby, data: decode(&m.data)? }
            }
            Self::Push(Push::LobbyClose(c)) => ServerEvent::LobbyClose { lobby: c.lobby },
            Self::Push(Push::MemberJoined(joined)) => ServerEvent::MemberJoined(joined),
            Self::Push(Push::MemberLeft(left)) => ServerEvent::MemberLeft(left),
            Self::Push(Push::RoomCloses(closes)) => {
                ServerEvent::RoomCloses { left: Duration::from_secs(closes.seconds.into()) }
            }
            Self::Push(Push::RoomClosed(_)) => ServerEvent::RoomClosed,
        })
    }
}

impl Reply {
    /// What a client makes of an answer; none for one to another request: acknowledgements are numbered.
    pub(super) fn answer(self, asked: Asked) -> Option<Answer> {
        Some(match (asked, self) {
            (Asked::Hello, Self::Hello(x)) if x.version != VERSION => Answer::OtherVersion(x.version),
            (Asked::Hello, Self::Hello(x)) => Answer::Hello(x),
            (Asked::Create, Self::Created(x)) => Answer::Created(x),
            (Asked::LobbyOpen, Self::LobbyOpened(x)) => Answer::LobbyOpened(x),
            (Asked::Join | Asked::Resume, Self::Joined(x)) => Answer::Joined(x),
            (_, Self::Refused(code)) => Answer::Refused(code),
            _ => return None,
        })
    }
}

fn line(out: &mut String, event: &str, argument: &impl Serialize) {
    let json = serde_json::to_string(argument).unwrap_or_default();
    // Writing to a string does not fail.
    let _ = writeln!(out, "[\"{event}\",{json}]");
}
