//! Seats: kept, taken again, and nobody's but who has the key.

use std::time::Duration;

use pushtalk_protocol::{Epoch, HelloRequest, MemberPublic, RefusalCode, Resume, RoomId, Signature};

use crate::lobby::{Limits, Push};
use crate::lobby_world::{NO, NOW, World, challenge, conn, easy, message};

const MINUTE: Duration = Duration::from_secs(60);

/// Who was told what of whom: true for `member joined`.
fn told(world: &mut World) -> Vec<(u64, bool)> {
    let pushes = world.lobby.take_pushes().into_iter();
    pushes
        .filter_map(|(to, push)| match push {
            Push::MemberJoined(_) => Some((to.0, true)),
            Push::MemberLeft(_) => Some((to.0, false)),
            _ => None,
        })
        .collect()
}

fn resume(world: &mut World, on: usize, of: usize) -> Result<Vec<MemberPublic>, RefusalCode> {
    let resume = world.resume(on, of);
    world.lobby.resume(NOW, conn(on), &resume).map(|joined| joined.members)
}

#[test]
fn a_member_whose_connection_was_lost_comes_back_to_its_seat() {
    let (mut world, nameplate) = World::room(easy(), 2, 1);
    world.lobby.disconnected(NOW, conn(1));
    assert_eq!(told(&mut world), [(0, false), (2, false)]);
    let again = world.resume(3, 1);
    let joined = world.lobby.resume(MINUTE - Duration::from_millis(1), conn(3), &again).unwrap();
    assert_eq!(joined.members, [world.public(0), world.public(2)]);
    assert_eq!(joined.nameplate, nameplate);
    let pushes = world.lobby.take_pushes();
    assert_eq!(pushes.len(), 2);
    let key = world.public(1);
    assert!(pushes.iter().all(|(_, p)| matches!(p, Push::MemberJoined(joined) if joined.member_pub == key)));
    assert!(world.lobby.take_cuts().is_empty());
    assert!(world.relay(0, 1).is_ok() && world.relay(3, 2).is_ok());
    let pushes = world.lobby.take_pushes();
    let [(to, Push::Relayed(_)), (_, Push::Relayed(relayed))] = &pushes[..] else { panic!() };
    assert_eq!((*to, relayed.from), (conn(3), world.pid(1)));
    assert_eq!(world.lobby.poll_timeout(), None, "the seat is not to be freed any more");
}

#[test]
fn a_seat_is_kept_for_a_minute_and_not_longer() {
    let (mut world, nameplate) = World::room(easy(), 0, 2);
    world.lobby.disconnected(NOW, conn(0));
    assert_eq!(world.lobby.poll_timeout(), Some(MINUTE));
    let late = world.resume(1, 0);
    assert_eq!(world.lobby.resume(MINUTE, conn(1), &late).err(), Some(NO), "also when nobody has tidied up");
    world.lobby.handle_timeout(MINUTE - Duration::from_millis(1));
    assert_eq!(world.lobby.counts().0, 1);
    world.lobby.handle_timeout(MINUTE);
    assert_eq!((world.lobby.counts().0, world.lobby.poll_timeout()), (0, None));
    // The nameplate is free with the last seat.
    let again = world.create(2);
    assert_eq!(world.lobby.create(NOW, conn(2), &again, 5).unwrap().nameplate, nameplate);
}

#[test]
fn who_is_back_on_a_new_connection_leaves_nothing_to_the_old_one() {
    let (mut world, _) = World::room(easy(), 1, 1);
    world.hello(1);
    assert_eq!(resume(&mut world, 2, 1), Ok(vec![world.public(0)]));
    assert_eq!(told(&mut world), [(0, false), (0, true)]);
    assert_eq!(world.lobby.take_cuts(), [conn(1)]);
    // What the old one still says before it is cut.
    assert_eq!(world.relay(1, 0).err(), Some(NO));
    assert_eq!(world.lobby.leave(NOW, conn(1)).err(), Some(NO));
    assert!(world.lobby.hello(conn(1), HelloRequest { version: 1 }, challenge(1)).is_err());
    assert!(resume(&mut world, 1, 1).is_err());
    let (create, join) = (world.create(1), world.join(1));
    assert!(
        world.lobby.create(NOW, conn(1), &create, 9).is_err() && world.lobby.join(conn(1), &join).is_err()
    );
    world.lobby.disconnected(NOW, conn(1));
    assert!(told(&mut world).is_empty(), "its end is not the member's");
    assert!(world.relay(2, 0).is_ok() && world.relay(0, 1).is_ok());
    let pushes = world.lobby.take_pushes();
    assert!(matches!(&pushes[..], [_, (to, Push::Relayed(_))] if *to == conn(2)));
}

#[test]
fn a_joiner_that_an_old_connection_did_not_answer_is_put_in_touch_with_the_new_one() {
    let (mut world, nameplate) = World::room(easy(), 0, 2);
    let lobby = world.knock(2, nameplate, 1).unwrap();
    world.lobby.take_pushes();
    resume(&mut world, 1, 0).unwrap();
    let pushes = world.lobby.take_pushes();
    assert!(
        matches!(&pushes[..], [(to, Push::LobbyMessage(first))] if *to == conn(1) && first.lobby == lobby)
    );
    assert_eq!(world.lobby.lobby_message(NOW, conn(0), message(lobby, b"x")).err(), Some(NO));
    assert!(world.lobby.lobby_message(NOW, conn(1), message(lobby, b"x")).is_ok());
}

