//! Voice-activated talking: the gate presses and releases like a key, and only where it should.
#![cfg(test)]

use std::time::Duration;

use pushtalk_audio::Cue;
use pushtalk_engine::face::{Button, Intent, RoomMode, TalkMode};
use pushtalk_tests::world::{Network, World};

const SECOND: Duration = Duration::from_secs(1);

/// The second one talks by voice.
fn room(seed: u64) -> World {
    let mut world = World::room(seed, Network::default(), &["Ana", "Ben", "Eve"], "").unwrap();
    world.act(1, Intent::SetTalkMode { mode: TalkMode::Voice, threshold: -50 });
    world.people[1].cues.clear();
    world
}

fn talks(world: &World, who: usize) -> bool {
    matches!(world.room_of(who).unwrap().button, Button::Talking { .. })
}

#[test]
fn a_voice_talks_as_long_as_it_speaks_and_is_heard() {
    for mode in [RoomMode::Radio, RoomMode::Open] {
        let mut world = room(1);
        world.act(0, Intent::SetMode { mode });
        world.run(SECOND);
        assert_eq!((world.people[1].gate, world.people[2].gate), (Some(-50.0), None));
        world.gate(1, true);
        world.run(SECOND);
        assert!(talks(&world, 1));
        assert_eq!(world.people[1].cues, [], "no chirp at every word");
        world.gate(1, false);
        world.run(SECOND);
        assert_eq!(world.room_of(1).unwrap().button, Button::Idle);
        assert!(world.people[2].heard_blocks > 90 && world.sent(1, 0) > 90);
    }
}

#[test]
fn where_one_talks_at_a_time_the_loudspeaker_does_not_open_the_floor() {
    let mut world = room(2);
    world.act(2, Intent::Press);
    world.run(SECOND);
    world.gate(1, true);
    world.run(SECOND);
    assert!(matches!(world.room_of(1).unwrap().button, Button::Receiving { .. }));
    world.act(2, Intent::Release);
    world.run(SECOND);
    assert!(!talks(&world, 1), "the echo of the last words is not a new voice");
    world.gate(1, false);
    world.gate(1, true);
    world.run(SECOND);
    assert!(talks(&world, 1));
}

#[test]
fn the_button_still_works_and_neither_lets_go_for_the_other() {
    let mut world = room(3);
    world.act(1, Intent::Press);
    world.run(SECOND);
    assert_eq!(world.people[1].cues.iter().map(|(cue, _)| *cue).collect::<Vec<_>>(), [Cue::Permit]);
    world.gate(1, true);
    world.gate(1, false);
    world.run(SECOND);
    assert!(talks(&world, 1), "the button is down");
    world.act(1, Intent::Release);
    world.run(SECOND);
    world.gate(1, true);
    world.run(SECOND);
    world.act(1, Intent::Press);
    world.act(1, Intent::Release);
    world.run(SECOND);
    assert!(talks(&world, 1), "the voice goes on");
    world.gate(1, false);
    world.run(SECOND);
    assert!(!talks(&world, 1));
}

#[test]
fn the_threshold_is_kept_in_its_range_and_holding_takes_the_gate_away() {
    let mut world = room(4);
    world.act(1, Intent::SetTalkMode { mode: TalkMode::Voice, threshold: 127 });
    assert_eq!((world.people[1].gate, world.view(1).preferences.voice_threshold), (Some(-10.0), -10));
    world.act(1, Intent::SetTalkMode { mode: TalkMode::Hold, threshold: -45 });
    assert_eq!(world.people[1].gate, None);
}
