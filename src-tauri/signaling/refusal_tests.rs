//! A refusal tells a stranger nothing: neither by what it says nor by how long it takes.

use std::time::{Duration, Instant};

use pushtalk_protocol::{
    Create, Epoch, Join, LobbyClose, LobbyId, Nameplate, RefusalCode, Restore, Resume, RoomId, Signature,
};

use crate::lobby::Limits;
use crate::lobby_world::{NO, NOW, World, conn, easy, message};

const STRANGER: usize = 3;
const NOWHERE: RoomId = RoomId::new([7; 16]);
const FORGED: Signature = Signature::new([1; 64]);

/// A room of three with one seat that is kept, and strangers.
fn world() -> (World, Nameplate) {
    let (mut world, nameplate) = World::room(easy(), 2, 2);
    world.lobby.disconnected(NOW, conn(2));
    world.lobby.take_pushes();
    (world, nameplate)
}

type Attempt = fn(&mut World) -> Option<RefusalCode>;

fn create(world: &mut World, change: impl FnOnce(&mut Create)) -> Option<RefusalCode> {
    let mut create = world.create(STRANGER);
    change(&mut create);
    world.lobby.create(NOW, conn(STRANGER), &create, 9).err()
}

fn join(world: &mut World, change: impl FnOnce(&mut Join)) -> Option<RefusalCode> {
    let mut join = world.join(STRANGER);
    change(&mut join);
    world.lobby.join(conn(STRANGER), &join).err()
}

fn restore(world: &mut World, change: impl FnOnce(&mut Restore)) -> Option<RefusalCode> {
    let mut restore = world.restore(STRANGER, &[]);
    change(&mut restore);
    world.lobby.restore(NOW, conn(STRANGER), &restore, 9).err()
}

fn resume(world: &mut World, change: impl FnOnce(&mut Resume)) -> Option<RefusalCode> {
    let mut resume = world.resume(STRANGER, STRANGER);
    change(&mut resume);
    world.lobby.resume(NOW, conn(STRANGER), &resume).err()
}

#[test]
fn every_refusal_to_a_stranger_is_the_same_word() {
    let attempts: [(&str, Attempt); 24] = [
        ("create: a room that is there", |w| create(w, |_| ())),
        ("create: a room that is there, forged", |w| create(w, |c| c.host_sig = FORGED)),
        ("create: a room that is not there, forged", |w| create(w, |c| c.room_id = NOWHERE)),
        ("join: no such room", |w| join(w, |j| j.room_id = NOWHERE)),
        ("join: forged", |w| join(w, |j| j.sig = FORGED)),
        ("join: another epoch", |w| join(w, |j| j.epoch = Epoch(1))),
        ("join: somebody who is there", |w| {
            let there = w.join_on(STRANGER, 1, Epoch::default());
            join(w, |j| *j = there)
        }),
        ("join: somebody who is away", |w| {
            let away = w.join_on(STRANGER, 2, Epoch::default());
            join(w, |j| *j = away)
        }),
        ("restore: a room that is there", |w| restore(w, |_| ())),
        ("restore: a room that is there, forged", |w| restore(w, |r| r.sig = FORGED)),
        ("restore: a room that is not there, forged", |w| {
            w.renew();
            restore(w, |r| r.sig = FORGED)
        }),
        ("restore: a room of no host", |w| restore(w, |r| r.room_id = NOWHERE)),
        ("resume: no such room", |w| resume(w, |r| r.room_id = NOWHERE)),
        ("resume: no such seat", |w| resume(w, |_| ())),
        ("resume: a seat that is taken", |w| {
            let there = w.pid(1);
            resume(w, |r| r.pid = there)
        }),
        ("resume: a seat that is kept", |w| {
            let away = w.pid(2);
            resume(w, |r| r.pid = away)
        }),
        ("rotate: a statement of the host", |w| {
            let signed = w.signed(1, &[0]);
            w.rotate(STRANGER, &signed).err()
        }),
        ("rotate: a statement of nobody", |w| {
            let mut signed = w.signed(1, &[0]);
            (signed.statement.room_id, signed.signature) = (NOWHERE, FORGED);
            w.rotate(STRANGER, &signed).err()
        }),
        ("relay: to somebody who is there", |w| w.relay(STRANGER, 1).err()),
        ("relay: to somebody who is away", |w| w.relay(STRANGER, 2).err()),
        ("relay: to nobody", |w| w.relay(STRANGER, 4).err()),
        ("a lobby of nobody", |w| {
            w.lobby.lobby_message(NOW, conn(STRANGER), message(LobbyId::new([1; 8]), b"x")).err()
        }),
        ("closing a lobby of nobody", |w| {
            w.lobby.lobby_close(conn(STRANGER), LobbyClose { lobby: LobbyId::new([1; 8]) }).err()
        }),
        ("leaving", |w| w.lobby.leave(NOW, conn(STRANGER)).err()),
    ];
    for (which, attempt) in attempts {
        let (mut world, _) = world();
        assert_eq!(attempt(&mut world), Some(NO), "{which}");
        assert!(world.lobby.take_pushes().is_empty(), "{which}: nobody is told");
        assert!(world.lobby.take_cuts().is_empty(), "{which}: nobody is cut");
    }
}

