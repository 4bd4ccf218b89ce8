//! The client: Socket.IO over a WebSocket over TLS, trusting one certificate by its hash.
//!
//! A thin one of its own, since the maintained Rust clients bind to TLS stacks that cannot pin a certificate before
//! the first byte is sent; packets are read and written by the server's own parser.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use pushtalk_e2ee::ServerIdentity;
use pushtalk_protocol::{
    CertificateHash, Create, Created, Empty, HelloAck, HelloRequest, Join, Joined, LobbyClose, LobbyId,
    LobbyMessage, LobbyOpen, LobbyOpened, MemberJoined, MemberLeft, Nameplate, Pid, Refusal, RefusalCode, Relay,
    Relayed, RoomClosed, ServerAddress, VERSION, event,
};
use rustls_pki_types::ServerName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::packet::{self, Incoming};
use crate::text64;
use crate::trust::ByHash;

/// Longest way to a connection, all addresses together.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Between the starts of tries at two addresses, as in RFC 8305.
const STAGGER: Duration = Duration::from_millis(250);
/// Longest wait for an acknowledgement.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Longest message that is taken from a server.
const LONGEST: usize = 64 * 1024;
/// Events that wait to be sent.
const WAITING: usize = 256;

/// Which certificate of the server is accepted.
#[derive(Clone, Copy)]
pub enum Trust {
    /// This one alone, as an invitation names it.
    Pinned(CertificateHash),
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
    /// The server has closed the room.
    RoomClosed,
    /// The connection is lost. The last event.
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
    /// Another version of the protocol.
    #[error("the server does not speak version {VERSION}")]
    OtherVersion {
        /// The version of the server; 0 when it did not say.
        theirs: u8,
    },
    /// The server refused.
    #[error("the server refused")]
    Refused(RefusalCode),
    /// The connection is gone.
    #[error("the connection to the server is gone")]
    Closed,
    /// An answer that cannot be read.
    #[error("the server gave an answer that cannot be read")]
    Protocol,
    /// Too much waits to be sent.
    #[error("too much waits to be sent")]
    Full,
}

/// A connection to a server. Dropping it closes it.
pub struct Client {
    certificate: CertificateHash,
    outgoing: mpsc::Sender<Outgoing>,
    task: JoinHandle<()>,
}

type Answer = oneshot::Sender<serde_json::Value>;
type Socket = WebSocketStream<TlsStream<TcpStream>>;

enum Outgoing {
    Event { name: &'static str, argument: serde_json::Value, answer: Option<Answer> },
    Close,
}

impl Client {
    /// Connects to whichever address answers first; events come until `Gone`.
    ///
    /// # Errors
    /// `Unreachable`, or `WrongCertificate` when that was the only hindrance.
    pub async fn connect(
        addresses: &[ServerAddress],
        trust: Trust,
        events: mpsc::Sender<ServerEvent>,
    ) -> Result<Self, ClientError> {
        let mut tries: FuturesUnordered<_> = addresses
            .iter()
            .enumerate()
            .map(|(at, address)| async move {
                sleep(STAGGER * u32::try_from(at).unwrap_or(u32::MAX)).await;
                open(address, &trust).await
            })
            .collect();
        let mut error = ClientError::Unreachable;
        let first = timeout(CONNECT_WITHIN, async {
            while let Some(result) = tries.next().await {
                match result {
                    Ok(opened) => return Some(opened),
                    Err(ClientError::WrongCertificate) => error = ClientError::WrongCertificate,
                    Err(_) => {}
                }
            }
            None
        })
        .await;
        let Ok(Some(Opened { socket, certificate, silence })) = first else { return Err(error) };
        let (outgoing, commands) = mpsc::channel(WAITING);
        let task =
            tokio::spawn(Connection { socket, silence, events, waiting: BTreeMap::new() }.run(commands));
        Ok(Self { certificate, outgoing, task })
    }

    /// The certificate that the server showed.
    pub fn certificate(&self) -> CertificateHash {
        self.certificate
    }

    /// What proofs are bound to.
    pub fn identity(&self) -> ServerIdentity {
        ServerIdentity::Certificate(self.certificate)
    }

