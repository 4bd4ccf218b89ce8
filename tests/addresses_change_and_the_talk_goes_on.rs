//! Machines move from one network to another: a new path is made next to the one in use, and nobody is lost meanwhile.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{Button, Intent, MemberLink};
use pushtalk_tests::world::{Network, World};

const NETWORK: Network = Network {
    delay: Duration::from_millis(5),
    jitter: Duration::from_millis(2),
    loss: 0.0,
    messages_late: Duration::ZERO,
};

/// A room of two, in which either may be the one that offers.
fn rooms() -> impl Iterator<Item = World> {
    (1..=6).map(|seed| World::room(seed, NETWORK, &["Ana", "Ben"], "").unwrap())
}

/// Time passes, and at no time is one of two lost to the other.
fn run_together(world: &mut World, time: Duration) {
    for _ in 0..time.as_millis() / 20 {
        world.run(Duration::from_millis(20));
        for (who, other) in [(0, 1), (1, 0)] {
            let link = world.link(who, other);
            assert_eq!(link, Some(MemberLink::Ready), "seed {}, at {:?}", world.seed, world.now);
        }
    }
}

fn hears(world: &mut World, who: usize, talker: usize) -> bool {
    let before = world.people[who].heard_blocks;
    world.act(talker, Intent::Press);
    run_together(world, Duration::from_millis(500));
    world.act(talker, Intent::Release);
    run_together(world, Duration::from_millis(500));
    world.people[who].heard_blocks > before + 30
}

#[test]
fn a_path_that_dies_with_an_address_is_replaced_within_a_second_and_what_was_said_meanwhile_is_known() {
    for mut world in rooms() {
        for mover in [0, 1] {
            world.path_dies(0, 1);
            run_together(&mut world, Duration::from_millis(700));
            // The floor is asked for over a path that is dead.
            world.act(1, Intent::Press);
            run_together(&mut world, Duration::from_millis(300));
            world.addresses_change(mover, false);
            let before = world.people[0].heard_blocks;
            run_together(&mut world, Duration::from_secs(1));
            assert!(world.people[0].heard_blocks > before + 30, "seed {}, {mover} moved", world.seed);
            world.act(1, Intent::Release);
            run_together(&mut world, Duration::from_secs(1));
            assert!(hears(&mut world, 1, 0), "seed {}", world.seed);
        }
        assert_eq!(world.people[0].rejected + world.people[1].rejected, 0);
    }
}

#[test]
fn who_loses_the_server_with_the_address_comes_back_to_it_and_to_the_others() {
    for mut world in rooms() {
        world.path_dies(0, 1);
        run_together(&mut world, Duration::from_millis(900));
        world.addresses_change(1, true);
        run_together(&mut world, Duration::from_secs(1));
        assert!(hears(&mut world, 0, 1) && hears(&mut world, 1, 0), "seed {}", world.seed);
        assert!(world.room_of(1).unwrap().server);
    }
}

#[test]
fn a_path_that_falls_silent_is_replaced_before_anybody_is_lost() {
    for mut world in rooms() {
        world.path_dies(0, 1);
        run_together(&mut world, Duration::from_secs(6));
        assert!(hears(&mut world, 0, 1) && hears(&mut world, 1, 0), "seed {}", world.seed);
    }
}

#[test]
fn a_path_that_lives_carries_the_voice_until_the_new_one_does_and_needs_no_server_for_that() {
    for mut world in rooms() {
        world.server_dies();
        run_together(&mut world, Duration::from_secs(1));
        for mover in [0, 1] {
            let before = world.hearing(0).jitter;
            world.act(1, Intent::Press);
            run_together(&mut world, Duration::from_millis(300));
            world.addresses_change(mover, false);
            run_together(&mut world, Duration::from_millis(700));
            world.act(1, Intent::Release);
            run_together(&mut world, Duration::from_millis(500));
            let now = world.hearing(0).jitter;
            assert_eq!(now.lost, before.lost, "seed {}", world.seed);
            assert!(now.received > before.received + 40);
        }
    }
}

#[test]
fn where_neither_path_nor_server_is_left_a_member_is_lost() {
    for mut world in rooms() {
        world.server_dies();
        world.run(Duration::from_secs(1));
        world.path_dies(0, 1);
        world.addresses_change(1, false);
        world.run(Duration::from_secs(6));
        assert_eq!((world.link(0, 1), world.link(1, 0)), (Some(MemberLink::Lost), Some(MemberLink::Lost)));
    }
}

#[test]
fn addresses_that_change_twice_within_a_second_cost_no_more_than_that_second() {
    for mut world in rooms() {
        for mover in [0, 1] {
            // The first change takes an address away: the path that is made then is as dead as the one before.
            world.path_dies(0, 1);
            world.addresses_change(mover, false);
            run_together(&mut world, Duration::from_millis(400));
            world.path_dies(0, 1);
            world.addresses_change(mover, false);
            run_together(&mut world, Duration::from_millis(1_200));
            assert!(hears(&mut world, 0, 1) && hears(&mut world, 1, 0), "seed {}, {mover} moved", world.seed);
        }
    }
}

#[test]
fn the_server_is_looked_for_with_growing_pauses_and_the_button_says_since_when_nobody_is_reached() {
    let mut world = World::room(1, NETWORK, &["Ana", "Ben"], "").unwrap();
    world.server_dies();
    world.path_dies(0, 1);
    let died = world.now;
    while !matches!(world.room_of(0).unwrap().button, Button::Reconnecting { .. }) {
        world.run(Duration::from_millis(20));
        assert!(world.now < died + Duration::from_secs(5));
    }
    let since = world.now;
    world.run(Duration::from_secs(30));
    let Button::Reconnecting { for_ms } = world.room_of(0).unwrap().button else { panic!("found somebody") };
    let passed = u32::try_from((world.now - since).as_millis()).unwrap();
    assert!(for_ms.abs_diff(passed) <= 40, "{for_ms} ms told, {passed} ms passed");
    let tries: Vec<Duration> = world.people[0].dialled.iter().copied().filter(|at| *at > died).collect();
    let pauses: Vec<Duration> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Half a second, doubling to ten, each up to half as long again or half as short.
    for (pause, n) in pauses.iter().zip(1..) {
        let usual = Duration::from_millis(500).saturating_mul(1 << n).min(Duration::from_secs(10));
        assert!(*pause > usual.mul_f64(0.45) && *pause < usual.mul_f64(1.55), "{pauses:?}");
    }
    assert!((4..=9).contains(&tries.len()), "{tries:?}");
}

#[test]
fn who_moves_again_and_again_while_talking_is_heard_all_the_time() {
    for mut world in rooms() {
        world.act(1, Intent::Press);
        for step in 0..6 {
            let before = world.hearing(0).jitter.received;
            run_together(&mut world, Duration::from_millis(800));
            world.addresses_change(step % 2, false);
            run_together(&mut world, Duration::from_millis(200));
            assert!(world.hearing(0).jitter.received > before + 44, "seed {}, {step}", world.seed);
        }
        assert_eq!(world.people[0].rejected, 0, "seed {}", world.seed);
    }
}
