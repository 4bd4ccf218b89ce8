//! The store that several servers share: a Redis or Valkey, of version 6 or newer.
//!
//! One connection is all there is of it (RESP3, so that what others send comes over it too): when it is lost, nothing is
//! known of what was on its way, and the server takes another name when it is back. What depends on what is there is a
//! script, so nobody comes between the look and the change. Every key ends by itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, bail};
use pushtalk_protocol::{Nameplate, RoomId};
use pushtalk_signaling::store::{Claimed, GONE_AFTER, KEPT_FOR, NodeId, Session, Store, Text, Write};
use rand::TryRng;
use rand::rngs::SysRng;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, IntoConnectionInfo, Pipeline, ProtocolVersion,
    PushInfo, PushKind, cmd, from_redis_value,
};
use serde::Serialize;
use tokio::sync::mpsc;

/// Longest wait for an answer, and for a connection.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// A room and its nameplate, where nobody else has either. KEYS: room, nameplate. ARGV: server, text, id of the room, ms.
const CLAIM: &str = "
local home = redis.call('HGET', KEYS[1], 'home')
if home and home ~= ARGV[1] then return 'room' end
if not redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4]) and redis.call('GET', KEYS[2]) ~= ARGV[3] then
  return 'nameplate'
end
redis.call('HSET', KEYS[1], 'home', ARGV[1], 'room', ARGV[2], 'nameplate', KEYS[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 'ours'";

/// A room of this server, by its present name or the one before. The same, and ARGV[5]: the name before.
const KEEP: &str = "
local home = redis.call('HGET', KEYS[1], 'home')
if home and home ~= ARGV[1] and home ~= ARGV[5] then return 0 end
redis.call('HSET', KEYS[1], 'home', ARGV[1], 'room', ARGV[2], 'nameplate', KEYS[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if not redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4]) and redis.call('GET', KEYS[2]) == ARGV[3] then
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
end
return 1";

/// Ends a room of this server. KEYS: room. ARGV: server, id of the room.
const DROP: &str = "
if redis.call('HGET', KEYS[1], 'home') ~= ARGV[1] then return 0 end
local nameplate = redis.call('HGET', KEYS[1], 'nameplate')
if redis.call('GET', nameplate) == ARGV[2] then redis.call('DEL', nameplate) end
redis.call('DEL', KEYS[1])
return 1";

/// Takes over a room of a server that is gone. KEYS: room, that server. ARGV: server, name of the other.
const ADOPT: &str = "
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('HGET', KEYS[1], 'home') ~= ARGV[2] then return false end
redis.call('HSET', KEYS[1], 'home', ARGV[1])
return redis.call('HGET', KEYS[1], 'room')";

/// A Redis that may be used: nobody listens on the way there, and it writes nothing to a disk.
pub(crate) struct Redis {
    client: Client,
    may_persist: bool,
}

impl Redis {
    /// The one at this URL.
    pub(crate) fn new(url: &str, may_persist: bool) -> anyhow::Result<Self> {
        let at = url.into_connection_info().context("this is no URL of a Redis")?;
        match at.addr() {
            ConnectionAddr::Tcp(host, _) if !is_loopback(host) => {
                bail!("without TLS a Redis is used on this machine only: rediss:// for {host}")
            }
            ConnectionAddr::TcpTls { insecure: true, .. } => {
                bail!("a Redis whose certificate is not checked may be anybody")
            }
            _ => {}
        }
        let settings = at.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(Self { client: Client::open(at.set_redis_settings(settings))?, may_persist })
    }

    /// Whether it is of use.
    pub(crate) async fn check(&self) -> anyhow::Result<()> {
        let mut to = self.client.get_multiplexed_async_connection_with_config(&patience()).await?;
        self.forgets(&mut to).await
    }

    /// Whether it keeps what it has to itself.
    async fn forgets(&self, to: &mut MultiplexedConnection) -> anyhow::Result<()> {
        if self.may_persist {
            return Ok(());
        }
        const HOW: &str = "start it with --save '' --appendonly no, or allow it with --redis-may-persist";
        for (setting, off) in [("save", ""), ("appendonly", "no")] {
            let is: HashMap<String, String> = cmd("CONFIG")
                .arg("GET")
                .arg(setting)
                .query_async(to)
                .await
                .with_context(|| format!("it does not say whether it writes to a disk: {HOW}"))?;
            if is.get(setting).is_none_or(|is| is != off) {
                bail!("this Redis writes what it has to a disk ({setting}): {HOW}");
            }
        }
        Ok(())
    }
}

fn patience() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(ANSWER_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN))
}

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

