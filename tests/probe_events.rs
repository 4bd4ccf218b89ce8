//! A lobby under any events of any connections: each is answered, and nothing is left when all are gone.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_e2ee::{HostKey, MemberKey, RoomSecret, SeatKey, ServerIdentity, pid, room_id};
use pushtalk_protocol::{
    CertificateHash, Challenge, Create, Empty, Epoch, HelloAck, HelloRequest, Join, JoinPublic, LobbyClose,
    LobbyId, LobbyMessage, LobbyOpen, Nameplate, Pid, Refusal, RefusalCode, Relay, Restore, Resume, RoomId,
    Rotate, SignedStatement, Statement, StatementKind, event,
};
use pushtalk_signaling::argument;
use pushtalk_signaling::lobby::{ConnectionId, Limits, Lobby, Push, Source};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Lines of text, each one event: `CONNECTION|EVENT|ARGUMENT` in JSON, or `!` for one with the right proofs; a statement
/// is `!` and who stays in the room, and `>` and who is to be the host;
/// `CONNECTION|gone`, `CONNECTION|come`, and `+MILLISECONDS` that pass. 0 has made a room, 1 has joined it, 2 to 4 have
/// said hello. The first lobby has the id of eight bytes of 1, the next of 2, and so on.
pub fn events(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut world = World::new();
    for line in [0, 1, 2, 3, 4].map(|n| format!("{n}|come")) {
        world.line(&line);
    }
    for line in [0, 1, 2, 3, 4].map(|n| format!("{n}|hello|{{\"version\":1}}")) {
        world.line(&line);
    }
    world.line("0|create|!");
    world.line("1|join|!");
    text.lines().take(100).for_each(|line| world.line(line));
    world.end();
}

struct World {
    lobby: Lobby,
    now: Duration,
    identity: ServerIdentity,
    secret: RoomSecret,
    people: Vec<Person>,
    lobbies: u8,
    /// Counts the statements.
    epoch: u32,
    /// Who signs them.
    signer: usize,
    /// Those that made another one the host, and the last one.
    signed: Vec<SignedStatement>,
    /// Who is connected, and how much was pushed to it.
    present: BTreeMap<ConnectionId, usize>,
}

struct Person {
    host: HostKey,
    member: MemberKey,
    seat: SeatKey,
}

