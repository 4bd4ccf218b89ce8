//! The lobby, event by event.

use std::time::Duration;

use proptest::prelude::*;
use pushtalk_e2ee::{HostKey, MemberKey, RoomSecret, ServerIdentity, pid, room_id};
use pushtalk_protocol::{
    CertificateHash, Challenge, Create, Epoch, HelloRequest, Join, LobbyClose, LobbyId, LobbyMessage,
    LobbyOpen, MemberPublic, Nameplate, Pid, RefusalCode, Relay, Signature,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::lobby::{ConnectionId, Limits, Lobby, Push};
use crate::text64;

const NOW: Duration = Duration::ZERO;
const NO: RefusalCode = RefusalCode::NotAvailable;

/// A lobby, a room's secrets, and connections 0, 1, … that have said hello.
struct World {
    rng: StdRng,
    lobby: Lobby,
    host: HostKey,
    secret: RoomSecret,
    members: Vec<MemberKey>,
    identity: ServerIdentity,
}

const fn conn(of: usize) -> ConnectionId {
    ConnectionId(of as u64)
}

fn challenge(of: usize) -> Challenge {
    Challenge::new([of as u8; 32])
}

impl World {
    fn new(limits: Limits, connections: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let identity = ServerIdentity::Certificate(CertificateHash::new([9; 32]));
        let mut world = Self {
            lobby: Lobby::new(limits, identity.clone()),
            host: HostKey::generate(&mut rng),
            secret: RoomSecret::generate(&mut rng),
            members: (0..connections).map(|_| MemberKey::generate(&mut rng)).collect(),
            identity,
            rng,
        };
        for of in 0..connections {
            world.lobby.connected(conn(of)).unwrap();
            world.hello(of);
        }
        world
    }

    fn hello(&mut self, of: usize) {
        self.lobby.hello(conn(of), HelloRequest { version: 1 }, challenge(of)).unwrap();
    }

    fn public(&self, of: usize) -> MemberPublic {
        self.members[of].public()
    }

    fn pid(&self, of: usize) -> Pid {
        pid(&self.public(of))
    }

    fn create(&mut self, of: usize) -> Create {
        let (epoch, host_pub) = (Epoch::default(), self.host.public());
        let room_id = room_id(&host_pub);
        let join_key = self.secret.join_key(room_id, epoch);
        let (join_pub, own, challenge) = (join_key.public(), self.pid(of), challenge(of));
        Create {
            room_id,
            host_pub,
            epoch,
            join_pub,
            member_pub: self.public(of),
            host_sig: self.host.sign_create(&challenge, room_id, epoch, &join_pub, own, &self.identity),
            join_sig: join_key.sign_join(&challenge, room_id, epoch, own, &self.identity),
        }
    }

    fn join(&self, of: usize) -> Join {
        let (epoch, room_id) = (Epoch::default(), room_id(&self.host.public()));
        let join_key = self.secret.join_key(room_id, epoch);
        let sig = join_key.sign_join(&challenge(of), room_id, epoch, self.pid(of), &self.identity);
        Join { room_id, epoch, member_pub: self.public(of), sig }
    }

    /// Connection 0 makes the room, the next `joiners` join it.
    fn room(limits: Limits, joiners: usize, more: usize) -> (Self, Nameplate) {
        let mut world = Self::new(limits, 1 + joiners + more);
        let create = world.create(0);
        let nameplate = world.lobby.create(conn(0), &create, 5).unwrap().nameplate;
        for of in 1..=joiners {
            let join = world.join(of);
            world.lobby.join(conn(of), &join).unwrap();
        }
        world.lobby.take_pushes();
        (world, nameplate)
    }

    fn knock(&mut self, of: usize, nameplate: Nameplate, id: u8) -> Result<LobbyId, RefusalCode> {
        let lobby = LobbyId::new([id; 8]);
        let data = text64::encode(b"first");
        self.lobby.lobby_open(NOW, conn(of), LobbyOpen { nameplate, data }, lobby).map(|o| o.lobby)
    }
}

fn message(lobby: LobbyId, text: &[u8]) -> LobbyMessage {
    LobbyMessage { lobby, data: text64::encode(text) }
}

#[test]
fn who_joins_learns_who_is_there_and_the_others_learn_of_it() {
    let mut world = World::new(Limits::default(), 3);
    let create = world.create(0);
    let nameplate = world.lobby.create(conn(0), &create, 5).unwrap().nameplate;
    for of in 1..3 {
        let join = world.join(of);
        let joined = world.lobby.join(conn(of), &join).unwrap();
        assert_eq!(joined.members, (0..of).map(|m| world.public(m)).collect::<Vec<_>>());
        assert_eq!(joined.nameplate, nameplate);
        let pushes = world.lobby.take_pushes();
        assert_eq!(
            pushes.iter().map(|(to, _)| *to).collect::<Vec<_>>(),
            (0..of).map(conn).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_proof_is_good_once_for_its_own_connection_and_room() {
    let (mut world, _) = World::room(Limits::default(), 0, 3);
    // With the signature of another connection's challenge.
    let stolen = world.join(1);
    assert_eq!(world.lobby.join(conn(2), &stolen).err(), Some(NO));
    // A challenge is spent by one try, also by a failed one.
    let good = world.join(2);
    assert_eq!(world.lobby.join(conn(2), &good).err(), Some(NO));
    world.hello(2);
    let mut forged = world.join(2);
    forged.sig = Signature::new([1; 64]);
    assert_eq!(world.lobby.join(conn(2), &forged).err(), Some(NO));
    world.hello(2);
    let mut other = world.join(2);
    other.epoch = Epoch(1);
    assert_eq!(world.lobby.join(conn(2), &other).err(), Some(NO));
    world.hello(2);
    assert!(world.lobby.join(conn(2), &good).is_ok());
    // The same member twice, and a second room of the same key.
    world.hello(3);
    let mut twin = world.join(2);
    twin.sig = world.join(3).sig;
    assert_eq!(world.lobby.join(conn(3), &twin).err(), Some(NO));
    world.hello(3);
    let again = world.create(3);
    assert_eq!(world.lobby.create(conn(3), &again, 6).err(), Some(NO));
}

#[test]
fn a_full_room_refuses_and_says_no_more_than_for_a_wrong_proof() {
    let limits = Limits { members: 2, ..Limits::default() };
    let (mut world, _) = World::room(limits, 1, 1);
    let join = world.join(2);
    assert_eq!(world.lobby.join(conn(2), &join).err(), Some(NO));
}

#[test]
fn bytes_are_relayed_within_a_room_only() {
    let (mut world, _) = World::room(Limits::default(), 1, 1);
    let relay = |to| Relay { to, data: text64::encode(b"sealed") };
    let (host, guest, stranger) = (world.pid(0), world.pid(1), world.pid(2));
    assert!(world.lobby.relay(conn(1), relay(host)).is_ok());
    let pushes = world.lobby.take_pushes();
    let [(to, Push::Relayed(relayed))] = &pushes[..] else { panic!() };
    assert_eq!((*to, relayed.from, &relayed.data), (conn(0), guest, &relay(host).data));
    assert_eq!(world.lobby.relay(conn(2), relay(host)).err(), Some(NO));
    assert_eq!(world.lobby.relay(conn(0), relay(stranger)).err(), Some(NO));
    let long = Relay { to: host, data: text64::encode(&[0; 16 * 1024 + 1]) };
    assert_eq!(world.lobby.relay(conn(1), long).err(), Some(RefusalCode::BadRequest));
    let odd = Relay { to: host, data: "a b".into() };
    assert_eq!(world.lobby.relay(conn(1), odd).err(), Some(RefusalCode::BadRequest));
    assert!(world.lobby.take_pushes().is_empty());
}

#[test]
fn a_joiner_talks_to_the_host_first_and_to_the_next_when_it_is_silent() {
    let (mut world, nameplate) = World::room(Limits::default(), 2, 1);
    let lobby = world.knock(3, nameplate, 1).unwrap();
    assert!(matches!(&world.lobby.take_pushes()[..], [(c, Push::LobbyMessage(_))] if *c == conn(0)));
    for (next, after) in [(1, 5), (2, 10)] {
        assert_eq!(world.lobby.poll_timeout(), Some(Duration::from_secs(after)));
        world.lobby.handle_timeout(Duration::from_secs(after));
        let pushes = world.lobby.take_pushes();
        let [(_, Push::LobbyClose(_)), (to, Push::LobbyMessage(first))] = &pushes[..] else { panic!() };
        assert_eq!((*to, &first.data), (conn(next), &text64::encode(b"first")));
    }
    // The one that was passed over is no part of it any more.
    assert_eq!(world.lobby.lobby_message(NOW, conn(0), message(lobby, b"x")).err(), Some(NO));
    assert!(world.lobby.lobby_message(Duration::from_secs(11), conn(2), message(lobby, b"y")).is_ok());
    assert!(matches!(&world.lobby.take_pushes()[..], [(c, Push::LobbyMessage(_))] if *c == conn(3)));
    // Once somebody has answered, silence ends it.
    world.lobby.handle_timeout(Duration::from_secs(16));
    assert_eq!(world.lobby.take_pushes().len(), 2);
    assert_eq!(world.lobby.poll_timeout(), None);
}

#[test]
fn a_lobby_goes_to_the_next_member_when_the_one_that_answers_goes() {
    let (mut world, nameplate) = World::room(Limits::default(), 1, 1);
    world.knock(2, nameplate, 1).unwrap();
    world.lobby.take_pushes();
    world.lobby.disconnected(NOW, conn(0));
    let to: Vec<_> = world
        .lobby
        .take_pushes()
        .into_iter()
        .filter_map(|(to, p)| matches!(p, Push::LobbyMessage(_)).then_some(to))
        .collect();
    assert_eq!(to, [conn(1)]);
    world.lobby.disconnected(NOW, conn(1));
    let pushes = world.lobby.take_pushes();
    assert!(pushes.iter().any(|(to, p)| *to == conn(2) && matches!(p, Push::LobbyClose(_))));
}

#[test]
fn lobbies_are_few_short_and_closed_to_others() {
    let (mut world, nameplate) = World::room(Limits { lobbies: 2, ..Limits::default() }, 0, 2);
    assert_eq!(world.knock(1, Nameplate::from_index(77), 1).err(), Some(NO));
    let lobby = world.knock(1, nameplate, 1).unwrap();
    world.knock(1, nameplate, 2).unwrap();
    assert_eq!(world.knock(1, nameplate, 3).err(), Some(RefusalCode::TooMany));
    assert_eq!(world.knock(0, nameplate, 4).err(), Some(NO), "who is in need not knock");
    assert_eq!(world.lobby.lobby_message(NOW, conn(2), message(lobby, b"x")).err(), Some(NO));
    assert_eq!(world.lobby.lobby_close(conn(2), LobbyClose { lobby }).err(), Some(NO));
    let long = message(lobby, &[0; 513]);
    assert_eq!(world.lobby.lobby_message(NOW, conn(1), long).err(), Some(RefusalCode::BadRequest));
    assert!(world.lobby.lobby_close(conn(1), LobbyClose { lobby }).is_ok());
    assert!(world.knock(1, nameplate, 5).is_ok(), "a closed one counts no more");
}

#[test]
fn another_version_is_refused_by_name() {
    let mut world = World::new(Limits::default(), 1);
    let hello = world.lobby.hello(conn(0), HelloRequest { version: 2 }, challenge(0));
    assert_eq!(hello.err(), Some(RefusalCode::OtherVersion));
}

#[test]
fn nothing_is_left_when_everybody_is_gone() {
    let (mut world, nameplate) = World::room(Limits::default(), 2, 1);
    world.knock(3, nameplate, 1).unwrap();
    world.lobby.leave(NOW, conn(1)).unwrap();
    for of in [2, 0, 3, 1] {
        assert!(!world.lobby.is_empty());
        world.lobby.disconnected(NOW, conn(of));
        world.lobby.take_pushes();
    }
    assert!(world.lobby.is_empty());
}

#[derive(Clone, Debug)]
enum Act {
    Hello(usize),
    Create(usize, u16),
    Join(usize, usize),
    Relay(usize, usize),
    Knock(usize, u8),
    Say(usize, u8),
    Close(usize, u8),
    Leave(usize),
    Disconnect(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let c = 0..6_usize;
    prop_oneof![
        c.clone().prop_map(Act::Hello),
        (c.clone(), any::<u16>()).prop_map(|(c, w)| Act::Create(c, w)),
        (c.clone(), c.clone()).prop_map(|(a, b)| Act::Join(a, b)),
        (c.clone(), c.clone()).prop_map(|(a, b)| Act::Relay(a, b)),
        (c.clone(), 0..4_u8).prop_map(|(c, l)| Act::Knock(c, l)),
        (c.clone(), 0..4_u8).prop_map(|(c, l)| Act::Say(c, l)),
        (c.clone(), 0..4_u8).prop_map(|(c, l)| Act::Close(c, l)),
        c.clone().prop_map(Act::Leave),
        c.prop_map(Act::Disconnect),
        (0..7_u64).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_of_events_reaches_members_only_and_leaves_nothing(acts in proptest::collection::vec(act(), 1..80)) {
        let mut world = World::new(Limits { members: 3, ..Limits::default() }, 6);
        let mut now = NOW;
        let mut nameplate = Nameplate::from_index(0);
        for act in acts {
            match act {
                Act::Hello(c) => {
                    let _ = world.lobby.hello(conn(c), HelloRequest { version: 1 }, challenge(c));
                }
                Act::Create(c, word) => {
                    let create = world.create(c);
                    if let Ok(created) = world.lobby.create(conn(c), &create, word) {
                        nameplate = created.nameplate;
                    }
                }
                Act::Join(c, of) => {
                    let join = world.join(of);
                    let joined = world.lobby.join(conn(c), &join);
                    prop_assert!(joined.is_err() || c == of, "a proof of another connection");
                }
                Act::Relay(c, to) => {
                    let relay = Relay { to: world.pid(to), data: String::new() };
                    let _ = world.lobby.relay(conn(c), relay);
                }
                Act::Knock(c, id) => {
                    let _ = world.knock(c, nameplate, id);
                }
                Act::Say(c, id) => {
                    let _ = world.lobby.lobby_message(now, conn(c), message(LobbyId::new([id; 8]), b"x"));
                }
                Act::Close(c, id) => {
                    let _ = world.lobby.lobby_close(conn(c), LobbyClose { lobby: LobbyId::new([id; 8]) });
                }
                Act::Leave(c) => {
                    let _ = world.lobby.leave(NOW, conn(c));
                }
                Act::Disconnect(c) => {
                    world.lobby.disconnected(NOW, conn(c));
                    world.lobby.connected(conn(c)).unwrap();
                }
                Act::Wait(s) => {
                    now += Duration::from_secs(s);
                    world.lobby.handle_timeout(now);
                }
            }
            world.lobby.take_pushes();
        }
        for c in 0..6 {
            world.lobby.disconnected(NOW, conn(c));
        }
        world.lobby.take_pushes();
        prop_assert!(world.lobby.is_empty());
        let _ = &world.rng;
    }
}