impl Store for Redis {
    type Session = Connection;

    async fn begin(&self, inbox: mpsc::UnboundedSender<Text>) -> anyhow::Result<Connection> {
        // Dropped with the connection, so that who listens hears of its end.
        let inbox = Mutex::new(Some(inbox));
        let push = move |info: PushInfo| -> Result<(), ()> {
            let mut inbox = inbox.lock().map_err(|_| ())?;
            match (info.kind, info.data.into_iter().nth(1)) {
                (PushKind::Disconnection, _) => drop(inbox.take()),
                (PushKind::Message, Some(text)) => {
                    let text = from_redis_value(text).map_err(|_| ())?;
                    inbox.as_ref().ok_or(())?.send(text).map_err(|_| ())?;
                }
                _ => {}
            }
            Ok(())
        };
        let how = patience().set_push_sender(push);
        let mut to = self.client.get_multiplexed_async_connection_with_config(&how).await?;
        self.forgets(&mut to).await?;
        let mut name = [0; 8];
        SysRng.try_fill_bytes(&mut name).context("no randomness")?;
        let me = NodeId(u64::from_be_bytes(name));
        to.subscribe(channel(me)).await?;
        let session = Connection { me, to };
        session.beat(Vec::new()).await?;
        Ok(session)
    }
}

/// A connection to it.
#[derive(Clone)]
pub(crate) struct Connection {
    me: NodeId,
    to: MultiplexedConnection,
}

impl Session for Connection {
    type Error = anyhow::Error;

    fn me(&self) -> NodeId {
        self.me
    }

    async fn write(&self, all: Vec<Write>) -> anyhow::Result<Vec<RoomId>> {
        let mut pipeline = Pipeline::new();
        let mut kept = Vec::new();
        for write in all {
            match write {
                Write::Send { to, text } => {
                    pipeline.add_command(publish(to, text)).ignore();
                }
                Write::Keep { room, nameplate, before, text } => {
                    kept.push(room);
                    pipeline.add_command(self.put(KEEP, room, nameplate, &text, Some(before))?);
                }
                Write::Drop { room } => {
                    let drop = script(DROP, &[key("room", &room)?]);
                    pipeline.add_command(arguments(drop, &[name(self.me), spelled(&room)?])).ignore();
                }
            }
        }
        if pipeline.is_empty() {
            return Ok(Vec::new());
        }
        let ours: Vec<bool> = pipeline.query_async(&mut self.to.clone()).await?;
        Ok(kept.into_iter().zip(ours).filter(|(_, ours)| !ours).map(|(room, _)| room).collect())
    }

    async fn claim(&self, room: RoomId, nameplate: Nameplate, text: Text) -> anyhow::Result<Claimed> {
        let claim = self.put(CLAIM, room, nameplate, &text, None)?;
        let claimed: String = claim.query_async(&mut self.to.clone()).await?;
        match claimed.as_str() {
            "ours" => Ok(Claimed::Ours),
            "room" => Ok(Claimed::RoomTaken),
            _ => Ok(Claimed::NameplateTaken),
        }
    }

    async fn find(&self, nameplate: Nameplate) -> anyhow::Result<Option<RoomId>> {
        let id: Option<String> =
            cmd("GET").arg(key("nameplate", &nameplate)?).query_async(&mut self.to.clone()).await?;
        Ok(match id {
            Some(id) => Some(serde_json::from_value(id.into())?),
            None => None,
        })
    }

