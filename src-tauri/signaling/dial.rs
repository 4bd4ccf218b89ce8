//! The way to a connection: every address of a server is tried, and the first that answers is kept.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use hyper_util::client::proxy::matcher::Matcher;
use pushtalk_e2ee::ServerIdentity;
use pushtalk_protocol::ServerAddress;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::addresses::dialled;
use crate::client::{ClientError, Trust};
use crate::packet::{self, Incoming};
use crate::proxied::through;
use crate::trust::{Judge, Seen, origin};

/// Longest way to a connection, all addresses together.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Between the starts of tries at two addresses, unless the first fails before (RFC 8305 section 5).
const STAGGER: Duration = Duration::from_millis(250);
/// Longest message that is taken from a server.
const LONGEST: usize = 64 * 1024;
/// All of it is cleared before each message; what is longer takes several reads.
const READ_BUFFER: usize = 8 * 1024;
/// A server names the time after which its silence means that it is gone, in these bounds.
const SILENCE: (u64, u64) = (1_000, 120_000);

pub(crate) type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// A connection that is in the namespace.
pub(crate) struct Opened {
    pub(crate) socket: Socket,
    /// The certificate that was seen, or, where authorities vouch for it, the origin that was dialled; the handshake has
    /// proved that the server holds the key.
    pub(crate) identity: ServerIdentity,
    /// A server that is silent for so long is gone.
    pub(crate) silence: Duration,
    /// This machine's end of it.
    pub(crate) local: IpAddr,
    /// The other end, where that is the server itself and no proxy.
    pub(crate) remote: Option<IpAddr>,
}

/// Tries the addresses in their order, each a little after the one before; the others are dropped when one answers.
pub(crate) async fn dial(addresses: &[ServerAddress], trust: Trust) -> Result<Opened, ClientError> {
    let addresses: Vec<ServerAddress> = addresses.iter().flat_map(dialled).collect();
    let mut waiting = addresses.iter();
    let mut tries = FuturesUnordered::new();
    let mut worst = ClientError::Unreachable;
    let end = Instant::now() + CONNECT_WITHIN;
    loop {
        match waiting.next() {
            Some(address) => tries.push(open(address, trust)),
            None if tries.is_empty() => return Err(worst),
            None => {}
        }
        let patience = async {
            match waiting.len() {
                0 => std::future::pending().await,
                _ => sleep(STAGGER).await,
            }
        };
        tokio::select! {
            Some(result) = tries.next() => match result {
                Ok(opened) => return Ok(opened),
                Err(error) => worst = worse(worst, error),
            },
            () = patience => {}
            () = sleep_until(end) => return Err(worst),
        }
    }
}

/// What is said when no address is any good: the one that most deserves to be known.
fn worse(one: ClientError, other: ClientError) -> ClientError {
    let rank = |error: &ClientError| match error {
        ClientError::WrongCertificate => 3,
        ClientError::Busy => 2,
        ClientError::Protocol => 1,
        _ => 0,
    };
    if rank(&other) > rank(&one) { other } else { one }
}

async fn open(address: &ServerAddress, trust: Trust) -> Result<Opened, ClientError> {
    const ODD: ClientError = ClientError::Protocol;
    let mut proxied = false;
    let (tcp, name, authority) = match address {
        ServerAddress::Ip(address) => {
            // A scope is of this machine, and no part of an authority (RFC 3986 section 3.2.2).
            let authority = SocketAddr::new(address.ip(), address.port()).to_string();
            (TcpStream::connect(address).await, ServerName::from(address.ip()), authority)
        }
        ServerAddress::Name(name, port) => {
            let server = ServerName::try_from(name.clone()).map_err(|_| ClientError::Unreachable)?;
            let tcp = match through(&Matcher::from_env(), name, *port).await {
                Some(way) => {
                    proxied = true;
                    way.ok_or_else(|| std::io::ErrorKind::ConnectionRefused.into())
                }
                None => TcpStream::connect((name.as_str(), *port)).await,
            };
            (tcp, server, format!("{name}:{port}"))
        }
    };
    let tcp =
        tcp.and_then(|tcp| tcp.set_nodelay(true).map(|()| tcp)).map_err(|_| ClientError::Unreachable)?;
    let local = tcp.local_addr().map_err(|_| ClientError::Unreachable)?.ip();
    let remote = tcp.peer_addr().map_err(|_| ClientError::Unreachable)?.ip();
    let remote = Some(remote).filter(|_| !proxied);
    let judge = Judge::new(trust, matches!(address, ServerAddress::Name(..)));
    let connector = TlsConnector::from(Arc::new(judge.config().map_err(|_| ODD)?));
    let tls = match connector.connect(name, tcp).await {
        Ok(tls) => tls,
        Err(_) if judge.refused() => return Err(ClientError::WrongCertificate),
        Err(_) => return Err(ODD),
    };
    let identity = match judge.seen().ok_or(ODD)? {
        Seen { vouched: true, .. } => ServerIdentity::Origin(origin(&authority)),
        Seen { hash, .. } => ServerIdentity::Certificate(hash),
    };
    let url = format!("wss://{authority}/socket.io/?EIO=4&transport=websocket");
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    let (mut socket, _) = tokio_tungstenite::client_async_with_config(url, tls, Some(config)).await.map_err(
        |error| match error {
            Error::Http(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => ClientError::Busy,
            _ => ODD,
        },
    )?;
    let mut silence = None;
    loop {
        let Message::Text(text) = socket.next().await.and_then(Result::ok).ok_or(ODD)? else { continue };
        match packet::read(&text) {
            Incoming::Open { ping_interval, ping_timeout } => {
                let silent = ping_interval.saturating_add(ping_timeout).clamp(SILENCE.0, SILENCE.1);
                silence = Some(Duration::from_millis(silent));
                socket.send(Message::text(packet::CONNECT)).await.map_err(|_| ODD)?;
            }
            Incoming::Connected => {
                return silence.map(|silence| Opened { socket, identity, silence, local, remote }).ok_or(ODD);
            }
            // The server may ask at once whether we are there, and hangs up when nobody says so.
            Incoming::Ping => socket.send(Message::text(packet::PONG)).await.map_err(|_| ODD)?,
            Incoming::Closed => return Err(ODD),
            _ => {}
        }
    }
}
