//! How voice is encoded follows what those who hear it report, and nothing of that shows in the size of a frame.
#![cfg(test)]

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_engine::face::Intent;
use pushtalk_tests::world::{Kind, Network, World};

const NAMES: [&str; 3] = ["Ana", "Ben", "Cem"];

/// What the first one's spurt is made of.
struct Spurt {
    /// Milliseconds in one packet of the codec.
    length: u64,
    /// Bytes of the codec's packets.
    opus: BTreeSet<usize>,
    /// Bytes of the sealed frames on the wire.
    sealed: BTreeSet<usize>,
}

fn spurt(world: &mut World, seconds: u64) -> Spurt {
    world.recorded = true;
    world.people[0].opus.clear();
    world.wire.clear();
    world.act(0, Intent::Press);
    world.run(Duration::from_secs(seconds));
    world.act(0, Intent::Release);
    world.run(Duration::from_secs(1));
    let voice = |kind: &Kind| matches!(kind, Kind::Frame { .. });
    let opus = &world.people[0].opus;
    let sealed = world.wire.iter().filter(|(_, _, kind, _)| voice(kind)).map(|(.., bytes)| bytes.len());
    // The tail is 60 ms and one frame more.
    let most = |length: u64| (1000 * seconds + 80) / length + 1;
    let frames = opus.len() as u64;
    let length =
        [20, 10].into_iter().find(|length| frames <= most(*length) && frames >= 1000 * seconds / length);
    Spurt { length: length.unwrap(), opus: opus.iter().map(Vec::len).collect(), sealed: sealed.collect() }
}

/// 120 bytes, whatever the network is like.
fn is_even(spurt: &Spurt) {
    assert_eq!(spurt.opus, BTreeSet::from([120]));
    // The counter in front grows from no byte to two (RFC 9605 section 4.3).
    let (least, most) = (spurt.sealed.first().unwrap(), spurt.sealed.last().unwrap());
    assert!(most - least <= 2, "{:?}", spurt.sealed);
}

#[test]
fn on_a_quiet_local_network_frames_are_short() {
    let mut world = World::room(1, Network::default(), &NAMES, "").unwrap();
    for _ in 0..3 {
        let spurt = spurt(&mut world, 3);
        is_even(&spurt);
        assert_eq!(spurt.length, 10);
    }
}

#[test]
fn over_a_long_way_frames_are_long() {
    let network = Network { delay: Duration::from_millis(30), ..Network::default() };
    let mut world = World::room(2, network, &NAMES, "").unwrap();
    world.run(Duration::from_secs(2));
    let spurt = spurt(&mut world, 3);
    is_even(&spurt);
    assert_eq!(spurt.length, 20);
}

#[test]
fn loss_that_one_listener_reports_changes_the_next_spurt_and_not_the_size_of_its_frames() {
    for seed in 0..4 {
        let mut world = World::room(seed, Network::default(), &NAMES, "").unwrap();
        let clean = spurt(&mut world, 2);
        world.network.loss = 0.10;
        let still = spurt(&mut world, 4);
        let more = spurt(&mut world, 4);
        world.network.loss = 0.0;
        spurt(&mut world, 2);
        world.run(Duration::from_secs(40));
        let again = spurt(&mut world, 2);
        let spurts = [clean, still, more, again];
        spurts.iter().for_each(is_even);
        assert_eq!(spurts.map(|spurt| spurt.length), [10, 10, 20, 10], "seed {seed}");
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
