//! The talk key in a room: what holds it, how long it goes on, and what ends it.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{Button, Intent, TalkKey};
use pushtalk_engine::ptt::{Act, Hand, Input, Source};
use pushtalk_tests::world::{Network, World};

const SECOND: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(50);
const PEDAL: Hand = Hand { source: Source::Control, key: 0 };
const KEY: Hand = Hand { source: Source::Raw, key: 30 };

fn room(seed: u64, talk_key: TalkKey) -> World {
    let mut world = World::room(seed, Network::default(), &["Ana", "Ben", "Eve"], "").unwrap();
    world.act(1, Intent::SetTalkKey { talk_key });
    world.run(SECOND);
    world
}

fn talks(world: &World, who: usize) -> bool {
    matches!(world.room_of(who).unwrap().button, Button::Talking { .. })
}

fn latched(world: &World) -> bool {
    world.room_of(1).unwrap().latched
}

fn tap(world: &mut World) {
    world.act(1, Intent::Press);
    world.run(MOMENT);
    world.act(1, Intent::Release);
}

#[test]
fn talking_goes_on_for_as_long_as_was_chosen() {
    for release_delay in [0_u16, 150, 2_000] {
        let mut world = room(1, TalkKey { release_delay, ..TalkKey::default() });
        world.act(1, Intent::Press);
        world.run(SECOND);
        world.act(1, Intent::Release);
        if release_delay > 0 {
            world.run(Duration::from_millis(release_delay.into()) - MOMENT);
            assert!(talks(&world, 1), "{release_delay} ms");
        }
        world.run(4 * MOMENT);
        assert!(!talks(&world, 1), "{release_delay} ms");
    }
}

#[test]
fn keys_from_everywhere_are_one_press() {
    let mut world = room(2, TalkKey { release_delay: 0, ..TalkKey::default() });
    world.hand(1, Input::Down(KEY, Act::Talk));
    world.run(SECOND);
    assert!(talks(&world, 1));
    world.act(1, Intent::Press);
    world.hand(1, Input::Down(PEDAL, Act::Talk));
    world.hand(1, Input::Up(KEY));
    world.act(1, Intent::Release);
    world.run(SECOND);
    assert!(talks(&world, 1), "the pedal is down");
    world.hand(1, Input::Gone(Source::Control));
    world.run(SECOND);
    assert!(!talks(&world, 1));
}

#[test]
fn a_tap_holds_until_the_next_and_everybody_sees_that_nobody_has_to_hold() {
    let mut world = room(3, TalkKey { latch: true, ..TalkKey::default() });
    tap(&mut world);
    world.run(5 * SECOND);
    assert!(talks(&world, 1) && latched(&world));
    tap(&mut world);
    world.run(SECOND);
    assert!(!talks(&world, 1) && !latched(&world));

    // Two taps where that was chosen, and one is a press.
    world.act(1, Intent::SetTalkKey { talk_key: TalkKey { double_press: true, ..TalkKey::default() } });
    tap(&mut world);
    world.run(SECOND);
    assert!(!talks(&world, 1));
    tap(&mut world);
    world.run(2 * MOMENT);
    tap(&mut world);
    world.run(5 * SECOND);
    assert!(talks(&world, 1) && latched(&world));
}

#[test]
fn the_end_of_a_turn_ends_the_latch() {
    let mut world = room(4, TalkKey::default());
    world.act(0, Intent::SetTalkLimit { seconds: 10 });
    world.run(SECOND);
    world.act(1, Intent::ToggleTalk);
    world.run(5 * SECOND);
    assert!(talks(&world, 1) && latched(&world));
    world.run(12 * SECOND);
    assert!(!talks(&world, 1) && !latched(&world));
    // One tap is enough to talk again.
    world.act(1, Intent::ToggleTalk);
    world.run(SECOND);
    assert!(talks(&world, 1) && latched(&world));
    world.act(1, Intent::DisableAudio);
    world.run(3 * SECOND);
    assert!(!latched(&world), "without a microphone nothing is held");
    world.act(1, Intent::EnableAudio);
    world.run(SECOND);
    assert!(!talks(&world, 1), "it is the person who presses");

    // A channel that is taken is not held in wait by nobody, whether one waits in line or not.
    for queueing in [false, true] {
        world.act(1, Intent::SetQueueing { on: queueing });
        world.act(2, Intent::Press);
        world.run(SECOND);
        world.act(1, Intent::ToggleTalk);
        world.run(3 * SECOND);
        assert!(!latched(&world));
        world.act(2, Intent::Release);
        world.run(SECOND);
        assert!(!talks(&world, 1), "queueing {queueing}");
    }
}

#[test]
fn what_was_pressed_in_vain_holds_back_no_other_press() {
    let mut world = room(7, TalkKey { release_delay: 2_000, ..TalkKey::default() });
    world.act(1, Intent::SetQueueing { on: false });
    world.act(2, Intent::Press);
    world.run(SECOND);
    world.act(1, Intent::Press);
    world.run(SECOND);
    world.act(2, Intent::Release);
    world.run(SECOND);
    assert!(!talks(&world, 1), "it was refused");
    world.act(1, Intent::Release);
    world.run(MOMENT);
    // Within the delay of a press that came to nothing.
    world.act(1, Intent::Press);
    world.run(SECOND);
    assert!(talks(&world, 1));
    world.act(1, Intent::Release);
    world.run(3 * SECOND);

    // A pedal that went down with the microphone off, and whose coming up was lost.
    world.act(1, Intent::DisableAudio);
    world.run(SECOND);
    world.hand(1, Input::Down(PEDAL, Act::Talk));
    world.run(SECOND);
    world.act(1, Intent::EnableAudio);
    world.run(SECOND);
    assert!(!talks(&world, 1));
    world.act(1, Intent::Press);
    world.run(SECOND);
    assert!(talks(&world, 1));
}

#[test]
fn who_was_away_has_let_go() {
    let mut world = room(5, TalkKey { release_delay: 2_000, ..TalkKey::default() });
    world.hand(1, Input::Down(KEY, Act::Talk));
    world.run(SECOND);
    assert!(talks(&world, 1));
    world.hand(1, Input::Away);
    world.run(4 * MOMENT);
    assert!(!talks(&world, 1));
    assert_eq!(world.room_of(1).unwrap().button, Button::Idle);
    world.hand(1, Input::Up(KEY));
    world.hand(1, Input::Down(KEY, Act::Talk));
    world.run(SECOND);
    assert!(talks(&world, 1));
}

#[test]
fn what_is_held_on_the_way_in_holds_nothing_inside() {
    let mut world = room(6, TalkKey::default());
    let zoe = world.person().unwrap();
    world.hand(zoe, Input::Down(KEY, Act::Talk));
    world.act(zoe, Intent::ToggleTalk);
    let link = world.invitation(0).unwrap().link;
    world.join(zoe, "Zoe", &link);
    world.run(5 * SECOND);
    world.act(zoe, Intent::EnableAudio);
    world.run(SECOND);
    assert!(!talks(&world, zoe));
    world.hand(zoe, Input::Up(KEY));
    world.hand(zoe, Input::Down(KEY, Act::Talk));
    world.run(SECOND);
    assert!(talks(&world, zoe));
    // And what is held on the way out is up in the next room.
    world.act(zoe, Intent::Leave);
    world.run(SECOND);
    let link = world.invitation(0).unwrap().link;
    world.join(zoe, "Zoe", &link);
    world.run(5 * SECOND);
    world.act(zoe, Intent::EnableAudio);
    world.run(SECOND);
    assert!(!talks(&world, zoe) && !world.room_of(zoe).unwrap().latched);
}
