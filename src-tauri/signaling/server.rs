//! The server: the lobby behind Socket.IO over TLS.
//!
//! `run(listener, shutdown, config)` is the same in the app, in the command line and standing alone. Everything is in
//! memory; logs hold kinds and counts only.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use ipnet::IpNet;
use pushtalk_e2ee::ServerIdentity;
use socketioxide::{ParserConfig, SocketIo, TransportType};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use crate::addresses::is_of;
use crate::between::connect;
pub use crate::certificate::{Certificate, CertificateError};
use crate::entrance::{Entrance, HANDSHAKE_WITHIN};
use crate::gate::Gate;
pub use crate::limits::{Limits, Rate};
use crate::lobby::Lobby;
use crate::store::Store;
use crate::stun::answer_all;
use crate::switchboard::Switchboard;
use crate::trust::origin;

/// Longest message of a client.
const PAYLOAD: usize = 32 * 1024;
/// Messages that may wait for one client; the next one cuts it.
const BACKLOG: usize = 128;
/// Binary attachments of one event; no event has any, but who sends some is told so.
const ATTACHMENTS: usize = 8;
/// Between two looks for connections that ended unseen.
const SWEEP: Duration = Duration::from_secs(10);
/// Everybody is told of the end in this time, and is cut off after.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why a server could not run.
#[derive(Debug, Error)]
pub enum ServerError {
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// Without TLS, and open to more than this machine.
    #[error("without TLS a server listens on a loopback address only, behind a proxy that speaks TLS")]
    Unencrypted,
    /// The listener does not say where it listens.
    #[error("the listener is of no use: {0}")]
    Listener(#[from] std::io::Error),
    /// The store of those with whom it is to stand for one is of no use.
    #[error("the store is of no use: {0}")]
    Store(String),
}

/// With what a server runs.
pub struct ServerConfig {
    /// Shown to clients; none where a proxy on the same machine speaks TLS for it.
    pub certificate: Option<Certificate>,
    /// In place of that one, as they come; connections that there are go on.
    pub renewed: Option<mpsc::Receiver<Certificate>>,
    /// What it takes before it refuses.
    pub limits: Limits,
    /// DNS names by which it is known, `name` or `name:port`. Web pages may address it by these, besides any IP address
    /// and `localhost`; and members whose authorities vouch for its certificate know it by them.
    pub names: Vec<String>,
    /// Where proxies are that say truly from where a request comes (`X-Forwarded-For`).
    pub proxies: Vec<IpNet>,
    /// Answers who asks from which address it is seen (STUN). Members are told its port.
    pub stun: Option<UdpSocket>,
    /// The only interface at whose addresses it is reached, besides this machine's own; none for every one.
    pub interface: Option<String>,
    /// When it is to end, everybody is told, and it goes on for so long.
    pub grace: Duration,
}

impl ServerConfig {
    /// Default limits, no names, no proxies, no grace.
    pub fn new(certificate: Certificate) -> Self {
        Self {
            certificate: Some(certificate),
            renewed: None,
            limits: Limits::default(),
            names: Vec::new(),
            proxies: Vec::new(),
            stun: None,
            interface: None,
            grace: Duration::ZERO,
        }
    }

