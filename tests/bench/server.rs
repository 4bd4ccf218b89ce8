//! What a connection, a join and a relayed message cost a server: ours, and a plain Socket.IO server on Node with the same
//! events, under the same load; and several of ours that stand for one.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use pushtalk_tests::binary::binary;
use pushtalk_tests::community::Redis;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::bench::load::{Load, Member, Room, sealed};
use crate::bench::usage::Usage;
use crate::{folder, keep, say};

const SIZES: [usize; 3] = [1_000, 5_000, 10_000];
/// Rooms, and members of each.
const ROOMS: usize = 50;
const MEMBERS: usize = 20;
/// Messages that each of them relays: as many as may be said at once.
const RELAYS: usize = 20;
/// Messages whose way is timed, one each two milliseconds.
const TIMED: usize = 1_000;

/// Who is loaded.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    /// So many of ours, with a Redis between them where they are several.
    Ours(usize),
    Peer,
}

/// `options`: sizes, `--minutes N` for how long all are kept waiting, `--ours` for our server alone, and `--nodes` for
/// one, two and three of ours that stand for one.
pub(crate) fn server(options: &[&str]) -> anyhow::Result<()> {
    let (mut sizes, mut minutes, mut who) = (Vec::new(), 0, vec![Who::Ours(1), Who::Peer]);
    let mut ways = vec![false, true];
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--minutes" => minutes = options.next().context("how many minutes?")?.parse()?,
            "--ours" => who = vec![Who::Ours(1)],
            "--nodes" => (who, ways) = ([1, 2, 3].map(Who::Ours).to_vec(), vec![false]),
            size => sizes.push(size.parse().context("a number of connections")?),
        }
    }
    if sizes.is_empty() {
        sizes = SIZES.to_vec();
    }
    pushtalk_process::allow_many_files()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    say(format_args!(
        "{:<22} {:>11} {:>13} {:>13} {:>10} {:>10} {:>10} {:>10} {:>8}",
        "server",
        "connections",
        "KiB/connection",
        "µs/connection",
        "µs/join",
        "µs/relay",
        "p50, ms",
        "p99, ms",
        "alive"
    ))?;
    let mut results = Vec::new();
    for tls in ways {
        for size in &sizes {
            for who in &who {
                results.push(runtime.block_on(run(*who, tls, *size, minutes))?);
            }
        }
    }
    keep("server", results)
}

