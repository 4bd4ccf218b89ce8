//! How voice is encoded follows what those who hear it report, and nothing of that shows in the size of a frame.
#![cfg(test)]

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_engine::face::Intent;
use pushtalk_tests::world::{Kind, Network, World};

const NAMES: [&str; 3] = ["Ana", "Ben", "Cem"];

/// Sizes of the codec's packets, and of the sealed frames on the wire, in one spurt of the first one.
fn spurt(world: &mut World, seconds: u64) -> (BTreeSet<usize>, BTreeSet<usize>) {
    world.recorded = true;
    world.people[0].opus.clear();
    world.wire.clear();
    world.act(0, Intent::Press);
    world.run(Duration::from_secs(seconds));
    world.act(0, Intent::Release);
    world.run(Duration::from_secs(1));
    let voice = |kind: &Kind| matches!(kind, Kind::Frame { .. });
    let opus = world.people[0].opus.iter().map(Vec::len).collect();
    let sealed = world.wire.iter().filter(|(_, _, kind, _)| voice(kind)).map(|(.., bytes)| bytes.len());
    (opus, sealed.collect())
}

fn one(sizes: &BTreeSet<usize>) -> usize {
    assert_eq!(sizes.len(), 1, "one size in a spurt: {sizes:?}");
    sizes.first().copied().unwrap()
}

#[test]
fn on_a_quiet_local_network_frames_are_short() {
    let mut world = World::room(1, Network::default(), &NAMES, "").unwrap();
    for _ in 0..3 {
        let (opus, _) = spurt(&mut world, 3);
        assert_eq!(one(&opus), 60, "10 ms at 48 kb/s");
    }
}

#[test]
fn over_a_long_way_frames_are_long() {
    let network = Network { delay: Duration::from_millis(30), ..Network::default() };
    let mut world = World::room(2, network, &NAMES, "").unwrap();
    world.run(Duration::from_secs(2));
    let (opus, _) = spurt(&mut world, 3);
    assert_eq!(one(&opus), 80, "20 ms at 32 kb/s");
}

#[test]
fn loss_that_one_listener_reports_changes_the_next_spurt_and_not_the_size_within_this_one() {
    for seed in 0..4 {
        let mut world = World::room(seed, Network::default(), &NAMES, "").unwrap();
        let (clean, _) = spurt(&mut world, 2);
        world.network.loss = 0.10;
        let (still, sealed) = spurt(&mut world, 4);
        assert_eq!((one(&clean), one(&still)), (60, 60), "seed {seed}");
        // The counter in front grows from no byte to two (RFC 9605 section 4.3).
        assert!(sealed.last().unwrap() - sealed.first().unwrap() <= 2, "{sealed:?}");
        let (more, sealed) = spurt(&mut world, 4);
        assert_eq!(one(&more), 120, "20 ms at 48 kb/s; seed {seed}");
        assert!(sealed.last().unwrap() - sealed.first().unwrap() <= 2, "{sealed:?}");

        world.network.loss = 0.0;
        spurt(&mut world, 2);
        world.run(Duration::from_secs(40));
        let (again, _) = spurt(&mut world, 2);
        assert_eq!(one(&again), 60, "seed {seed}");
    }
}

#[test]
fn everybody_is_told_how_long_a_voice_takes_from_mouth_to_ear() {
    for (seed, delay) in [(1, 1), (2, 25), (3, 80)] {
        let network = Network { delay: Duration::from_millis(delay), ..Network::default() };
        let mut world = World::room(seed, network, &NAMES, "").unwrap();
        world.run(Duration::from_secs(3));
        spurt(&mut world, 4);
        let room = world.room_of(1).unwrap();
        let ana = room.members.iter().find(|member| member.name == "Ana").unwrap();
        let quality = ana.quality.unwrap();
        // A frame has to be full before it leaves; then the network, and what it is held.
        let frame = if delay < 6 { 10 } else { 20 };
        let told = u64::from(quality.mouth_to_ear_ms.unwrap());
        let least = delay + frame;
        assert!((least..least + 35).contains(&told), "{delay} ms away: {told} ms");
        assert!(quality.round_trip_ms.unwrap().abs_diff(2 * delay as u32) <= 2, "{quality:?}");
        assert_eq!((quality.loss_permille, quality.concealed_permille), (0, 0));
        let silent = room.members.iter().find(|member| member.name == "Cem").unwrap();
        assert_eq!(silent.quality, None, "nothing is told of who was never heard");
    }
}
