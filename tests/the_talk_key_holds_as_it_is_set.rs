//! The talk key in a room: what holds it, how long it goes on, and what ends it.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::brain::GamepadNews;
use pushtalk_engine::face::{Bound, Button, ErrorCode, Intent, KeyDoes, KeyReach, Microphone, TalkKey};
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

#[test]
fn who_lets_go_in_line_is_out_of_it_at_once() {
    let mut world = room(10, TalkKey { release_delay: 2_000, ..TalkKey::default() });
    world.act(2, Intent::Press);
    world.run(SECOND);
    world.act(1, Intent::Press);
    world.run(SECOND);
    assert!(matches!(world.room_of(1).unwrap().button, Button::Queued { .. }));
    world.act(1, Intent::Release);
    world.act(2, Intent::Release);
    for _ in 0..20 {
        world.run(2 * MOMENT);
        assert!(!talks(&world, 1), "on air without anybody who holds it");
    }
}

fn bound(all: &[(&str, KeyDoes)]) -> Intent {
    let keys = all.iter().map(|(chord, does)| Bound { chord: (*chord).to_owned(), does: *does }).collect();
    Intent::SetKeys { keys }
}

#[test]
fn bound_keys_do_what_they_are_bound_to_and_are_proven_only_elsewhere() {
    let mut world = room(8, TalkKey::default());
    let all =
        [("F8", KeyDoes::Latch), ("F9", KeyDoes::Mute), ("F10", KeyDoes::Deafen), ("F11", KeyDoes::Talk)];
    world.act(1, bound(&all));
    let heard = |world: &World| world.view(1).keys.heard;
    world.taps_key(1, "F8", false);
    world.run(SECOND);
    assert!(talks(&world, 1) && latched(&world));
    assert!(heard(&world).is_empty(), "it was pressed in front of the window");
    world.taps_key(1, "F8", true);
    world.run(SECOND);
    assert!(!talks(&world, 1));
    assert_eq!(heard(&world), ["F8"]);

    for microphone in [Microphone::Off, Microphone::Open] {
        world.taps_key(1, "F9", true);
        world.run(SECOND);
        assert_eq!(world.room_of(1).unwrap().microphone, microphone);
    }
    for deafened in [true, false] {
        world.taps_key(1, "F10", true);
        world.run(SECOND);
        assert_eq!(world.room_of(1).unwrap().button == Button::Deafened, deafened);
    }
    world.taps_key(1, "F12", true);
    world.run(SECOND);
    assert_eq!(heard(&world), ["F8", "F9", "F10"], "of a key that is not bound nothing is known");

    // One that is bound anew has to be proven anew.
    world.act(1, bound(&all[..1]));
    world.act(1, bound(&all));
    assert_eq!(heard(&world), ["F8"]);
}

#[test]
fn what_the_desktop_binds_a_key_to_can_change_while_it_is_down_and_what_goes_takes_it_along() {
    let mut world = room(11, TalkKey { release_delay: 0, ..TalkKey::default() });
    world.act(1, bound(&[("F8", KeyDoes::Talk)]));
    world.keys_reach(1, KeyReach::ThisWindowAsking, &[]);
    world.keys_reach(1, KeyReach::ByDesktop, &[("F8", "Press F8")]);
    world.key(1, "F8", true);
    world.run(SECOND);
    world.keys_reach(1, KeyReach::ByDesktop, &[("F8", "Press F9")]);
    world.run(SECOND);
    assert!(talks(&world, 1));
    let keys = world.view(1).keys;
    assert_eq!((keys.heard, keys.triggers[0].by.as_str()), (vec!["F8".to_owned()], "Press F9"));
    world.keys_reach(1, KeyReach::ThisWindowGone, &[]);
    world.run(SECOND);
    assert!(!talks(&world, 1));
    let keys = world.view(1).keys;
    assert!(keys.heard.is_empty() && keys.triggers.is_empty(), "it has to be proven anew");

    // What another program has is known of the display that told it.
    world.keys_reach(1, KeyReach::Everywhere, &[]);
    world.keys_taken(1, &["F8"]);
    assert_eq!(world.view(1).keys.taken, ["F8"]);
    world.keys_reach(1, KeyReach::Everywhere, &[]);
    assert!(world.view(1).keys.taken.is_empty());
}

