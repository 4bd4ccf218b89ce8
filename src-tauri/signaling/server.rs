//! The server: the lobby behind Socket.IO over TLS.
//!
//! `run(listener, shutdown, config)` is the same in the app, in the command line and standing alone. Everything is in
//! memory; logs hold kinds and counts only.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use pushtalk_e2ee::ServerIdentity;
use socketioxide::{ParserConfig, SocketIo, TransportType};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

pub use crate::certificate::Certificate;
use crate::gate::{Gate, Place, is_meant_for_us};
pub use crate::limits::Limits;
use crate::lobby::Lobby;
use crate::switchboard::Switchboard;
use crate::tether::Tethered;

/// Longest TLS handshake, and longest wait for the headers of a request.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// A connection that is no WebSocket by then never will be.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);
/// Longest message of a client.
const PAYLOAD: usize = 32 * 1024;
/// Messages that may wait for one client; the next one cuts it.
const BACKLOG: usize = 128;
/// A connection is asked for a sign of life this often, and given this long for it.
const PING: Duration = Duration::from_secs(10);
/// Binary attachments of one event; no event has any, but who sends some is told so.
const ATTACHMENTS: usize = 8;
/// Between two looks for connections that ended unseen.
const SWEEP: Duration = Duration::from_secs(10);
/// Everybody is told of the end in this time, and is cut off after.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why a server could not run.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The certificate could not be made.
    #[error("the certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// With what a server runs.
pub struct ServerConfig {
    /// Shown to clients.
    pub certificate: Certificate,
    /// What it takes before it refuses.
    pub limits: Limits,
    /// DNS names by which web pages may address it, besides any IP address and `localhost`.
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
    let board = Switchboard::new(Lobby::new(config.limits, identity));
    serve(listener, shutdown, config, board).await
}

pub(crate) async fn serve(
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
    config: ServerConfig,
    board: Switchboard,
) -> Result<(), ServerError> {
    let ServerConfig { certificate, limits, names } = config;
    let acceptor = TlsAcceptor::from(Arc::new(certificate.tls()?));
    let (router, io) = socket_io();
    board.attach(&io);
    let (closing, closed) = watch::channel(false);
    let entrance = Entrance { acceptor, router, names: names.into(), closed };
    let gate = Gate::new(limits);
    let mut arrivals = JoinSet::new();
    let mut swept = Instant::now();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let sweep = swept + SWEEP;
        let due = board.poll_timeout().map_or(sweep, |at| at.min(sweep));
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((tcp, from)) => arrive(&mut arrivals, &gate, &entrance, tcp, from),
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
    drop(entrance);
    drop(timeout(FAREWELL, closing.closed()).await);
    board.clear();
    Ok(())
}

/// WebSocket alone: a session of long polling outlives its connections, so that nothing could be counted or cut.
fn socket_io() -> (Router, SocketIo) {
    let parser = ParserConfig::common()
        .max_incoming_binaries(ATTACHMENTS)
        .max_incoming_binary_buf_size(PAYLOAD)
        .packet_completion_timeout(HANDSHAKE_WITHIN);
    let (layer, io) = SocketIo::builder()
        .with_parser(parser)
        .transports([TransportType::Websocket])
        .max_payload(PAYLOAD as u64)
        .ws_max_message_size(PAYLOAD)
        .ws_max_frame_size(PAYLOAD)
        .max_buffer_size(BACKLOG)
        .ping_interval(PING)
        .ping_timeout(PING)
        .connect_timeout(HANDSHAKE_WITHIN)
        .build_layer();
    (Router::new().layer(layer), io)
}

/// What every connection goes through.
#[derive(Clone)]
struct Entrance {
    acceptor: TlsAcceptor,
    router: Router,
    names: Arc<[String]>,
    closed: watch::Receiver<bool>,
}

fn arrive(arrivals: &mut JoinSet<()>, gate: &Gate, entrance: &Entrance, tcp: TcpStream, from: SocketAddr) {
    match gate.admit(from.ip()) {
        Some(place) => {
            arrivals.spawn(entrance.clone().enter(tcp, place));
        }
        None => tracing::info!("full: a connection is refused"),
    }
}

impl Entrance {
    /// From the first byte to the upgrade; after it, the connection is in the hands of the Socket.IO server.
    async fn enter(self, tcp: TcpStream, place: Place) {
        if tcp.set_nodelay(true).is_err() {
            return;
        }
        let Ok(Ok(tls)) = timeout(HANDSHAKE_WITHIN, self.acceptor.accept(tcp)).await else {
            tracing::debug!("a TLS handshake failed");
            return;
        };
        let (tethered, tether) = Tethered::new(tls, place, &self.closed);
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            let (router, allowed) = (self.router.clone(), is_meant_for_us(request.headers(), &self.names));
            request.extensions_mut().insert(tether.clone());
            async move {
                if !allowed {
                    tracing::debug!("a request of another site is refused");
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
            .max_headers(64)
            .max_buf_size(16 * 1024)
            .serve_connection(TokioIo::new(tethered), service)
            .with_upgrades();
        if !matches!(timeout(UPGRADE_WITHIN, served).await, Ok(Ok(()))) {
            tracing::debug!("a connection ended before the upgrade");
        }
    }
}