async fn run(who: Who, tls: bool, size: usize, minutes: u64) -> anyhow::Result<Value> {
    ensure!(size >= ROOMS * MEMBERS, "at least {} connections", ROOMS * MEMBERS);
    let server = match who {
        Who::Peer => Servers { all: vec![Server::node(tls)?], redis: None },
        Who::Ours(1) => Servers { all: vec![Server::ours(tls, None)?], redis: None },
        Who::Ours(count) => Servers::among(tls, count)?,
    };
    let addresses = server.all.iter().map(|it| it.address.parse());
    let load = Arc::new(Load {
        servers: addresses.collect::<Result<_, _>>()?,
        connections: AtomicUsize::new(0),
        tls,
        with_pid: who == Who::Peer,
        delays: std::sync::Mutex::default(),
        arrived: AtomicUsize::new(0),
        start: Instant::now(),
    });
    // The first ones make the server get what it needs once.
    let warm: Vec<Member> = connect(&load, 100).await?;
    drop(warm);
    sleep(Duration::from_secs(1)).await;
    let empty = server.usage()?;
    let members = connect(&load, size).await?;
    sleep(Duration::from_secs(1)).await;
    let connected = server.usage()?;

    let mut seated = Vec::new();
    for room in members[..ROOMS * MEMBERS].chunks_exact(MEMBERS) {
        let keys = Room::new();
        let mut pids = Vec::new();
        for (n, member) in room.iter().enumerate() {
            pids.push(keys.enter(&load, member, n == 0).await?);
        }
        seated.push((room, pids));
    }
    let joined = server.usage()?;

    for _ in 0..RELAYS {
        for (room, pids) in &seated {
            for (n, member) in room.iter().enumerate() {
                member.say("relay", &sealed(&load, pids[(n + 1) % MEMBERS])).await?;
            }
        }
    }
    arrive(&load, ROOMS * MEMBERS * RELAYS).await?;
    let relayed = server.usage()?;

    let until = Instant::now() + Duration::from_secs(60 * minutes);
    sleep(until.saturating_duration_since(Instant::now())).await;
    load.delays.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    for n in 0..TIMED {
        let (room, pids) = &seated[n % ROOMS];
        let from = n / ROOMS % MEMBERS;
        room[from].say("relay", &sealed(&load, pids[(from + 1) % MEMBERS])).await?;
        sleep(Duration::from_millis(2)).await;
    }
    arrive(&load, ROOMS * MEMBERS * RELAYS + TIMED).await?;
    let mut delays =
        std::mem::take(&mut *load.delays.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    delays.sort_unstable();
    let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let alive = members.iter().filter(|member| member.is_alive()).count();

    let micros = |now: Usage, before: Usage, count: usize| {
        // Percent of a core over a second are hundredths of a second.
        now.ticks.percent_since(before.ticks, Duration::from_secs(1)) * 1e4 / count as f64
    };
    let name = format!(
        "{}{}",
        match who {
            Who::Peer => "Node socket.io".to_owned(),
            Who::Ours(1) => "pushtalk-server".to_owned(),
            Who::Ours(count) => format!("{count} pushtalk-servers"),
        },
        if tls { ", TLS" } else { "" }
    );
    let result = json!({
        "server": name,
        "connections": size,
        "kib_per_connection": connected.memory.saturating_sub(empty.memory) as f64 / 1024.0 / size as f64,
        "us_per_connection": micros(connected, empty, size),
        "us_per_join": micros(joined, connected, ROOMS * MEMBERS),
        "us_per_relay": micros(relayed, joined, ROOMS * MEMBERS * RELAYS),
        "relay_p50_ms": at(0.5),
        "relay_p99_ms": at(0.99),
        "minutes": minutes,
        "alive": alive,
    });
    let number = |name: &str| result[name].as_f64().unwrap_or(f64::NAN);
    say(format_args!(
        "{name:<22} {size:>11} {:>14.1} {:>13.0} {:>10.0} {:>10.1} {:>10.2} {:>10.2} {alive:>8}",
        number("kib_per_connection"),
        number("us_per_connection"),
        number("us_per_join"),
        number("us_per_relay"),
        number("relay_p50_ms"),
        number("relay_p99_ms"),
    ))?;
    Ok(result)
}

async fn connect(load: &Arc<Load>, count: usize) -> anyhow::Result<Vec<Member>> {
    stream::iter(0..count).map(|_| load.connect()).buffer_unordered(64).try_collect().await
}

/// Waits until so many messages have come.
async fn arrive(load: &Load, count: usize) -> anyhow::Result<()> {
    let until = Instant::now() + Duration::from_secs(60);
    while load.arrived.load(Ordering::Relaxed) < count {
        ensure!(Instant::now() < until, "of {count} messages {:?} came", load.arrived);
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Those that are loaded, and what is between them.
struct Servers {
    all: Vec<Server>,
    redis: Option<Redis>,
}

impl Servers {
    fn among(tls: bool, count: usize) -> anyhow::Result<Self> {
        let redis = Redis::start(&[])?;
        let url = redis.url();
        let all = (0..count).map(|_| Server::ours(tls, Some(&url))).collect::<Result<_, _>>()?;
        Ok(Self { all, redis: Some(redis) })
    }

    /// Of all together, the Redis included.
    fn usage(&self) -> anyhow::Result<Usage> {
        let ids = self.all.iter().map(|server| server.child.id());
        let all = ids.chain(self.redis.as_ref().map(Redis::id));
        all.map(Usage::of).try_fold(Usage::default(), |sum, usage| Ok(sum.and(usage?)))
    }
}

/// A process, ended with the value.
struct Server {
    child: Child,
    /// Open as long as it lives, for it may say more than its address.
    _says: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    fn ours(tls: bool, redis: Option<&str>) -> anyhow::Result<Self> {
        let mut command = Command::new(binary("pushtalk-server", "pushtalk-server")?);
        command.args(["--listen", "127.0.0.1:0", "--name", "localhost", "--rooms", "1000"]);
        command.args(["--connections", "20000", "--connections-per-near-address", "20000"]);
        if !tls {
            command.arg("--plain");
        }
        if let Some(redis) = redis {
            command.args(["--redis", redis]);
        }
        Self::start(command.env("PUSHTALK_LOG", "off"))
    }

    fn node(tls: bool) -> anyhow::Result<Self> {
        let mut command = Command::new("node");
        command.arg(folder().join("peer/peer.js"));
        if tls {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
            let (key, cert) = (folder().join("peer/key.pem"), folder().join("peer/cert.pem"));
            std::fs::write(&key, made.signing_key.serialize_pem())?;
            std::fs::write(&cert, made.cert.pem())?;
            command.arg(key).arg(cert);
        }
        Self::start(&mut command)
    }

    fn start(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("a server")?;
        let mut line = String::new();
        let mut says = BufReader::new(child.stdout.take().context("no output")?);
        says.read_line(&mut line)?;
        let address = line.trim().rsplit(' ').next().context("no address")?.to_owned();
        Ok(Self { child, _says: says, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
