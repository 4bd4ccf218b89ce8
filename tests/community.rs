//! Servers that stand for one, the Redis between them, and members of a room who are on several of them.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use pushtalk_e2ee::{HostKey, MemberKey, RoomSecret, SeatKey, pid, room_id};
use pushtalk_protocol::{
    Challenge, Epoch, Join, LobbyId, MemberPublic, Nameplate, Pid, RefusalCode, Resume, RoomId,
};
use pushtalk_signaling::client::{Client, ClientError, ServerEvent};
use rand::rng;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::binary::binary;
use crate::siege::{PATIENCE, client, create};
use crate::standalone::Standalone;

/// A `redis-server` on a port of loopback, ended with the value.
pub struct Redis {
    child: Child,
    port: u16,
    flags: Vec<String>,
    folder: PathBuf,
}

impl Redis {
    /// One that keeps what it has to itself, but for these flags, in which `{port}` is its port.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(flags: &[&str]) -> anyhow::Result<Self> {
        // Nobody else takes it in this moment, or the test says so.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("pushtalk-redis-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let flags: Vec<String> = flags.iter().map(|flag| flag.replace("{port}", &port.to_string())).collect();
        let child = Self::spawn(port, &folder, &flags)?;
        Ok(Self { child, port, flags, folder })
    }

    fn spawn(port: u16, folder: &PathBuf, flags: &[String]) -> anyhow::Result<Child> {
        let program = if Command::new("redis-server").arg("--version").output().is_ok() {
            "redis-server"
        } else {
            "valkey-server"
        };
        let mut command = Command::new(program);
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.arg("--dir").arg(folder).args(flags);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context(program)?;
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(child.try_wait()?.is_none(), "{program} has ended");
            ensure!(begun.elapsed() < PATIENCE, "{program} does not come up");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(child)
    }

    /// Of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it without a good-bye: what it had is gone.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// An empty one in its place.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        self.child = Self::spawn(self.port, &self.folder, &self.flags)?;
        Ok(())
    }

    /// Every key that there is.
    ///
    /// # Errors
    /// When it does not say.
    pub fn keys(&self) -> anyhow::Result<Vec<String>> {
        self.list("KEYS *")
    }

    /// Waits until this is what is kept of so many seats of a room: what is on its way when a server dies is lost.
    ///
    /// # Errors
    /// When they are not there in time.
    pub async fn keeps(&self, room: &Room, seats: usize) -> anyhow::Result<()> {
        let id = serde_json::to_value(room.id)?;
        let ask = format!("HMGET pushtalk:room:{} room", id.as_str().context("not a text")?);
        let begun = Instant::now();
        loop {
            let kept = self.list(&ask)?;
            let kept: Kept = serde_json::from_str(kept.first().context("no such room")?)?;
            if kept.seats.len() == seats {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "{} seats are kept", kept.seats.len());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// What it answers to this with a list.
    fn list(&self, ask: &str) -> anyhow::Result<Vec<String>> {
        use std::io::{BufRead, BufReader, Write};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.port))?;
        write!(stream, "{ask}\r\n")?;
        let mut lines = BufReader::new(stream).lines();
        let count = lines.next().context("no answer")??;
        let count: usize = count.trim_start_matches('*').parse()?;
        // Each is its length, and then itself.
        let lines = lines.take(2 * count).collect::<Result<Vec<_>, _>>()?;
        Ok(lines.into_iter().skip(1).step_by(2).collect())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        drop(self.kill());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// What is looked at of a room in the store.
#[derive(Deserialize)]
struct Kept {
    seats: Vec<IgnoredAny>,
}

/// What makes a server one of several.
pub struct Community {
    /// Between them.
    pub redis: Redis,
    folder: PathBuf,
}

impl Community {
    /// No server yet.
    ///
    /// # Errors
    /// When there is no Redis.
    pub fn new() -> anyhow::Result<Self> {
        let redis = Redis::start(&[])?;
        let folder = redis.folder.join("certificate");
        std::fs::create_dir_all(&folder)?;
        let made = rcgen::generate_simple_self_signed(["pushtalk.invalid".to_owned()])?;
        std::fs::write(folder.join("cert.pem"), made.cert.pem())?;
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?;
        Ok(Self { redis, folder })
    }

    /// One more server.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn server(&self) -> anyhow::Result<Standalone> {
        self.server_by(Command::new(binary("pushtalk-server", "pushtalk-server")?))
    }

    /// The same, which logs all that it ever does into this file.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn server_that_logs(&self, to: &Path) -> anyhow::Result<Standalone> {
        let mut command = Command::new(binary("pushtalk-server", "pushtalk-server")?);
        command.env("PUSHTALK_LOG", "trace").stderr(File::create(to)?);
        self.server_by(command)
    }

    fn server_by(&self, command: Command) -> anyhow::Result<Standalone> {
        let path = |file: &str| self.file(file).to_string_lossy().into_owned();
        let (cert, key, redis) = (path("cert.pem"), path("key.pem"), self.redis.url());
        let args = ["--tls-cert", &cert, "--tls-key", &key, "--redis", &redis];
        Standalone::by(command, &[&["--listen", "127.0.0.1:0"], &args[..]].concat())
    }

    /// A file that is gone with the servers.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// What whoever is invited knows of a room.
pub struct Room {
    host: HostKey,
    secret: RoomSecret,
    id: RoomId,
}

