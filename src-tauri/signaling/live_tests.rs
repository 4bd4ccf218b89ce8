//! The real server and the real client over loopback and TLS.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pushtalk_e2ee::{HostKey, MemberKey, RoomSecret, pid, room_id};
use pushtalk_protocol::{
    CertificateHash, Create, Epoch, Join, MemberJoined, MemberPublic, Nameplate, RefusalCode,
    ServerAddress, event,
};
use rand::rngs::StdRng;
use rand::{SeedableRng, rng};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, ClientError, ServerEvent, Trust};
use crate::server::{Certificate, ServerConfig, run};
use crate::trust::ByHash;

const PATIENCE: Duration = Duration::from_secs(10);

struct Server {
    address: ServerAddress,
    hash: CertificateHash,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn server() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ServerAddress::Ip(listener.local_addr().unwrap());
    let certificate = Certificate::generate().unwrap();
    let hash = certificate.hash();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        run(listener, async { drop(stopped.await) }, ServerConfig::new(certificate)).await.unwrap();
    });
    Server { address, hash, stop, task }
}

type Events = mpsc::Receiver<ServerEvent>;

async fn client(server: &Server) -> (Client, Events) {
    let (events, received) = mpsc::channel(64);
    let addresses = [server.address.clone()];
    (Client::connect(&addresses, Trust::Pinned(server.hash), events).await.unwrap(), received)
}

async fn next(events: &mut Events) -> ServerEvent {
    timeout(PATIENCE, events.recv()).await.expect("an event in time").expect("an event")
}

/// A room's secrets.
struct Secrets {
    host: HostKey,
    secret: RoomSecret,
}

impl Secrets {
    fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(rand::Rng::next_u64(&mut rng()));
        Self { host: HostKey::generate(&mut rng), secret: RoomSecret::generate(&mut rng) }
    }

    async fn create(&self, client: &Client) -> (MemberPublic, Nameplate) {
        let challenge = client.hello().await.unwrap().challenge;
        let member_pub = MemberKey::generate(&mut rng()).public();
        let (epoch, host_pub, srv) = (Epoch::default(), self.host.public(), client.identity());
        let (room_id, own) = (room_id(&host_pub), pid(&member_pub));
        let join_key = self.secret.join_key(room_id, epoch);
        let join_pub = join_key.public();
        let create = Create {
            room_id,
            host_pub,
            epoch,
            join_pub,
            member_pub,
            host_sig: self.host.sign_create(&challenge, room_id, epoch, &join_pub, own, &srv),
            join_sig: join_key.sign_join(&challenge, room_id, epoch, own, &srv),
        };
        (member_pub, client.create(&create).await.unwrap().nameplate)
    }

    async fn join(&self, client: &Client) -> (MemberPublic, Vec<MemberPublic>) {
        let challenge = client.hello().await.unwrap().challenge;
        let member_pub = MemberKey::generate(&mut rng()).public();
        let (room_id, epoch) = (room_id(&self.host.public()), Epoch::default());
        let join_key = self.secret.join_key(room_id, epoch);
        let sig = join_key.sign_join(&challenge, room_id, epoch, pid(&member_pub), &client.identity());
        (member_pub, client.join(&Join { room_id, epoch, member_pub, sig }).await.unwrap().members)
    }
}

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
    server.stop.send(()).unwrap();
    assert!(matches!(next(&mut host_events).await, ServerEvent::Gone));
    server.task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_one_that_was_named_is_refused() {
    let server = server().await;
    let (events, _received) = mpsc::channel(1);
    let wrong = Trust::Pinned(CertificateHash::new([0; 32]));
    let refused = Client::connect(&[server.address.clone()], wrong, events.clone()).await;
    assert_eq!(refused.err(), Some(ClientError::WrongCertificate));
    let seen = Client::connect(&[server.address.clone()], Trust::AcceptAndTell, events).await.unwrap();
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
    assert_eq!(
        guest.join(&Join { room_id, epoch, member_pub, sig }).await,
        refused.clone().map(|()| unreachable!())
    );
    guest.hello().await.unwrap();
    let nameplate = Nameplate::from_index(31_000);
    assert_eq!(guest.lobby_open(nameplate, b"").await, refused.map(|()| unreachable!()));
}

