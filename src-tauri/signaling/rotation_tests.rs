//! Epochs at the server: what only the present host begins, and what is dead after one.

use std::time::Duration;

use pushtalk_e2ee::HostKey;
use pushtalk_protocol::{
    Epoch, JoinPublic, LobbyClose, Nameplate, Pid, RefusalCode, RoomId, Rotate, Signature, StatementKind,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::lobby::{ConnectionId, Push};
use crate::lobby_world::{HERE, NO, NOW, World, conn, easy, message};

fn is_told_that_the_room_is_closed(pushes: &[(ConnectionId, Push)], who: usize) -> bool {
    pushes.iter().any(|(to, push)| *to == conn(who) && matches!(push, Push::RoomClosed(_)))
}

fn asked_first(world: &mut World, joiner: usize, nameplate: Nameplate) -> ConnectionId {
    world.lobby.take_pushes();
    world.knock(joiner, nameplate, 200).unwrap();
    let pushes = world.lobby.take_pushes();
    let [(to, Push::LobbyMessage(_))] = &pushes[..] else { panic!() };
    *to
}

#[test]
fn with_an_epoch_the_removed_lose_their_seats_and_the_join_key_is_new() {
    let (mut world, nameplate) = World::room(easy(), 3, 2);
    let signed = world.signed(1, &[0, 2]);
    // Handed over by one that is removed: the signature counts.
    assert!(world.rotate(1, &signed).is_ok());
    let pushes = world.lobby.take_pushes();
    for out in [1, 3] {
        assert!(is_told_that_the_room_is_closed(&pushes, out));
        assert_eq!(pushes.iter().filter(|(to, _)| *to == conn(out)).count(), 1, "and nothing else");
        let gone = world.pid(out);
        for stays in [0, 2] {
            let left = |p: &Push| matches!(p, Push::MemberLeft(left) if left.pid == gone);
            assert_eq!(pushes.iter().filter(|(to, p)| *to == conn(stays) && left(p)).count(), 1);
        }
    }
    assert_eq!(pushes.len(), 6);
    assert!(world.relay(0, 2).is_ok());
    let old = world.join(4);
    assert_eq!(world.lobby.join(conn(4), &old).err(), Some(NO));
    world.hello(4);
    let new = world.join_in(4, Epoch(1));
    let joined = world.lobby.join(conn(4), &new).unwrap();
    assert_eq!((joined.members, joined.nameplate), (vec![world.public(0), world.public(2)], nameplate));
}

#[test]
fn only_a_newer_statement_of_the_present_host_begins_an_epoch() {
    let (mut world, _) = World::room(easy(), 1, 1);
    let stranger = HostKey::generate(&mut StdRng::seed_from_u64(9));
    let first = world.signed(2, &[0, 1]);
    assert_eq!(world.rotate(2, &first).err(), Some(NO), "handed over by a stranger");
    let statement = || world.statement(3, StatementKind::Door, &[0, 1]);
    let with = |change: fn(&mut pushtalk_protocol::Statement)| {
        let mut changed = statement();
        change(&mut changed);
        changed
    };
    let mut tampered = world.host.sign_statement(statement());
    tampered.statement.roster.pop();
    let mut unsigned = world.host.sign_statement(statement());
    unsigned.signature = Signature::new([0; 64]);
    let mut swapped = world.host.sign_statement(statement());
    swapped.statement.join_pub = JoinPublic::new([7; 32]);
    let refused = [
        ("of another key", stranger.sign_statement(statement())),
        ("cut", tampered),
        ("unsigned", unsigned),
        ("with another join key", swapped),
        ("of another room", world.host.sign_statement(with(|s| s.room_id = RoomId::new([7; 16])))),
        ("of the same epoch", world.host.sign_statement(with(|s| s.epoch = Epoch(2)))),
        ("of an earlier epoch", world.host.sign_statement(with(|s| s.epoch = Epoch(1)))),
        ("of the same number", world.host.sign_statement(with(|s| s.seq = 2))),
        ("of an earlier number", world.host.sign_statement(with(|s| s.seq = 1))),
        ("said again", world.signed(2, &[0, 1])),
    ];
    assert!(world.rotate(0, &first).is_ok());
    for (which, signed) in &refused {
        for from in [0, 1] {
            assert_eq!(world.rotate(from, signed).err(), Some(NO), "{which}");
        }
    }
    assert!(world.lobby.take_pushes().is_empty());
    for odd in ["", "a b", "AQ", &"A".repeat(6000)] {
        let rotate = Rotate { statement: odd.to_owned() };
        assert_eq!(world.lobby.rotate(NOW, conn(0), &rotate).err(), Some(RefusalCode::BadRequest));
    }
    let next = world.signed(3, &[0, 1]);
    assert!(world.rotate(1, &next).is_ok(), "none of it has changed anything");
}

#[test]
fn after_a_transfer_the_heir_signs_and_is_asked_first() {
    let (mut world, nameplate) = World::room(easy(), 3, 1);
    assert_eq!(asked_first(&mut world, 4, nameplate), conn(0));
    let heir = HostKey::generate(&mut StdRng::seed_from_u64(9));
    let kind = StatementKind::Transfer { heir: world.pid(2), host_pub: heir.public() };
    let early = heir.sign_statement(world.statement(1, StatementKind::Remove, &[1, 2, 3]));
    assert_eq!(world.rotate(2, &early).err(), Some(NO), "not yet");
    let transfer = world.host.sign_statement(world.statement(1, kind, &[0, 1, 2, 3]));
    assert!(world.rotate(0, &transfer).is_ok());
    world.lobby.disconnected(NOW, conn(4));
    world.lobby.connected(conn(4), HERE).unwrap();
    world.hello(4);
    assert_eq!(asked_first(&mut world, 4, nameplate), conn(2));
    // The others keep their order.
    world.lobby.handle_timeout(Duration::from_secs(5));
    let to = |pushes: Vec<(ConnectionId, Push)>| pushes.last().map(|(to, _)| *to);
    assert_eq!(to(world.lobby.take_pushes()), Some(conn(0)));
    let late = world.signed(2, &[0, 1, 3]);
    assert_eq!(world.rotate(0, &late).err(), Some(NO), "the old host is host no more");
    let second = heir.sign_statement(world.statement(2, StatementKind::Remove, &[1, 2]));
    assert!(world.rotate(1, &second).is_ok());
    assert!(is_told_that_the_room_is_closed(&world.lobby.take_pushes(), 0));
}

#[test]
fn a_seat_that_is_kept_is_kept_through_an_epoch_by_who_is_in_the_roster_only() {
    let (mut world, _) = World::room(easy(), 2, 2);
    for away in [1, 2] {
        world.lobby.disconnected(NOW, conn(away));
    }
    world.lobby.take_pushes();
    let signed = world.signed(1, &[0, 1]);
    assert!(world.rotate(0, &signed).is_ok());
    assert!(world.lobby.take_pushes().is_empty(), "that it was gone is known already");
    let (stays, out) = (world.resume(3, 1), world.resume(4, 2));
    assert!(world.lobby.resume(NOW, conn(3), &stays).is_ok());
    assert_eq!(world.lobby.resume(NOW, conn(4), &out).err(), Some(NO));
}

#[test]
fn a_statement_with_an_empty_roster_closes_the_room() {
    let (mut world, nameplate) = World::room(easy(), 1, 1);
    world.knock(2, nameplate, 1).unwrap();
    let signed = world.signed(1, &[]);
    assert!(world.rotate(1, &signed).is_ok());
    let pushes = world.lobby.take_pushes();
    assert!([0, 1].iter().all(|who| is_told_that_the_room_is_closed(&pushes, *who)));
    assert!(matches!(pushes.iter().find(|(to, _)| *to == conn(2)), Some((_, Push::LobbyClose(_)))));
    assert_eq!((world.lobby.rooms.len(), world.lobby.nameplates.len(), world.lobby.knocks.len()), (0, 0, 0));
}

#[test]
fn no_credential_of_a_removed_member_is_of_any_use() {
    const OUT: usize = 1;
    let (mut world, nameplate) = World::room(easy(), 1, 3);
    // A lobby that it has begun before it came in, and one that it is asked in.
    world.lobby.leave(NOW, conn(OUT)).unwrap();
    world.hello(OUT);
    let begun = world.knock(OUT, nameplate, 1).unwrap();
    world.lobby.lobby_message(NOW, conn(0), message(begun, b"answer")).unwrap();
    let join = world.join(OUT);
    world.lobby.join(conn(OUT), &join).unwrap();
    let guest = world.join(2);
    world.lobby.join(conn(2), &guest).unwrap();
    let asked = world.knock(3, nameplate, 2).unwrap();
    // The one that it has begun goes on meanwhile.
    world.lobby.lobby_message(Duration::from_secs(4), conn(0), message(begun, b"more")).unwrap();
    world.lobby.handle_timeout(Duration::from_secs(5));
    world.lobby.take_pushes();
    assert!(world.lobby.lobby_message(NOW, conn(OUT), message(asked, b"hello")).is_ok());
    // What it has heard of the room so far.
    world.lobby.take_pushes();
    let earlier = world.signed(1, &[0, OUT, 2]);
    assert!(world.rotate(0, &earlier).is_ok());
    let removal = world.signed(2, &[0, 2]);
    assert!(world.rotate(0, &removal).is_ok());
    let pushes = world.lobby.take_pushes();
    assert!(is_told_that_the_room_is_closed(&pushes, OUT));
    for other in [0, 3] {
        assert!(pushes.iter().any(|(to, p)| *to == conn(other) && matches!(p, Push::LobbyClose(_))));
    }

    let hello = |world: &mut World| world.hello(OUT);
    for again in 0..2 {
        // The seat, to speak and to be spoken to.
        for to in [0, 2] {
            assert_eq!(world.relay(OUT, to).err(), Some(NO));
            assert_eq!(world.relay(to, OUT).err(), Some(NO));
        }
        assert_eq!(world.lobby.leave(NOW, conn(OUT)).err(), Some(NO));
        // The seat key.
        hello(&mut world);
        let resume = world.resume(OUT, OUT);
        assert_eq!(world.lobby.resume(NOW, conn(OUT), &resume).err(), Some(NO));
        // The join keys that it knew, with its own member key and with a new one.
        for epoch in [0, 1] {
            for member in [OUT, 4] {
                hello(&mut world);
                world.hello(4);
                let join = world.join_in(member, Epoch(epoch));
                assert_eq!(world.lobby.join(conn(member), &join).err(), Some(NO));
                let as_now = pushtalk_protocol::Join { epoch: Epoch(2), ..join };
                hello(&mut world);
                world.hello(4);
                assert_eq!(world.lobby.join(conn(member), &as_now).err(), Some(NO));
            }
        }
        // The room itself, under its own name.
        hello(&mut world);
        let create = world.create(OUT);
        assert_eq!(world.lobby.create(NOW, conn(OUT), &create, 9).err(), Some(NO));
        // The lobbies that it was in.
        for lobby in [begun, asked] {
            let said = world.lobby.lobby_message(NOW, conn(OUT), message(lobby, b"x"));
            assert_eq!(said.err(), Some(NO));
            assert_eq!(world.lobby.lobby_close(conn(OUT), LobbyClose { lobby }).err(), Some(NO));
        }
        // The statements that it has heard.
        for signed in [&earlier, &removal] {
            assert_eq!(world.rotate(OUT, signed).err(), Some(NO));
        }
        assert!(world.lobby.take_pushes().is_empty(), "nobody hears of any of it");
        // The same on a new connection.
        if again == 0 {
            world.lobby.disconnected(NOW, conn(OUT));
            world.lobby.connected(conn(OUT), HERE).unwrap();
            assert!(world.lobby.take_pushes().is_empty() && world.lobby.poll_timeout().is_none());
        }
    }
    // It may knock, as anybody may who knows where; it is a stranger then, and is never asked in turn.
    hello(&mut world);
    let lobby = world.knock(OUT, nameplate, 3).unwrap();
    let mut asked = Vec::new();
    for seconds in [5, 10, 15] {
        asked.extend(world.lobby.take_pushes());
        world.lobby.handle_timeout(Duration::from_secs(seconds));
    }
    let first = |(to, push): &(ConnectionId, Push)| matches!(push, Push::LobbyMessage(_)).then_some(*to);
    assert_eq!(asked.iter().filter_map(first).collect::<Vec<_>>(), [conn(0), conn(2)]);
    assert_eq!(world.lobby.lobby_message(NOW, conn(OUT), message(lobby, b"x")).err(), Some(NO));
    let gone: Pid = world.pid(OUT);
    assert!(world.lobby.rooms.values().all(|room| room.seat(gone).is_none()));
}
