//! P4 against the network: frames and messages that are lost, doubled, late, changed, swapped and invented.

use std::time::Duration;

use pushtalk_protocol::Pid;
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Kind, Meddler, Network, Parcel, World};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

const NAMES: [&str; 3] = ["Ana", "Ben", "Cem"];

/// Does each of it to so large a share of the frames, and of the messages.
fn wild(frames: f64, messages: f64, people: Vec<Pid>) -> Meddler {
    let mut kept: Vec<Parcel> = Vec::new();
    Box::new(move |rng, parcel| {
        let share = if parcel.kind == Kind::Ctl { messages } else { frames };
        if kept.len() < 3_000 {
            kept.push(parcel.clone());
        }
        if rng.random_bool(share) {
            return Vec::new();
        }
        let mut all = vec![parcel];
        if rng.random_bool(share) {
            all.push(all[0].clone());
        }
        if rng.random_bool(share)
            && let Some(old) = kept.choose(rng)
        {
            all.push(old.clone());
        }
        for parcel in &mut all {
            if rng.random_bool(share) {
                change(rng, &mut parcel.bytes);
            }
            if rng.random_bool(share) {
                parcel.late = Duration::from_millis(rng.random_range(1..800));
            }
            if rng.random_bool(share) {
                // Over the connection of another one, or to another one.
                parcel.from = *people.choose(rng).unwrap_or(&parcel.from);
                parcel.to = *people.choose(rng).unwrap_or(&parcel.to);
            }
            if rng.random_bool(share)
                && let Kind::Frame { sequence, timestamp } = &mut parcel.kind
            {
                (*sequence, *timestamp) = (rng.random(), rng.random());
            }
        }
        all
    })
}

fn change(rng: &mut StdRng, bytes: &mut Vec<u8>) {
    match rng.random_range(0..4) {
        0 => bytes.truncate(rng.random_range(0..=bytes.len())),
        1 => bytes.extend_from_slice(&[0; 16]),
        2 => rng.fill_bytes(bytes),
        _ if bytes.is_empty() => {}
        _ => {
            let at = rng.random_range(0..bytes.len());
            bytes[at] ^= 1 << rng.random_range(0..8);
        }
    }
}

fn pids(world: &World) -> Vec<Pid> {
    world.people.iter().filter_map(|p| p.pid).collect()
}

#[test]
fn a_network_that_does_anything_to_frames_makes_nobody_hear_what_was_not_said() {
    try_seeds("wild frames", 6, |seed| {
        let mut world = World::room(seed, Network::default(), &NAMES, "")?;
        world.meddler = Some(wild(0.15, 0.0, pids(&world)));
        for talker in 0..3 {
            world.talks(talker, Duration::from_secs(2));
        }
        let tally = world.tally;
        assert!(tally.tampered > 200 && tally.rejected > 100, "seed {seed}: {tally:?}");
        assert!(tally.accepted > tally.sent / 4, "seed {seed}: what was left alone is heard: {tally:?}");
        Ok(tally)
    });
}

#[test]
fn a_network_that_does_anything_to_messages_deceives_nobody() {
    try_seeds("wild messages", 6, |seed| {
        let mut world = World::room(seed, Network::default(), &NAMES, "")?;
        world.meddler = Some(wild(0.1, 0.1, pids(&world)));
        for talker in [0, 1, 2, 1] {
            world.talks(talker, Duration::from_secs(2));
            world.run(Duration::from_secs(3));
        }
        Ok(world.tally)
    });
}

#[test]
fn when_the_network_comes_to_its_senses_everybody_hears_everybody_again() {
    try_seeds("after the storm", 4, |seed| {
        let mut world = World::room(seed, Network::default(), &NAMES, "")?;
        world.meddler = Some(wild(0.3, 0.3, pids(&world)));
        world.talks(1, Duration::from_secs(3));
        world.run(Duration::from_secs(5));
        world.meddler = None;
        world.run(Duration::from_secs(30));
        for who in 0..3 {
            anyhow::ensure!(world.ready(who) == 2, "{who} is ready for {}", world.ready(who));
            world.people[who].heard_blocks = 0;
        }
        world.talks(2, Duration::from_secs(1));
        for who in 0..2 {
            let heard = world.people[who].heard_blocks;
            anyhow::ensure!(heard > 90, "{who} heard {heard} blocks");
        }
        Ok(world.tally)
    });
}