/// A WebSocket that says whatever it likes.
async fn rude(
    server: &Server,
) -> tokio_tungstenite::WebSocketStream<tokio_rustls::client::TlsStream<TcpStream>> {
    let ServerAddress::Ip(address) = server.address else { panic!() };
    let tcp = TcpStream::connect(address).await.unwrap();
    let config = ByHash::new(&Trust::AcceptAndTell).config().unwrap();
    let tls = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
        .connect(address.ip().into(), tcp)
        .await
        .unwrap();
    let url = format!("wss://{address}/socket.io/?EIO=4&transport=websocket");
    let (mut socket, _) = tokio_tungstenite::client_async(url, tls).await.unwrap();
    socket.next().await.unwrap().unwrap();
    socket.send(Message::text("40")).await.unwrap();
    while !socket.next().await.unwrap().unwrap().into_text().unwrap().starts_with("40") {}
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_events_are_refused_and_hurt_nobody_else() {
    let server = server().await;
    let (good, _events) = client(&server).await;
    good.hello().await.unwrap();
    let mut socket = rude(&server).await;
    let events = [
        event::HELLO,
        event::CREATE,
        event::JOIN,
        event::LEAVE,
        event::RELAY,
        event::LOBBY_OPEN,
        event::LOBBY_MESSAGE,
        event::LOBBY_CLOSE,
    ];
    let bad = [
        "",
        ",null",
        ",7",
        ",\"x\"",
        ",[]",
        ",{\"more\":1}",
        ",{\"version\":\"1\"}",
        ",{\"version\":1,\"x\":2}",
    ];
    for (at, (name, argument)) in events.iter().flat_map(|e| bad.iter().map(move |b| (e, b))).enumerate() {
        socket.send(Message::text(format!("42{at}[\"{name}\"{argument}]"))).await.unwrap();
        let answer = loop {
            let Message::Text(text) = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap()
            else {
                panic!("{name}{argument}")
            };
            if text.as_str() == "2" {
                socket.send(Message::text("3")).await.unwrap();
            } else {
                break text;
            }
        };
        let refused = format!("43{at}[{{\"error\":\"bad_request\"}}]");
        assert_eq!(answer.as_str(), refused, "{name}{argument}");
    }
    // What is no event at all ends this connection at most.
    for garbage in [
        "42",
        "42[",
        "4",
        "9",
        "451-[\"relay\",{\"_placeholder\":true,\"num\":0}]",
        "42[\"no such event\",1]",
    ] {
        let mut socket = rude(&server).await;
        socket.send(Message::text(garbage)).await.unwrap();
        socket.send(Message::binary(vec![0; 100])).await.unwrap();
        // A message over the limit.
        drop(socket.send(Message::text("4".repeat(200_000))).await);
        while let Some(Ok(_)) = timeout(PATIENCE, socket.next()).await.unwrap() {}
    }
    good.hello().await.unwrap();
    Secrets::new().create(&good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_is_turned_away() {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let server = server().await;
    let ServerAddress::Ip(address) = server.address else { panic!() };
    for (name, value) in [("origin", "https://example.org"), ("host", "rebound.example.org")] {
        let tcp = TcpStream::connect(address).await.unwrap();
        let config = ByHash::new(&Trust::AcceptAndTell).config().unwrap();
        let tls = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
            .connect(address.ip().into(), tcp)
            .await
            .unwrap();
        let url = format!("wss://{address}/socket.io/?EIO=4&transport=websocket");
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let refused = tokio_tungstenite::client_async(request, tls).await;
        let Err(tokio_tungstenite::tungstenite::Error::Http(response)) = refused else { panic!("{name}") };
        assert_eq!(response.status(), 403, "{name}");
    }
}
