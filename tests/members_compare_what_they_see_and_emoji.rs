//! Emoji that both see, rosters that tell who cannot hear whom, and how many have heard what was said.
#![cfg(test)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use pushtalk_e2ee::FrameId;
use pushtalk_engine::face::{Button, ErrorCode, HeardBy, Intent, MemberLink, SasCode};
use pushtalk_tests::world::{Network, World};

const NAMES: [&str; 4] = ["Ana", "Ben", "Eve", "Dan"];
const SECOND: Duration = Duration::from_secs(1);

fn room(seed: u64, people: usize) -> World {
    World::room(seed, Network::default(), &NAMES[..people], "").unwrap()
}

fn code(world: &World, who: usize) -> Option<SasCode> {
    world.room_of(who).unwrap().verifying.and_then(|verifying| verifying.code)
}

#[test]
fn two_see_the_same_emoji_and_others_see_none() {
    let mut seen = BTreeSet::new();
    for seed in 0..5 {
        let mut world = room(seed, 3);
        let (ben, ana) = (world.id_of(0, "Ben").unwrap(), world.id_of(1, "Ana").unwrap());
        world.act(0, Intent::Verify { id: ben.clone() });
        // Both at once, now and then.
        if seed % 2 == 0 {
            world.act(1, Intent::Verify { id: ana.clone() });
        }
        world.run(SECOND);
        let shown = code(&world, 0).unwrap();
        assert_eq!(Some(&shown), code(&world, 1).as_ref(), "seed {seed}");
        assert_eq!((shown.emoji.len(), shown.numbers.len()), (7, 3));
        assert!(world.room_of(2).unwrap().verifying.is_none());
        assert!(seen.insert(shown.emoji), "seed {seed}");
        world.act(0, Intent::Verified { id: ben, same: true });
        world.act(1, Intent::Verified { id: ana, same: true });
        for (who, name) in [(0, "Ben"), (1, "Ana")] {
            let room = world.room_of(who).unwrap();
            let verified: Vec<_> =
                room.members.iter().filter(|m| m.verified).map(|m| m.name.as_str()).collect();
            assert_eq!((verified, room.verifying), (vec![name], None));
        }
    }
}

#[test]
fn where_emoji_differ_nothing_flows_any_more() {
    let mut world = room(7, 3);
    let (ben, ana) = (world.id_of(0, "Ben").unwrap(), world.id_of(1, "Ana").unwrap());
    world.act(1, Intent::Verify { id: ana });
    world.run(SECOND);
    world.act(0, Intent::Verified { id: ben.clone(), same: false });
    world.run(SECOND);
    assert!(world.view(0).notices.iter().any(|notice| notice.code == ErrorCode::EmojiDiffer));
    let room = world.room_of(0).unwrap();
    assert!(matches!(&room.button, Button::KeyMismatch { id } if *id == ben));
    let sent = world.people[0].sent.get(&1).copied();
    world.act(0, Intent::Press);
    world.run(2 * SECOND);
    assert_eq!(world.people[0].sent.get(&1).copied(), sent, "nothing is sent to who may be another");
}

#[test]
fn members_who_cannot_hear_each_other_are_shown_to_everybody_within_two_seconds() {
    let mut world = room(8, 3);
    assert!((0..3).all(|who| world.room_of(who).unwrap().apart.is_empty()));
    world.keep_apart(1, 2);
    world.run(2 * SECOND);
    for who in 0..3 {
        let room = world.room_of(who).unwrap();
        let name = |id: &str| room.members.iter().find(|m| m.id == id).unwrap().name.clone();
        let apart: Vec<_> =
            room.apart.iter().map(|a| BTreeSet::from([name(&a.one), name(&a.other)])).collect();
        assert_eq!(apart, [BTreeSet::from(["Ben".into(), "Eve".into()])], "{who}");
        assert_eq!(room.hidden, 0);
    }
    world.let_together(1, 2);
    world.run(10 * SECOND);
    assert!((0..3).all(|who| world.room_of(who).unwrap().apart.is_empty()), "it is withdrawn");
}

#[test]
fn a_talker_is_told_how_many_have_begun_to_hear_it() {
    let mut world = room(9, 4);
    for _ in 0..3 {
        world.act(0, Intent::Press);
        world.run(SECOND);
        assert_eq!(world.room_of(0).unwrap().heard, Some(HeardBy { by: 3, of: 3 }));
        world.act(0, Intent::Release);
        world.run(SECOND);
    }
    world.network.loss = 1.0;
    world.act(0, Intent::Press);
    world.run(SECOND);
    assert_eq!(world.room_of(0).unwrap().heard, Some(HeardBy { by: 0, of: 3 }));
}

#[test]
fn keys_are_new_after_a_quarter_of_an_hour_and_nobody_notices() {
    let mut world = room(10, 2);
    let generations = Rc::new(RefCell::new(BTreeSet::new()));
    let seen = Rc::clone(&generations);
    world.tamper = Some(Box::new(move |_, frame| {
        seen.borrow_mut().insert(FrameId::read(frame).unwrap().generation);
    }));
    for minute in 0..32 {
        let before = world.people[1].heard_blocks;
        world.act(0, Intent::Press);
        world.run(SECOND);
        world.act(0, Intent::Release);
        world.run(2 * SECOND);
        assert!(world.people[1].heard_blocks > before + 80, "minute {minute}");
        assert!(world.room_of(0).unwrap().members.iter().skip(1).all(|m| m.link == MemberLink::Ready));
        world.run(57 * SECOND);
    }
    assert_eq!(generations.borrow().len(), 3, "{generations:?}");
    assert_eq!(world.people[1].rejected, 0);
}
