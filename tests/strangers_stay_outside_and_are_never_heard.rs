//! The server, the network and strangers as enemies, as far as a room must stand them.

use std::time::Duration;

use pushtalk_engine::face::{ErrorCode, Intent, Stage};
use pushtalk_tests::world::{Network, World};
use rand::{Rng, RngExt};

#[test]
fn a_frame_that_was_changed_on_the_way_is_counted_and_never_played() {
    let mut world = World::room(1, Network::default(), &["Ana", "Ben"], "").unwrap();
    world.tamper = Some(Box::new(|rng, frame| {
        let at = rng.random_range(0..frame.len());
        frame[at] ^= 1 << rng.random_range(0..8);
    }));
    world.act(0, Intent::Press);
    world.run(Duration::from_secs(2));
    assert!(world.people[0].kept >= 190);
    assert!(world.people[1].rejected >= 190, "{}", world.people[1].rejected);
    assert_eq!(world.people[1].heard_blocks, 0);
}

#[test]
fn bytes_that_are_no_frame_at_all_are_counted_and_never_played() {
    let mut world = World::room(2, Network::default(), &["Ana", "Ben"], "").unwrap();
    world.tamper = Some(Box::new(|rng, frame| {
        frame.resize(rng.random_range(0..200), 0);
        rng.fill_bytes(frame);
    }));
    world.act(0, Intent::Press);
    world.run(Duration::from_secs(2));
    assert!(world.people[1].rejected >= 190);
    assert_eq!(world.people[1].heard_blocks, 0);
}

#[test]
fn the_right_code_lets_in_and_a_wrong_one_does_not() {
    let mut world = World::room(3, Network::default(), &["Ana"], "").unwrap();
    let invitation = world.invitation(0).unwrap();
    let server = invitation.servers.first().cloned();
    let last = invitation.code.chars().last().unwrap();
    let wrong = format!("{}{}", &invitation.code[..10], if last == '0' { '1' } else { '0' });
    let other_room = format!(
        "{}{}",
        if invitation.code.starts_with("000") { "111" } else { "000" },
        &invitation.code[3..]
    );
    for text in [wrong, other_room] {
        let who = world.person().unwrap();
        world.act(who, Intent::Join { name: "Eve".into(), text, server: server.clone(), pin: None });
        world.run(Duration::from_secs(2));
        let view = world.view(who);
        assert!(matches!(view.stage, Stage::Home { .. }), "{:?}", view.stage);
        assert_eq!(view.notices.last().map(|n| n.code), Some(ErrorCode::WrongCode));
        assert_eq!(world.room_of(0).unwrap().members.len(), 1, "nobody came in");
    }
    let who = world.person().unwrap();
    let text = invitation.code.to_lowercase().replace('-', " ");
    world.act(who, Intent::Join { name: "Ben".into(), text, server, pin: None });
    world.run(Duration::from_secs(2));
    assert_eq!(world.room_of(who).unwrap().members.len(), 2);
}