    /// What members may bind their proofs to.
    fn lobby(&self) -> Lobby {
        let certificate = self.certificate.as_ref().map(|it| ServerIdentity::Certificate(it.hash()));
        let origins = self.names.iter().map(|name| ServerIdentity::Origin(origin(name)));
        let stun = self.stun.as_ref().and_then(|stun| Some(stun.local_addr().ok()?.port()));
        Lobby::new(self.limits, certificate.into_iter().chain(origins)).with_stun(stun)
    }
}

/// Serves until `shutdown` has come and the grace is over, or has come again; then ends every connection.
///
/// # Errors
/// When TLS cannot be set up, or would be needed.
pub async fn run(
    listener: TcpListener,
    shutdown: impl Shutdown,
    config: ServerConfig,
) -> Result<(), ServerError> {
    let board = Switchboard::new(config.lobby());
    serve(listener, shutdown, config, board).await
}

/// The same, standing with others for one: whoever comes to any of them finds the rooms of all.
///
/// All need the same names, or the same certificate: what members sign is bound to it.
///
/// # Errors
/// The same, and when the store is of no use from the beginning. One that is lost later is waited for.
pub async fn run_among<S: Store>(
    listener: TcpListener,
    shutdown: impl Shutdown,
    config: ServerConfig,
    store: S,
) -> Result<(), ServerError> {
    let (orders, taken) = mpsc::unbounded_channel();
    let (letters, inbox) = mpsc::unbounded_channel();
    let session = store.begin(letters).await.map_err(|error| ServerError::Store(error.to_string()))?;
    let board = Switchboard::among(config.lobby(), orders);
    let mut between = JoinSet::new();
    between.spawn(connect(board.clone(), store, (session, inbox), taken));
    let served = serve(listener, shutdown, config, board).await;
    between.shutdown().await;
    served
}

/// Says when a server is to end.
pub trait Shutdown: Send {
    /// Ends the first time when the server is to end, and the second time when that is to be at once.
    fn asked(&mut self) -> impl Future<Output = ()> + Send;
}

/// Whatever comes a second time comes never.
pub struct Once<F>(Option<std::pin::Pin<Box<F>>>);

impl<F: Future<Output = ()> + Send> Once<F> {
    /// Ends with this.
    pub fn new(shutdown: F) -> Self {
        Self(Some(Box::pin(shutdown)))
    }
}

impl<F: Future<Output = ()> + Send> Shutdown for Once<F> {
    async fn asked(&mut self) {
        match &mut self.0 {
            Some(shutdown) => shutdown.await,
            None => std::future::pending().await,
        }
        self.0 = None;
    }
}

pub(crate) async fn serve(
    listener: TcpListener,
    mut shutdown: impl Shutdown,
    config: ServerConfig,
    board: Switchboard,
) -> Result<(), ServerError> {
    let ServerConfig { certificate, mut renewed, limits, names, proxies, stun, interface, grace } = config;
    if certificate.is_none() && !listener.local_addr()?.ip().is_loopback() {
        return Err(ServerError::Unencrypted);
    }
    let tls = match certificate {
        Some(certificate) => Some(TlsAcceptor::from(Arc::new(certificate.tls()?))),
        None => None,
    };
    let (router, io) = socket_io(limits);
    board.attach(&io);
    let (closing, closed) = watch::channel(false);
    let entrance = Entrance::new(tls, router, names, proxies, closed);
    let gate = Gate::new(limits);
    let mut arrivals = JoinSet::new();
    let mut answering = JoinSet::new();
    if let Some(stun) = stun {
        answering.spawn(answer_all(stun));
    }
    let mut swept = Instant::now();
    let (mut end, mut ending) = (pin!(sleep(grace)), false);
    loop {
        let sweep = swept + SWEEP;
        let due = board.poll_timeout().map_or(sweep, |at| at.min(sweep));
        tokio::select! {
            () = shutdown.asked() => {
                if ending || grace.is_zero() {
                    break;
                }
                ending = true;
                end.as_mut().reset(tokio::time::Instant::now() + grace);
                entrance.ends();
                board.announce_end(grace);
            }
            () = &mut end, if ending => break,
            Some(certificate) = next(&mut renewed) => match certificate.tls() {
                Ok(tls) => {
                    tracing::info!("a new certificate is shown from now on");
                    entrance.renew(TlsAcceptor::from(Arc::new(tls)));
                }
                Err(error) => tracing::error!(%error, "the new certificate is of no use; the old one stays"),
            },
            accepted = listener.accept() => match accepted {
                // Not a word: whoever knocks at another address is to find nobody there.
                Ok((tcp, _)) if interface.as_deref().is_some_and(|it| is_elsewhere(&tcp, it)) => {}
                Ok((tcp, from)) => entrance.arrive(&mut arrivals, &gate, tcp, from.ip()),
                Err(error) => {
                    // Out of file descriptors, most likely: others have to go first.
                    tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = arrivals.join_next() => {}
            () = sleep_until(due.into()) => {
                if Instant::now() >= sweep {
                    swept = Instant::now();
                }
                board.tick();
            }
            () = board.changed() => {}
        }
    }
    drop(listener);
    let (rooms, connections) = board.counts();
    tracing::info!(rooms, connections, "the server ends");
    // Who takes its leave slowly is cut.
    drop(timeout(FAREWELL, io.close()).await);
    closing.send_replace(true);
    arrivals.shutdown().await;
    answering.shutdown().await;
    drop(entrance);
    drop(timeout(FAREWELL, closing.closed()).await);
    board.clear();
    Ok(())
}

/// Whether a connection has come to an address of another interface than this one.
fn is_elsewhere(tcp: &TcpStream, interface: &str) -> bool {
    tcp.local_addr().is_ok_and(|at| !is_of(interface, at.ip()))
}

/// None comes where there are none.
async fn next(renewed: &mut Option<mpsc::Receiver<Certificate>>) -> Option<Certificate> {
    match renewed {
        Some(renewed) => renewed.recv().await,
        None => None,
    }
}

fn socket_io(limits: Limits) -> (Router, SocketIo) {
    let parser = ParserConfig::common()
        .max_incoming_binaries(ATTACHMENTS)
        .max_incoming_binary_buf_size(PAYLOAD)
        .packet_completion_timeout(HANDSHAKE_WITHIN);
    let (layer, io) = SocketIo::builder()
        .with_parser(parser)
        .transports([TransportType::Polling, TransportType::Websocket])
        .max_payload(PAYLOAD as u64)
        .ws_max_message_size(PAYLOAD)
        .ws_max_frame_size(PAYLOAD)
        .max_buffer_size(BACKLOG)
        .ping_interval(limits.ping)
        .ping_timeout(limits.ping)
        .connect_timeout(HANDSHAKE_WITHIN)
        .build_layer();
    (Router::new().layer(layer), io)
}