impl Default for Room {
    fn default() -> Self {
        let (host, secret) = (HostKey::generate(&mut rng()), RoomSecret::generate(&mut rng()));
        let id = room_id(&host.public());
        Self { host, secret, id }
    }
}

impl Room {
    /// By what servers know it.
    pub fn id(&self) -> RoomId {
        self.id
    }
}

/// Somebody in a room, or on the way there.
pub struct Member {
    /// Their connection.
    pub client: Client,
    events: mpsc::Receiver<ServerEvent>,
    member_pub: MemberPublic,
    seat: SeatKey,
}

/// A server as it says itself where it is.
///
/// # Errors
/// For one that says something else.
pub fn at(server: &Standalone) -> anyhow::Result<SocketAddr> {
    Ok(server.address.parse()?)
}

impl Member {
    /// Somebody who is connected to a server.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn on(server: SocketAddr) -> anyhow::Result<Self> {
        let (client, events) = client(server).await?;
        let member_pub = MemberKey::generate(&mut rng()).public();
        Ok(Self { client, events, member_pub, seat: SeatKey::generate(&mut rng()) })
    }

    /// By what they are known.
    pub fn pid(&self) -> Pid {
        pid(&self.member_pub)
    }

    /// Their key, as servers know it.
    pub fn public(&self) -> MemberPublic {
        self.member_pub
    }

    /// Makes the room.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn create(&self, room: &Room) -> Result<Nameplate, ClientError> {
        let challenge = self.client.hello().await?.challenge;
        let (host, secret) = (&room.host, &room.secret);
        let create = create(host, secret, &self.client, &challenge, &self.member_pub, self.seat.public());
        Ok(self.client.create(&create).await?.nameplate)
    }

    /// Comes into the room, and gives how many are there.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn join(&self, room: &Room) -> Result<usize, ClientError> {
        let challenge = self.client.hello().await?.challenge;
        self.join_by(&challenge, room).await
    }

    /// The same, by a challenge that was got before.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn join_by(&self, challenge: &Challenge, room: &Room) -> Result<usize, ClientError> {
        let (room_id, epoch, seat_pub) = (room.id, Epoch::default(), self.seat.public());
        let key = room.secret.join_key(room_id, epoch);
        let sig = key.sign_join(challenge, room_id, epoch, self.pid(), &self.client.identity());
        let join = Join { room_id, epoch, member_pub: self.member_pub, seat_pub, sig };
        Ok(self.client.join(&join).await?.members.len())
    }

    /// Comes back to the seat, over a new connection to this server, and tries for as long as a server that is gone is
    /// not certainly so.
    ///
    /// # Errors
    /// When that is refused for good.
    pub async fn come_back(&mut self, room: &Room, to: SocketAddr) -> anyhow::Result<usize> {
        let begun = Instant::now();
        loop {
            let (client, events) = client(to).await?;
            (self.client, self.events) = (client, events);
            let challenge = self.client.hello().await?.challenge;
            let (room_id, pid) = (room.id, self.pid());
            let sig = self.seat.sign_resume(&challenge, room_id, pid, &self.client.identity());
            match self.client.resume(&Resume { room_id, pid, sig }).await {
                Ok(joined) => return Ok(joined.members.len()),
                Err(ClientError::Refused(RefusalCode::Unready)) if begun.elapsed() < PATIENCE => {}
                Err(error) => bail!(error),
            }
        }
    }

    /// Says something to another one, who hears it.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn says(&self, to: &mut Self, what: &[u8]) -> anyhow::Result<()> {
        self.client.relay(to.pid(), what)?;
        let from = self.pid();
        to.wait(|event| matches!(event, ServerEvent::Relayed { from: by, data } if *by == from && data[..] == *what))
            .await
            .map(drop)
    }

    /// Waits until this is told.
    ///
    /// # Errors
    /// When it is not.
    pub async fn wait(&mut self, what: impl Fn(&ServerEvent) -> bool) -> anyhow::Result<ServerEvent> {
        let found = async {
            loop {
                let event = self.events.recv().await.context("the connection is over")?;
                if what(&event) {
                    return Ok(event);
                }
            }
        };
        timeout(PATIENCE, found).await.context("nothing is told")?
    }

    /// Waits until the connection is cut by the server.
    ///
    /// # Errors
    /// When it is not.
    pub async fn is_cut(&mut self) -> anyhow::Result<()> {
        self.wait(|event| matches!(event, ServerEvent::Gone)).await.map(drop)
    }

    /// Knocks at the door of a room, and is answered by a member of it.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn knocks(&mut self, at: Nameplate, answers: &mut Self) -> anyhow::Result<()> {
        self.client.hello().await?;
        let lobby = self.client.lobby_open(at, b"who is there?").await?.lobby;
        let knock = |event: &ServerEvent| is_message(event, lobby, b"who is there?");
        answers.wait(knock).await?;
        answers.client.lobby_message(lobby, b"a friend")?;
        self.wait(|event| is_message(event, lobby, b"a friend")).await?;
        self.client.lobby_message(lobby, b"so am I")?;
        answers.wait(|event| is_message(event, lobby, b"so am I")).await?;
        self.client.lobby_close(lobby)?;
        let closed =
            |event: &ServerEvent| matches!(event, ServerEvent::LobbyClose { lobby: of } if *of == lobby);
        answers.wait(closed).await.map(drop)
    }
}

fn is_message(event: &ServerEvent, of: LobbyId, what: &[u8]) -> bool {
    matches!(event, ServerEvent::LobbyMessage { lobby, data } if *lobby == of && data[..] == *what)
}
