//! Everybody who has the link may use it at once.

use std::time::Duration;

use pushtalk_engine::face::Intent;
use pushtalk_tests::world::{Network, World};

#[test]
fn all_who_come_at_once_are_let_in_and_hear_each_other() {
    for others in [9, 19] {
        let mut world = World::room(others, Network::default(), &["Ana"], "").unwrap();
        let link = world.invitation(0).unwrap().link;
        for n in 1..=others {
            let who = world.person().unwrap();
            world.join(who, &format!("M{n}"), &link);
        }
        world.run(Duration::from_secs(10));
        let everybody = usize::try_from(others).unwrap() + 1;
        for who in 0..everybody {
            assert_eq!(world.ready(who), everybody - 1, "{who} of {everybody}");
        }
        world.act(1, Intent::Press);
        world.run(Duration::from_secs(1));
        world.act(1, Intent::Release);
        world.run(Duration::from_secs(1));
        for who in (0..everybody).filter(|who| *who != 1) {
            assert!(world.people[who].heard_blocks > 90, "{who} of {everybody}");
        }
    }
}
