//! Queue, pre-emption, open rooms, limits and hands, heard by the people in the room.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{Button, FloorView, Intent, RevokedWhy, RoomMode};
use pushtalk_tests::world::{Network, World};

const NAMES: [&str; 4] = ["Ana", "Ben", "Eve", "Dan"];
const SECOND: Duration = Duration::from_secs(1);

fn room(seed: u64) -> World {
    World::room(seed, Network::default(), &NAMES, "").unwrap()
}

fn button(world: &World, who: usize) -> Button {
    world.room_of(who).unwrap().button
}

#[test]
fn who_holds_the_button_while_another_talks_waits_and_is_heard_in_its_turn() {
    for seed in 0..5 {
        let mut world = room(seed);
        world.act(1, Intent::Press);
        world.run(SECOND);
        world.act(2, Intent::Press);
        world.run(SECOND / 5);
        world.act(3, Intent::Press);
        world.run(SECOND / 5);
        assert_eq!(
            (button(&world, 2), button(&world, 3)),
            (Button::Queued { place: 1 }, Button::Queued { place: 2 })
        );
        let sent = world.people[2].sent.clone();
        world.act(1, Intent::Release);
        world.run(SECOND);
        assert!(matches!(button(&world, 2), Button::Talking { .. }), "seed {seed}");
        assert_eq!(button(&world, 3), Button::Queued { place: 1 });
        for to in [0, 1, 3] {
            let since = world.people[2].sent[&to] - sent.get(&to).copied().unwrap_or(0);
            assert!(
                (50..=110).contains(&since),
                "seed {seed}: {since} frames, and nothing from before the grant"
            );
        }
        // Who lets go waits no more.
        world.act(3, Intent::Release);
        world.act(2, Intent::Release);
        world.run(SECOND);
        assert!((0..4).all(|who| button(&world, who) == Button::Idle), "seed {seed}");
    }
}

#[test]
fn who_does_not_want_to_wait_is_told_who_talks() {
    let mut world = room(1);
    world.act(2, Intent::SetQueueing { on: false });
    world.act(1, Intent::Press);
    world.run(SECOND);
    world.act(2, Intent::Press);
    world.run(SECOND);
    let ben = world.id_of(2, "Ben").unwrap();
    assert_eq!(button(&world, 2), Button::Busy { id: ben });
}

#[test]
fn the_host_takes_the_floor_and_nobody_else_can() {
    let mut world = room(2);
    world.act(1, Intent::Press);
    world.run(SECOND);
    world.act(2, Intent::Preempt);
    world.run(SECOND);
    assert!(matches!(button(&world, 1), Button::Talking { .. }), "Eve is not the host");
    world.act(2, Intent::Release);
    world.act(0, Intent::Preempt);
    world.run(SECOND);
    assert_eq!(button(&world, 1), Button::Revoked { why: RevokedWhy::Preempted });
    assert!(matches!(button(&world, 0), Button::Talking { .. }));
}

#[test]
fn in_an_open_room_all_talk_at_once_and_in_a_radio_room_one() {
    let mut world = room(3);
    world.act(0, Intent::SetMode { mode: RoomMode::Open });
    world.run(SECOND);
    for who in 0..3 {
        world.act(who, Intent::Press);
    }
    world.run(SECOND);
    assert!((0..3).all(|who| matches!(button(&world, who), Button::Talking { .. })));
    let FloorView::Open { ids } = world.room_of(3).unwrap().floor else { panic!() };
    assert_eq!(ids.len(), 3);
    world.act(0, Intent::SetMode { mode: RoomMode::Radio });
    world.run(3 * SECOND);
    let talking = (0..4).filter(|who| matches!(button(&world, *who), Button::Talking { .. })).count();
    assert!(talking <= 1, "{talking}");
    (0..3).for_each(|who| world.act(who, Intent::Release));
    world.run(SECOND);
    world.act(3, Intent::Press);
    world.run(SECOND);
    assert!(matches!(button(&world, 3), Button::Talking { .. }));
}

#[test]
fn the_limit_that_the_host_sets_is_warned_of_and_ends_a_talk() {
    let mut world = room(4);
    world.act(0, Intent::SetTalkLimit { seconds: 10 });
    world.run(SECOND);
    assert_eq!(world.room_of(2).unwrap().talk_limit, 10);
    world.act(1, Intent::Press);
    world.run(6 * SECOND);
    assert!(matches!(button(&world, 1), Button::Talking { near: false, .. }));
    world.run(2 * SECOND);
    assert!(matches!(button(&world, 1), Button::Talking { near: true, .. }));
    world.run(3 * SECOND);
    assert_eq!(button(&world, 1), Button::Revoked { why: RevokedWhy::Limit });
}

#[test]
fn a_raised_hand_is_seen_by_everybody_also_by_who_comes_later() {
    let mut world = room(5);
    world.act(1, Intent::RaiseHand { up: true });
    world.run(SECOND);
    let text = world.invitation(0).unwrap().link;
    let zoe = world.person().unwrap();
    world.act(zoe, Intent::Join { name: "Zoe".into(), text, server: None, pin: None });
    world.run(3 * SECOND);
    let hands = |world: &World, who| -> Vec<String> {
        let members = world.room_of(who).unwrap().members;
        members.into_iter().filter(|m| m.hand).map(|m| m.name).collect()
    };
    assert!([0, 1, 2, 3, zoe].iter().all(|who| hands(&world, *who) == ["Ben"]));
    world.act(1, Intent::RaiseHand { up: false });
    world.run(SECOND);
    assert!([0, 1, 2, 3, zoe].iter().all(|who| hands(&world, *who).is_empty()));
}
