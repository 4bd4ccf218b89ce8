//! Sending away, locking, PINs, new codes and handing over, as the people see it.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{Button, Door, ErrorCode, Intent, MemberLink, Stage};
use pushtalk_tests::world::{Network, World};

const NAMES: [&str; 4] = ["Ana", "Ben", "Eve", "Dan"];
const SECOND: Duration = Duration::from_secs(1);

fn room(seed: u64, people: usize) -> World {
    World::room(seed, Network::default(), &NAMES[..people], "").unwrap()
}

/// Blocks that each hears while one talks for two seconds.
fn heard(world: &mut World, talker: usize) -> Vec<u64> {
    let before: Vec<u64> = world.people.iter().map(|person| person.heard_blocks).collect();
    world.act(talker, Intent::Press);
    world.run(2 * SECOND);
    world.act(talker, Intent::Release);
    world.run(SECOND);
    world.people.iter().zip(before).map(|(person, before)| person.heard_blocks - before).collect()
}

fn home(world: &World, who: usize) -> Option<ErrorCode> {
    let view = world.view(who);
    matches!(view.stage, Stage::Home { .. }).then(|| view.notices.last().map(|notice| notice.code)).flatten()
}

fn join(world: &mut World, text: &str, pin: Option<&str>) -> usize {
    let who = world.person().unwrap();
    let server = (!text.contains("://")).then(|| "127.0.0.1:7443".to_owned());
    let (name, text, pin) = ("Zoe".into(), text.to_owned(), pin.map(str::to_owned));
    world.act(who, Intent::Join { name, text, server, pin });
    world.run(3 * SECOND);
    who
}

fn is_in(world: &World, who: usize) -> bool {
    let room = world.room_of(who);
    room.is_ok_and(|room| {
        room.members.len() > 1 && room.members[1..].iter().all(|m| m.link == MemberLink::Ready)
    })
}

#[test]
fn who_is_sent_away_is_out_and_the_others_talk_on_with_new_keys() {
    for seed in 0..6 {
        let mut world = room(seed, 4);
        let old = world.invitation(0).unwrap();
        let eve = world.id_of(0, "Eve").unwrap();
        world.act(0, Intent::Kick { id: eve });
        world.run(SECOND);
        assert_eq!(home(&world, 2), Some(ErrorCode::Removed), "seed {seed}");
        for who in [0, 1, 3] {
            assert_eq!(world.room_of(who).unwrap().members.len(), 3, "seed {seed}");
        }
        // Longer than any key of before may hold.
        world.run(12 * SECOND);
        for talker in [0, 1, 3] {
            let heard = heard(&mut world, talker);
            for who in [0, 1, 3] {
                let enough = who == talker || heard[who] > 150;
                assert!(enough, "seed {seed}: {who} heard {} of {talker}", heard[who]);
            }
            assert_eq!(heard[2], 0);
        }
        let new = world.invitation(1).unwrap();
        assert_ne!((&new.link, &new.code), (&old.link, &old.code));
        let stranger = join(&mut world, &old.link, None);
        assert_eq!(home(&world, stranger), Some(ErrorCode::WrongCode));
        let friend = join(&mut world, &new.code, None);
        assert!(is_in(&world, friend), "seed {seed}");
    }
}

#[test]
fn a_locked_room_lets_nobody_in_until_it_is_unlocked() {
    let mut world = room(1, 2);
    let old = world.invitation(0).unwrap();
    world.act(0, Intent::Lock { pin: None });
    world.run(SECOND);
    for who in [0, 1] {
        let room = world.room_of(who).unwrap();
        assert_eq!((room.door, room.invitation), (Door::Locked, None));
    }
    let stranger = join(&mut world, &old.link, None);
    assert_eq!(home(&world, stranger), Some(ErrorCode::RoomLocked));
    world.act(0, Intent::Unlock);
    world.run(SECOND);
    let again = join(&mut world, &old.link, None);
    assert_eq!(home(&world, again), Some(ErrorCode::WrongCode), "what was before the lock stays dead");
    let new = world.invitation(1).unwrap();
    let friend = join(&mut world, &new.link, None);
    assert!(is_in(&world, friend));
    assert!(heard(&mut world, friend)[0] > 150);
}

