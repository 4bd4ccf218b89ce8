//! A real server, a room on it whose members mean well, and connections that do not.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::{SinkExt, StreamExt};
use pushtalk_e2ee::{HostKey, MemberKey, RoomSecret, SeatKey, pid, room_id};
use pushtalk_protocol::{
    Challenge, Create, Epoch, Join, MemberPublic, Nameplate, Pid, SeatPublic, ServerAddress,
};
use pushtalk_signaling::client::{Client, ServerEvent, Trust};
use rand::rng;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::standalone::Standalone;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The room of those who mean well.
pub struct Siege {
    /// The process.
    pub server: Standalone,
    /// Where it listens.
    pub address: SocketAddr,
    /// Of the room.
    pub nameplate: Nameplate,
    host_key: HostKey,
    host: Client,
    host_events: mpsc::Receiver<ServerEvent>,
    host_pid: Pid,
    guest: Client,
    /// A client that nobody listens to ends.
    _guest_events: mpsc::Receiver<ServerEvent>,
    guest_pid: Pid,
    said: u32,
}

impl Siege {
    /// A server with these flags, and two in a room.
    ///
    /// # Errors
    /// When they do not come together.
    pub async fn begin(flags: &[&str]) -> anyhow::Result<Self> {
        let server = Standalone::start(flags)?;
        let address: SocketAddr = server.address.parse()?;
        let (host_key, secret) = (HostKey::generate(&mut rng()), RoomSecret::generate(&mut rng()));
        let (host, host_events) = client(address).await?;
        let member_pub = MemberKey::generate(&mut rng()).public();
        let challenge = host.hello().await?.challenge;
        let create = create(&host_key, &secret, &host, &challenge, &member_pub, seat());
        let nameplate = host.create(&create).await?.nameplate;
        let host_pid = pid(&member_pub);
        let (guest, guest_events) = client(address).await?;
        let member_pub = MemberKey::generate(&mut rng()).public();
        let guest_pid = pid(&member_pub);
        let challenge = guest.hello().await?.challenge;
        let (room_id, epoch) = (room_id(&host_key.public()), Epoch::default());
        let key = secret.join_key(room_id, epoch);
        let sig = key.sign_join(&challenge, room_id, epoch, guest_pid, &guest.identity());
        let seat_pub = seat();
        guest.join(&Join { room_id, epoch, member_pub, seat_pub, sig }).await?;
        Ok(Self {
            server,
            address,
            nameplate,
            host_key,
            host,
            host_events,
            host_pid,
            guest,
            _guest_events: guest_events,
            guest_pid,
            said: 0,
        })
    }

    /// The members of the room reach each other, newcomers are heard, and the server has not grown out of bounds.
    ///
    /// # Errors
    /// When somebody is hurt.
    pub async fn nobody_is_hurt(&mut self) -> anyhow::Result<()> {
        self.said += 1;
        self.guest.relay(self.host_pid, &self.said.to_be_bytes())?;
        let heard = async {
            loop {
                match self.host_events.recv().await.context("the host's connection is gone")? {
                    ServerEvent::Relayed { from, data } if from == self.guest_pid => {
                        ensure!(data[..] == self.said.to_be_bytes(), "another word came");
                        return Ok(());
                    }
                    ServerEvent::MemberLeft(_) => anyhow::bail!("the guest was cut"),
                    _ => {}
                }
            }
        };
        timeout(PATIENCE, heard).await.context("nothing is passed on")??;
        let newcomer = timeout(PATIENCE, async {
            let (client, _events) = client(self.address).await?;
            client.hello().await.context("hello")
        });
        newcomer.await.context("nobody is let in")??;
        let peak = self.peak()?;
        ensure!(peak < CEILING, "the server took {peak} bytes");
        Ok(())
    }

