//! The lobby, event by event.

use std::time::Duration;

use pushtalk_protocol::{
    Epoch, HelloRequest, LobbyClose, Nameplate, RefusalCode, Relay, RoomClosed, RoomCloses, Signature,
};

use crate::limits::Rate;
use crate::lobby::{Limits, Push, Source};
use crate::lobby_world::{HERE, NO, NOW, World, challenge, conn, easy, message};
use crate::text64;

#[test]
fn who_joins_learns_who_is_there_and_the_others_learn_of_it() {
    let mut world = World::new(easy(), 3);
    let create = world.create(0);
    let nameplate = world.lobby.create(NOW, conn(0), &create, 5).unwrap().nameplate;
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
    let (mut world, _) = World::room(easy(), 0, 3);
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
    assert_eq!(world.lobby.create(NOW, conn(3), &again, 6).err(), Some(NO));
}

#[test]
fn a_full_room_refuses_and_says_no_more_than_for_a_wrong_proof() {
    let limits = Limits { members: 2, ..easy() };
    let (mut world, _) = World::room(limits, 1, 1);
    let join = world.join(2);
    assert_eq!(world.lobby.join(conn(2), &join).err(), Some(NO));
}

#[test]
fn bytes_are_relayed_within_a_room_only() {
    let (mut world, _) = World::room(easy(), 1, 1);
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
    let (mut world, nameplate) = World::room(easy(), 2, 1);
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
    let (mut world, nameplate) = World::room(easy(), 1, 1);
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
    let (mut world, nameplate) = World::room(Limits { lobbies: 2, ..easy() }, 0, 2);
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
    let mut world = World::new(easy(), 1);
    let hello = world.lobby.hello(conn(0), HelloRequest { version: 2 }, challenge(0));
    assert_eq!(hello.err(), Some(RefusalCode::OtherVersion));
}

#[test]
fn nothing_is_left_when_everybody_is_gone() {
    let (mut world, nameplate) = World::room(easy(), 2, 1);
    world.knock(3, nameplate, 1).unwrap();
    world.lobby.leave(NOW, conn(1)).unwrap();
    for of in [2, 0, 3, 1] {
        assert!(!world.lobby.is_empty());
        world.lobby.disconnected(NOW, conn(of));
        world.lobby.take_pushes();
    }
    assert_eq!(world.lobby.poll_timeout(), Some(Duration::from_secs(60)));
    world.lobby.handle_timeout(Duration::from_secs(60));
    assert!(world.lobby.is_empty());
}

#[test]
fn a_conversation_at_the_door_begins_with_an_answer_and_is_short() {
    let (mut world, nameplate) = World::room(Limits { lobby_messages: 3, ..easy() }, 0, 1);
    let lobby = world.knock(1, nameplate, 1).unwrap();
    let say = |world: &mut World, who| world.lobby.lobby_message(NOW, conn(who), message(lobby, b"x"));
    assert_eq!(say(&mut world, 1).err(), Some(NO), "nobody has answered yet");
    for who in [0, 1, 0] {
        assert!(say(&mut world, who).is_ok());
    }
    for who in [1, 0] {
        assert_eq!(say(&mut world, who).err(), Some(NO), "it has gone on for too long");
    }
}

#[test]
fn a_member_that_refuses_at_the_door_speaks_for_the_room() {
    let (mut world, nameplate) = World::room(easy(), 1, 1);
    let lobby = world.knock(2, nameplate, 1).unwrap();
    world.lobby.take_pushes();
    world.lobby.lobby_close(conn(0), LobbyClose { lobby }).unwrap();
    assert!(matches!(&world.lobby.take_pushes()[..], [(c, Push::LobbyClose(_))] if *c == conn(2)));
    assert_eq!(world.lobby.poll_timeout(), None);
}

#[test]
fn a_member_that_leaves_in_the_middle_of_a_conversation_ends_it() {
    let (mut world, nameplate) = World::room(easy(), 1, 1);
    let lobby = world.knock(2, nameplate, 1).unwrap();
    world.lobby.lobby_message(NOW, conn(0), message(lobby, b"answer")).unwrap();
    world.lobby.take_pushes();
    world.lobby.leave(NOW, conn(0)).unwrap();
    let pushes = world.lobby.take_pushes();
    assert!(pushes.iter().any(|(to, p)| *to == conn(2) && matches!(p, Push::LobbyClose(_))));
    assert!(
        !pushes.iter().any(|(_, p)| matches!(p, Push::LobbyMessage(_))),
        "the next one knows nothing of it"
    );
}

#[test]
fn the_next_member_has_its_own_five_seconds_also_when_the_first_one_leaves() {
    let (mut world, nameplate) = World::room(easy(), 1, 1);
    world.knock(2, nameplate, 1).unwrap();
    world.lobby.leave(Duration::from_secs(1), conn(0)).unwrap();
    assert_eq!(world.lobby.poll_timeout(), Some(Duration::from_secs(6)));
}

#[test]
fn a_room_is_knocked_at_by_so_many_at_once() {
    let (mut world, nameplate) = World::room(Limits { lobbies_of_a_room: 2, ..easy() }, 0, 3);
    let first = world.knock(1, nameplate, 1).unwrap();
    world.knock(2, nameplate, 2).unwrap();
    assert_eq!(world.knock(3, nameplate, 3).err(), Some(NO));
    world.lobby.lobby_close(conn(0), LobbyClose { lobby: first }).unwrap();
    assert!(world.knock(3, nameplate, 3).is_ok());
}