#[test]
fn a_pin_is_asked_for_counted_and_told_to_those_who_answer_the_door() {
    let mut world = room(2, 2);
    world.act(0, Intent::Lock { pin: Some("0042".into()) });
    world.run(SECOND);
    let invitation = world.invitation(1).unwrap();
    let none = join(&mut world, &invitation.link, None);
    assert_eq!(home(&world, none), Some(ErrorCode::PinNeeded));
    let wrong = join(&mut world, &invitation.link, Some("0043"));
    assert_eq!(home(&world, wrong), Some(ErrorCode::WrongPin));
    assert_eq!(world.view(wrong).notices[0].about.as_deref(), Some("4"));
    let right = join(&mut world, &invitation.code, Some("0042"));
    assert!(is_in(&world, right));
    // The newcomer can answer the door when the host is gone.
    assert_eq!(world.room_of(right).unwrap().door, Door::Pin);
    for _ in 0..4 {
        let wrong = join(&mut world, &invitation.link, Some("9999"));
        assert!(matches!(home(&world, wrong), Some(ErrorCode::WrongPin)));
    }
    assert!((0..2).all(|who| world.room_of(who).unwrap().code_dead));
    let late = join(&mut world, &invitation.link, Some("0042"));
    assert_eq!(home(&world, late), Some(ErrorCode::CodeRetired), "also the right one");
    assert!(world.view(0).notices.iter().any(|notice| notice.code == ErrorCode::CodeGuessed));
    world.act(0, Intent::Lock { pin: Some("1234".into()) });
    world.run(SECOND);
    let link = world.invitation(0).unwrap().link;
    let friend = join(&mut world, &link, Some("1234"));
    assert!(is_in(&world, friend));
}

#[test]
fn the_sixth_guess_of_a_code_fails_even_if_it_is_right() {
    let mut world = room(3, 3);
    let invitation = world.invitation(0).unwrap();
    let guess = |n: u32| format!("{}{n:05}", &invitation.code[..5]);
    for n in 0..5 {
        let text = guess(n);
        assert_ne!(text, invitation.code);
        let wrong = join(&mut world, &text, None);
        assert_eq!(home(&world, wrong), Some(ErrorCode::WrongCode), "{n}");
    }
    let right = join(&mut world, &invitation.code, None);
    assert_eq!(home(&world, right), Some(ErrorCode::CodeRetired));
    assert!((0..3).all(|who| world.room_of(who).unwrap().code_dead));
    // Nobody can guess a link.
    let friend = join(&mut world, &invitation.link, None);
    assert!(is_in(&world, friend));
    world.act(0, Intent::NewCode);
    world.run(SECOND);
    let code = world.invitation(1).unwrap().code;
    let other = join(&mut world, &code, None);
    assert!(is_in(&world, other));
}

#[test]
fn a_host_that_leaves_hands_the_room_over_and_the_heir_can_do_all_that_a_host_can() {
    for seed in 0..10 {
        let mut world = room(seed, 4);
        world.act(0, Intent::Leave);
        world.run(3 * SECOND);
        assert!(world.room_of(1).unwrap().hosting, "seed {seed}: the longest present");
        assert!(world.view(1).notices.iter().any(|notice| notice.code == ErrorCode::YouAreHost));
        for who in [2, 3] {
            let room = world.room_of(who).unwrap();
            assert!(!room.hosting && room.members.iter().any(|m| m.host && m.name == "Ben"), "seed {seed}");
        }
        // Who comes now follows the chain from the first host to this one.
        let link = world.invitation(3).unwrap().link;
        let zoe = join(&mut world, &link, None);
        assert!(world.room_of(zoe).unwrap().members.iter().any(|m| m.host && m.name == "Ben"), "seed {seed}");
        let eve = world.id_of(1, "Eve").unwrap();
        world.act(1, Intent::Kick { id: eve });
        world.run(15 * SECOND);
        assert_eq!(home(&world, 2), Some(ErrorCode::Removed), "seed {seed}");
        let heard = heard(&mut world, 3);
        assert!(heard[1] > 150 && heard[zoe] > 150, "seed {seed}: {heard:?}");
        world.act(1, Intent::Lock { pin: None });
        world.run(SECOND);
        assert_eq!(world.room_of(zoe).unwrap().door, Door::Locked, "seed {seed}");
    }
}

