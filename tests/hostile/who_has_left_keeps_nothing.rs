//! P9: after leaving, nothing about the room is left that can be reached, and nothing is in any log.

use std::time::Duration;

use pushtalk_engine::face::{Intent, Stage};
use pushtalk_protocol::Invitation;
use pushtalk_tests::canary::Canaries;
use pushtalk_tests::logs::logged;
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Kind, Network, Parcel, World};

const NAMES: [&str; 3] = ["Anastasia", "Benjamino", "Cemalettin"];

fn canaries(world: &World) -> anyhow::Result<Canaries> {
    let mut canaries = Canaries::default();
    let invitation = world.invitation(0)?;
    canaries.add_text("the code", &invitation.code);
    canaries.add_text("the spoken password", &invitation.code[4..]);
    canaries.add_text("the link", &invitation.link);
    canaries.add("the link password", Invitation::parse(&invitation.link)?.password.expose());
    for (who, person) in world.people.iter().enumerate() {
        if who > 0 {
            canaries.add_text("another one's name", NAMES[who]);
        }
        if let Some(pid) = person.pid {
            canaries.add("a pid", pid.as_bytes());
        }
        for secret in person.dice.secrets() {
            canaries.add("a key", secret);
        }
    }
    Ok(canaries)
}

#[test]
fn who_has_left_shows_and_stores_nothing_of_the_room_but_its_title_and_its_server() {
    try_seeds("left behind", 3, |seed| {
        let (result, logs) = logged(|| -> anyhow::Result<_> {
            let mut world = World::room(seed, Network::default(), &NAMES, "Friday")?;
            world.talks(0, Duration::from_secs(1));
            world.talks(1, Duration::from_secs(1));
            let canaries = canaries(&world)?;
            let full = serde_json::to_string(&world.view(0))?;
            anyhow::ensure!(canaries.find(full.as_bytes()).len() > 3, "what is shown inside is found");
            world.act(0, Intent::Leave);
            Ok((world, canaries))
        });
        let (mut world, canaries) = result?;
        let view = world.view(0);
        assert!(matches!(view.stage, Stage::Home { .. }), "seed {seed}");
        // All that is stored is in the view's preferences; the view is all that is shown.
        let left = serde_json::to_string(&view)?;
        assert_eq!(canaries.find(left.as_bytes()), [], "seed {seed}: {left}");
        assert_eq!(canaries.find(&logs), [], "seed {seed}: in the logs");
        let recent = &view.preferences.recent;
        assert_eq!((recent.len(), recent[0].title.as_str()), (1, "Friday"), "seed {seed}: what may stay");
        world.run(Duration::from_secs(1));
        assert!(!world.is_waiting(0), "seed {seed}: no timer of the room runs on");
        Ok(world.tally)
    });
}

#[test]
fn whoever_calls_after_one_that_has_left_gets_no_answer_and_is_not_heard() {
    try_seeds("calls after leaving", 3, |seed| {
        let mut world = World::new(seed, Network::default());
        world.recorded = true;
        world.gather(&NAMES, "")?;
        for talker in 0..3 {
            world.talks(talker, Duration::from_millis(500));
        }
        let capture = std::mem::take(&mut world.wire);
        let own = world.people[1].pid;
        world.act(1, Intent::Leave);
        world.run(Duration::from_millis(200));
        let (heard, rejected) = (world.people[1].heard_blocks, world.people[1].rejected);
        let mut frames = 0;
        world.wire.clear();
        for (from, to, kind, bytes) in capture.into_iter().filter(|(_, to, ..)| Some(*to) == own) {
            frames += u64::from(kind != Kind::Ctl);
            world.carry(Parcel { from, to, kind, bytes, late: Duration::ZERO });
        }
        world.run(Duration::from_secs(1));
        assert!(frames > 100, "seed {seed}");
        assert_eq!(world.people[1].rejected, rejected + frames, "seed {seed}: no key is left to open them");
        assert_eq!(world.people[1].heard_blocks, heard, "seed {seed}");
        assert!(world.wire.iter().all(|(from, ..)| Some(*from) != own), "seed {seed}: it answered");
        assert!(matches!(world.view(1).stage, Stage::Home { .. }), "seed {seed}");
        Ok(world.tally)
    });
}
