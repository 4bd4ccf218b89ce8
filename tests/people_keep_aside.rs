//! Hearing nobody for a while, and having nothing to do with one member.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{Button, Intent, MemberLink, Microphone};
use pushtalk_tests::world::{Network, World};

const SECOND: Duration = Duration::from_secs(1);

fn room(seed: u64) -> World {
    World::room(seed, Network::default(), &["Ana", "Ben", "Eve"], "").unwrap()
}

/// What `who` says, and how loud the others hear it at most.
fn loudest(world: &mut World, who: usize, listener: usize) -> f32 {
    world.people[listener].loudest = 0.0;
    world.talks(who, SECOND);
    world.people[listener].loudest
}

/// Whose microphone is off, and who hears nobody, as `who` sees it.
fn aside(world: &World, who: usize) -> (Vec<String>, Vec<String>) {
    let members = world.room_of(who).unwrap().members;
    let named = |which: &dyn Fn(&pushtalk_engine::face::MemberView) -> bool| {
        members.iter().filter(|m| which(m)).map(|m| m.name.clone()).collect()
    };
    (named(&|m| m.mic_off), named(&|m| m.deafened))
}

#[test]
fn who_hears_nobody_says_nothing_and_everybody_sees_it_also_who_comes_later() {
    let mut world = room(1);
    world.act(2, Intent::SetDeafened { on: true });
    world.run(SECOND);
    let eve = world.room_of(2).unwrap();
    assert_eq!((eve.button, eve.microphone), (Button::Deafened, Microphone::Off));
    world.people[2].heard_blocks = 0;
    assert_eq!(loudest(&mut world, 1, 2), 0.0);
    assert_eq!(world.room_of(1).unwrap().heard.unwrap().by, 1, "who plays nothing has not heard it");
    world.act(2, Intent::Press);
    world.run(SECOND);
    assert_eq!(world.room_of(2).unwrap().button, Button::Deafened, "nobody talks without hearing");
    world.act(2, Intent::Release);

    let zoe = world.person().unwrap();
    let link = world.invitation(0).unwrap().link;
    world.join(zoe, "Zoe", &link);
    world.run(5 * SECOND);
    for who in [0, 1, zoe] {
        assert_eq!(aside(&world, who).1, ["Eve"], "{who}");
        assert!(aside(&world, who).0.contains(&"Eve".to_owned()), "{who}");
    }
    // Of who comes later nothing is heard either.
    assert_eq!(loudest(&mut world, 0, 2), 0.0);
    world.act(zoe, Intent::EnableAudio);
    world.run(SECOND);
    assert_eq!(loudest(&mut world, zoe, 2), 0.0);
    assert!(loudest(&mut world, zoe, 1) > 0.3);

    // As it was before: heard again, and the microphone is on.
    world.act(2, Intent::SetDeafened { on: false });
    world.run(SECOND);
    assert!(loudest(&mut world, 1, 2) > 0.3);
    assert!(loudest(&mut world, 2, 1) > 0.3);
    assert_eq!(aside(&world, 0), (Vec::new(), Vec::new()));
}

#[test]
fn who_was_off_before_stays_off_and_turning_the_microphone_on_hears_again() {
    let mut world = room(2);
    world.act(1, Intent::DisableAudio);
    world.act(1, Intent::SetDeafened { on: true });
    world.act(1, Intent::SetDeafened { on: false });
    world.run(SECOND);
    assert_eq!(world.room_of(1).unwrap().microphone, Microphone::Off);
    assert_eq!(aside(&world, 0), (vec!["Ben".to_owned()], Vec::new()));

    world.act(1, Intent::SetDeafened { on: true });
    world.act(1, Intent::EnableAudio);
    world.run(SECOND);
    assert_eq!(aside(&world, 0), (Vec::new(), Vec::new()));
    assert!(loudest(&mut world, 0, 1) > 0.3);
}

#[test]
fn nothing_goes_to_or_comes_from_who_is_blocked_until_that_is_taken_back() {
    // The smaller number begins a handshake: both ways round are seen with a few seeds.
    for seed in 3..7 {
        let mut world = room(seed);
        let ben = world.id_of(2, "Ben").unwrap();
        world.act(2, Intent::SetBlocked { id: ben.clone(), on: true });
        world.run(2 * SECOND);
        assert_eq!(world.link(2, 1), Some(MemberLink::Blocked));
        let sent = (world.sent(2, 1), world.sent(1, 2));
        assert_eq!(loudest(&mut world, 1, 2), 0.0);
        assert_eq!(loudest(&mut world, 2, 1), 0.0);
        assert!(loudest(&mut world, 0, 2) > 0.3, "the others go on");
        assert!(loudest(&mut world, 2, 0) > 0.3, "the others hear it");
        // Ben tries to find Eve again, and does not.
        world.run(30 * SECOND);
        assert_eq!(world.link(2, 1), Some(MemberLink::Blocked));
        assert_ne!(world.link(1, 2), Some(MemberLink::Ready));
        assert_eq!((world.sent(2, 1), world.sent(1, 2)), sent);
        // No word of ours reaches that one either.
        world.act(2, Intent::RaiseHand { up: true });
        world.run(SECOND);
        let seen = |who: usize| world.room_of(who).unwrap().members.iter().any(|m| m.name == "Eve" && m.hand);
        assert_eq!((seen(0), seen(1)), (true, false), "seed {seed}");
        world.act(2, Intent::RaiseHand { up: false });
        assert!(matches!(world.room_of(2).unwrap().button, Button::Idle), "talking is not off for that");

        world.act(2, Intent::SetBlocked { id: ben, on: false });
        world.run(30 * SECOND);
        assert_eq!(world.link(2, 1), Some(MemberLink::Ready));
        assert!(loudest(&mut world, 1, 2) > 0.3);
        assert!(loudest(&mut world, 2, 1) > 0.3);
    }
}

#[test]
fn who_blocked_the_only_other_one_is_alone() {
    let mut world = World::room(8, Network::default(), &["Ana", "Ben"], "").unwrap();
    let ben = world.id_of(0, "Ben").unwrap();
    world.act(0, Intent::SetBlocked { id: ben.clone(), on: true });
    world.run(2 * SECOND);
    assert_eq!(world.room_of(0).unwrap().button, Button::Alone);
    world.act(1, Intent::Leave);
    world.run(2 * SECOND);
    assert_eq!(world.link(0, 1), None, "who has left is not in the list any more");
}

#[test]
fn who_is_unblocked_is_there_again_soon_whenever_that_is() {
    let mut late = Vec::new();
    for seed in 0..12 {
        for blocked in [50, 200, 700, 1_500, 4_000, 9_000, 20_000] {
            let mut world = World::room(seed, Network::default(), &["Ana", "Ben"], "").unwrap();
            let id = world.id_of(1, "Ana").unwrap();
            world.act(1, Intent::SetBlocked { id: id.clone(), on: true });
            world.run(Duration::from_millis(blocked));
            world.act(1, Intent::SetBlocked { id, on: false });
            let ready = |world: &World| {
                [(0, 1), (1, 0)]
                    .iter()
                    .all(|(one, other)| world.link(*one, *other) == Some(MemberLink::Ready))
            };
            let mut waited = Duration::ZERO;
            while !ready(&world) && waited < 60 * SECOND {
                world.run(SECOND / 4);
                waited += SECOND / 4;
            }
            if waited > 15 * SECOND {
                late.push((seed, blocked, waited));
            }
        }
    }
    assert!(late.is_empty(), "{late:?}");
}
