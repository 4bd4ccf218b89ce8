//! The server: the lobby behind Socket.IO over TLS.
//!
//! `run(listener, shutdown, config)` is the same in the app, in the command line and standing alone. Everything is in
//! memory; logs hold kinds and counts only.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{Future, ready};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use pushtalk_e2ee::ServerIdentity;
use pushtalk_protocol::{
    CertificateHash, Challenge, Create, Empty, HelloRequest, Join, LobbyClose, LobbyId, LobbyMessage,
    LobbyOpen, Refusal, RefusalCode, Relay, event,
};
use rand::{Rng, RngExt};
use rustls::ServerConfig as TlsConfig;
use rustls::crypto::ring;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::lobby::{ConnectionId, Limits, Lobby, Push};
use crate::trust::hash;

/// Longest TLS handshake, and longest wait for the headers of a request.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// Longest message of a client.
const PAYLOAD: u64 = 32 * 1024;
/// Events that may wait for a slow client; one that is slower is dropped.
const SLOW: usize = 256;
/// A connection is asked for a sign of life this often, and given this long for it.
const PING: Duration = Duration::from_secs(10);

/// Why a server could not run.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The certificate could not be made.
    #[error("the certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The socket gave out.
    #[error("the socket gave out: {0}")]
    Io(#[from] std::io::Error),
}

/// A certificate with its key, made for one run of a server.
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// A fresh one, signed by itself: clients know it by its hash.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, ServerError> {
        let made = rcgen::generate_simple_self_signed(["pushtalk.invalid".to_owned()])?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        Ok(Self { chain: vec![made.cert.der().clone()], key: key.into() })
    }

    /// What invitations name it by: SHA-256 of its DER.
    pub fn hash(&self) -> CertificateHash {
        self.chain.first().map_or(CertificateHash::new([0; 32]), hash)
    }
}

/// With what a server runs.
pub struct ServerConfig {
    /// Shown to clients.
    pub certificate: Certificate,
    /// What it takes before it refuses.
    pub limits: Limits,
    /// DNS names by which it may be addressed, besides any IP address and `localhost`.
    pub names: Vec<String>,
}

impl ServerConfig {
    /// Default limits, no names.
    pub fn new(certificate: Certificate) -> Self {
        Self { certificate, limits: Limits::default(), names: Vec::new() }
    }
}

/// Serves until `shutdown`, then ends every connection.
///
/// # Errors
/// When TLS cannot be set up.
pub async fn run(
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
    config: ServerConfig,
) -> Result<(), ServerError> {
    let identity = ServerIdentity::Certificate(config.certificate.hash());
    let tls = TlsConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(config.certificate.chain, config.certificate.key)?;
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let shared = Shared::new(Lobby::new(config.limits, identity));
    let (layer, io) = SocketIo::builder()
        .max_payload(PAYLOAD)
        .ws_max_message_size(PAYLOAD as usize)
        .ws_max_frame_size(PAYLOAD as usize)
        .max_buffer_size(SLOW)
        .ping_interval(PING)
        .ping_timeout(PING)
        .connect_timeout(HANDSHAKE_WITHIN)
        .build_layer();
    io.ns("/", {
        let shared = shared.clone();
        move |socket: SocketRef| {
            connected(&shared, &socket);
            ready(())
        }
    });
    let router = axum::Router::new().layer(layer);
    let names: Arc<[String]> = config.names.into();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let deadline = shared.lock().lobby.poll_timeout().map(|at| shared.start + at);
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    let serving = serve(tcp, acceptor.clone(), router.clone(), names.clone());
                    connections.spawn(serving);
                }
                Err(error) => {
                    // Out of file descriptors, most likely: others have to go first.
                    tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = until(deadline) => {
                let now = shared.start.elapsed();
                let mut state = shared.lock();
                state.lobby.handle_timeout(now);
                state.deliver();
            }
            () = shared.changed.notified() => {}
        }
    }
    let (rooms, clients) = shared.lock().lobby.counts();
    tracing::info!(rooms, clients, "the server ends");
    drop(listener);
    drop(timeout(HANDSHAKE_WITHIN, io.close()).await);
    connections.shutdown().await;
    Ok(())
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// One TCP connection, from the TLS handshake on.
async fn serve(tcp: TcpStream, acceptor: TlsAcceptor, router: axum::Router, names: Arc<[String]>) {
    if tcp.set_nodelay(true).is_err() {
        return;
    }
    let Ok(Ok(tls)) = timeout(HANDSHAKE_WITHIN, acceptor.accept(tcp)).await else {
        tracing::debug!("a TLS handshake failed");
        return;
    };
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (router, allowed) = (router.clone(), is_meant_for_us(request.headers(), &names));
        async move {
            if !allowed {
                let mut refused = Response::new(Body::empty());
                *refused.status_mut() = StatusCode::FORBIDDEN;
                return Ok::<_, Infallible>(refused);
            }
            router.oneshot(request.map(Body::new)).await
        }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE_WITHIN)
        .serve_connection(TokioIo::new(tls), service)
        .with_upgrades()
        .await;
    if served.is_err() {
        tracing::debug!("a connection ended early");
    }
}