#[test]
fn only_the_host_decides() {
    let mut world = room(4, 3);
    let eve = world.id_of(1, "Eve").unwrap();
    for intent in [
        Intent::Kick { id: eve.clone() },
        Intent::Lock { pin: None },
        Intent::NewCode,
        Intent::HandOver { id: eve },
        Intent::SetTalkLimit { seconds: 10 },
    ] {
        world.act(1, intent);
    }
    let before = world.room_of(0).unwrap();
    world.run(SECOND);
    let after = world.room_of(0).unwrap();
    assert_eq!(before, after);
    assert!((0..3).all(|who| world.room_of(who).unwrap().members.len() == 3));
}

#[test]
fn a_member_whose_connection_drops_comes_back_as_itself() {
    for seed in 0..6 {
        let mut world = room(seed, 3);
        let id = world.id_of(0, "Ben").unwrap();
        world.act(1, Intent::Press);
        world.run(SECOND);
        // Its network is gone: no server, no peers.
        world.unplug(1);
        world.sever(1, 0);
        world.sever(1, 2);
        world.run(Duration::from_millis(100));
        assert!(matches!(world.room_of(0).unwrap().button, Button::Idle), "the floor is free at once");
        world.act(1, Intent::Release);
        world.run(8 * SECOND);
        for who in [0, 2] {
            let room = world.room_of(who).unwrap();
            assert_eq!(room.members.len(), 3, "seed {seed}: no twin");
            let ben = room.members.iter().find(|m| m.name == "Ben").unwrap();
            assert_eq!((ben.id.as_str(), ben.link), (id.as_str(), MemberLink::Ready), "seed {seed}");
        }
        assert!(world.room_of(1).unwrap().server);
        assert!(heard(&mut world, 1)[0] > 150, "seed {seed}");
    }
}

#[test]
fn who_was_away_when_an_epoch_began_comes_over_into_it() {
    for seed in 0..6 {
        let mut world = room(seed, 4);
        let away = 1 + (seed as usize % 3);
        world.unplug(away);
        (0..4).filter(|who| *who != away).for_each(|who| world.sever(away, who));
        world.run(Duration::from_millis(50));
        world.act(0, Intent::Lock { pin: None });
        world.run(20 * SECOND);
        assert_eq!(world.room_of(away).unwrap().door, Door::Locked, "seed {seed}");
        let heard = heard(&mut world, away);
        assert!((0..4).all(|who| who == away || heard[who] > 150), "seed {seed}: {heard:?}");
    }
}

#[test]
fn a_code_that_dies_while_somebody_is_at_the_door_lets_nobody_in() {
    let mut inside = 0;
    // The kick comes at every moment of a conversation of four messages that are 20 ms on their way each.
    for late in (0..400).step_by(10) {
        let network = Network { delay: Duration::from_millis(20), ..Network::default() };
        let mut world = World::room(late, network, &NAMES[..3], "").unwrap();
        let code = world.invitation(0).unwrap().code;
        let eve = world.id_of(0, "Eve").unwrap();
        let stranger = world.person().unwrap();
        let server = Some("127.0.0.1:7443".to_owned());
        world.act(stranger, Intent::Join { name: "Eve2".into(), text: code, server, pin: None });
        world.run(Duration::from_millis(late));
        let came_first = world.room_of(0).unwrap().members.len() == 4;
        world.act(0, Intent::Kick { id: eve });
        world.run(15 * SECOND);
        let is_in = world.room_of(0).unwrap().members.len() == 3;
        assert_eq!(is_in, came_first, "{late} ms");
        inside += u32::from(is_in);
        let heard = heard(&mut world, 1);
        assert_eq!(heard[stranger] > 0, is_in, "{late} ms");
    }
    assert!(inside > 5, "{inside}");
}
