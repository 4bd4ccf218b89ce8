//! P2, P3, P4: a server that keeps, repeats, swaps, changes, hides and invents, at random.

use std::time::Duration;

use pushtalk_engine::face::Intent;
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Malice, Mallory, Network, Tally, World, each_frame};
use rand::{Rng, RngExt};

const NAMES: [&str; 4] = ["Ana", "Ben", "Cem", "Dua"];

/// People come, talk and go, whatever the server does meanwhile. That nobody is deceived is checked at every step.
fn a_day(seed: u64, malice: Malice) -> anyhow::Result<Tally> {
    let (mallory, _, loot) = Mallory::new(malice);
    let mut world = World::run_by(seed, Network::default(), Box::new(mallory));
    if seed.is_multiple_of(3) {
        world.network = Network { jitter: Duration::from_millis(20), loss: 0.05, ..Network::default() };
        world.tamper = Some(each_frame(|rng, frame| {
            if rng.random_bool(0.05) {
                let at = rng.random_range(0..frame.len());
                frame[at] ^= 1 << rng.random_range(0..8);
            }
        }));
    }
    let mut link = None;
    for name in NAMES {
        let who = world.person()?;
        match &link {
            None => world.act(who, Intent::Host { name: name.into(), title: "Friday".into() }),
            Some(link) => world.join(who, name, link),
        }
        world.run(Duration::from_secs(2));
        link = link.or(world.invitation(0).ok().map(|invitation| invitation.link));
        // Without a room nobody else has anywhere to go.
        if link.is_none() {
            break;
        }
    }
    for _ in 0..world.rng.random_range(2..5) {
        let talker = world.rng.random_range(0..world.people.len());
        world.talks(talker, Duration::from_millis(400));
        if world.rng.random_bool(0.2) {
            let who = world.rng.random_range(0..world.people.len());
            world.act(who, Intent::Leave);
            if let Some(link) = &link {
                world.join(who, NAMES[who], link);
            }
            world.run(Duration::from_secs(2));
        }
    }
    let mut tally = world.tally;
    tally.tampered += loot.borrow().deeds;
    Ok(tally)
}

#[test]
fn a_server_that_does_a_little_of_everything_deceives_nobody() {
    try_seeds("little of everything", 10, |seed| a_day(seed, Malice::all(0.01)));
}

#[test]
fn a_server_that_does_much_of_everything_deceives_nobody() {
    try_seeds("much of everything", 10, |seed| a_day(seed, Malice::all(0.08)));
}

#[test]
fn a_server_that_says_again_all_that_it_ever_saw_deceives_nobody() {
    let again = Malice { again: 0.3, name: 0.3, twice: 0.3, ..Malice::default() };
    try_seeds("all of it again", 6, |seed| a_day(seed, again));
}

#[test]
fn people_come_together_all_the_same_when_the_server_does_little() {
    let pairs = std::cell::Cell::new(0);
    try_seeds("coming together", 4, |seed| {
        let tally = a_day(seed, Malice { twice: 0.3, again: 0.02, ..Malice::default() })?;
        pairs.set(pairs.get() + tally.pairs);
        anyhow::ensure!(tally.pairs > 0 && tally.accepted > 0, "nothing was tried: {tally:?}");
        Ok(tally)
    });
    assert!(pairs.get() > 0);
}