#[test]
fn rooms_and_connections_are_so_many_and_a_nameplate_is_free_again_with_its_room() {
    let mut world = World::new(Limits { rooms: 1, connections: 2, ..easy() }, 2);
    assert_eq!(world.lobby.connected(conn(2), HERE).err(), Some(RefusalCode::TooMany));
    let create = world.create(0);
    let nameplate = world.lobby.create(NOW, conn(0), &create, 5).unwrap().nameplate;
    world.renew();
    let second = world.create(1);
    assert_eq!(world.lobby.create(NOW, conn(1), &second, 5).err(), Some(NO));
    world.lobby.leave(NOW, conn(0)).unwrap();
    world.hello(1);
    assert_eq!(world.lobby.create(NOW, conn(1), &second, 5).unwrap().nameplate, nameplate);
}

#[test]
fn two_rooms_of_one_word_have_nameplates_of_their_own() {
    let mut world = World::new(easy(), 2);
    let first = world.create(0);
    world.renew();
    let second = world.create(1);
    let last = Nameplate::COUNT - 1;
    let one = world.lobby.create(NOW, conn(0), &first, last).unwrap().nameplate;
    let other = world.lobby.create(NOW, conn(1), &second, last).unwrap().nameplate;
    assert_eq!((one, other), (Nameplate::from_index(last), Nameplate::from_index(0)));
    // And their members cannot reach each other.
    let relay = Relay { to: world.pid(1), data: String::new() };
    assert_eq!(world.lobby.relay(conn(0), relay).err(), Some(NO));
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn who_tries_nameplates_one_after_the_other_is_slowed_down_and_nobody_else_is() {
    let limits = Limits { knocks_of_an_address: Some(Rate::a_minute(3, 6)), ..easy() };
    let (mut world, nameplate) = World::room(limits, 0, 2);
    let none = Nameplate::from_index(6);
    for id in 0..3 {
        assert_eq!(world.knock(1, none, id).err(), Some(NO));
    }
    // From now on it learns nothing, whether there is a room or not; also on another connection.
    for plate in [none, nameplate] {
        for of in [1, 2] {
            assert_eq!(world.knock(of, plate, 3).err(), Some(RefusalCode::TooMany));
        }
    }
    world.lobby.connected(conn(3), Source(1)).unwrap();
    world.lobby.hello(conn(3), HelloRequest { version: 1 }, challenge(3)).unwrap();
    assert!(world.knock(3, nameplate, 4).is_ok());
    assert_eq!(world.knock_at(9 * SECOND, 1, nameplate, 5).err(), Some(RefusalCode::TooMany));
    assert!(world.knock_at(10 * SECOND, 1, nameplate, 5).is_ok());
}

#[test]
fn a_room_is_knocked_at_so_often_and_looks_like_none_after_that() {
    let limits = Limits { knocks_at_a_room: Rate::a_minute(1, 6), ..easy() };
    let (mut world, nameplate) = World::room(limits, 0, 2);
    world.knock(1, nameplate, 1).unwrap();
    assert_eq!(world.knock(2, nameplate, 2).err(), Some(NO));
    assert!(world.knock_at(10 * SECOND, 2, nameplate, 2).is_ok());
}

#[test]
fn who_has_knocked_is_forgotten_when_it_does_not_count_any_more() {
    let limits = Limits { knocks_of_an_address: Some(Rate::a_minute(3, 6)), ..easy() };
    let mut world = World::new(limits, 1);
    assert!(world.knock(0, Nameplate::from_index(1), 1).is_err());
    world.lobby.disconnected(NOW, conn(0));
    assert!(!world.lobby.is_empty());
    assert_eq!(world.lobby.poll_timeout(), Some(10 * SECOND));
    world.lobby.handle_timeout(10 * SECOND);
    assert!(world.lobby.is_empty());
}

#[test]
fn everybody_is_told_before_a_room_is_closed_and_afterwards_nothing_is_left_of_it() {
    let limits = Limits { life: Some(100 * SECOND), notice: 30 * SECOND, ..easy() };
    let (mut world, nameplate) = World::room(limits, 1, 1);
    world.lobby.handle_timeout(69 * SECOND);
    assert!(world.lobby.take_pushes().is_empty());
    assert_eq!(world.lobby.poll_timeout(), Some(70 * SECOND));
    world.lobby.handle_timeout(71 * SECOND);
    let told = Push::RoomCloses(RoomCloses { seconds: 29 });
    assert!(world.lobby.take_pushes() == [(conn(0), told.clone()), (conn(1), told)]);
    // It goes on until then, and is said once.
    assert!(world.relay(0, 1).is_ok());
    world.lobby.take_pushes();
    assert_eq!(world.lobby.poll_timeout(), Some(100 * SECOND));
    world.lobby.handle_timeout(100 * SECOND);
    let closed = || Push::RoomClosed(RoomClosed {});
    assert!(world.lobby.take_pushes() == [(conn(0), closed()), (conn(1), closed())]);
    assert_eq!(world.relay(0, 1).err(), Some(NO));
    assert_eq!(world.knock_at(100 * SECOND, 2, nameplate, 1).err(), Some(NO));
    // Who was in it may make another one.
    world.renew();
    world.hello(0);
    let create = world.create(0);
    assert_eq!(world.lobby.create(100 * SECOND, conn(0), &create, 5).unwrap().nameplate, nameplate);
}
