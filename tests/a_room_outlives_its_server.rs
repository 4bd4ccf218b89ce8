//! A room goes on when the one leaves on whose device its server ran, and when its server is started anew: others find the
//! way in again, and nobody inside notices.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{ErrorCode, Intent, MemberLink};
use pushtalk_protocol::{CertificateHash, Ctl, Nameplate, Place, RoomClosed};
use pushtalk_signaling::lobby::Push;
use pushtalk_tests::world::{HASH, Network, Told, World};

const NAMES: [&str; 4] = ["Ana", "Ben", "Cem", "Dua"];

/// A room of four, whose server runs on the device of the first one.
fn rooms() -> impl Iterator<Item = World> {
    (1..=6).map(|seed| {
        let mut world = World::room(seed, Network::default(), &NAMES, "Friday").unwrap();
        world.server_goes_with_its_host = true;
        world
    })
}

/// The one on whose device the server runs, as that one sees it.
fn runner(world: &World, among: &[usize]) -> usize {
    let serving = |who: &&usize| world.room_of(**who).unwrap().serving;
    let all: Vec<_> = among.iter().filter(serving).copied().collect();
    assert_eq!(all.len(), 1, "seed {}: {all:?}", world.seed);
    all[0]
}

/// All of them sit at one server and hear each other.
fn assert_whole(world: &mut World, all: &[usize]) {
    for who in all {
        let room = world.room_of(*who).unwrap();
        assert!(room.server, "seed {}: {who} has no server", world.seed);
        for other in all.iter().filter(|other| *other != who) {
            let link = world.link(*who, *other);
            assert_eq!(link, Some(MemberLink::Ready), "seed {}: {who} and {other}", world.seed);
        }
        let link = |who: usize| world.invitation(who).unwrap().link;
        assert_eq!(link(*who), link(all[0]), "seed {}", world.seed);
    }
    for who in all {
        let before: Vec<u64> = world.people.iter().map(|person| person.heard_blocks).collect();
        world.talks(*who, Duration::from_millis(500));
        for other in all.iter().filter(|other| *other != who) {
            let heard = world.people[*other].heard_blocks - before[*other];
            assert!(heard > 40, "seed {}: {other} heard {heard} blocks of {who}", world.seed);
        }
    }
}

/// One more comes in by what this one shows.
fn comes_in(world: &mut World, by: usize, name: &str) -> usize {
    let link = world.invitation(by).unwrap().link;
    let who = world.person().unwrap();
    world.join(who, name, &link);
    world.run(Duration::from_secs(4));
    who
}

#[test]
fn when_the_host_leaves_the_next_one_has_the_server_and_after_that_one_the_next() {
    for mut world in rooms() {
        assert_eq!(runner(&world, &[0, 1, 2, 3]), 0);
        world.act(0, Intent::Leave);
        world.run(Duration::from_secs(15));
        let host = runner(&world, &[1, 2, 3]);
        assert!(world.room_of(host).unwrap().hosting, "seed {}: it is the host's", world.seed);
        let told = |world: &World, who: usize, code| world.view(who).notices.iter().any(|it| it.code == code);
        assert!(told(&world, host, ErrorCode::NowServing), "seed {}", world.seed);
        assert_whole(&mut world, &[1, 2, 3]);
        let late = comes_in(&mut world, host, "Eda");
        assert_whole(&mut world, &[1, 2, 3, late]);

        world.act(host, Intent::Leave);
        world.run(Duration::from_secs(15));
        let rest: Vec<usize> = [1, 2, 3, late].into_iter().filter(|who| *who != host).collect();
        let next = runner(&world, &rest);
        assert!(world.room_of(next).unwrap().hosting);
        assert_whole(&mut world, &rest);
        let later = comes_in(&mut world, rest[0], "Fay");
        assert_whole(&mut world, &[&rest[..], &[later]].concat());
    }
}

#[test]
fn who_is_left_alone_can_let_others_in() {
    for mut world in rooms() {
        for who in [0, 1, 2] {
            world.act(who, Intent::Leave);
            world.run(Duration::from_secs(8));
        }
        world.run(Duration::from_secs(15));
        assert_eq!(runner(&world, &[3]), 3);
        let late = comes_in(&mut world, 3, "Eda");
        assert_whole(&mut world, &[3, late]);
    }
}

