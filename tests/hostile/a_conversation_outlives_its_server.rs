//! P8: whenever the server dies, those who reach each other go on.

use std::time::Duration;

use pushtalk_engine::face::{FloorView, Intent};
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Network, World};
use rand::RngExt;

const NAMES: [&str; 3] = ["Ana", "Ben", "Cem"];

#[test]
fn a_conversation_goes_on_without_its_server() {
    try_seeds("outage", 6, |seed| {
        let mut world = World::room(seed, Network::default(), &NAMES, "Friday")?;
        let talker = usize::try_from(seed % 3)?;
        world.act(talker, Intent::Press);
        let before = world.rng.random_range(0..1_500);
        world.run(Duration::from_millis(before));
        world.server_dies();
        world.run(Duration::from_millis(3_000 - before));
        world.act(talker, Intent::Release);
        world.run(Duration::from_secs(1));
        for who in (0..3).filter(|who| *who != talker) {
            let (heard, kept) = (world.people[who].heard_blocks, world.people[talker].kept);
            assert!(heard + 4 >= kept, "seed {seed}: {heard} of {kept} blocks");
        }
        // The floor too goes from hand to hand without it.
        for next in 0..3 {
            let heard: Vec<u64> = world.people.iter().map(|p| p.heard_blocks).collect();
            world.talks(next, Duration::from_secs(1));
            for who in (0..3).filter(|who| *who != next) {
                assert!(world.people[who].heard_blocks > heard[who] + 90, "seed {seed}: {next} to {who}");
            }
            assert_eq!(world.room_of(next)?.floor, FloorView::Idle, "seed {seed}");
        }
        world.run(Duration::from_secs(60));
        for who in 0..3 {
            let room = world.room_of(who)?;
            assert_eq!((world.ready(who), room.server), (2, false), "seed {seed}: after a minute");
            assert_eq!(room.invitation, None, "seed {seed}: nobody is sent to a door that is not there");
        }
        Ok(world.tally)
    });
}

#[test]
fn whoever_was_on_the_way_in_when_the_server_died_is_told_and_hurts_nobody() {
    try_seeds("outage at the door", 8, |seed| {
        let network = Network { delay: Duration::from_millis(20), ..Network::default() };
        let mut world = World::room(seed, network, &NAMES[..2], "")?;
        let link = world.invitation(0)?.link;
        let late = world.person()?;
        world.join(late, "Dua", &link);
        let at = world.rng.random_range(0..600);
        world.run(Duration::from_millis(at));
        world.server_dies();
        world.run(Duration::from_secs(30));
        assert_eq!(world.link(0, 1), Some(pushtalk_engine::face::MemberLink::Ready), "seed {seed}");
        world.talks(0, Duration::from_secs(1));
        assert!(world.people[1].heard_blocks > 90, "seed {seed}: {at} ms");
        if world.room_of(late).is_err() {
            assert!(!world.view(late).notices.is_empty(), "seed {seed}: it is told");
        }
        Ok(world.tally)
    });
}
