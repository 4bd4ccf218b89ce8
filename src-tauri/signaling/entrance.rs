//! What a connection goes through, from its first byte until the Socket.IO server has it.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::gate::{Gate, Place, is_meant_for_us};
use crate::tether::{Forwarded, Polled, Tether, Tethered};

/// Longest TLS handshake, and longest wait for the headers of a request.
pub(crate) const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// A connection that is no WebSocket by then serves one request more, of long polling, and is closed.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);
/// Connections that are told at the same time that the server is full; all others are closed without a word.
const TURNED_AWAY: usize = 16;
/// Who was told that the server is full may ask again then.
const AGAIN_AFTER: HeaderValue = HeaderValue::from_static("30");
/// What the Socket.IO server reads of the headers of a request.
const NEEDED: [HeaderName; 7] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::ACCEPT,
];
/// Asked by those who watch over the server.
const HEALTH: &str = "/healthz";

/// What every connection goes through.
#[derive(Clone)]
pub(crate) struct Entrance(Arc<Parts>);

struct Parts {
    /// None where a proxy on this machine speaks TLS.
    tls: Option<RwLock<TlsAcceptor>>,
    router: Router,
    names: Vec<String>,
    proxies: Vec<IpNet>,
    closed: watch::Receiver<bool>,
    turned_away: Arc<Semaphore>,
    ends: AtomicBool,
}

/// What a request is, as far as it matters here.
struct Begins {
    /// It begins a session.
    session: bool,
    /// It is of long polling.
    polls: bool,
}

impl Begins {
    fn of(query: &str) -> Self {
        let mut parts = query.split('&');
        let session = !parts.clone().any(|part| part.split('=').next() == Some("sid"));
        Self { session, polls: !parts.any(|part| part == "transport=websocket") }
    }
}

impl Entrance {
    pub(crate) fn new(
        tls: Option<TlsAcceptor>,
        router: Router,
        names: Vec<String>,
        proxies: Vec<IpNet>,
        closed: watch::Receiver<bool>,
    ) -> Self {
        // Of the public port nothing is known here.
        let names = names.iter().map(|name| host_of(name).to_owned()).collect();
        let tls = tls.map(RwLock::new);
        let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
        Self(Arc::new(Parts {
            tls,
            router,
            names,
            proxies,
            closed,
            turned_away,
            ends: AtomicBool::new(false),
        }))
    }

    /// Who watches over the server is told that it is not to be given anybody any more.
    pub(crate) fn ends(&self) {
        self.0.ends.store(true, Ordering::Relaxed);
    }

    /// From now on connections are made with this; where there was no TLS, there is none.
    pub(crate) fn renew(&self, tls: TlsAcceptor) {
        if let Some(present) = &self.0.tls {
            *present.write().unwrap_or_else(PoisonError::into_inner) = tls;
        }
    }

    pub(crate) fn arrive(&self, arrivals: &mut JoinSet<()>, gate: &Gate, tcp: TcpStream, from: IpAddr) {
        let proxied = self.0.is_proxy(from);
        let place = if proxied { Some(gate.proxied()) } else { gate.admit(from) };
        match place {
            Some(place) => {
                arrivals.spawn(self.clone().enter(tcp, place, proxied.then(|| gate.clone())));
            }
            None => {
                tracing::info!("full: a connection is refused");
                if let Ok(permit) = self.0.turned_away.clone().try_acquire_owned() {
                    arrivals.spawn(self.clone().turn_away(tcp, permit));
                }
            }
        }
    }

    async fn enter(self, tcp: TcpStream, place: Place, proxied: Option<Gate>) {
        if tcp.set_nodelay(true).is_err() {
            return;
        }
        match self.0.tls() {
            Some(tls) => match timeout(HANDSHAKE_WITHIN, tls.accept(tcp)).await {
                Ok(Ok(wire)) => self.speak(wire, place, proxied).await,
                _ => tracing::debug!("a TLS handshake failed"),
            },
            None => self.speak(tcp, place, proxied).await,
        }
    }

