//! A server that stands alone: how it ends, what it says of itself, and where proxies are in front of it.

use std::time::Duration;

use pushtalk_protocol::ServerAddress;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::bench::{PATIENCE, Secrets, client, configured, easy, next};
use crate::client::{Client, ClientError, ServerEvent, Trust};
use crate::limits::Limits;
use crate::lobby::Lobby;
use crate::polling_tests::{PATH, request};
use crate::server::{Certificate, Once, ServerConfig, ServerError, Shutdown, run, serve};
use crate::switchboard::Switchboard;

/// Asked to end by hand.
struct ByHand(mpsc::Receiver<()>);

impl Shutdown for ByHand {
    async fn asked(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }
}

fn config() -> ServerConfig {
    ServerConfig { limits: easy(), ..ServerConfig::new(Certificate::generate().unwrap()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_before_the_server_ends_and_it_goes_on_until_then() {
    let config = ServerConfig { grace: Duration::from_secs(3600), ..config() };
    let hash = config.certificate.as_ref().unwrap().hash();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = [ServerAddress::Ip(listener.local_addr().unwrap())];
    let identity = pushtalk_e2ee::ServerIdentity::Certificate(hash);
    let board = Switchboard::new(Lobby::new(config.limits, [identity]));
    let (ask, asked) = mpsc::channel(1);
    let served = tokio::spawn(serve(listener, ByHand(asked), config, board));
    let connect = async || {
        let (events, received) = mpsc::channel(64);
        (Client::connect(&address, Trust::Pinned(hash), events).await.unwrap(), received)
    };
    let ((host, mut events), secrets) = (connect().await, Secrets::new());
    secrets.create(&host).await;
    ask.send(()).await.unwrap();
    let ServerEvent::RoomCloses { left } = next(&mut events).await else { panic!() };
    assert_eq!(left, Duration::from_secs(3600));
    // Whoever has the invitation still comes in.
    let (guest, _guest_events) = connect().await;
    secrets.join(&guest).await;
    assert!(matches!(next(&mut events).await, ServerEvent::MemberJoined(_)));
    ask.send(()).await.unwrap();
    timeout(PATIENCE, served).await.expect("an end at once").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_over_the_server_learns_that_it_is_well_and_nothing_else() {
    let server = configured(config()).await;
    let answer = request(&server, "GET /healthz", "", "").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"), "{answer}");
    let other = request(&server, "GET /", "", "").await;
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_that_a_proxy_brings_are_counted_by_what_it_says() {
    let limits = Limits { connections_from_afar: 1, ..easy() };
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let server = configured(ServerConfig { limits, proxies, ..config() }).await;
    let begin = async |from: &str| {
        let answer = request(&server, &format!("GET {PATH}"), from, "").await;
        answer.split(' ').nth(1).map(str::to_owned).unwrap()
    };
    assert_eq!(begin("x-forwarded-for: 203.0.113.7\r\n").await, "200");
    assert_eq!(begin("x-forwarded-for: 203.0.113.7\r\n").await, "503");
    // What the guest has put in front does not help it.
    assert_eq!(begin("x-forwarded-for: 192.0.2.1, 203.0.113.7\r\n").await, "503");
    assert_eq!(begin("x-forwarded-for: 203.0.113.8\r\n").await, "200");
    // A proxy that does not say is none that may be trusted.
    assert_eq!(begin("").await, "400");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_proxy_what_it_would_say_is_not_believed() {
    let server =
        configured(ServerConfig { limits: Limits { connections_from_near: 2, ..easy() }, ..config() }).await;
    let (_first, _events) = client(&server).await;
    let mut refused = 0;
    for n in 0..4 {
        let from = format!("x-forwarded-for: 203.0.113.{n}\r\n");
        refused +=
            u32::from(request(&server, &format!("GET {PATH}"), &from, "").await.starts_with("HTTP/1.1 503"));
    }
    assert_eq!(refused, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_a_server_is_reached_from_its_own_machine_only() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let config = ServerConfig { certificate: None, ..config() };
    let refused = run(listener, Once::new(std::future::pending()), config).await;
    assert!(matches!(refused, Err(ServerError::Unencrypted)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_renewed_is_shown_to_who_comes_and_nobody_is_cut_for_it() {
    let (renew, renewed) = mpsc::channel(1);
    let server = configured(ServerConfig { renewed: Some(renewed), ..config() }).await;
    let (old, _old_events) = client(&server).await;
    let new = Certificate::generate().unwrap();
    let hash = new.hash();
    renew.send(new).await.unwrap();
    let addresses = [server.address.clone()];
    let by_the_new_one = async {
        loop {
            let (events, _received) = mpsc::channel(1);
            match Client::connect(&addresses, Trust::Pinned(hash), events).await {
                Err(ClientError::WrongCertificate) => {}
                other => return other,
            }
        }
    };
    assert!(timeout(PATIENCE, by_the_new_one).await.expect("the new one in time").is_ok());
    old.hello().await.unwrap();
}

#[test]
fn a_certificate_is_read_from_pem_and_what_is_none_is_told() {
    let made = rcgen::generate_simple_self_signed(["talk.example".to_owned()]).unwrap();
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let read = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    assert_eq!(read.hash(), crate::trust::hash(made.cert.der()));
    for (chain, key) in [("", &*key), (&*chain, ""), (&*key, &*key), (&*chain, &*chain), ("x", "x")] {
        assert!(Certificate::from_pem(chain.as_bytes(), key.as_bytes()).is_err());
    }
    // Each by itself is whole, but they do not belong together.
    let other = rcgen::generate_simple_self_signed(["talk.example".to_owned()]).unwrap();
    let mixed = Certificate::from_pem(chain.as_bytes(), other.signing_key.serialize_pem().as_bytes());
    assert!(mixed.unwrap().tls().is_err());
}
