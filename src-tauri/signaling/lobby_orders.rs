//! The lobby, in any order of events.

use std::time::Duration;

use proptest::prelude::*;
use pushtalk_protocol::{HelloRequest, LobbyClose, LobbyId, Nameplate};

use crate::lobby::{Limits, Push};
use crate::lobby_world::{HERE, NOW, World, challenge, conn, easy, message};

#[derive(Clone, Debug)]
enum Act {
    Hello(usize),
    Create(usize, u16),
    Join(usize, usize),
    Resume(usize, usize),
    Restore(usize, u32, u16),
    Rotate(usize, u32, u8),
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
        (c.clone(), c.clone()).prop_map(|(a, b)| Act::Resume(a, b)),
        (c.clone(), 0..4_u32, any::<u16>()).prop_map(|(c, e, w)| Act::Restore(c, e, w)),
        (c.clone(), 1..4_u32, any::<u8>()).prop_map(|(c, e, r)| Act::Rotate(c, e, r)),
        (c.clone(), c.clone()).prop_map(|(a, b)| Act::Relay(a, b)),
        (c.clone(), 0..4_u8).prop_map(|(c, l)| Act::Knock(c, l)),
        (c.clone(), 0..4_u8).prop_map(|(c, l)| Act::Say(c, l)),
        (c.clone(), 0..4_u8).prop_map(|(c, l)| Act::Close(c, l)),
        c.clone().prop_map(Act::Leave),
        c.prop_map(Act::Disconnect),
        prop_oneof![0..7_u64, Just(61)].prop_map(Act::Wait),
    ]
}

/// What is true of the lobby after each event.
fn check(world: &mut World, limits: &Limits, now: Duration) {
    let pushes = world.lobby.take_pushes();
    let lobby = &world.lobby;
    for (to, push) in &pushes {
        let connection = lobby.connections.get(to).expect("a push goes to somebody who is there");
        let for_members = matches!(push, Push::Relayed(_) | Push::MemberJoined(_) | Push::MemberLeft(_));
        assert!(!for_members || connection.seat.is_some(), "a push of a room goes to its members");
    }
    let mut seated = 0;
    for (id, room) in &lobby.rooms {
        assert!(!room.seats.is_empty() && room.seats.len() <= limits.members);
        assert_eq!(lobby.nameplates.get(&room.nameplate), Some(id));
        for seat in &room.seats {
            assert_eq!(room.seats.iter().filter(|s| s.pid == seat.pid).count(), 1);
            if let Some(connection) = seat.connection() {
                assert_eq!(lobby.connections[&connection].seat, Some((*id, seat.pid)));
                seated += 1;
            }
        }
    }
    assert_eq!(lobby.nameplates.len(), lobby.rooms.len());
    assert_eq!(lobby.connections.values().filter(|c| c.seat.is_some()).count(), seated);
    for knock in lobby.knocks.values() {
        let room = &lobby.rooms[&knock.room];
        assert!(room.connections().any(|c| c == knock.responder), "a member answers");
        assert!(lobby.connections.contains_key(&knock.joiner));
        let at_the_door = lobby.knocks.values().filter(|k| k.room == knock.room).count();
        assert!(at_the_door <= limits.lobbies_of_a_room);
    }
    for (id, connection) in &lobby.connections {
        assert_eq!(connection.lobbies, lobby.knocks.values().filter(|k| k.joiner == *id).count());
        assert!(connection.lobbies <= limits.lobbies);
    }
    assert!(lobby.cuts.is_empty());
    assert!(lobby.poll_timeout().is_none_or(|at| at <= now + limits.answer.max(limits.seat)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_of_events_reaches_members_only_and_leaves_nothing(acts in proptest::collection::vec(act(), 1..80)) {
        let limits = Limits { members: 3, lobbies: 2, lobbies_of_a_room: 3, ..easy() };
        let mut world = World::new(limits, 6);
        let mut now = NOW;
        let mut nameplate = Nameplate::from_index(0);
        for act in acts {
            match act {
                Act::Hello(c) => {
                    let _ = world.lobby.hello(conn(c), HelloRequest { version: 1 }, challenge(c));
                }
                Act::Create(c, word) => {
                    let create = world.create(c);
                    if let Ok(created) = world.lobby.create(NOW, conn(c), &create, word) {
                        nameplate = created.nameplate;
                    }
                }
                Act::Join(c, of) => {
                    let join = world.join(of);
                    let joined = world.lobby.join(conn(c), &join);
                    prop_assert!(joined.is_err() || c == of, "a proof of another connection");
                }
                Act::Resume(c, of) => {
                    let resume = world.resume(c, of);
                    if world.lobby.resume(now, conn(c), &resume).is_ok() {
                        prop_assert!(world.relay(c, of).is_ok(), "the seat is this connection's");
                    }
                    // As the server does it.
                    for cut in world.lobby.take_cuts() {
                        prop_assert!(cut != conn(c) && !world.lobby.connections.contains_key(&cut));
                        world.lobby.disconnected(now, cut);
                        world.lobby.connected(cut, HERE).unwrap();
                    }
                }
                Act::Restore(c, epoch, word) => {
                    let signed = (epoch > 0).then(|| world.signed(epoch, &[c]));
                    let restore = world.restore(c, &signed.iter().collect::<Vec<_>>());
                    if let Ok(created) = world.lobby.restore(now, conn(c), &restore, word) {
                        nameplate = created.nameplate;
                        let others: Vec<_> = (0..6).filter(|of| *of != c).collect();
                        prop_assert!(others.into_iter().all(|of| world.relay(of, c).is_err()), "it is anew");
                    }
                    for cut in world.lobby.take_cuts() {
                        prop_assert!(cut != conn(c) && !world.lobby.connections.contains_key(&cut));
                        world.lobby.disconnected(now, cut);
                        world.lobby.connected(cut, HERE).unwrap();
                    }
                }
                Act::Rotate(c, epoch, roster) => {
                    let roster: Vec<_> = (0..6).filter(|of| roster & 1 << of != 0).collect();
                    let signed = world.signed(epoch, &roster);
                    if world.rotate(c, &signed).is_ok() {
                        let rooms = world.lobby.rooms.values();
                        let mut seats = rooms.flat_map(|r| &r.seats).map(|s| s.pid);
                        let stay: Vec<_> = roster.iter().map(|of| world.pid(*of)).collect();
                        prop_assert!(seats.all(|pid| stay.contains(&pid)), "who is out sits nowhere");
                    }
                }
                Act::Relay(c, to) => {
                    let _ = world.relay(c, to);
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
                    let _ = world.lobby.leave(now, conn(c));
                }
                Act::Disconnect(c) => {
                    world.lobby.disconnected(now, conn(c));
                    world.lobby.connected(conn(c), HERE).unwrap();
                }
                Act::Wait(s) => {
                    now += Duration::from_secs(s);
                    world.lobby.handle_timeout(now);
                }
            }
            check(&mut world, &limits, now);
        }
        for c in 0..6 {
            world.lobby.disconnected(now, conn(c));
        }
        world.lobby.take_pushes();
        world.lobby.handle_timeout(now + limits.seat);
        prop_assert!(world.lobby.is_empty());
    }
}