/// Web pages of others cannot reach a server on somebody's network: neither across sites (`Origin`) nor by a DNS name
/// that was turned around to it (`Host`).
fn is_meant_for_us(headers: &HeaderMap, names: &[String]) -> bool {
    if headers.contains_key(header::ORIGIN) {
        return false;
    }
    let Some(host) = headers.get(header::HOST).and_then(|h| h.to_str().ok()) else { return false };
    let Ok(authority) = host.parse::<axum::http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.parse::<std::net::IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|n| n.eq_ignore_ascii_case(name))
}

#[derive(Clone)]
struct Shared {
    state: Arc<Mutex<State>>,
    start: Instant,
    next: Arc<AtomicU64>,
    /// The time of the next timeout may have moved.
    changed: Arc<tokio::sync::Notify>,
}

/// One lock around both, so that acknowledgements and pushes leave in the order in which the lobby made them.
struct State {
    lobby: Lobby,
    sockets: BTreeMap<ConnectionId, SocketRef>,
}

impl Shared {
    fn new(lobby: Lobby) -> Self {
        Self {
            state: Arc::new(Mutex::new(State { lobby, sockets: BTreeMap::new() })),
            start: Instant::now(),
            next: Arc::new(AtomicU64::new(0)),
            changed: Arc::new(tokio::sync::Notify::new()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers one event: decodes, asks the lobby, acknowledges, tells the others.
    fn on<T, A>(
        &self,
        socket: &SocketRef,
        id: ConnectionId,
        name: &'static str,
        act: impl Fn(&mut Lobby, Duration, T) -> Result<A, RefusalCode> + Send + Sync + Clone + 'static,
    ) where
        T: DeserializeOwned + Send + Sync + 'static,
        A: Serialize + 'static,
    {
        let shared = self.clone();
        socket.on(name, move |TryData(data): TryData<T>, ack: AckSender| {
            let now = shared.start.elapsed();
            let mut state = shared.lock();
            let answer = match data {
                Ok(data) => act(&mut state.lobby, now, data),
                Err(_) => Err(RefusalCode::BadRequest),
            };
            let sent = match answer {
                Ok(answer) => ack.send(&answer),
                Err(error) => {
                    tracing::debug!(event = name, ?error, "refused");
                    ack.send(&Refusal { error })
                }
            };
            if sent.is_err() {
                state.drop_slow(id);
            }
            state.deliver();
            drop(state);
            shared.changed.notify_one();
            ready(())
        });
    }
}

impl State {
    fn deliver(&mut self) {
        for (to, push) in self.lobby.take_pushes() {
            let Some(socket) = self.sockets.get(&to) else { continue };
            let sent = match &push {
                Push::Relayed(relayed) => socket.emit(event::RELAY, relayed),
                Push::LobbyMessage(message) => socket.emit(event::LOBBY_MESSAGE, message),
                Push::LobbyClose(close) => socket.emit(event::LOBBY_CLOSE, close),
                Push::MemberJoined(joined) => socket.emit(event::MEMBER_JOINED, joined),
                Push::MemberLeft(left) => socket.emit(event::MEMBER_LEFT, left),
            };
            if sent.is_err() {
                self.drop_slow(to);
            }
        }
    }

    /// A client that does not keep up would hold the memory of what waits for it.
    fn drop_slow(&mut self, id: ConnectionId) {
        if let Some(socket) = self.sockets.remove(&id) {
            tracing::info!("a connection that did not keep up is dropped");
            // Its handler takes the lock that is held here.
            tokio::spawn(async move { drop(socket.disconnect()) });
        }
    }
}

fn connected(shared: &Shared, socket: &SocketRef) {
    let id = ConnectionId(shared.next.fetch_add(1, Ordering::Relaxed));
    {
        let mut state = shared.lock();
        if state.lobby.connected(id).is_err() {
            drop(state);
            tracing::info!("full: a connection is refused");
            drop(socket.clone().disconnect());
            return;
        }
        state.sockets.insert(id, socket.clone());
    }
    shared.on(socket, id, event::HELLO, move |lobby, _, hello: HelloRequest| {
        lobby.hello(id, hello, Challenge::new(rand::rng().random()))
    });
    shared.on(socket, id, event::CREATE, move |lobby, _, create: Create| {
        lobby.create(id, &create, rand::rng().random())
    });
    shared.on(socket, id, event::JOIN, move |lobby, _, join: Join| lobby.join(id, &join));
    shared.on(socket, id, event::LEAVE, move |lobby, _, Empty {}| lobby.leave(id));
    shared.on(socket, id, event::RELAY, move |lobby, _, relay: Relay| lobby.relay(id, relay));
    shared.on(socket, id, event::LOBBY_OPEN, move |lobby, now, open: LobbyOpen| {
        lobby.lobby_open(now, id, open, LobbyId::new(rand::rng().next_u64().to_be_bytes()))
    });
    shared.on(socket, id, event::LOBBY_MESSAGE, move |lobby, now, message: LobbyMessage| {
        lobby.lobby_message(now, id, message)
    });
    shared
        .on(socket, id, event::LOBBY_CLOSE, move |lobby, _, close: LobbyClose| lobby.lobby_close(id, close));
    let shared = shared.clone();
    socket.on_disconnect(move || {
        let mut state = shared.lock();
        state.sockets.remove(&id);
        state.lobby.disconnected(id);
        state.deliver();
        ready(())
    });
}
