//! The way to a server on the internet where the environment says that it leads through a proxy: `HTTPS_PROXY`, `ALL_PROXY`
//! and `NO_PROXY`, read as curl does.
//!
//! Only for servers that are dialled by a DNS name: an address is most likely one of this network, and a proxy could not
//! reach it. What passes through is TLS.

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::http::Uri;
use tower_service::Service;

/// None where the way leads through no proxy; else the connection, or none where the proxy has made none.
pub(crate) async fn through(proxies: &Matcher, name: &str, port: u16) -> Option<Option<TcpStream>> {
    let server: Uri = format!("https://{name}:{port}").parse().ok()?;
    let proxy = proxies.intercept(&server)?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    let at = proxy.uri().clone();
    let connected = match at.scheme_str() {
        Some("http") => {
            let tunnel = Tunnel::new(at, connector);
            let mut tunnel = match proxy.basic_auth() {
                Some(auth) => tunnel.with_auth(auth.clone()),
                None => tunnel,
            };
            tunnel.call(server).await.ok()
        }
        // With the `h` the proxy looks the name up; it does in any case, so that the name is told to nobody else.
        Some("socks5" | "socks5h") => {
            let socks = SocksV5::new(at, connector);
            let mut socks = match proxy.raw_auth() {
                Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
                None => socks,
            };
            socks.call(server).await.ok()
        }
        // Of another kind: rather not reached than reached around it.
        _ => None,
    };
    Some(connected.map(hyper_util::rt::TokioIo::into_inner))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one CONNECT so, and then says what it was asked.
    async fn proxy(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                asked.push(tcp.read_u8().await.unwrap());
            }
            tcp.write_all(answer.as_bytes()).await.unwrap();
            let mut said = [0; 5];
            let _ = tcp.read_exact(&mut said).await;
            let _ = tcp.write_all(&said).await;
            String::from_utf8(asked).unwrap()
        });
        (address, asked)
    }

    #[tokio::test]
    async fn a_server_is_reached_through_the_proxy_by_its_name() {
        let (address, asked) = proxy("HTTP/1.1 200 Connection established\r\n\r\n").await;
        let matcher = Matcher::builder().https(format!("http://ana:secret@{address}")).build();
        let mut tcp = through(&matcher, "talk.invalid", 7443).await.unwrap().unwrap();
        tcp.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        tcp.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
        let asked = asked.await.unwrap().to_ascii_lowercase();
        assert!(asked.starts_with("connect talk.invalid:7443 http/1.1\r\n"), "{asked}");
        assert!(asked.contains("proxy-authorization: basic"), "{asked}");
    }

    #[tokio::test]
    async fn what_the_proxy_refuses_is_not_tried_around_it() {
        let (address, _asked) = proxy("HTTP/1.1 403 Forbidden\r\n\r\n").await;
        let matcher = Matcher::builder().all(format!("http://{address}")).build();
        assert!(through(&matcher, "talk.invalid", 7443).await.unwrap().is_none());
        let odd = Matcher::builder().all("ftp://127.0.0.1:1").build();
        assert!(through(&odd, "talk.invalid", 7443).await.is_none_or(|way| way.is_none()));
    }

    #[tokio::test]
    async fn without_a_proxy_or_where_none_is_wanted_the_way_is_straight() {
        assert!(through(&Matcher::builder().build(), "talk.invalid", 443).await.is_none());
        let not_there = Matcher::builder().all("http://127.0.0.1:1").no("invalid").build();
        assert!(through(&not_there, "talk.invalid", 443).await.is_none());
    }
}
