//! The client: Socket.IO over a WebSocket over TLS, trusting one certificate by its hash.
//!
//! A thin one of our own: `rust_socketio`, the maintained client, speaks TLS through native-tls, which cannot be given
//! a verification of our own, so that a certificate could not be pinned before the first byte is sent. Packets are read
//! and written by the server's own parser.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use pushtalk_e2ee::ServerIdentity;
use pushtalk_protocol::{
    CertificateHash, Create, Created, Empty, HelloAck, HelloRequest, Join, Joined, LobbyClose, LobbyId,
    LobbyMessage, LobbyOpen, LobbyOpened, MemberJoined, MemberLeft, Nameplate, Pid, RefusalCode, Relay,
    Restore, Resume, Rotate, ServerAddress, SignedStatement, VERSION, event,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::dial::{Opened, dial};
use crate::line::{Line, Order};
use crate::text64;

/// Longest wait for an acknowledgement.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Longest wait for a connection to close in good order.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// Events that wait to be sent.
const WAITING: usize = 256;

/// Which certificate of the server is accepted.
#[derive(Clone, Copy, Debug)]
pub enum Trust {
    /// This one alone, as an invitation names it.
    Pinned(CertificateHash),
    /// One that the system's authorities vouch for, as where an invitation names none.
    Authorities,
    /// Any: what is proved afterwards is bound to the one that was seen.
    AcceptAndTell,
}

/// What the server says of itself.
#[derive(Clone)]
pub enum ServerEvent {
    /// Sealed bytes of a member.
    Relayed {
        /// From whom, as the server says.
        from: Pid,
        /// As it was sent.
        data: bytes::Bytes,
    },
    /// A message of a lobby.
    LobbyMessage {
        /// Which.
        lobby: LobbyId,
        /// As it was sent.
        data: Vec<u8>,
    },
    /// A lobby is over.
    LobbyClose {
        /// Which.
        lobby: LobbyId,
    },
    /// Somebody came in.
    MemberJoined(MemberJoined),
    /// Somebody's connection to the server ended.
    MemberLeft(MemberLeft),
    /// The server will close the room.
    RoomCloses {
        /// In so long.
        left: Duration,
    },
    /// The server has closed the room.
    RoomClosed,
    /// The connection is lost. The last event, and none at all when it was closed on this side.
    Gone,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ClientError {
    /// Nobody answers at any of the addresses.
    #[error("the server cannot be reached")]
    Unreachable,
    /// Another certificate than the one that was named.
    #[error("the server shows another certificate than the one that was named")]
    WrongCertificate,
    /// It has as many connections as it takes, in all or from here.
    #[error("the server is full")]
    Busy,
    /// Another version of the protocol.
    #[error("the server speaks version {theirs}, this program version {VERSION}")]
    OtherVersion {
        /// The version of the server; 0 when it did not say.
        theirs: u8,
    },
    /// The server refused.
    #[error("the server refused")]
    Refused(RefusalCode),
    /// The connection is gone, or an answer did not come.
    #[error("the connection to the server is gone")]
    Closed,
    /// Somebody answers who is no server of this protocol.
    #[error("what answers is not a server of this program")]
    Protocol,
    /// Too much waits to be sent.
    #[error("too much waits to be sent")]
    Full,
}

/// A connection to a server. Dropping it cuts it, and the server keeps the seat for a while; `close` leaves.
pub struct Client {
    identity: ServerIdentity,
    local: IpAddr,
    remote: Option<IpAddr>,
    orders: mpsc::Sender<Order>,
    line: JoinHandle<()>,
}

impl Client {
    /// Connects to whichever address answers first, within 5 seconds; events come until `Gone`.
    ///
    /// # Errors
    /// `WrongCertificate`, `Busy` or `Protocol` when one of the addresses answered so, else `Unreachable`.
    pub async fn connect(
        addresses: &[ServerAddress],
        trust: Trust,
        events: mpsc::Sender<ServerEvent>,
    ) -> Result<Self, ClientError> {
        let Opened { socket, identity, silence, local, remote } = dial(addresses, trust).await?;
        let (orders, received) = mpsc::channel(WAITING);
        let line = tokio::spawn(Line::new(socket, silence, events).run(received));
        Ok(Self { identity, local, remote, orders, line })
    }

    /// The address of this machine that the connection hangs on.
    pub fn local_address(&self) -> IpAddr {
        self.local
    }

    /// Where the server speaks STUN, as it says in its first words.
    pub fn stun(&self, hello: &HelloAck) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.remote?, hello.stun?))
    }

    /// What proofs are bound to.
    pub fn identity(&self) -> ServerIdentity {
        self.identity.clone()
    }

    /// First words; the challenge is good for one `create`, `join` or `resume`.
    ///
    /// # Errors
    /// `OtherVersion`, and as `create`.
    pub async fn hello(&self) -> Result<HelloAck, ClientError> {
        match self.ask::<_, HelloAck>(event::HELLO, &HelloRequest { version: VERSION }).await {
            Ok(ack) if ack.version != VERSION => Err(ClientError::OtherVersion { theirs: ack.version }),
            other => other,
        }
    }

    /// Makes a room.
    ///
    /// # Errors
    /// `Refused`, `Closed`, `Protocol`.
    pub async fn create(&self, create: &Create) -> Result<Created, ClientError> {
        self.ask(event::CREATE, create).await
    }

    /// Enters a room.
    ///
    /// # Errors
    /// As `create`.
    pub async fn join(&self, join: &Join) -> Result<Joined, ClientError> {
        self.ask(event::JOIN, join).await
    }

    /// Makes a room anew that its server has lost.
    ///
    /// # Errors
    /// As `create`.
    pub async fn restore(&self, restore: &Restore) -> Result<Created, ClientError> {
        self.ask(event::RESTORE, restore).await
    }

    /// Comes back to the seat that another connection had.
    ///
    /// # Errors
    /// As `create`.
    pub async fn resume(&self, resume: &Resume) -> Result<Joined, ClientError> {
        self.ask(event::RESUME, resume).await
    }

    /// Hands over what the host has signed. A member that does so after another is refused, since the epoch has begun.
    ///
    /// # Errors
    /// As `create`.
    pub async fn rotate(&self, signed: &SignedStatement) -> Result<(), ClientError> {
        let statement = text64::encode(&signed.encode());
        self.ask(event::ROTATE, &Rotate { statement }).await.map(|Empty {}| ())
    }

    /// Leaves the room, and with it the seat; the connection stays.
    ///
    /// # Errors
    /// As `create`.
    pub async fn leave(&self) -> Result<(), ClientError> {
        self.ask(event::LEAVE, &Empty {}).await.map(|Empty {}| ())
    }

    /// Knocks, with the first message of at most 512 bytes.
    ///
    /// # Errors
    /// As `create`.
    pub async fn lobby_open(&self, nameplate: Nameplate, first: &[u8]) -> Result<LobbyOpened, ClientError> {
        self.ask(event::LOBBY_OPEN, &LobbyOpen { nameplate, data: text64::encode(first) }).await
    }

    /// Queues sealed bytes for a member, at most 16 KiB; they keep their order. A refusal is not told: the server also
    /// tells when a member leaves.
    ///
    /// # Errors
    /// `Closed`, `Full`.
    pub fn relay(&self, to: Pid, data: &[u8]) -> Result<(), ClientError> {
        self.tell(event::RELAY, &Relay { to, data: text64::encode(data) })
    }

    /// Queues a message of a lobby, at most 512 bytes.
    ///
    /// # Errors
    /// As `relay`.
    pub fn lobby_message(&self, lobby: LobbyId, data: &[u8]) -> Result<(), ClientError> {
        self.tell(event::LOBBY_MESSAGE, &LobbyMessage { lobby, data: text64::encode(data) })
    }

    /// Queues the end of a lobby.
    ///
    /// # Errors
    /// As `relay`.
    pub fn lobby_close(&self, lobby: LobbyId) -> Result<(), ClientError> {
        self.tell(event::LOBBY_CLOSE, &LobbyClose { lobby })
    }

    /// Leaves the room, if any, after what is queued, and waits up to a second until the connection is closed.
    pub async fn close(&self) {
        let closed = async {
            if self.orders.send(Order::Close).await.is_ok() {
                self.orders.closed().await;
            }
        };
        if timeout(CLOSE_WITHIN, closed).await.is_err() {
            self.line.abort();
        }
    }

    fn tell<T: Serialize>(&self, name: &'static str, argument: &T) -> Result<(), ClientError> {
        let argument = serde_json::to_value(argument).map_err(|_| ClientError::Protocol)?;
        self.orders.try_send(Order::Say { name, argument, answer: None }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ClientError::Full,
            mpsc::error::TrySendError::Closed(_) => ClientError::Closed,
        })
    }

    async fn ask<T: Serialize, A: DeserializeOwned>(
        &self,
        name: &'static str,
        argument: &T,
    ) -> Result<A, ClientError> {
        let argument = serde_json::to_value(argument).map_err(|_| ClientError::Protocol)?;
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.orders.send(Order::Say { name, argument, answer: Some(answer) }).await.ok()?;
            answered.await.ok()
        };
        let value = timeout(ANSWER_WITHIN, asked).await.ok().flatten().ok_or(ClientError::Closed)?;
        read_answer(value)
    }
}