impl World {
    fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let identity = ServerIdentity::Certificate(CertificateHash::new([9; 32]));
        let limits = Limits { members: 4, rooms: 3, connections: 8, ..Limits::default() };
        let mut person = |_| Person {
            host: HostKey::generate(&mut rng),
            member: MemberKey::generate(&mut rng),
            seat: SeatKey::generate(&mut rng),
        };
        let people = (0..10).map(&mut person).collect();
        Self {
            lobby: Lobby::new(limits, [identity.clone()]),
            now: Duration::ZERO,
            identity,
            secret: RoomSecret::generate(&mut rng),
            people,
            lobbies: 0,
            epoch: 0,
            signer: 0,
            signed: Vec::new(),
            present: BTreeMap::new(),
        }
    }

    fn line(&mut self, line: &str) {
        if let Some(ms) = line.strip_prefix('+') {
            self.now += Duration::from_millis(ms.parse::<u32>().unwrap_or(0).into());
            self.lobby.handle_timeout(self.now);
            let next = self.lobby.poll_timeout();
            assert!(next.is_none_or(|at| at > self.now), "what was due is done");
        } else if let Some((who, said)) = line.split_once('|')
            && let Some(who @ 0..10) = who.parse::<u64>().ok()
        {
            let from = ConnectionId(who);
            match said {
                "come" if !self.present.contains_key(&from) => {
                    if self.lobby.connected(from, Source(who % 3)).is_ok() {
                        self.present.insert(from, 0);
                    }
                }
                "gone" => self.gone(from),
                _ => {
                    if let Some((name, argument)) = said.split_once('|')
                        && self.present.contains_key(&from)
                    {
                        self.event(from, name, argument);
                    }
                }
            }
        }
        self.deliver();
    }

    fn gone(&mut self, from: ConnectionId) {
        self.lobby.disconnected(self.now, from);
        self.present.remove(&from);
    }

    fn event(&mut self, from: ConnectionId, name: &str, json: &str) {
        let now = self.now;
        let right = json == "!";
        match name {
            event::HELLO => {
                let Ok(hello) = argument::read(json).and_then(argument::read_hello) else { return };
                let challenge = self.challenge(from);
                self.say(&hello, |lobby, hello: HelloRequest| -> Result<HelloAck, _> {
                    lobby.hello(from, hello, challenge)
                });
            }
            event::CREATE => {
                let create = if right { Ok(self.create(from)) } else { argument::read(json) };
                self.try_say(create, |lobby, create: Create| lobby.create(now, from, &create, 5));
            }
            event::JOIN => {
                let join = if right { Ok(self.join(from)) } else { argument::read(json) };
                self.try_say(join, |lobby, join: Join| lobby.join(from, &join));
            }
            event::RESTORE => {
                let restore = if right { Ok(self.restore(from)) } else { argument::read(json) };
                self.try_say(restore, |lobby, restore: Restore| lobby.restore(now, from, &restore, 5));
            }
            event::RESUME => {
                let resume = if right { Ok(self.resume(from)) } else { argument::read(json) };
                self.try_say(resume, |lobby, resume: Resume| lobby.resume(now, from, &resume));
            }
            event::ROTATE => {
                let (statement, key) = json.strip_prefix('!').map_or((None, ""), |kind| (Some(kind), kind));
                let rotate = match statement {
                    Some(_) => Ok(self.rotate(key)),
                    None => argument::read(json),
                };
                self.try_say(rotate, |lobby, rotate: Rotate| lobby.rotate(now, from, &rotate));
            }
            event::LEAVE => self.try_say(argument::read(json), |lobby, Empty {}| lobby.leave(now, from)),
            event::RELAY => {
                let relay = if right { Ok(self.relay(from)) } else { argument::read(json) };
                self.try_say(relay, |lobby, relay: Relay| lobby.relay(from, relay));
            }
            event::LOBBY_OPEN => {
                self.lobbies = self.lobbies.wrapping_add(1);
                let id = LobbyId::new([self.lobbies; 8]);
                self.try_say(argument::read(json), |lobby, open: LobbyOpen| {
                    lobby.lobby_open(now, from, open, id)
                });
            }
            event::LOBBY_MESSAGE => self.try_say(argument::read(json), |lobby, message: LobbyMessage| {
                lobby.lobby_message(now, from, message)
            }),
            event::LOBBY_CLOSE => {
                self.try_say(argument::read(json), |lobby, close: LobbyClose| lobby.lobby_close(from, close));
            }
            _ => {}
        }
    }

    fn try_say<T, A>(
        &mut self,
        argument: Result<T, RefusalCode>,
        act: impl FnOnce(&mut Lobby, T) -> Result<A, RefusalCode>,
    ) where
        T: Serialize + DeserializeOwned + PartialEq,
        A: Serialize + DeserializeOwned + PartialEq,
    {
        if let Ok(argument) = argument {
            self.say(&argument, act);
        }
    }

    /// The lobby gets what reads back from what was read.
    fn say<T, A>(&mut self, argument: &T, act: impl FnOnce(&mut Lobby, T) -> Result<A, RefusalCode>)
    where
        T: Serialize + DeserializeOwned + PartialEq,
        A: Serialize + DeserializeOwned + PartialEq,
    {
        assert_reads_back(argument);
        let Some(argument) = reads_back(argument) else { return };
        match act(&mut self.lobby, argument) {
            Ok(answer) => assert_reads_back(&answer),
            Err(error) => assert_reads_back(&Refusal { error, version: None }),
        }
    }

    /// Pushes go to who is there, and read back.
    fn deliver(&mut self) {
        for (to, push) in self.lobby.take_pushes() {
            let pushed = self.present.get_mut(&to);
            assert!(pushed.is_some(), "a push goes to somebody who is there");
            pushed.into_iter().for_each(|count| *count += 1);
            match &push {
                Push::Relayed(relayed) => {
                    assert!(relayed.data.len() <= 22_000);
                    assert_reads_back(relayed);
                }
                Push::LobbyMessage(message) => assert_reads_back(message),
                Push::LobbyClose(close) => assert_reads_back(close),
                Push::MemberJoined(joined) => assert_reads_back(joined),
                Push::MemberLeft(left) => assert_reads_back(left),
                Push::RoomCloses(closes) => assert_reads_back(closes),
                Push::RoomClosed(closed) => assert_reads_back(closed),
            }
        }
        for cut in self.lobby.take_cuts() {
            assert!(self.present.remove(&cut).is_some(), "who is cut was there");
        }
        let (rooms, connections) = self.lobby.counts();
        assert!(connections == self.present.len() && rooms <= 3);
    }

    fn end(mut self) {
        while let Some((from, _)) = self.present.first_key_value() {
            let from = *from;
            self.gone(from);
        }
        self.line("+86400000");
        assert!(self.lobby.is_empty(), "nothing is left of anybody");
    }

    fn person(&self, of: ConnectionId) -> &Person {
        &self.people[of.0 as usize % self.people.len()]
    }

    fn challenge(&self, of: ConnectionId) -> Challenge {
        Challenge::new([of.0 as u8; 32])
    }

    fn create(&self, of: ConnectionId) -> Create {
        let Person { host, member, seat } = self.person(of);
        let (epoch, host_pub, challenge) = (Epoch::default(), host.public(), self.challenge(of));
        let (room_id, member_pub) = (room_id(&host_pub), member.public());
        let (join_key, pid) = (self.secret.join_key(room_id, epoch), pid(&member_pub));
        let join_pub = join_key.public();
        Create {
            room_id,
            host_pub,
            epoch,
            join_pub,
            member_pub,
            seat_pub: seat.public(),
            host_sig: host.sign_create(&challenge, room_id, epoch, &join_pub, pid, &self.identity),
            join_sig: join_key.sign_join(&challenge, room_id, epoch, pid, &self.identity),
        }
    }

    /// Into the room of 0.
    fn join(&self, of: ConnectionId) -> Join {
        let Person { member, seat, .. } = self.person(of);
        let (epoch, room_id) = (Epoch(self.epoch), room_id(&self.people[0].host.public()));
        let (join_key, own) = (self.secret.join_key(room_id, epoch), pid(&member.public()));
        let sig = join_key.sign_join(&self.challenge(of), room_id, epoch, own, &self.identity);
        Join { room_id, epoch, member_pub: member.public(), seat_pub: seat.public(), sig }
    }

    /// The room of 0, as it is by what was signed.
    fn restore(&self, of: ConnectionId) -> Restore {
        let Join { room_id, epoch, member_pub, seat_pub, .. } = self.join(of);
        let key = self.secret.join_key(room_id, epoch);
        let statements = self.signed.iter();
        Restore {
            room_id,
            first_host: self.people[0].host.public(),
            statements: statements.map(|signed| BASE64_URL_SAFE_NO_PAD.encode(signed.encode())).collect(),
            epoch,
            join_pub: key.public(),
            nameplate: Nameplate::from_index(5),
            member_pub,
            seat_pub,
            sig: key.sign_restore(&self.challenge(of), room_id, epoch, pid(&member_pub), &self.identity),
        }
    }

    /// To the seat in the room of 0 that is one's own by the key.
    fn resume(&self, of: ConnectionId) -> Resume {
        let Person { member, seat, .. } = self.person(of);
        let (room_id, pid) = (room_id(&self.people[0].host.public()), pid(&member.public()));
        let sig = seat.sign_resume(&self.challenge(of), room_id, pid, &self.identity);
        Resume { room_id, pid, sig }
    }

    /// The next epoch of the room of 0: `kind` says who stays and, after a `>`, who is the host from then on.
    fn rotate(&mut self, kind: &str) -> Rotate {
        self.epoch += 1;
        let (stay, heir) = kind.split_once('>').unwrap_or((kind, ""));
        let person = |name: char| self.people.get(name.to_digit(10).unwrap_or(0) as usize);
        let pid_of = |person: &Person| pid(&person.member.public());
        let mut roster: Vec<Pid> = stay.chars().filter_map(person).map(pid_of).collect();
        roster.sort();
        roster.dedup();
        let heir = heir.chars().next().and_then(|name| Some((person(name)?, name)));
        let transfer = heir.filter(|(person, _)| roster.binary_search(&pid_of(person)).is_ok());
        let room_id: RoomId = room_id(&self.people[0].host.public());
        let epoch = Epoch(self.epoch);
        let join_pub: JoinPublic = self.secret.join_key(room_id, epoch).public();
        let kind = match transfer {
            Some((heir, _)) => StatementKind::Transfer { heir: pid_of(heir), host_pub: heir.host.public() },
            None => StatementKind::Remove,
        };
        let statement =
            Statement { room_id, epoch, seq: self.epoch, kind, removed: vec![], roster, join_pub };
        let signed = self.people[self.signer].host.sign_statement(statement);
        if let Some((_, name)) = transfer {
            self.signer = name.to_digit(10).unwrap_or(0) as usize;
        }
        let statement = BASE64_URL_SAFE_NO_PAD.encode(signed.encode());
        let is_transfer =
            |last: &SignedStatement| matches!(last.statement.kind, StatementKind::Transfer { .. });
        self.signed.pop_if(|last| !is_transfer(last));
        self.signed.push(signed);
        Rotate { statement }
    }

    /// To the next one.
    fn relay(&self, of: ConnectionId) -> Relay {
        let to = self.person(ConnectionId(of.0 ^ 1));
        Relay { to: pid(&to.member.public()), data: "AAAA".to_owned() }
    }
}

fn reads_back<T: Serialize + DeserializeOwned>(value: &T) -> Option<T> {
    argument::read(&serde_json::to_string(value).unwrap_or_default()).ok()
}

/// What is written in JSON and read again is the same.
fn assert_reads_back<T: Serialize + DeserializeOwned + PartialEq>(value: &T) {
    assert!(reads_back(value).as_ref() == Some(value));
}