    /// First words.
    ///
    /// # Errors
    /// `OtherVersion`, and as `create`.
    pub async fn hello(&self) -> Result<HelloAck, ClientError> {
        match self.ask::<_, HelloAck>(event::HELLO, &HelloRequest { version: VERSION }).await {
            Ok(ack) if ack.version != VERSION => Err(ClientError::OtherVersion { theirs: ack.version }),
            Err(ClientError::Refused(RefusalCode::OtherVersion)) => {
                Err(ClientError::OtherVersion { theirs: 0 })
            }
            other => other,
        }
    }

    /// Makes a room.
    ///
    /// # Errors
    /// `Refused`, `Closed`, `Protocol`, `Full`.
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

    /// Knocks.
    ///
    /// # Errors
    /// As `create`.
    pub async fn lobby_open(&self, nameplate: Nameplate, first: &[u8]) -> Result<LobbyOpened, ClientError> {
        self.ask(event::LOBBY_OPEN, &LobbyOpen { nameplate, data: text64::encode(first) }).await
    }

    /// Queues sealed bytes for a member; they keep their order.
    ///
    /// # Errors
    /// `Closed`, `Full`.
    pub fn relay(&self, to: Pid, data: &[u8]) -> Result<(), ClientError> {
        self.tell(event::RELAY, &Relay { to, data: text64::encode(data) })
    }

    /// Queues a message of a lobby.
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

    /// Leaves the room, if any, and waits until the connection is closed.
    pub async fn close(&self) {
        // A room that was not entered cannot be left.
        let _ = self.tell(event::LEAVE, &Empty {});
        if self.outgoing.send(Outgoing::Close).await.is_ok() {
            self.outgoing.closed().await;
        }
    }

    fn tell<T: Serialize>(&self, name: &'static str, argument: &T) -> Result<(), ClientError> {
        let argument = serde_json::to_value(argument).map_err(|_| ClientError::Protocol)?;
        let outgoing = Outgoing::Event { name, argument, answer: None };
        self.outgoing.try_send(outgoing).map_err(|error| match error {
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
        let outgoing = Outgoing::Event { name, argument, answer: Some(answer) };
        self.outgoing.send(outgoing).await.map_err(|_| ClientError::Closed)?;
        let value = timeout(ANSWER_WITHIN, answered)
            .await
            .map_err(|_| ClientError::Closed)?
            .map_err(|_| ClientError::Closed)?;
        if let Ok(Refusal { error }) = Refusal::deserialize_from(&value) {
            return Err(ClientError::Refused(error));
        }
        serde_json::from_value(value).map_err(|_| ClientError::Protocol)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reading a refusal without taking the value.
trait DeserializeFrom: Sized {
    fn deserialize_from(value: &serde_json::Value) -> Result<Self, serde_json::Error>;
}

impl<T: DeserializeOwned> DeserializeFrom for T {
    fn deserialize_from(value: &serde_json::Value) -> Result<Self, serde_json::Error> {
        T::deserialize(value)
    }
}

struct Opened {
    socket: Socket,
    certificate: CertificateHash,
    /// A server that is silent for so long is gone.
    silence: Duration,
}

async fn open(address: &ServerAddress, trust: &Trust) -> Result<Opened, ClientError> {
    const GONE: ClientError = ClientError::Unreachable;
    let (tcp, name) = match address {
        ServerAddress::Ip(address) => (TcpStream::connect(address).await, ServerName::from(address.ip())),
        ServerAddress::Name(name, port) => (
            TcpStream::connect((name.as_str(), *port)).await,
            ServerName::try_from(name.clone()).map_err(|_| GONE)?,
        ),
    };
    let tcp = tcp.map_err(|_| GONE)?;
    tcp.set_nodelay(true).map_err(|_| GONE)?;
    let verifier = ByHash::new(trust);
    let connector = TlsConnector::from(Arc::new(verifier.config().map_err(|_| GONE)?));
    let tls = match connector.connect(name, tcp).await {
        Ok(tls) => tls,
        Err(_) if verifier.refused() => return Err(ClientError::WrongCertificate),
        Err(_) => return Err(GONE),
    };
    let certificate = verifier.seen().ok_or(GONE)?;
    let url = format!("wss://{address}/socket.io/?EIO=4&transport=websocket");
    let config = WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
    let (mut socket, _) =
        tokio_tungstenite::client_async_with_config(url, tls, Some(config)).await.map_err(|_| GONE)?;
    let mut silence = None;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => match packet::read(&text) {
                Incoming::Open { ping_interval, ping_timeout } => {
                    let silent = ping_interval.saturating_add(ping_timeout).clamp(1_000, 120_000);
                    silence = Some(Duration::from_millis(silent));
                    socket.send(Message::text(packet::CONNECT)).await.map_err(|_| GONE)?;
                }
                Incoming::Connected => {
                    return silence.map(|silence| Opened { socket, certificate, silence }).ok_or(GONE);
                }
                Incoming::Closed => return Err(GONE),
                _ => {}
            },
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(GONE),
        }
    }
}

struct Connection {
    socket: Socket,
    silence: Duration,
    events: mpsc::Sender<ServerEvent>,
    waiting: BTreeMap<i64, Answer>,
}

impl Connection {
    async fn run(mut self, mut commands: mpsc::Receiver<Outgoing>) {
        let mut heard = Instant::now();
        let mut next_id = 0;
        loop {
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        heard = Instant::now();
                        if !self.take(&text).await {
                            break;
                        }
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                    Some(Ok(_)) => heard = Instant::now(),
                },
                command = commands.recv() => match command {
                    Some(Outgoing::Event { name, argument, answer }) => {
                        next_id += 1;
                        let Some(text) = packet::event(name, &argument, next_id) else { continue };
                        if let Some(answer) = answer {
                            self.waiting.retain(|_, a| !a.is_closed());
                            self.waiting.insert(next_id, answer);
                        }
                        if self.socket.send(Message::text(text)).await.is_err() {
                            break;
                        }
                    }
                    Some(Outgoing::Close) | None => {
                        drop(self.socket.close(None).await);
                        return;
                    }
                },
                () = sleep_until(heard + self.silence) => break,
            }
        }
        tracing::info!("the connection to the server is gone");
        drop(self.events.send(ServerEvent::Gone).await);
    }