#[test]
fn when_the_host_vanishes_somebody_else_has_the_server_once_a_person_wants_it() {
    for mut world in rooms() {
        let link = world.invitation(1).unwrap().link;
        world.vanishes(0);
        world.run(Duration::from_secs(120));
        for who in [1, 2, 3] {
            let room = world.room_of(who).unwrap();
            assert!(!room.server && !room.serving, "seed {}: the host may come back", world.seed);
        }
        world.act(2, Intent::HostHere);
        world.run(Duration::from_secs(15));
        assert_eq!(runner(&world, &[1, 2, 3]), 2);
        assert!(!world.room_of(2).unwrap().hosting, "only the host makes another one the host");
        assert_whole(&mut world, &[1, 2, 3]);
        // Nothing was signed: it is the room that it was, at another place.
        assert_ne!(world.invitation(1).unwrap().link, link);
        let late = comes_in(&mut world, 1, "Eda");
        assert_whole(&mut world, &[1, 2, 3, late]);
        // Where there is one, nobody needs another one.
        world.act(1, Intent::HostHere);
        world.run(Duration::from_secs(5));
        assert_eq!(runner(&world, &[1, 2, 3, late]), 2);
    }
}

#[test]
fn who_was_offline_for_long_comes_back_to_the_room_where_it_is() {
    for mut world in rooms() {
        world.goes_offline(3);
        world.run(Duration::from_secs(100));
        assert!(!world.room_of(3).unwrap().serving, "seed {}", world.seed);
        world.is_online(3);
        world.run(Duration::from_secs(25));
        assert_eq!(runner(&world, &[0, 1, 2, 3]), 0);
        assert_whole(&mut world, &[0, 1, 2, 3]);
    }
}

#[test]
fn nobody_makes_others_leave_a_server_by_saying_that_it_was_theirs() {
    for seed in 1..=6 {
        let mut world = World::room(seed, Network::default(), &NAMES, "Friday").unwrap();
        let mole = world.mole().unwrap();
        world.join(mole, "Mole", &world.invitation(0).unwrap().link);
        world.run(Duration::from_secs(3));
        let invitation = world.invitation(1).unwrap();
        for who in 0..4 {
            let servers = vec!["192.0.2.66:666".parse().unwrap()];
            let place = Ctl::Place(Place { nameplate: Nameplate::from_index(9), certificate: HASH, servers });
            let to = world.people[who].pid.unwrap();
            world.mole_says(mole, to, &place).unwrap();
            world.mole_says(mole, to, &Ctl::Bye).unwrap();
        }
        world.run(Duration::from_secs(1));
        let servers = world.invitation(1).unwrap().servers;
        assert!(servers.contains(&invitation.servers[0]), "seed {seed}: {servers:?}");
        world.server_dies();
        world.run(Duration::from_secs(20));
        world.server_is_back();
        world.run(Duration::from_secs(25));
        assert_eq!(runner(&world, &[0, 1, 2, 3]), 0, "seed {seed}");
        for who in 0..4 {
            assert!(world.room_of(who).unwrap().server, "seed {seed}: {who}");
        }
    }
}

#[test]
fn a_server_that_is_started_anew_gets_its_rooms_back_with_their_codes() {
    for mut world in rooms() {
        // Something was signed before.
        let id = world.id_of(0, "Ben").unwrap();
        world.act(0, Intent::HandOver { id });
        world.run(Duration::from_secs(4));
        world.act(1, Intent::NewCode);
        world.run(Duration::from_secs(4));
        let invitation = world.invitation(3).unwrap();
        world.server_dies();
        world.run(Duration::from_secs(5));
        world.server_is_back();
        world.run(Duration::from_secs(25));
        assert_eq!(world.invitation(3).unwrap(), invitation, "seed {}", world.seed);
        assert_whole(&mut world, &[0, 1, 2, 3]);
        let late = world.person().unwrap();
        world.join(late, "Eda", &invitation.link);
        world.run(Duration::from_secs(4));
        assert_whole(&mut world, &[0, 1, 2, 3, late]);
        // And the host is who it was.
        let id = world.id_of(1, "Eda").unwrap();
        world.act(1, Intent::Kick { id });
        world.run(Duration::from_secs(4));
        assert!(world.room_of(late).is_err());
        assert_whole(&mut world, &[0, 1, 2, 3]);
    }
}

#[test]
fn who_was_removed_while_the_server_was_away_stays_out() {
    for mut world in rooms() {
        world.server_goes_with_its_host = false;
        world.unplug(3);
        let id = world.id_of(0, "Dua").unwrap();
        for other in [0, 1, 2] {
            world.path_dies(3, other);
        }
        world.server_dies();
        world.act(0, Intent::Kick { id });
        world.run(Duration::from_secs(5));
        world.server_is_back();
        world.run(Duration::from_secs(60));
        assert_whole(&mut world, &[0, 1, 2]);
        assert!(!world.room_of(3).is_ok_and(|room| room.server), "seed {}", world.seed);
    }
}