/// An answer or a refusal. A refusal of another version may say more than this version knows.
fn read_answer<A: DeserializeOwned>(value: Value) -> Result<A, ClientError> {
    match value.get("error") {
        None => serde_json::from_value(value).map_err(|_| ClientError::Protocol),
        Some(error) => Err(match RefusalCode::deserialize(error).map_err(|_| ClientError::Protocol)? {
            RefusalCode::OtherVersion => {
                let theirs = value.get("version").and_then(Value::as_u64).unwrap_or_default();
                ClientError::OtherVersion { theirs: u8::try_from(theirs).unwrap_or(u8::MAX) }
            }
            code => ClientError::Refused(code),
        }),
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.line.abort();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_told_from_an_answer_and_another_version_is_named() {
        let read = |value| read_answer::<Empty>(value);
        assert_eq!(read(json!({})), Ok(Empty {}));
        assert_eq!(read(json!({"error": "too_many"})), Err(ClientError::Refused(RefusalCode::TooMany)));
        let other = json!({"error": "other_version", "version": 3, "see": "elsewhere"});
        assert_eq!(read(other), Err(ClientError::OtherVersion { theirs: 3 }));
        assert_eq!(read(json!({"error": "other_version"})), Err(ClientError::OtherVersion { theirs: 0 }));
        for odd in [json!({"error": "no such"}), json!({"more": 1}), json!(7), json!(null)] {
            assert_eq!(read(odd.clone()), Err(ClientError::Protocol), "{odd}");
        }
    }
}
