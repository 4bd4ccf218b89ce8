//! The real server and the real client over loopback and TLS.

use pushtalk_e2ee::{MemberKey, pid, room_id};
use pushtalk_protocol::{CertificateHash, Epoch, Join, MemberJoined, Nameplate, RefusalCode, ServerAddress};
use rand::rng;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::bench::{Secrets, client, next, server};
use crate::client::{Client, ClientError, ServerEvent, Trust};

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
async fn another_certificate_than_the_one_that_was_named_is_refused() {
    let server = server().await;
    let (events, _received) = mpsc::channel(1);
    let wrong = Trust::Pinned(CertificateHash::new([0; 32]));
    let refused = Client::connect(std::slice::from_ref(&server.address), wrong, events.clone()).await;
    assert_eq!(refused.err(), Some(ClientError::WrongCertificate));
    let seen =
        Client::connect(std::slice::from_ref(&server.address), Trust::AcceptAndTell, events).await.unwrap();
    assert_eq!(seen.certificate(), server.hash);
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
    assert_eq!(guest.join(&Join { room_id, epoch, member_pub, sig }).await, refused.map(|()| unreachable!()));
    guest.hello().await.unwrap();
    let nameplate = Nameplate::from_index(31_000);
    assert_eq!(guest.lobby_open(nameplate, b"").await, refused.map(|()| unreachable!()));
}