#[test]
fn nobody_follows_a_member_to_a_server_that_is_not_there() {
    for seed in 1..=6 {
        let mut world = World::room(seed, Network::default(), &NAMES, "Friday").unwrap();
        let mole = world.mole().unwrap();
        world.join(mole, "Mole", &world.invitation(0).unwrap().link);
        world.run(Duration::from_secs(3));
        let invitation = world.invitation(1).unwrap();
        let place = || {
            let servers = vec!["192.0.2.66:666".parse().unwrap()];
            let (nameplate, certificate) = (Nameplate::from_index(9), CertificateHash::new([66; 32]));
            Ctl::Place(Place { nameplate, certificate, servers })
        };
        let say = |world: &mut World| {
            for who in 0..4 {
                let to = world.people[who].pid.unwrap();
                world.mole_says(mole, to, &place()).unwrap();
            }
            world.run(Duration::from_secs(1));
        };
        say(&mut world);
        assert_eq!(world.invitation(1).unwrap(), invitation, "seed {seed}: the server answers");
        world.server_dies();
        world.run(Duration::from_secs(2));
        say(&mut world);
        world.run(Duration::from_secs(10));
        world.server_is_back();
        world.run(Duration::from_secs(40));
        assert_eq!(world.invitation(1).unwrap(), invitation, "seed {seed}: they are back where they were");
        assert_whole(&mut world, &[0, 1, 2, 3]);
    }
}

#[test]
fn what_the_host_signs_while_no_server_is_reached_gets_there_when_one_is() {
    for mut world in rooms() {
        world.server_goes_with_its_host = false;
        // All connections are cut at once; the server stays, and knows all it knew.
        (0..4).for_each(|who| world.unplug(who));
        let id = world.id_of(0, "Dua").unwrap();
        world.act(0, Intent::Kick { id });
        world.run(Duration::from_secs(20));
        assert_whole(&mut world, &[0, 1, 2]);
        let late = comes_in(&mut world, 0, "Eda");
        assert_whole(&mut world, &[0, 1, 2, late]);
    }
}

#[test]
fn nobody_loses_a_server_because_one_claims_it_and_leaves_and_another_knows_of_a_place() {
    for seed in 1..=6 {
        let mut world = World::room(seed, Network::default(), &NAMES, "Friday").unwrap();
        let moles = [world.mole().unwrap(), world.mole().unwrap()];
        for mole in moles {
            world.join(mole, "Mole", &world.invitation(0).unwrap().link);
            world.run(Duration::from_secs(3));
        }
        let place = |certificate| {
            let servers = vec!["192.0.2.66:666".parse().unwrap()];
            Ctl::Place(Place { nameplate: Nameplate::from_index(9), certificate, servers })
        };
        for who in 0..4 {
            let to = world.people[who].pid.unwrap();
            world.mole_says(moles[1], to, &place(CertificateHash::new([66; 32]))).unwrap();
            world.mole_says(moles[0], to, &place(HASH)).unwrap();
            world.mole_says(moles[0], to, &Ctl::Bye).unwrap();
        }
        world.run(Duration::from_secs(1));
        world.server_dies();
        world.run(Duration::from_secs(20));
        world.server_is_back();
        world.run(Duration::from_secs(40));
        assert_eq!(runner(&world, &[0, 1, 2, 3]), 0, "seed {seed}");
        assert_whole(&mut world, &[0, 1, 2, 3]);
    }
}

#[test]
fn a_room_that_its_server_has_closed_goes_on_where_a_member_hosts_it() {
    for mut world in rooms() {
        world.server_goes_with_its_host = false;
        for who in 0..4 {
            world.server_tells(who, Told::Push(Push::RoomClosed(RoomClosed {})));
        }
        world.run(Duration::from_secs(1));
        // It ends there; what is started next is another one.
        world.server_dies();
        world.run(Duration::from_secs(60));
        assert!((0..4).all(|who| !world.room_of(who).unwrap().server), "seed {}", world.seed);
        world.act(2, Intent::HostHere);
        world.run(Duration::from_secs(20));
        assert_eq!(runner(&world, &[1, 2, 3]), 2);
        assert_whole(&mut world, &[0, 1, 2, 3]);
        let late = comes_in(&mut world, 3, "Eda");
        assert_whole(&mut world, &[0, 1, 2, 3, late]);
    }
}