#[test]
fn lobbies_of_others_are_no_lobbies() {
    let (mut world, nameplate) = world();
    let lobby = world.knock(4, nameplate, 1).unwrap();
    let refused = world.lobby.lobby_message(NOW, conn(STRANGER), message(lobby, b"x"));
    assert_eq!(refused.err(), Some(NO));
    assert_eq!(world.lobby.lobby_close(conn(STRANGER), LobbyClose { lobby }).err(), Some(NO));
}

#[test]
fn a_nameplate_where_nobody_can_be_asked_is_like_one_of_no_room() {
    let (mut none, _) = world();
    assert_eq!(none.knock(STRANGER, Nameplate::from_index(77), 1).err(), Some(NO));
    let (mut deserted, nameplate) = world();
    for of in [0, 1] {
        deserted.lobby.disconnected(NOW, conn(of));
    }
    assert_eq!(deserted.knock(STRANGER, nameplate, 1).err(), Some(NO));
    let (mut busy, nameplate) = World::room(Limits { lobbies_of_a_room: 0, ..easy() }, 2, 2);
    assert_eq!(busy.knock(STRANGER, nameplate, 1).err(), Some(NO));
}

/// The shortest of many tries: what else the machine does can only add to it.
fn shortest(attempt: impl Fn(&mut World) -> Option<RefusalCode>) -> Duration {
    let (mut world, _) = world();
    let tries = (0..40).map(|_| {
        world.hello(STRANGER);
        let start = Instant::now();
        assert_eq!(attempt(&mut world), Some(NO));
        start.elapsed()
    });
    tries.min().unwrap()
}

#[test]
fn a_refusal_takes_about_as_long_where_there_is_no_such_room_or_seat() {
    let (world, _) = world();
    let (there, mut elsewhere) = (world.join(STRANGER), world.join(STRANGER));
    elsewhere.room_id = NOWHERE;
    let joins = [there, elsewhere].map(|mut join| {
        join.sig = FORGED;
        shortest(move |w| w.lobby.join(conn(STRANGER), &join).err())
    });
    let (taken, mut free, mut nowhere) =
        (world.resume(STRANGER, 1), world.resume(STRANGER, 1), world.resume(STRANGER, 1));
    (free.pid, nowhere.room_id) = (world.pid(4), NOWHERE);
    let resumes = [taken, free, nowhere].map(|mut resume| {
        resume.sig = FORGED;
        shortest(move |w| w.lobby.resume(NOW, conn(STRANGER), &resume).err())
    });
    let (there, mut elsewhere) = (world.restore(STRANGER, &[]), world);
    elsewhere.renew();
    let restores = [there, elsewhere.restore(STRANGER, &[])].map(|mut restore| {
        restore.sig = FORGED;
        shortest(move |w| w.lobby.restore(NOW, conn(STRANGER), &restore, 9).err())
    });
    for times in [&joins[..], &resumes[..], &restores[..]] {
        let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        // Without the work that is done for nothing, it is fifty times as long.
        assert!(*most < *least * 3, "{times:?}");
    }
}