#[test]
fn a_key_that_is_not_on_what_is_read_is_told_and_holds_nothing_back() {
    let mut world = room(16, TalkKey { release_delay: 0, ..TalkKey::default() });
    world.act(1, bound(&[("F8", KeyDoes::Talk), ("Mouse4", KeyDoes::Talk)]));
    world.keys_reach(1, KeyReach::Everywhere, &[]);
    for chord in ["Mouse4", "F8"] {
        world.taps_key(1, chord, true);
    }
    world.key(1, "F8", true);
    world.run(SECOND);
    // The mouse is unplugged.
    world.keys_unread(1, &["Mouse4"]);
    world.run(SECOND);
    assert!(talks(&world, 1), "the other key is still down");
    let keys = world.view(1).keys;
    assert_eq!((keys.unread, keys.heard), (vec!["Mouse4".to_owned()], vec!["F8".to_owned()]));
    world.keys_unread(1, &[]);
    assert!(world.view(1).keys.unread.is_empty());
    world.keys_unread(1, &["F8"]);
    world.keys_reach(1, KeyReach::ThisWindowUnreadable, &[]);
    assert!(world.view(1).keys.unread.is_empty(), "none of them is");
}

#[test]
fn a_gamepad_tells_a_button_to_be_bound_only_while_one_is_asked_for_and_is_proven_apart_from_keys() {
    let mut world = room(12, TalkKey { release_delay: 0, ..TalkKey::default() });
    let presses = |world: &mut World, chord: &str| {
        world.gamepad(1, GamepadNews::Pressed(chord.to_owned()));
        world.view(1).keys.pressed
    };
    assert_eq!(presses(&mut world, "GamepadSouth"), None);
    world.act(1, Intent::BindKey { on: true });
    assert_eq!(presses(&mut world, "GamepadSouth").as_deref(), Some("GamepadSouth"));
    assert_eq!(presses(&mut world, "GamepadEast").as_deref(), Some("GamepadSouth"), "one is enough");
    world.act(1, Intent::BindKey { on: false });
    assert_eq!(world.view(1).keys.pressed, None);

    world.act(1, bound(&[("GamepadSouth", KeyDoes::Talk), ("F8", KeyDoes::Talk)]));
    world.gamepad(1, GamepadNews::Heard(true));
    world.keys_reach(1, KeyReach::Everywhere, &[]);
    world.key(1, "GamepadSouth", true);
    world.run(SECOND);
    assert!(talks(&world, 1));
    world.key(1, "GamepadSouth", false);
    world.taps_key(1, "F8", true);
    world.run(SECOND);
    assert!(!talks(&world, 1));
    assert_eq!(world.view(1).keys.heard, ["GamepadSouth", "F8"]);
    world.keys_reach(1, KeyReach::ThisWindowGone, &[]);
    let keys = world.view(1).keys;
    assert_eq!((keys.heard, keys.gamepads), (vec!["GamepadSouth".to_owned()], true));
}

#[test]
fn while_nobody_is_there_no_key_talks() {
    let mut world = room(15, TalkKey { release_delay: 0, ..TalkKey::default() });
    world.act(1, bound(&[("F8", KeyDoes::Talk), ("F9", KeyDoes::Mute), ("GamepadSouth", KeyDoes::Talk)]));
    world.key(1, "F8", true);
    world.run(SECOND);
    assert!(talks(&world, 1));
    world.away(1, true);
    world.run(SECOND);
    assert!(!talks(&world, 1), "the screen is locked");
    assert!(world.view(1).keys.away, "it is seen why");
    world.key(1, "F8", false);
    for chord in ["F8", "GamepadSouth", "F9"] {
        world.key(1, chord, true);
        world.run(SECOND);
        let room = world.room_of(1).unwrap();
        assert_eq!((room.button, room.microphone), (Button::Idle, Microphone::Open), "{chord}");
        world.key(1, chord, false);
    }
    world.away(1, false);
    world.key(1, "F8", true);
    world.run(SECOND);
    assert!(talks(&world, 1), "somebody is back");
    world.key(1, "F8", false);

    // Locked, and no more is told of it: what went down by then can go down again.
    world.key(1, "F9", true);
    world.run(SECOND);
    world.hand(1, Input::Away);
    world.key(1, "F9", true);
    world.run(SECOND);
    assert_eq!(world.room_of(1).unwrap().microphone, Microphone::Open, "off, and on again");

    // Nobody has told that it is over, but somebody presses the button that is shown.
    world.away(1, true);
    world.act(1, Intent::Press);
    world.run(SECOND);
    assert!(talks(&world, 1));
    world.act(1, Intent::Release);
    world.key(1, "F8", true);
    world.run(SECOND);
    assert!(talks(&world, 1));
    world.key(1, "F8", false);
    world.run(SECOND);

    // It is over when all reasons are; one that somebody has shown to be wrong does not come back with another.
    world.away_because(1, 1, true);
    world.away_because(1, 2, true);
    world.away_because(1, 2, false);
    assert!(world.view(1).keys.away);
    world.act(1, Intent::Press);
    world.act(1, Intent::Release);
    assert!(!world.view(1).keys.away);
    world.away_because(1, 2, true);
    assert!(world.view(1).keys.away);
    world.away_because(1, 2, false);
    assert!(!world.view(1).keys.away);
}

