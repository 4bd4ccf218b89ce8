//! Connections that behave as members do, by the thousand, to whatever speaks Socket.IO with these events.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use futures_util::{SinkExt, StreamExt};
use pushtalk_e2ee::{HostKey, MemberKey, RoomSecret, SeatKey, ServerIdentity, pid, room_id};
use pushtalk_protocol::{Challenge, Create, Epoch, Join, Pid};
use pushtalk_tests::siege::{Wire, wire};
use rand::rng;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

const PATIENCE: Duration = Duration::from_secs(60);

/// One connection, in a task of its own that answers pings.
pub(crate) struct Member {
    orders: mpsc::Sender<String>,
    answers: Mutex<mpsc::Receiver<Value>>,
    task: JoinHandle<()>,
    /// Of its `hello`.
    challenge: Challenge,
}

/// What all connections of a run have in common.
pub(crate) struct Load {
    /// Each connection is to the next one.
    pub(crate) servers: Vec<SocketAddr>,
    pub(crate) connections: AtomicUsize,
    pub(crate) tls: bool,
    /// The other server wants to be told who one is; ours works that out, and refuses what it does not know.
    pub(crate) with_pid: bool,
    /// When sealed bytes came, after they were sent.
    pub(crate) delays: std::sync::Mutex<Vec<Duration>>,
    pub(crate) arrived: AtomicUsize,
    pub(crate) start: Instant,
}

impl Load {
    pub(crate) async fn connect(self: &Arc<Self>) -> anyhow::Result<Member> {
        let scheme = if self.tls { "wss" } else { "ws" };
        let next = self.connections.fetch_add(1, Ordering::Relaxed) % self.servers.len();
        let server = self.servers[next];
        let url = format!("{scheme}://{server}/socket.io/?EIO=4&transport=websocket");
        let config = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
        let wire = wire(server, self.tls).await?;
        let (mut socket, _) = tokio_tungstenite::client_async_with_config(url, wire, Some(config)).await?;
        // Engine.IO opens, and then the namespace is entered.
        loop {
            let heard =
                timeout(PATIENCE, socket.next()).await.context("no word")?.context("it is over")??;
            match heard.to_text()? {
                "2" => socket.send(Message::text("3")).await?,
                packet if packet.starts_with("40") => break,
                packet => {
                    ensure!(packet.starts_with('0'), "{packet} at the beginning");
                    socket.send(Message::text("40")).await?;
                }
            }
        }
        let (orders, ordered) = mpsc::channel(64);
        let (answered, answers) = mpsc::channel(64);
        let task = tokio::spawn(live(socket, ordered, answered, Arc::clone(self)));
        let mut member =
            Member { orders, answers: Mutex::new(answers), task, challenge: Challenge::new([0; 32]) };
        let hello = member.ask("hello", &json!({"version": 1})).await?;
        member.challenge = serde_json::from_value(hello["challenge"].clone())?;
        Ok(member)
    }
}

impl Member {
    pub(crate) fn is_alive(&self) -> bool {
        !self.task.is_finished()
    }

    pub(crate) async fn say(&self, event: &str, argument: &Value) -> anyhow::Result<()> {
        self.orders.send(format!("42{}", json!([event, argument]))).await.context("the connection is gone")
    }

    async fn ask(&self, event: &str, argument: &Value) -> anyhow::Result<Value> {
        self.orders
            .send(format!("421{}", json!([event, argument])))
            .await
            .context("the connection is gone")?;
        let answer = timeout(PATIENCE, async { self.answers.lock().await.recv().await });
        answer.await.context("no answer in time")?.context("the connection is gone")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A room and those who sit in it.
pub(crate) struct Room {
    host: HostKey,
    secret: RoomSecret,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { host: HostKey::generate(&mut rng()), secret: RoomSecret::generate(&mut rng()) }
    }

    /// Makes it, or comes in.
    pub(crate) async fn enter(&self, load: &Load, member: &Member, makes: bool) -> anyhow::Result<Pid> {
        let identity = ServerIdentity::Origin("https://localhost".to_owned());
        let (epoch, host_pub) = (Epoch::default(), self.host.public());
        let room_id = room_id(&host_pub);
        let member_pub = MemberKey::generate(&mut rng()).public();
        let seat_pub = SeatKey::generate(&mut rng()).public();
        let (own, key) = (pid(&member_pub), self.secret.join_key(room_id, epoch));
        let sig = key.sign_join(&member.challenge, room_id, epoch, own, &identity);
        let (event, mut argument) = if makes {
            let join_pub = key.public();
            let challenge = &member.challenge;
            let host_sig = self.host.sign_create(challenge, room_id, epoch, &join_pub, own, &identity);
            let join_sig = sig;
            let create =
                Create { room_id, host_pub, epoch, join_pub, member_pub, seat_pub, host_sig, join_sig };
            ("create", json!(create))
        } else {
            ("join", json!(Join { room_id, epoch, member_pub, seat_pub, sig }))
        };
        if load.with_pid {
            argument["pid"] = json!(own);
            argument["sig"] = json!(sig);
        }
        let answer = member.ask(event, &argument).await?;
        if answer["nameplate"].is_null() {
            bail!("{event}: {answer}");
        }
        Ok(own)
    }
}

/// A message of a kilobyte to somebody, which tells when it was sent.
pub(crate) fn sealed(load: &Load, to: Pid) -> Value {
    let mut bytes = vec![0x5a; 1024];
    let sent = u64::try_from(load.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    bytes[..8].copy_from_slice(&sent.to_be_bytes());
    json!({"to": to, "data": BASE64.encode(bytes)})
}

async fn live(
    mut socket: WebSocketStream<Box<dyn Wire>>,
    mut orders: mpsc::Receiver<String>,
    answers: mpsc::Sender<Value>,
    load: Arc<Load>,
) {
    loop {
        let said = tokio::select! {
            order = orders.recv() => match order {
                Some(order) => socket.send(Message::text(order)).await.is_ok(),
                None => return,
            },
            heard = socket.next() => match heard {
                Some(Ok(Message::Text(text))) => heed(&mut socket, text.as_str(), &answers, &load).await,
                Some(Ok(Message::Close(_)) | Err(_)) | None => false,
                Some(Ok(_)) => true,
            },
        };
        if !said {
            return;
        }
    }
}

/// False when the connection is over.
async fn heed(
    socket: &mut WebSocketStream<Box<dyn Wire>>,
    packet: &str,
    answers: &mpsc::Sender<Value>,
    load: &Load,
) -> bool {
    if packet == "2" {
        return socket.send(Message::text("3")).await.is_ok();
    }
    if let Some(answer) = packet.strip_prefix("431")
        && let Ok([answer]) = serde_json::from_str::<[Value; 1]>(answer)
    {
        return answers.send(answer).await.is_ok();
    }
    if packet.starts_with("42[\"relay\"")
        && let Some(delay) = delay(packet, load)
    {
        load.arrived.fetch_add(1, Ordering::Relaxed);
        load.delays.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(delay);
    }
    true
}

fn delay(packet: &str, load: &Load) -> Option<Duration> {
    let event: Value = serde_json::from_str(packet.strip_prefix("42")?).ok()?;
    let bytes = BASE64.decode(event[1]["data"].as_str()?).ok()?;
    let sent = Duration::from_nanos(u64::from_be_bytes(bytes.first_chunk().copied()?));
    load.start.elapsed().checked_sub(sent)
}
