//! P2, P3, P4: a server that keeps, repeats, swaps, changes, hides and invents, at random.

use std::time::Duration;

use pushtalk_engine::face::Intent;
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Malice, Mallory, Network, Tally, World};
use rand::RngExt;

const NAMES: [&str; 4] = ["Ana", "Ben", "Cem", "Dua"];

/// People come, talk and go, whatever the server does meanwhile. That nobody is deceived is checked at every step.
fn a_day(seed: u64, malice: Malice) -> anyhow::Result<Tally> {
    let (mallory, hand, loot) = Mallory::new(Malice::default());
    let mut world = World::run_by(seed, Network::default(), Box::new(mallory));
    if seed.is_multiple_of(3) {
        world.network = Network { jitter: Duration::from_millis(20), loss: 0.05, ..Network::default() };
        world.tamper = Some(Box::new(|rng, frame| {
            if rng.random_bool(0.05) {
                let at = rng.random_range(0..frame.len());
                frame[at] ^= 1 << rng.random_range(0..8);
            }
        }));
    }
    // There has to be a room before anybody can be deceived in it.
    world.gather(&NAMES[..1], "Friday")?;
    let link = world.invitation(0)?.link;
    *hand.borrow_mut() = malice;
    for name in &NAMES[1..] {
        let who = world.person()?;
        for _ in 0..4 {
            world.join(who, name, &link);
            world.run(Duration::from_secs(2));
            if world.room_of(who).is_ok() {
                break;
            }
            world.act(who, Intent::Leave);
        }
    }
    for _ in 0..world.rng.random_range(2..5) {
        let talker = world.rng.random_range(0..world.people.len());
        world.talks(talker, Duration::from_millis(400));
        if world.rng.random_bool(0.2) {
            let who = world.rng.random_range(0..world.people.len());
            world.act(who, Intent::Leave);
            world.join(who, NAMES[who], &link);
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
    try_seeds("much of everything", 10, |seed| a_day(seed, Malice::all(0.05)));
}

#[test]
fn a_server_that_says_again_all_that_it_ever_saw_deceives_nobody() {
    let again = Malice { again: 0.3, name: 0.3, twice: 0.1, ..Malice::default() };
    try_seeds("all of it again", 6, |seed| a_day(seed, again));
}

#[test]
fn those_who_are_inside_already_talk_on_whatever_the_server_does() {
    try_seeds("inside already", 6, |seed| {
        let (mallory, malice, loot) = Mallory::new(Malice::default());
        let mut world = World::run_by(seed, Network::default(), Box::new(mallory));
        world.gather(&NAMES, "Friday")?;
        *malice.borrow_mut() = Malice::all(0.4);
        world.run(Duration::from_secs(10));
        for talker in 0..4 {
            let before: Vec<u64> = world.people.iter().map(|p| p.heard_blocks).collect();
            world.talks(talker, Duration::from_secs(1));
            for who in (0..4).filter(|who| *who != talker) {
                let heard = world.people[who].heard_blocks - before[who];
                anyhow::ensure!(heard > 90, "{who} heard {heard} blocks of {talker}");
            }
        }
        let mut tally = world.tally;
        tally.tampered += loot.borrow().deeds;
        anyhow::ensure!(tally.tampered > 500, "nothing was tried: {tally:?}");
        Ok(tally)
    });
}