#[test]
fn what_one_source_does_is_nothing_to_another() {
    let mut world = room(16, TalkKey { release_delay: 0, ..TalkKey::default() });
    world.act(1, bound(&[("F8", KeyDoes::Latch), ("GamepadSouth", KeyDoes::Talk)]));
    world.keys_reach(1, KeyReach::ByDesktop, &[("F8", "Press F8")]);
    world.key(1, "GamepadSouth", true);
    world.run(SECOND);
    world.keys_reach(1, KeyReach::ThisWindowGone, &[]);
    world.run(SECOND);
    assert!(talks(&world, 1), "the portal is gone, the gamepad is not");
    world.key(1, "GamepadSouth", false);
    world.run(SECOND);

    // That a key is down may be told again, and that it came up be lost while the screen was locked.
    for _ in 0..3 {
        world.key(1, "F8", true);
        world.run(MOMENT);
    }
    assert!(talks(&world, 1) && latched(&world), "one press is one press");
    world.away(1, true);
    world.away(1, false);
    world.run(SECOND);
    assert!(!talks(&world, 1));
    world.key(1, "F8", true);
    world.run(SECOND);
    assert!(talks(&world, 1), "it came up and went down since");
}

#[test]
fn what_is_proven_is_proven_of_the_way_it_was_heard() {
    let mut world = room(17, TalkKey { release_delay: 0, ..TalkKey::default() });
    world.act(1, bound(&[("F8", KeyDoes::Talk), ("GamepadSouth", KeyDoes::Talk)]));
    let heard = |world: &World| world.view(1).keys.heard;
    world.keys_reach(1, KeyReach::ByDesktop, &[("F8", "Press F8")]);
    world.key(1, "F8", false);
    assert!(heard(&world).is_empty(), "coming up proves nothing");
    let press = |world: &mut World| {
        for chord in ["F8", "GamepadSouth"] {
            world.taps_key(1, chord, true);
        }
        assert_eq!(heard(world), ["F8", "GamepadSouth"]);
    };
    press(&mut world);
    world.keys_reach(1, KeyReach::ByDesktop, &[]);
    assert_eq!(heard(&world), ["GamepadSouth"], "the desktop has it on nothing any more");
    world.keys_reach(1, KeyReach::ByDesktop, &[("F8", "Press F8")]);
    world.act(1, bound(&[("F8", KeyDoes::Talk)]));
    world.act(1, bound(&[("F8", KeyDoes::Talk), ("GamepadSouth", KeyDoes::Talk)]));
    press(&mut world);
    world.keys_reach(1, KeyReach::Everywhere, &[]);
    assert_eq!(heard(&world), ["GamepadSouth"], "it is heard another way now");
}

#[test]
fn keys_that_cannot_be_bound_are_told_and_change_nothing() {
    let mut world = room(9, TalkKey::default());
    let one = [("F8", KeyDoes::Talk)];
    world.act(1, bound(&one));
    for all in [
        vec![("F8", KeyDoes::Talk), ("F8", KeyDoes::Mute)],
        vec![("Hyper+F8", KeyDoes::Talk)],
        vec![("", KeyDoes::Talk)],
    ] {
        world.act(1, bound(&all));
        let view = world.view(1);
        assert!(view.notices.iter().any(|notice| notice.code == ErrorCode::BadKey), "{all:?}");
        assert_eq!(view.preferences.keys.len(), 1, "{all:?}");
        for notice in view.notices {
            world.act(1, Intent::Dismiss { notice: notice.id });
        }
    }
    let talk_key = TalkKey { release_delay: u16::MAX, ..TalkKey::default() };
    world.act(1, Intent::SetTalkKey { talk_key });
    assert_eq!(world.view(1).preferences.talk_key.release_delay, 2_000);
    assert!(!world.view(1).preferences.raw_keys, "only by choice");
    world.act(1, Intent::SetRawKeys { on: true });
    assert!(world.view(1).preferences.raw_keys);
    world.act(1, Intent::EraseAll);
    assert_eq!(world.view(1).preferences, Default::default());
}