    async fn home(&self, room: RoomId) -> anyhow::Result<Option<NodeId>> {
        let home: Option<String> =
            cmd("HGET").arg(key("room", &room)?).arg("home").query_async(&mut self.to.clone()).await?;
        Ok(match home {
            Some(home) => Some(NodeId(u64::from_str_radix(&home, 16)?)),
            None => None,
        })
    }

    async fn adopt(&self, room: RoomId, from: NodeId) -> anyhow::Result<Option<Text>> {
        let adopt = script(ADOPT, &[key("room", &room)?, alive(from)]);
        Ok(arguments(adopt, &[name(self.me), name(from)]).query_async(&mut self.to.clone()).await?)
    }

    async fn hears(&self, node: NodeId) -> anyhow::Result<bool> {
        let mut pipeline = Pipeline::new();
        pipeline.exists(alive(node)).cmd("PUBSUB").arg("NUMSUB").arg(channel(node));
        let (alive, (_, hearing)): (bool, (String, u32)) = pipeline.query_async(&mut self.to.clone()).await?;
        Ok(alive && hearing > 0)
    }

    async fn beat(&self, others: Vec<NodeId>) -> anyhow::Result<Vec<NodeId>> {
        let mut pipeline = Pipeline::new();
        pipeline.set_options(alive(self.me), 1, lasting(GONE_AFTER)).ignore();
        for other in &others {
            pipeline.exists(alive(*other));
        }
        let alive: Vec<bool> = pipeline.query_async(&mut self.to.clone()).await?;
        Ok(others.into_iter().zip(alive).filter(|(_, alive)| !alive).map(|(other, _)| other).collect())
    }
}

impl Connection {
    fn put(
        &self,
        what: &str,
        room: RoomId,
        nameplate: Nameplate,
        text: &str,
        before: Option<NodeId>,
    ) -> anyhow::Result<Cmd> {
        let put = script(what, &[key("room", &room)?, key("nameplate", &nameplate)?]);
        let lasts = KEPT_FOR.as_millis().to_string();
        let before = name(before.unwrap_or(self.me));
        Ok(arguments(put, &[name(self.me), text.to_owned(), spelled(&room)?, lasts, before]))
    }
}

fn publish(to: NodeId, text: Text) -> Cmd {
    let mut publish = cmd("PUBLISH");
    publish.arg(channel(to)).arg(text);
    publish
}

fn script(what: &str, keys: &[String]) -> Cmd {
    let mut script = cmd("EVAL");
    script.arg(what).arg(keys.len()).arg(keys);
    script
}

fn arguments(mut to: Cmd, arguments: &[String]) -> Cmd {
    to.arg(arguments);
    to
}

fn lasting(time: Duration) -> redis::SetOptions {
    redis::SetOptions::default().with_expiration(redis::SetExpiry::PX(time.as_millis() as u64))
}

fn name(node: NodeId) -> String {
    format!("{:016x}", node.0)
}

fn alive(node: NodeId) -> String {
    format!("pushtalk:server:{}", name(node))
}

fn channel(node: NodeId) -> String {
    format!("pushtalk:to:{}", name(node))
}

fn key(kind: &str, of: &impl Serialize) -> anyhow::Result<String> {
    Ok(format!("pushtalk:{kind}:{}", spelled(of)?))
}

/// As it is spelled wherever it travels.
fn spelled(what: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_value(what)?.as_str().context("not a text")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_is_used_where_nobody_listens() {
        for fine in [
            "redis://localhost",
            "redis://127.0.0.1:6380/2",
            "redis://[::1]",
            "unix:///run/redis.sock",
            "rediss://store.example",
        ] {
            assert!(Redis::new(fine, false).is_ok(), "{fine}");
        }
        for not in
            ["redis://store.example", "redis://10.0.0.1", "http://localhost", "", "rediss://a/#insecure"]
        {
            assert!(Redis::new(not, false).is_err(), "{not}");
        }
    }
}
