//! The server: the lobby behind Socket.IO over TLS.
//!
//! `run(listener, shutdown, config)` is the same in the app, in the command line and standing alone. Everything is in
//! memory; logs hold kinds and counts only.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use pushtalk_e2ee::ServerIdentity;
use socketioxide::{ParserConfig, SocketIo, TransportType};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

pub use crate::certificate::Certificate;
use crate::gate::{Gate, Place, is_meant_for_us};
pub use crate::limits::Limits;
use crate::lobby::Lobby;
use crate::switchboard::Switchboard;
use crate::tether::{Polled, Tethered};

/// Longest TLS handshake, and longest wait for the headers of a request.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// A connection that is no WebSocket by then serves one request more, of long polling, and is closed.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);
/// Longest message of a client.
const PAYLOAD: usize = 32 * 1024;
/// Messages that may wait for one client; the next one cuts it.
const BACKLOG: usize = 128;
/// Binary attachments of one event; no event has any, but who sends some is told so.
const ATTACHMENTS: usize = 8;
/// Between two looks for connections that ended unseen.
const SWEEP: Duration = Duration::from_secs(10);
/// Connections that are told at the same time that the server is full; all others are closed without a word.
const TURNED_AWAY: usize = 16;
/// Who was told that the server is full may ask again then.
const AGAIN_AFTER: HeaderValue = HeaderValue::from_static("30");
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
    let (router, io) = socket_io(limits);
    board.attach(&io);
    let (closing, closed) = watch::channel(false);
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let entrance = Entrance { acceptor, router, names: names.into(), closed, turned_away };
    let gate = Gate::new(limits);
    let mut arrivals = JoinSet::new();
    let mut swept = Instant::now();
    let mut shutdown = pin!(shutdown);
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

/// What every connection goes through.
#[derive(Clone)]
struct Entrance {
    acceptor: TlsAcceptor,
    router: Router,
    names: Arc<[String]>,
    closed: watch::Receiver<bool>,
    turned_away: Arc<Semaphore>,
}

fn arrive(arrivals: &mut JoinSet<()>, gate: &Gate, entrance: &Entrance, tcp: TcpStream, from: SocketAddr) {
    match gate.admit(from.ip()) {
        Some(place) => {
            arrivals.spawn(entrance.clone().enter(tcp, place));
        }
        None => {
            tracing::info!("full: a connection is refused");
            if let Ok(permit) = entrance.turned_away.clone().try_acquire_owned() {
                arrivals.spawn(entrance.clone().turn_away(tcp, permit));
            }
        }
    }
}

/// True for the request that begins a session of long polling.
fn begins_to_poll(request: &Request<Incoming>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let has = |name: &str| query.split('&').any(|part| part.split('=').next() == Some(name));
    let websocket = query.split('&').any(|part| part == "transport=websocket");
    !websocket && !has("sid")
}

fn nothing_but(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, AGAIN_AFTER);
    }
    response
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE_WITHIN)
        .max_headers(64)
        .max_buf_size(16 * 1024);
    http
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
        let (more, longest) = (place.more(), UPGRADE_WITHIN + 2 * place.limits().ping);
        let (tethered, tether) = Tethered::new(tls, place, &self.closed);
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            let (router, allowed) = (self.router.clone(), is_meant_for_us(request.headers(), &self.names));
            tether.heard_event();
            request.extensions_mut().insert(tether.clone());
            let polls = begins_to_poll(&request);
            let place = polls.then(&more).flatten();
            async move {
                if !allowed {
                    tracing::debug!("a request of another site is refused");
                    return Ok::<_, Infallible>(nothing_but(StatusCode::FORBIDDEN));
                }
                match place {
                    Some(place) => drop(request.extensions_mut().insert(Arc::new(Polled::new(place)))),
                    None if polls => return Ok(nothing_but(StatusCode::SERVICE_UNAVAILABLE)),
                    None => {}
                }
                router.oneshot(request.map(Body::new)).await
            }
        });
        let mut served = pin!(http().serve_connection(TokioIo::new(tethered), service).with_upgrades());
        let over = match timeout(UPGRADE_WITHIN, &mut served).await {
            Ok(over) => Ok(over),
            Err(_) => {
                served.as_mut().graceful_shutdown();
                timeout(longest, served).await
            }
        };
        if !matches!(over, Ok(Ok(()))) {
            tracing::debug!("a connection ended before the upgrade");
        }
    }

    /// Tells one who came that the server is full.
    async fn turn_away(self, tcp: TcpStream, _permit: OwnedSemaphorePermit) {
        let served = async {
            let tls = self.acceptor.accept(tcp).await.ok()?;
            let full = |_: Request<Incoming>| async {
                Ok::<_, Infallible>(nothing_but(StatusCode::SERVICE_UNAVAILABLE))
            };
            let service = hyper::service::service_fn(full);
            http().keep_alive(false).serve_connection(TokioIo::new(tls), service).await.ok()
        };
        drop(timeout(HANDSHAKE_WITHIN, served).await);
    }
}
