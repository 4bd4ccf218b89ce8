//! A server on loopback, clients that behave and one that does not, for the tests of both ends.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pushtalk_e2ee::{HostKey, MemberKey, RoomSecret, SeatKey, ServerIdentity, pid, room_id};
use pushtalk_protocol::{
    CertificateHash, Create, Epoch, Join, Joined, MemberPublic, Nameplate, Pid, Resume, SeatPublic,
    ServerAddress, SignedStatement, Statement, StatementKind,
};
use rand::rngs::StdRng;
use rand::{SeedableRng, rng};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, ClientError, ServerEvent, Trust};
use crate::limits::{Limits, Rate};
use crate::lobby::Lobby;
use crate::server::{Certificate, Once, ServerConfig, serve};
use crate::switchboard::Switchboard;
use crate::trust::Judge;

/// Of members that do not come back.
pub(crate) const SEAT: SeatPublic = SeatPublic::new([3; 32]);
/// Longer than anything here takes, so that a test ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) address: ServerAddress,
    pub(crate) hash: CertificateHash,
    pub(crate) board: Switchboard,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(PATIENCE, self.task).await.expect("an end in time").unwrap();
        assert!(self.board.is_empty(), "nothing is left");
    }

    /// Waits until nothing of anybody is left.
    pub(crate) async fn empty(&self) {
        let empty = async {
            while !self.board.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, empty).await.expect("everybody is forgotten");
    }
}

pub(crate) async fn server() -> Server {
    limited(easy()).await
}

/// Nobody says too much. Who has knocked would be remembered for a while, and it is to be seen that nothing is left.
pub(crate) fn easy() -> Limits {
    let fast = Rate::a_second(u32::MAX, u32::MAX);
    Limits { knocks_of_an_address: None, events: fast, bytes: fast, ..Limits::default() }
}

pub(crate) async fn limited(limits: Limits) -> Server {
    configured(ServerConfig { limits, ..ServerConfig::new(Certificate::generate().unwrap()) }).await
}

/// With a certificate.
pub(crate) async fn configured(config: ServerConfig) -> Server {
    let limits = config.limits;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ServerAddress::Ip(listener.local_addr().unwrap());
    let hash = config.certificate.as_ref().unwrap().hash();
    let board = Switchboard::new(Lobby::new(limits, [ServerIdentity::Certificate(hash)]));
    let (stop, stopped) = oneshot::channel::<()>();
    let shared = board.clone();
    let task = tokio::spawn(async move {
        serve(listener, Once::new(async { drop(stopped.await) }), config, shared).await.unwrap();
    });
    Server { address, hash, board, stop, task }
}

pub(crate) type Events = mpsc::Receiver<ServerEvent>;

pub(crate) async fn client(server: &Server) -> (Client, Events) {
    let (events, received) = mpsc::channel(64);
    let addresses = [server.address.clone()];
    (Client::connect(&addresses, Trust::Pinned(server.hash), events).await.unwrap(), received)
}

pub(crate) async fn next(events: &mut Events) -> ServerEvent {
    timeout(PATIENCE, events.recv()).await.expect("an event in time").expect("an event")
}

/// A room's secrets.
pub(crate) struct Secrets {
    pub(crate) host: HostKey,
    pub(crate) secret: RoomSecret,
    /// Of who makes the room.
    pub(crate) seat: SeatKey,
}

impl Secrets {
    pub(crate) fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(rand::Rng::next_u64(&mut rng()));
        Self {
            host: HostKey::generate(&mut rng),
            secret: RoomSecret::generate(&mut rng),
            seat: SeatKey::generate(&mut rng),
        }
    }

    pub(crate) async fn create(&self, client: &Client) -> (MemberPublic, Nameplate) {
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
            seat_pub: self.seat.public(),
            host_sig: self.host.sign_create(&challenge, room_id, epoch, &join_pub, own, &srv),
            join_sig: join_key.sign_join(&challenge, room_id, epoch, own, &srv),
        };
        (member_pub, client.create(&create).await.unwrap().nameplate)
    }

    pub(crate) async fn join(&self, client: &Client) -> (MemberPublic, Vec<MemberPublic>) {
        let challenge = client.hello().await.unwrap().challenge;
        let member_pub = MemberKey::generate(&mut rng()).public();
        let (room_id, epoch) = (room_id(&self.host.public()), Epoch::default());
        let join_key = self.secret.join_key(room_id, epoch);
        let sig = join_key.sign_join(&challenge, room_id, epoch, pid(&member_pub), &client.identity());
        (
            member_pub,
            client.join(&Join { room_id, epoch, member_pub, seat_pub: SEAT, sig }).await.unwrap().members,
        )
    }
}

impl Secrets {
    /// Comes back to the seat of who made the room.
    pub(crate) async fn resume(&self, client: &Client, pid: Pid) -> Result<Joined, ClientError> {
        let challenge = client.hello().await.unwrap().challenge;
        let room_id = room_id(&self.host.public());
        let sig = self.seat.sign_resume(&challenge, room_id, pid, &client.identity());
        client.resume(&Resume { room_id, pid, sig }).await
    }

    /// Epoch 1, with these two lists, which have to be in order.
    pub(crate) fn statement(&self, removed: Vec<Pid>, roster: Vec<Pid>) -> SignedStatement {
        let (room_id, epoch) = (room_id(&self.host.public()), Epoch(1));
        let join_pub = self.secret.join_key(room_id, epoch).public();
        let kind = StatementKind::Remove;
        self.host.sign_statement(Statement { room_id, epoch, seq: 1, kind, removed, roster, join_pub })
    }
}

/// TLS to the server, and nothing said yet.
pub(crate) async fn tls(server: &Server) -> TlsStream<TcpStream> {
    let ServerAddress::Ip(address) = server.address else { panic!() };
    let tcp = TcpStream::connect(address).await.unwrap();
    let config = Judge::new(Trust::AcceptAndTell, false).config().unwrap();
    TlsConnector::from(Arc::new(config)).connect(address.ip().into(), tcp).await.unwrap()
}

pub(crate) fn url(server: &Server) -> String {
    format!("wss://{}/socket.io/?EIO=4&transport=websocket", server.address)
}

/// A connection that says whatever it likes.
pub(crate) struct Rude(pub(crate) WebSocketStream<TlsStream<TcpStream>>);

impl Rude {
    pub(crate) async fn new(server: &Server) -> Self {
        let (socket, _) = tokio_tungstenite::client_async(url(server), tls(server).await).await.unwrap();
        let mut rude = Self(socket);
        assert!(rude.hear().await.starts_with('0'));
        rude.say("40").await;
        assert!(rude.hear().await.starts_with("40"));
        rude
    }

    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    /// The next thing that is said, but for pings, which are answered.
    pub(crate) async fn hear(&mut self) -> String {
        loop {
            let message =
                timeout(PATIENCE, self.0.next()).await.expect("an answer in time").unwrap().unwrap();
            let text = message.into_text().unwrap();
            match text.as_str() {
                "2" => self.say("3").await,
                text => return text.to_owned(),
            }
        }
    }

    /// Listens until the server has had enough.
    pub(crate) async fn ended(mut self) {
        while let Some(Ok(_)) = timeout(PATIENCE, self.0.next()).await.expect("an end in time") {}
    }
}
