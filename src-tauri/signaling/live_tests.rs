//! The real server and the real client over loopback and TLS.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pushtalk_e2ee::{MemberKey, ServerIdentity, pid, room_id};
use pushtalk_protocol::{
    CertificateHash, Epoch, Join, MemberJoined, Nameplate, Pid, RefusalCode, ServerAddress,
};
use rand::rng;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{SEAT, Secrets, client, limited, next, server};
use crate::certificate::Certificate;
use crate::client::{Client, ClientError, ServerEvent, Trust};
use crate::limits::Limits;

#[tokio::test(flavor = "multi_thread")]
async fn two_meet_knock_and_pass_sealed_bytes_in_order() {
    let server = server().await;
    let secrets = Secrets::new();
    let ((host, mut host_events), (guest, mut guest_events)) = (client(&server).await, client(&server).await);
    let (host_pub, nameplate) = secrets.create(&host).await;

    guest.hello().await.unwrap();
    let opened = guest.lobby_open(nameplate, b"knock").await.unwrap();
    let ServerEvent::LobbyMessage { lobby, data } = next(&mut host_events).await else { panic!() };
    assert_eq!((lobby, &data[..]), (opened.lobby, &b"knock"[..]));
    host.lobby_message(lobby, b"who is there").unwrap();
    let ServerEvent::LobbyMessage { data, .. } = next(&mut guest_events).await else { panic!() };
    assert_eq!(data, b"who is there");
    guest.lobby_close(lobby).unwrap();
    assert!(matches!(next(&mut host_events).await, ServerEvent::LobbyClose { lobby: l } if l == lobby));

    let (guest_pub, members) = secrets.join(&guest).await;
    assert_eq!(members, [host_pub]);
    let ServerEvent::MemberJoined(MemberJoined { member_pub }) = next(&mut host_events).await else {
        panic!()
    };
    assert_eq!(member_pub, guest_pub);
    for n in 0..100_u8 {
        guest.relay(pid(&host_pub), &[n; 100]).unwrap();
    }
    for n in 0..100_u8 {
        let ServerEvent::Relayed { from, data } = next(&mut host_events).await else { panic!() };
        assert_eq!((from, &data[..]), (pid(&guest_pub), &[n; 100][..]));
    }

    guest.close().await;
    let ServerEvent::MemberLeft(left) = next(&mut host_events).await else { panic!() };
    assert_eq!(left.pid, pid(&guest_pub));
    host.leave().await.unwrap();
    assert_eq!(host.leave().await, Err(ClientError::Refused(RefusalCode::NotAvailable)));
    drop(host);
    server.empty().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_takes_its_seat_from_its_old_connection_which_is_cut() {
    let server = server().await;
    let secrets = Secrets::new();
    let ((host, mut host_events), (guest, mut guest_events)) = (client(&server).await, client(&server).await);
    let (host_pub, nameplate) = secrets.create(&host).await;
    let (guest_pub, _) = secrets.join(&guest).await;
    let (back, mut back_events) = client(&server).await;
    let joined = secrets.resume(&back, pid(&host_pub)).await.unwrap();
    assert_eq!((joined.members, joined.nameplate), (vec![guest_pub], nameplate));
    assert!(matches!(next(&mut host_events).await, ServerEvent::MemberJoined(_)));
    assert!(matches!(next(&mut host_events).await, ServerEvent::Gone));
    assert!(matches!(next(&mut guest_events).await, ServerEvent::MemberLeft(l) if l.pid == pid(&host_pub)));
    let again = next(&mut guest_events).await;
    assert!(matches!(again, ServerEvent::MemberJoined(joined) if joined.member_pub == host_pub));
    guest.relay(pid(&host_pub), b"sealed").unwrap();
    let relayed = next(&mut back_events).await;
    assert!(matches!(relayed, ServerEvent::Relayed { from, .. } if from == pid(&guest_pub)));

    // Without a word this time; the seat is kept meanwhile.
    drop(back);
    assert!(matches!(next(&mut guest_events).await, ServerEvent::MemberLeft(_)));
    let (back, _back_events) = client(&server).await;
    assert_eq!(secrets.resume(&back, pid(&host_pub)).await.unwrap().members, [guest_pub]);
    assert!(matches!(next(&mut guest_events).await, ServerEvent::MemberJoined(_)));
    back.close().await;
    guest.close().await;
    server.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_that_nobody_comes_back_to_is_freed_and_nothing_is_left() {
    let server = limited(Limits { seat: Duration::from_millis(50), ..Limits::default() }).await;
    let (host, _events) = client(&server).await;
    Secrets::new().create(&host).await;
    drop(host);
    server.empty().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_statement_is_taken_and_the_removed_are_told_that_the_room_is_closed() {
    let server = server().await;
    let secrets = Secrets::new();
    let ((host, _host_events), (guest, mut guest_events)) = (client(&server).await, client(&server).await);
    let (host_pub, _) = secrets.create(&host).await;
    let (guest_pub, _) = secrets.join(&guest).await;
    let others = |low: u8, own| {
        let mut pids: Vec<_> = (0..63).map(|n| Pid::new([n * 4 + low; 16])).chain([own]).collect();
        pids.sort_unstable();
        pids
    };
    let signed = secrets.statement(others(1, pid(&guest_pub)), others(2, pid(&host_pub)));
    assert_eq!((signed.statement.removed.len(), signed.statement.roster.len()), (64, 64));
    host.rotate(&signed).await.unwrap();
    assert!(matches!(next(&mut guest_events).await, ServerEvent::RoomClosed));
    let refused = Err(ClientError::Refused(RefusalCode::NotAvailable));
    assert_eq!((host.rotate(&signed).await, guest.leave().await), (refused, refused));
    guest.hello().await.unwrap();
    host.close().await;
}

/// A server that asks for a sign of life before it has let the client in.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_at_once_whether_the_client_is_there_is_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ServerAddress::Ip(listener.local_addr().unwrap());
    let certificate = Certificate::generate().unwrap();
    let trust = Trust::Pinned(certificate.hash());
    let serving = tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(certificate.tls().unwrap()));
        let tls = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(tls).await.unwrap();
        let open = r#"0{"sid":"abcdefgh12345678","upgrades":[],"pingInterval":10000,"pingTimeout":10000,"maxPayload":1}"#;
        for hello in [open, "2"] {
            socket.send(Message::text(hello)).await.unwrap();
        }
        let mut said = Vec::new();
        while !said.contains(&"3".to_owned()) {
            said.push(socket.next().await.unwrap().unwrap().into_text().unwrap().to_string());
        }
        socket.send(Message::text(r#"40{"sid":"abcdefgh12345678"}"#)).await.unwrap();
        assert_eq!(said, ["40", "3"]);
    });
    let (events, _received) = mpsc::channel(1);
    assert!(Client::connect(std::slice::from_ref(&address), trust, events).await.is_ok());
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_one_that_was_named_is_refused() {
    let server = server().await;
    let (events, _received) = mpsc::channel(1);
    let wrong = Trust::Pinned(CertificateHash::new([0; 32]));
    let refused = Client::connect(std::slice::from_ref(&server.address), wrong, events.clone()).await;
    assert_eq!(refused.err(), Some(ClientError::WrongCertificate));
    let seen =
        Client::connect(std::slice::from_ref(&server.address), Trust::AcceptAndTell, events).await.unwrap();
    assert!(seen.identity() == ServerIdentity::Certificate(server.hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_where_nobody_listens_is_told_and_the_next_one_is_tried() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = ServerAddress::Ip(unused.local_addr().unwrap());
    drop(unused);
    let (events, _received) = mpsc::channel(1);
    let refused = Client::connect(std::slice::from_ref(&nobody), Trust::AcceptAndTell, events.clone()).await;
    assert_eq!(refused.err(), Some(ClientError::Unreachable));
    let server = server().await;
    let both = [nobody, server.address.clone()];
    assert!(Client::connect(&both, Trust::Pinned(server.hash), events).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_proof_and_a_wrong_nameplate_are_refused_alike() {
    let server = server().await;
    let (host, _host_events) = client(&server).await;
    Secrets::new().create(&host).await;
    let (guest, _events) = client(&server).await;
    let refused = Err(ClientError::Refused(RefusalCode::NotAvailable));
    let secrets = Secrets::new();
    let challenge = guest.hello().await.unwrap().challenge;
    let member_pub = MemberKey::generate(&mut rng()).public();
    let (room_id, epoch) = (room_id(&secrets.host.public()), Epoch::default());
    let sig = secrets.secret.join_key(room_id, epoch).sign_join(
        &challenge,
        room_id,
        epoch,
        pid(&member_pub),
        &guest.identity(),
    );
    assert_eq!(
        guest.join(&Join { room_id, epoch, member_pub, seat_pub: SEAT, sig }).await,
        refused.map(|()| unreachable!())
    );
    guest.hello().await.unwrap();
    let nameplate = Nameplate::from_index(31_000);
    assert_eq!(guest.lobby_open(nameplate, b"").await, refused.map(|()| unreachable!()));
}