#[test]
fn a_seat_key_opens_its_own_seat_on_its_own_connection_once() {
    let (mut world, _) = World::room(easy(), 2, 2);
    world.lobby.disconnected(NOW, conn(1));
    world.lobby.take_pushes();
    let good = world.resume(3, 1);
    let wrong = [
        Resume { pid: world.pid(2), ..good.clone() },
        Resume { pid: world.pid(4), ..good.clone() },
        Resume { room_id: RoomId::new([7; 16]), ..good.clone() },
        Resume { sig: Signature::new([7; 64]), ..good.clone() },
        Resume { sig: world.resume(3, 2).sig, ..good.clone() },
        world.resume(4, 1),
    ];
    for (at, wrong) in wrong.iter().enumerate() {
        world.hello(3);
        assert_eq!(world.lobby.resume(NOW, conn(3), wrong).err(), Some(NO), "{at}");
        assert_eq!(world.lobby.resume(NOW, conn(3), &good).err(), Some(NO), "{at}: the challenge is spent");
    }
    world.hello(3);
    world.hello(2);
    assert_eq!(resume(&mut world, 2, 1), Err(NO), "who has a seat cannot take another");
    assert!(told(&mut world).is_empty() && world.lobby.take_cuts().is_empty());
    assert!(world.lobby.resume(NOW, conn(3), &good).is_ok());
    assert_eq!(world.lobby.resume(NOW, conn(4), &good).err(), Some(NO), "said again by who has heard it");
}

#[test]
fn a_seat_that_is_kept_counts_and_is_spoken_to_by_nobody() {
    let (mut world, nameplate) = World::room(Limits { members: 3, ..easy() }, 2, 2);
    world.lobby.disconnected(NOW, conn(0));
    world.lobby.take_pushes();
    assert_eq!(world.relay(1, 0).err(), Some(NO));
    let full = world.join(3);
    assert_eq!(world.lobby.join(conn(3), &full).err(), Some(NO));
    world.lobby.leave(NOW, conn(2)).unwrap();
    world.hello(3);
    assert_eq!(world.lobby.join(conn(3), &full).unwrap().members, [world.public(1)]);
    world.lobby.take_pushes();
    // The host is away: the next one is asked.
    world.knock(4, nameplate, 1).unwrap();
    let pushes = world.lobby.take_pushes();
    assert!(matches!(&pushes[..], [(to, Push::LobbyMessage(_))] if *to == conn(1)));
    // Neither may another take its place with the same member key, nor make the room anew.
    world.hello(4);
    let (twin, again) = (world.join_on(4, 0, Epoch::default()), world.create(4));
    world.lobby.leave(NOW, conn(3)).unwrap();
    assert_eq!(world.lobby.join(conn(4), &twin).err(), Some(NO));
    world.hello(4);
    assert_eq!(world.lobby.create(NOW, conn(4), &again, 9).err(), Some(NO));
}

#[test]
fn a_host_that_is_back_is_asked_first_again() {
    let (mut world, nameplate) = World::room(easy(), 1, 2);
    world.lobby.disconnected(NOW, conn(0));
    resume(&mut world, 2, 0).unwrap();
    world.lobby.take_pushes();
    world.knock(3, nameplate, 1).unwrap();
    let pushes = world.lobby.take_pushes();
    assert!(matches!(&pushes[..], [(to, Push::LobbyMessage(_))] if *to == conn(2)));
}

#[test]
fn who_leaves_has_no_seat_to_come_back_to() {
    let (mut world, _) = World::room(easy(), 1, 0);
    world.lobby.leave(NOW, conn(1)).unwrap();
    world.hello(1);
    assert_eq!(resume(&mut world, 1, 1), Err(NO));
    world.hello(1);
    let join = world.join(1);
    assert!(world.lobby.join(conn(1), &join).is_ok(), "and may come in like anybody else");
}

#[test]
fn a_full_server_gives_up_a_room_that_nobody_is_connected_to() {
    let mut world = World::new(Limits { rooms: 1, ..easy() }, 3);
    let first = world.create(0);
    world.lobby.create(NOW, conn(0), &first, 5).unwrap();
    let left = world.resume(2, 0);
    world.renew();
    let second = world.create(1);
    assert_eq!(world.lobby.create(NOW, conn(1), &second, 6).err(), Some(NO), "somebody is in it");
    world.lobby.disconnected(NOW, conn(0));
    world.hello(1);
    let forged = pushtalk_protocol::Create { host_sig: Signature::new([1; 64]), ..second.clone() };
    assert_eq!(world.lobby.create(NOW, conn(1), &forged, 6).err(), Some(NO));
    assert!(world.lobby.rooms.contains_key(&first.room_id), "nothing is given up for a forger");
    world.hello(1);
    assert!(world.lobby.create(NOW, conn(1), &second, 6).is_ok());
    assert_eq!((world.lobby.rooms.len(), world.lobby.nameplates.len()), (1, 1));
    assert_eq!(world.lobby.resume(NOW, conn(2), &left).err(), Some(NO));
}