    /// From the first request to the upgrade; after it, the connection is in the hands of the Socket.IO server.
    async fn speak<S>(&self, wire: S, place: Place, proxied: Option<Gate>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (more, longest) = (place.more(), UPGRADE_WITHIN + 2 * place.limits().ping);
        let (tethered, tether) = Tethered::new(wire, place, &self.0.closed);
        let service = hyper::service::service_fn(|request: Request<Incoming>| {
            tether.heard_event();
            let place = |headers: &HeaderMap| match &proxied {
                Some(gate) => {
                    let from = self.0.from(headers).ok_or(StatusCode::BAD_REQUEST)?;
                    gate.admit(from).ok_or(StatusCode::SERVICE_UNAVAILABLE)
                }
                None => more().ok_or(StatusCode::SERVICE_UNAVAILABLE),
            };
            let prepared = self.0.prepare(request, &tether, place, proxied.is_some());
            let router = self.0.router.clone();
            async move {
                match prepared {
                    Ok(request) => router.oneshot(request).await,
                    Err(status) => Ok::<_, Infallible>(nothing_but(status)),
                }
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
        let full = |_: Request<Incoming>| async {
            Ok::<_, Infallible>(nothing_but(StatusCode::SERVICE_UNAVAILABLE))
        };
        let service = hyper::service::service_fn(full);
        let mut http = http();
        http.keep_alive(false);
        let served = async {
            match self.0.tls() {
                Some(tls) => {
                    let tls = tls.accept(tcp).await.ok()?;
                    http.serve_connection(TokioIo::new(tls), service).await.ok()
                }
                None => http.serve_connection(TokioIo::new(tcp), service).await.ok(),
            }
        };
        drop(timeout(HANDSHAKE_WITHIN, served).await);
    }
}

impl Parts {
    fn tls(&self) -> Option<TlsAcceptor> {
        self.tls.as_ref().map(|tls| tls.read().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// The request as it goes on, or what is answered in its place.
    fn prepare(
        &self,
        mut request: Request<Incoming>,
        tether: &Arc<Tether>,
        place: impl Fn(&HeaderMap) -> Result<Place, StatusCode>,
        proxied: bool,
    ) -> Result<Request<Body>, StatusCode> {
        if request.uri().path() == HEALTH {
            let ends = self.ends.load(Ordering::Relaxed);
            return Err(if ends { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK });
        }
        if !is_meant_for_us(request.headers(), &self.names) {
            tracing::debug!("a request of another site is refused");
            return Err(StatusCode::FORBIDDEN);
        }
        let begins = Begins::of(request.uri().query().unwrap_or_default());
        // Of others the place is that of their connection.
        let place =
            if begins.session && (begins.polls || proxied) { Some(place(request.headers())?) } else { None };
        slim(&mut request).map_err(|_| StatusCode::BAD_REQUEST)?;
        let with = request.extensions_mut();
        with.insert(tether.clone());
        match place {
            Some(place) if begins.polls => drop(with.insert(Arc::new(Polled::new(place)))),
            Some(place) => drop(with.insert(Arc::new(Forwarded::new(place)))),
            None => {}
        }
        Ok(request.map(Body::new))
    }

    fn is_proxy(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.proxies.iter().any(|net| net.contains(&ip))
    }

    /// From where a request comes that a proxy has passed on: each one adds from whom it has it, so the last that is no
    /// proxy of ours is the first that cannot be made up.
    fn from(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        for line in lines {
            for hop in line.to_str().ok()?.rsplit(',') {
                let ip: IpAddr = hop.trim().parse().ok()?;
                if !self.is_proxy(ip) {
                    return Some(ip);
                }
            }
        }
        None
    }
}

/// Leaves of a request what is needed to go on with it. The Socket.IO server keeps it as long as the session lasts, and
/// each part of it would keep the whole of what was read; nor is it our business what else a client says of itself.
fn slim<B>(request: &mut Request<B>) -> Result<(), axum::http::Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        if NEEDED.contains(name) {
            headers.insert(name, HeaderValue::from_bytes(value.as_bytes())?);
        }
    }
    *request.headers_mut() = headers;
    *request.uri_mut() = Uri::try_from(request.uri().to_string())?;
    Ok(())
}

/// Without its port.
fn host_of(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(host, _)| host)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(proxies: &[&str]) -> Parts {
        Parts {
            tls: None,
            router: Router::new(),
            names: Vec::new(),
            proxies: proxies.iter().map(|net| net.parse().unwrap()).collect(),
            closed: watch::channel(false).1,
            turned_away: Arc::new(Semaphore::new(0)),
            ends: AtomicBool::new(false),
        }
    }

    #[test]
    fn of_what_proxies_say_only_our_own_are_believed() {
        let parts = parts(&["10.0.0.0/8", "fd00::/8"]);
        let from = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            parts.from(&headers).map(|ip| ip.to_string())
        };
        let some = |ip: &str| Some(ip.to_owned());
        assert_eq!(from(&["203.0.113.7"]), some("203.0.113.7"));
        assert_eq!(from(&["203.0.113.7, 10.1.2.3"]), some("203.0.113.7"));
        assert_eq!(from(&["203.0.113.7", "fd00::1,10.1.2.3"]), some("203.0.113.7"));
        // What the guest itself has put in front counts for nothing.
        assert_eq!(from(&["192.0.2.1, 203.0.113.7"]), some("203.0.113.7"));
        assert_eq!(from(&["192.0.2.1", "2001:db8::1, 10.0.0.1"]), some("2001:db8::1"));
        for nothing in [&[][..], &["10.0.0.1"], &["unknown"], &["203.0.113.7, x"], &[""]] {
            assert_eq!(from(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn of_a_request_only_what_is_needed_is_kept() {
        let mut request = Request::builder()
            .uri("/socket.io/?EIO=4&transport=websocket")
            .header("upgrade", "websocket")
            .header("user-agent", "somebody's")
            .header("cookie", "a=b")
            .body(())
            .unwrap();
        slim(&mut request).unwrap();
        assert_eq!(request.uri(), "/socket.io/?EIO=4&transport=websocket");
        let kept: Vec<_> = request.headers().keys().collect();
        assert_eq!(kept, ["upgrade"]);
    }

    #[test]
    fn requests_that_begin_a_session_are_known() {
        for (query, session, polls) in [
            ("EIO=4&transport=polling", true, true),
            ("EIO=4&transport=polling&sid=AAAA", false, true),
            ("EIO=4&transport=websocket", true, false),
            ("EIO=4&transport=websocket&sid=AAAA", false, false),
            ("", true, true),
            ("asid=1&transport=websocket%20", true, true),
        ] {
            let begins = Begins::of(query);
            assert_eq!((begins.session, begins.polls), (session, polls), "{query}");
        }
    }
}
