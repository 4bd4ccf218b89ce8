//! P6: who has a capture of everything, and comes in later with the whole room secret, opens nothing from before.

use std::time::Duration;

use pushtalk_protocol::Pid;
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Kind, Network, Parcel, World};

const NAMES: [&str; 3] = ["Ana", "Ben", "Cem"];

/// From whom, to whom, and what.
type Capture = Vec<(Pid, Pid, Kind, Vec<u8>)>;

/// A room in which all have talked; with all that went between them.
fn before(seed: u64) -> anyhow::Result<(World, Capture)> {
    let mut world = World::new(seed, Network::default());
    world.recorded = true;
    world.gather(&NAMES, "Friday")?;
    for talker in 0..3 {
        world.talks(talker, Duration::from_millis(600));
    }
    let capture = std::mem::take(&mut world.wire);
    anyhow::ensure!(
        capture.iter().filter(|(_, _, kind, _)| *kind != Kind::Ctl).count() > 300,
        "too little was said"
    );
    Ok((world, capture))
}

#[test]
fn a_mole_that_comes_later_opens_nothing_of_a_whole_capture_with_any_key_it_has() {
    try_seeds("capture and mole", 3, |seed| {
        let (mut world, capture) = before(seed)?;
        let link = world.invitation(0)?.link;
        let mole = world.mole()?;
        world.join(mole, "Mole", &link);
        world.run(Duration::from_secs(3));
        anyhow::ensure!((0..3).all(|who| world.ready(who) == 3), "the mole did not come in");
        let now = world.now;
        world.tally.rejected += capture.len() as u64;
        let spy = world.mole_of(mole)?;
        anyhow::ensure!(spy.ties.values().all(|tie| tie.open_keys.len() == 1), "it has a key of each");
        for (from, to, kind, bytes) in &capture {
            if *kind == Kind::Ctl {
                continue;
            }
            for tie in spy.ties.values_mut() {
                for key in &mut tie.open_keys {
                    assert!(
                        key.open(now, bytes).is_err(),
                        "seed {seed}: a frame from before {from:?} {to:?}"
                    );
                }
            }
        }
        // What is said from now on it opens: the keys are the right ones.
        for talker in 0..3 {
            world.talks(talker, Duration::from_millis(300));
        }
        let own = world.people[mole].pid;
        let since: Vec<_> =
            world.wire.drain(..).filter(|(_, to, kind, _)| Some(*to) == own && *kind != Kind::Ctl).collect();
        let spy = world.mole_of(mole)?;
        let mut opened = 0;
        for (from, _, _, bytes) in &since {
            let tie = spy.ties.get_mut(from);
            opened +=
                tie.map_or(0, |t| t.open_keys.iter_mut().filter_map(|k| k.open(now, bytes).ok()).count());
        }
        assert_eq!(opened, since.len(), "seed {seed}");
        assert!(opened > 60, "seed {seed}");
        Ok(world.tally)
    });
}

#[test]
fn frames_and_messages_from_before_do_nothing_when_they_are_sent_to_a_newcomer() {
    try_seeds("capture and newcomer", 3, |seed| {
        let (mut world, capture) = before(seed)?;
        let link = world.invitation(0)?.link;
        let late = world.person()?;
        world.join(late, "Dua", &link);
        world.run(Duration::from_secs(3));
        anyhow::ensure!(world.ready(late) == 3, "it did not come in");
        let Some(to) = world.people[late].pid else { anyhow::bail!("no place") };
        let heard = world.people[late].heard_blocks;
        for (from, _, kind, bytes) in capture {
            world.tally.tampered += 1;
            world.carry(Parcel { from, to, kind, bytes, late: Duration::from_millis(1) });
        }
        world.run(Duration::from_secs(2));
        assert_eq!(world.people[late].heard_blocks, heard, "seed {seed}: something from before was played");
        assert_eq!(world.ready(late), 3, "seed {seed}: it is as it was");
        world.talks(0, Duration::from_secs(1));
        assert!(world.people[late].heard_blocks > 90, "seed {seed}: what is said now is heard");
        Ok(world.tally)
    });
}