    /// The most memory that it had at a time.
    fn peak(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Whether nothing was heard at the door of the room since the last look.
    pub fn knocks(&mut self) -> usize {
        let mut knocks = 0;
        while let Ok(event) = self.host_events.try_recv() {
            knocks += usize::from(matches!(event, ServerEvent::LobbyMessage { .. }));
        }
        knocks
    }

    /// A member of the room.
    pub fn member(&self) -> Pid {
        self.guest_pid
    }

    /// `create` for this very room, which is there already, signed by somebody who does not have its keys.
    pub fn overwrite(&self, challenge: &Challenge) -> serde_json::Value {
        let member_pub = MemberKey::generate(&mut rng()).public();
        let other = HostKey::generate(&mut rng());
        let mut forged =
            create(&other, &RoomSecret::generate(&mut rng()), &self.host, challenge, &member_pub, seat());
        (forged.room_id, forged.host_pub) = (room_id(&self.host_key.public()), self.host_key.public());
        serde_json::json!(forged)
    }

    /// `join` for this room, without its secret.
    pub fn intrude(&self, challenge: &Challenge) -> serde_json::Value {
        let member_pub = MemberKey::generate(&mut rng()).public();
        let (room_id, epoch) = (room_id(&self.host_key.public()), Epoch::default());
        let key = RoomSecret::generate(&mut rng()).join_key(room_id, epoch);
        let sig = key.sign_join(challenge, room_id, epoch, pid(&member_pub), &self.host.identity());
        let seat_pub = seat();
        serde_json::json!(Join { room_id, epoch, member_pub, seat_pub, sig })
    }

    /// A room of one's own, rightly made.
    pub fn own_room(&self, challenge: &Challenge) -> serde_json::Value {
        let member_pub = MemberKey::generate(&mut rng()).public();
        let (host, secret) = (HostKey::generate(&mut rng()), RoomSecret::generate(&mut rng()));
        serde_json::json!(create(&host, &secret, &self.host, challenge, &member_pub, seat()))
    }
}

/// With the default limits a server stays below this, whatever is done to it from one machine.
const CEILING: u64 = 96 * 1024 * 1024;

/// Of a seat that nobody comes back to.
fn seat() -> SeatPublic {
    SeatKey::generate(&mut rng()).public()
}

pub(crate) async fn client(address: SocketAddr) -> anyhow::Result<(Client, mpsc::Receiver<ServerEvent>)> {
    let (events, received) = mpsc::channel(1024);
    let client = Client::connect(&[ServerAddress::Ip(address)], Trust::AcceptAndTell, events).await?;
    Ok((client, received))
}

pub(crate) fn create(
    host: &HostKey,
    secret: &RoomSecret,
    by: &Client,
    challenge: &Challenge,
    member_pub: &MemberPublic,
    seat_pub: SeatPublic,
) -> Create {
    let (epoch, host_pub, srv) = (Epoch::default(), host.public(), by.identity());
    let (room_id, own) = (room_id(&host_pub), pid(member_pub));
    let join_key = secret.join_key(room_id, epoch);
    let join_pub = join_key.public();
    Create {
        room_id,
        host_pub,
        epoch,
        join_pub,
        member_pub: *member_pub,
        seat_pub,
        host_sig: host.sign_create(challenge, room_id, epoch, &join_pub, own, &srv),
        join_sig: join_key.sign_join(challenge, room_id, epoch, own, &srv),
    }
}

/// TLS to the server, and nothing said yet. Each `n` comes from a loopback address of its own.
///
/// # Errors
/// When there is no connection.
pub async fn tls(server: SocketAddr, n: u16) -> anyhow::Result<TlsStream<TcpStream>> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    let tcp = tcp(server, n).await?;
    Ok(TlsConnector::from(Arc::new(config)).connect(server.ip().into(), tcp).await?)
}

/// What a connection is over.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A connection to the server, with or without TLS.
///
/// # Errors
/// When there is none.
pub async fn wire(server: SocketAddr, with_tls: bool) -> anyhow::Result<Box<dyn Wire>> {
    if with_tls { Ok(Box::new(tls(server, 1).await?)) } else { Ok(Box::new(tcp(server, 1).await?)) }
}

/// The same without TLS.
///
/// # Errors
/// When there is no connection.
pub async fn tcp(server: SocketAddr, n: u16) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let [high, low] = n.to_be_bytes();
    socket.bind((Ipv4Addr::new(127, 1, high, low), 0).into())?;
    Ok(socket.connect(server).await?)
}

/// A connection that says whatever it likes.
pub struct Rude(pub WebSocketStream<TlsStream<TcpStream>>);

impl Rude {
    /// Connects and enters the namespace.
    ///
    /// # Errors
    /// When it is not let in.
    pub async fn new(server: SocketAddr, n: u16) -> anyhow::Result<Self> {
        let url = format!("wss://{server}/socket.io/?EIO=4&transport=websocket");
        let (socket, _) = tokio_tungstenite::client_async(url, tls(server, n).await?).await?;
        let mut rude = Self(socket);
        rude.hear().await?;
        rude.say("40").await?;
        rude.hear().await?;
        Ok(rude)
    }

    /// Says a packet.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn say(&mut self, packet: &str) -> anyhow::Result<()> {
        Ok(self.0.send(Message::text(packet)).await?)
    }

    /// The next packet, but for pings, which are answered.
    ///
    /// # Errors
    /// When none comes in time, or the connection is gone.
    pub async fn hear(&mut self) -> anyhow::Result<String> {
        loop {
            let message =
                timeout(PATIENCE, self.0.next()).await.context("no answer")?.context("it is over")??;
            match message.into_text()?.as_str() {
                "2" => self.say("3").await?,
                packet => return Ok(packet.to_owned()),
            }
        }
    }

    /// Says an event, and gives what it is acknowledged with.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask(
        &mut self,
        event: &str,
        argument: &serde_json::Value,
    ) -> anyhow::Result<serde_json::Value> {
        self.say(&format!("421{}", serde_json::json!([event, argument]))).await?;
        loop {
            let packet = self.hear().await?;
            if let Some(answer) = packet.strip_prefix("431") {
                return Ok(serde_json::from_str::<[serde_json::Value; 1]>(answer)?[0].clone());
            }
        }
    }

    /// First words; the challenge.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn hello(&mut self) -> anyhow::Result<Challenge> {
        let answer = self.ask("hello", &serde_json::json!({"version": 1})).await?;
        Ok(serde_json::from_value(answer["challenge"].clone())?)
    }
}

/// Whoever attacks does not care whom.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
