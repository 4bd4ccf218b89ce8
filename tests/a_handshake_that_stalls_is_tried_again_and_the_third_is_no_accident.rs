//! A slow device or network is no attack; who never ends a handshake is no slow device.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{Button, ErrorCode, MemberLink};
use pushtalk_tests::world::{Network, World};

const SECOND: Duration = Duration::from_secs(1);

/// Two who know each other, and whose handshake has stalled so many times.
fn stalled(times: u32) -> World {
    let mut world = World::room(11, Network::default(), &["Ana", "Ben"], "").unwrap();
    world.keep_apart(0, 1);
    for _ in 0..times {
        // The next handshake begins after a pause.
        world.run(2 * SECOND);
        assert_eq!(link(&world, 0), MemberLink::Connecting);
        world.stalls(0, 1);
    }
    world.let_together(0, 1);
    world.run(5 * SECOND);
    world
}

fn link(world: &World, who: usize) -> MemberLink {
    world.room_of(who).unwrap().members[1].link
}

#[test]
fn a_handshake_that_stalled_twice_is_tried_again() {
    for times in [1, 2] {
        let world = stalled(times);
        for who in [0, 1] {
            assert_eq!(link(&world, who), MemberLink::Ready, "{times} times");
        }
    }
}

#[test]
fn the_third_one_after_another_ends_the_pair() {
    let world = stalled(3);
    for who in [0, 1] {
        assert_eq!(link(&world, who), MemberLink::Mismatch);
        let notices = &world.view(who).notices;
        assert!(notices.iter().any(|notice| notice.code == ErrorCode::CannotConnectSecurely));
        assert!(matches!(world.room_of(who).unwrap().button, Button::KeyMismatch { .. }));
    }
}