    /// Gives false when the connection is over.
    async fn take(&mut self, text: &str) -> bool {
        match packet::read(text) {
            Incoming::Ping => self.socket.send(Message::text(packet::PONG)).await.is_ok(),
            Incoming::Closed => false,
            Incoming::Ack { id, argument } => {
                if let Some(answer) = self.waiting.remove(&id) {
                    // Who asked may have stopped waiting.
                    drop(answer.send(argument));
                }
                true
            }
            Incoming::Event { name, argument } => match push(&name, argument) {
                Some(event) => self.events.send(event).await.is_ok(),
                None => {
                    tracing::debug!("the server said something unreadable");
                    true
                }
            },
            Incoming::Open { .. } | Incoming::Connected | Incoming::Other => true,
        }
    }
}

/// Decodes an event of the server; none for what is not one.
fn push(name: &str, argument: serde_json::Value) -> Option<ServerEvent> {
    fn read<T: DeserializeOwned>(argument: serde_json::Value) -> Option<T> {
        serde_json::from_value(argument).ok()
    }
    Some(match name {
        event::RELAY => {
            let Relayed { from, data } = read(argument)?;
            ServerEvent::Relayed { from, data: Bytes::from(text64::decode(&data)?) }
        }
        event::LOBBY_MESSAGE => {
            let LobbyMessage { lobby, data } = read(argument)?;
            ServerEvent::LobbyMessage { lobby, data: text64::decode(&data)? }
        }
        event::LOBBY_CLOSE => ServerEvent::LobbyClose { lobby: read::<LobbyClose>(argument)?.lobby },
        event::MEMBER_JOINED => ServerEvent::MemberJoined(read(argument)?),
        event::MEMBER_LEFT => ServerEvent::MemberLeft(read(argument)?),
        event::ROOM_CLOSED => {
            read::<RoomClosed>(argument)?;
            ServerEvent::RoomClosed
        }
        _ => return None,
    })
}
