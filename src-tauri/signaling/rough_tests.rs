//! What the server and the client bear without harm to others.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pushtalk_e2ee::pid;
use pushtalk_protocol::{RefusalCode, ServerAddress};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::bench::{PATIENCE, Rude, Secrets, client, easy, limited, next, server, tls, url};
use crate::client::{Client, ClientError, ServerEvent, Trust};
use crate::limits::Limits;
use crate::server::Certificate;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_ends_its_own_connection_and_no_other() {
    let server = server().await;
    let (good, _events) = client(&server).await;
    Secrets::new().create(&good).await;
    let huge = format!("42[\"relay\",\"{}\"]", "A".repeat(200_000));
    for odd in ["42", "42[", "42[\"a", "44{}", "4", "9", "", "4", "456-", "41", "40", "1", "4\u{e9}", &huge] {
        let mut rude = Rude::new(&server).await;
        // It may be cut before it has said all of this.
        for message in [Message::text(odd), Message::binary(vec![0; 100]), Message::text("47")] {
            if rude.0.send(message).await.is_err() {
                break;
            }
        }
        rude.ended().await;
    }
    good.hello().await.unwrap();
    good.close().await;
    server.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_keep_up_is_cut_and_the_others_are_told() {
    let server = limited(Limits { seat: Duration::from_millis(1), ..easy() }).await;
    let secrets = Secrets::new();
    // Room for one event, and nobody who takes it.
    let (events, _deaf) = mpsc::channel(1);
    let host = Client::connect(std::slice::from_ref(&server.address), Trust::Pinned(server.hash), events)
        .await
        .unwrap();
    let (host_pub, _) = secrets.create(&host).await;
    let (guest, mut guest_events) = client(&server).await;
    secrets.join(&guest).await;
    let flood = async {
        loop {
            tokio::select! {
                event = guest_events.recv() => return event,
                () = tokio::task::yield_now() => match guest.relay(pid(&host_pub), &[0; 16 * 1024]) {
                    Ok(()) | Err(ClientError::Full) => {}
                    Err(error) => panic!("{error}"),
                },
            }
        }
    };
    let told = timeout(PATIENCE, flood).await.expect("told in time");
    assert!(matches!(told, Some(ServerEvent::MemberLeft(left)) if left.pid == pid(&host_pub)));
    guest.hello().await.unwrap();
    guest.close().await;
    server.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_too_many_connections_gets_no_more_until_one_ends() {
    let server = limited(Limits { connections_from_near: 2, ..easy() }).await;
    let (first, _first_events) = client(&server).await;
    let (_second, _second_events) = client(&server).await;
    let (events, _received) = mpsc::channel(1);
    let again =
        || Client::connect(std::slice::from_ref(&server.address), Trust::AcceptAndTell, events.clone());
    assert_eq!(again().await.err(), Some(ClientError::Busy));
    first.close().await;
    let admitted = async { while again().await.is_err() {} };
    timeout(PATIENCE, admitted).await.expect("a place in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_is_turned_away() {
    let server = server().await;
    let across: &[(&str, &str)] = &[("origin", "https://example.org")];
    let rebound: &[(&str, &str)] = &[("origin", "https://example.org:7443"), ("host", "example.org:7443")];
    for page in [across, rebound] {
        let mut request = url(&server).into_client_request().unwrap();
        for (name, value) in page {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let refused = tokio_tungstenite::client_async(request, tls(&server).await).await;
        let Err(Error::Http(response)) = refused else { panic!("{page:?}") };
        assert_eq!(response.status(), 403, "{page:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_server_of_ours_is_told_from_one_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ServerAddress::Ip(listener.local_addr().unwrap());
    let mute = tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            drop(tcp);
        }
    });
    let (events, _received) = mpsc::channel(1);
    let refused = Client::connect(&[address], Trust::AcceptAndTell, events).await;
    assert_eq!(refused.err(), Some(ClientError::Protocol));
    mute.abort();
}

/// Says that it pings twice a second, and then nothing any more.
async fn falls_silent(tcp: TcpStream, certificate: Certificate) {
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(certificate.tls().unwrap()));
    let mut socket = tokio_tungstenite::accept_async(acceptor.accept(tcp).await.unwrap()).await.unwrap();
    let open = "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":500,\"pingTimeout\":500}";
    socket.send(Message::text(open)).await.unwrap();
    socket.next().await.unwrap().unwrap();
    socket.send(Message::text("40{\"sid\":\"AAAAAAAAAAAAAAAAAAAAAA\"}")).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_silent_is_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ServerAddress::Ip(listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        falls_silent(tcp, Certificate::generate().unwrap()).await;
    });
    let (events, mut received) = mpsc::channel(1);
    let client = Client::connect(&[address], Trust::AcceptAndTell, events).await.unwrap();
    let (answer, event) = tokio::join!(client.hello(), next(&mut received));
    assert_eq!(answer.err(), Some(ClientError::Closed));
    assert!(matches!(event, ServerEvent::Gone));
    assert_eq!(client.hello().await.err(), Some(ClientError::Closed));
    silent.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_server_ends_everybody_is_told_and_nothing_is_left() {
    let server = server().await;
    let secrets = Secrets::new();
    let ((host, mut host_events), (guest, mut guest_events)) = (client(&server).await, client(&server).await);
    let rude = Rude::new(&server).await;
    secrets.create(&host).await;
    secrets.join(&guest).await;
    assert!(matches!(next(&mut host_events).await, ServerEvent::MemberJoined(_)));
    let address = server.address.clone();
    server.stop().await;
    for events in [&mut host_events, &mut guest_events] {
        assert!(matches!(next(events).await, ServerEvent::Gone));
    }
    rude.ended().await;
    let (events, _received) = mpsc::channel(1);
    let refused = Client::connect(&[address], Trust::AcceptAndTell, events).await;
    assert_eq!(refused.err(), Some(ClientError::Unreachable));
    assert_eq!(guest.hello().await.err(), Some(ClientError::Closed));
    assert!(guest.leave().await.is_err_and(|error| error != ClientError::Refused(RefusalCode::NotAvailable)));
}
