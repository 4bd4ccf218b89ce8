//! What a client can ask for, and what it is answered: the same wherever it is asked and whoever answers.

use std::time::Duration;

use pushtalk_protocol::{
    Challenge, Create, Created, Empty, HelloAck, HelloRequest, Join, Joined, LobbyClose, LobbyId,
    LobbyMessage, LobbyOpen, LobbyOpened, Nameplate, RefusalCode, Relay, Restore, Resume, RoomId, Rotate,
};
use rand::TryRng;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};
use socketioxide::SendError;
use socketioxide::extract::AckSender;

use crate::lobby::{Answer, ConnectionId, Lobby};

/// The event of a client.
#[derive(Deserialize, Serialize)]
pub(crate) enum Ask {
    Hello(HelloRequest),
    Create(Create),
    Join(Join),
    Restore(Box<Restore>),
    Resume(Resume),
    Rotate(Rotate),
    Leave(Empty),
    Relay(Relay),
    LobbyOpen(LobbyOpen),
    LobbyMessage(LobbyMessage),
    LobbyClose(LobbyClose),
}

/// What a connection asked, before it is looked at.
pub(crate) struct Asked {
    pub(crate) ask: Answer<Ask>,
    pub(crate) asker: Asker,
}

/// To whom the answer to one event goes.
pub(crate) struct Asker {
    /// Of the event.
    pub(crate) name: &'static str,
    pub(crate) ack: AckSender,
}

/// A room, as somebody knows it who is not in it.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    Room(RoomId),
    Nameplate(Nameplate),
}

/// What is acknowledged where nothing is refused.
#[derive(Deserialize, Serialize)]
pub(crate) enum Reply {
    Hello(HelloAck),
    Created(Created),
    Joined(Joined),
    Opened(LobbyOpened),
    Done(Empty),
}

impl Ask {
    /// Asks the lobby.
    pub(crate) fn of(self, lobby: &mut Lobby, now: Duration, from: ConnectionId) -> Answer<Reply> {
        match self {
            Self::Hello(hello) => lobby.hello(from, hello, Challenge::new(fresh()?)).map(Reply::Hello),
            Self::Create(create) => {
                lobby.create(now, from, &create, u16::from_be_bytes(fresh()?)).map(Reply::Created)
            }
            Self::Join(join) => lobby.join(from, &join).map(Reply::Joined),
            Self::Restore(restore) => {
                lobby.restore(now, from, &restore, u16::from_be_bytes(fresh()?)).map(Reply::Created)
            }
            Self::Resume(resume) => lobby.resume(now, from, &resume).map(Reply::Joined),
            Self::Rotate(rotate) => lobby.rotate(now, from, &rotate).map(Reply::Done),
            Self::Leave(Empty {}) => lobby.leave(now, from).map(Reply::Done),
            Self::Relay(relay) => lobby.relay(from, relay).map(Reply::Done),
            Self::LobbyOpen(open) => {
                lobby.lobby_open(now, from, open, LobbyId::new(fresh()?)).map(Reply::Opened)
            }
            Self::LobbyMessage(message) => lobby.lobby_message(now, from, message).map(Reply::Done),
            Self::LobbyClose(close) => lobby.lobby_close(from, close).map(Reply::Done),
        }
    }

    /// The room that it is about, where that is not the one that the connection sits in.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        match self {
            Self::Join(join) => Some(Wanted::Room(join.room_id)),
            Self::Restore(restore) => Some(Wanted::Room(restore.room_id)),
            Self::Resume(resume) => Some(Wanted::Room(resume.room_id)),
            Self::LobbyOpen(open) => Some(Wanted::Nameplate(open.nameplate)),
            _ => None,
        }
    }

    /// Whether it may bring the next timeout of the lobby nearer. To look for that one takes all rooms.
    pub(crate) fn moves_a_timeout(&self) -> bool {
        !matches!(self, Self::Hello(_) | Self::Join(_) | Self::Relay(_))
    }
}

impl Reply {
    pub(crate) fn send(&self, to: AckSender) -> Result<(), SendError> {
        match self {
            Self::Hello(hello) => to.send(hello),
            Self::Created(created) => to.send(created),
            Self::Joined(joined) => to.send(joined),
            Self::Opened(opened) => to.send(opened),
            Self::Done(empty) => to.send(empty),
        }
    }
}

/// Random bytes of the operating system.
pub(crate) fn fresh<const N: usize>() -> Answer<[u8; N]> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| RefusalCode::NotAvailable)?;
    Ok(bytes)
}
