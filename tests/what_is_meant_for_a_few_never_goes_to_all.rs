//! Whispering beside all else that talks: other keys, voices that open the channel, latches, and what ends by itself.
#![cfg(test)]

use pushtalk_engine::face::{Button, Intent, KeyReach, RoomMode, TalkKey, TalkMode};
use pushtalk_engine::ptt::{Act, Hand, Input, Source};
use pushtalk_tests::world::World;

use crate::whispers::{ANA, BEN, EVE, MOMENT, SECOND, button, choose, room, sent, talks, told, whispering};

const PEDAL: Hand = Hand { source: Source::Control, key: 0 };

#[test]
fn what_is_meant_for_a_few_never_goes_to_all() {
    let mut world = room(3);
    choose(&mut world, BEN, "Eve", true);
    // Amid talking the whisper wins.
    world.key(BEN, "F7", true);
    world.run(SECOND);
    assert!(talks(&world, BEN) && whispering(&world, BEN).is_empty());
    world.key(BEN, "F8", true);
    world.run(MOMENT);
    let before = sent(&world, BEN);
    // Another button beside it does not make it a talk to all, not even when the whisper ends first.
    world.hand(BEN, Input::Down(PEDAL, Act::Talk));
    world.act(BEN, Intent::Press);
    world.act(BEN, Intent::ToggleTalk);
    world.run(SECOND);
    assert_eq!(whispering(&world, BEN), ["Eve"]);
    world.key(BEN, "F8", false);
    world.run(SECOND);
    assert!(!talks(&world, BEN), "what was down beside it talks now");
    world.key(BEN, "F7", false);
    world.act(BEN, Intent::Release);
    world.hand(BEN, Input::Up(PEDAL));
    assert_eq!(sent(&world, BEN)[ANA], before[ANA]);

    // And what held the talk button ends no whisper when it comes up.
    world.key(BEN, "F7", true);
    world.run(SECOND);
    world.key(BEN, "F8", true);
    world.key(BEN, "F7", false);
    world.run(SECOND);
    assert_eq!(whispering(&world, BEN), ["Eve"]);
    world.key(BEN, "F8", false);
    world.run(SECOND);

    // Nor where nobody is left whom it is for.
    choose(&mut world, BEN, "Eve", false);
    world.key(BEN, "F7", true);
    world.run(SECOND);
    assert!(talks(&world, BEN));
    let before = sent(&world, BEN);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    assert!(told(&world, BEN) && !talks(&world, BEN));
    assert!(sent(&world, BEN)[ANA] <= before[ANA] + 1, "it went to all");
    world.key(BEN, "F8", false);
    choose(&mut world, BEN, "Zoe", true);
    assert!(!told(&world, BEN), "somebody is chosen now");
}

#[test]
fn a_voice_that_held_the_talk_button_does_not_hold_the_whisper() {
    let mut world = room(4);
    world.act(BEN, Intent::SetTalkMode { mode: TalkMode::Voice, threshold: -40 });
    choose(&mut world, BEN, "Eve", true);
    world.gate(BEN, true);
    world.run(SECOND);
    assert!(talks(&world, BEN));
    world.key(BEN, "F8", true);
    world.run(SECOND);
    world.gate(BEN, false);
    world.run(SECOND);
    assert_eq!(whispering(&world, BEN), ["Eve"], "a pause for breath ends it");
    world.gate(BEN, true);
    world.run(SECOND);
    world.key(BEN, "F8", false);
    world.run(SECOND);
    assert!(!talks(&world, BEN), "a voice goes on where the key came up");

    world.gate(BEN, false);
    world.gate(BEN, true);
    world.run(SECOND);
    assert!(talks(&world, BEN));
    world.key(BEN, "F8", true);
    world.run(SECOND);
    world.key(BEN, "F8", false);
    world.run(SECOND);
    assert!(!talks(&world, BEN), "the same, without a pause before");
}

#[test]
fn a_latched_whisper_ends_by_any_press_and_by_another_choice() {
    let mut world = room(6);
    let talk_key = TalkKey { release_delay: 0, latch: true, double_press: false };
    world.act(BEN, Intent::SetTalkKey { talk_key });
    choose(&mut world, BEN, "Eve", true);
    let latch = |world: &mut World| {
        world.taps_key(BEN, "F8", true);
        world.run(SECOND);
        assert!(world.room_of(BEN).unwrap().latched && !whispering(world, BEN).is_empty());
    };
    latch(&mut world);
    world.taps_key(BEN, "F7", true);
    world.run(SECOND);
    assert!(!talks(&world, BEN), "it would go to all");
    latch(&mut world);
    choose(&mut world, BEN, "Zoe", true);
    world.run(SECOND);
    assert!(!talks(&world, BEN), "Zoe was not there when it began");
    latch(&mut world);
    assert_eq!(whispering(&world, BEN), ["Eve", "Zoe"]);
    world.act(BEN, Intent::DisableAudio);
    world.run(3 * SECOND);
    assert!(!world.room_of(BEN).unwrap().latched, "nothing holds a button that does nothing");
}

#[test]
fn with_a_microphone_on_standby_a_whisper_waits_for_it_and_comes_before_a_talk_that_waits() {
    let mut world = room(7);
    world.act(BEN, Intent::SetMicWhilePressed { on: true });
    world.run(SECOND);
    choose(&mut world, BEN, "Eve", true);
    world.key(BEN, "F7", true);
    world.key(BEN, "F8", true);
    world.run(2 * SECOND);
    assert_eq!(whispering(&world, BEN), ["Eve"]);
    assert_eq!(sent(&world, BEN)[ANA], 0);
    world.key(BEN, "F8", false);
    world.run(2 * SECOND);
    world.act(ANA, Intent::SetMode { mode: RoomMode::Open });
    world.run(SECOND);
    world.key(BEN, "F8", true);
    world.run(2 * SECOND);
    assert_eq!((whispering(&world, BEN), sent(&world, BEN)[ANA]), (vec!["Eve".into()], 0));
    assert!(matches!(button(&world, ANA), Button::Idle), "an open room hears nothing of it either");
}

#[test]
fn no_voice_that_is_heard_beside_a_whisper_opens_the_channel_for_all() {
    let mut world = room(8);
    for who in [BEN, EVE] {
        world.act(who, Intent::SetTalkMode { mode: TalkMode::Voice, threshold: -40 });
    }
    // What Eve's microphone hears may be Ben, out of her loudspeaker.
    choose(&mut world, BEN, "Eve", true);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    world.gate(EVE, true);
    world.run(SECOND);
    assert!(!talks(&world, EVE), "she passes on what was whispered to her");
    world.gate(EVE, false);

    // Another choice while the key is down: what is said then was not meant for all.
    choose(&mut world, BEN, "Zoe", true);
    world.run(SECOND);
    assert!(!talks(&world, BEN));
    let quiet = |world: &mut World, why: &str| {
        world.gate(BEN, true);
        world.run(SECOND);
        assert!(!talks(world, BEN), "{why}");
        world.gate(BEN, false);
        world.run(MOMENT);
    };
    quiet(&mut world, "the key is down still");
    world.key(BEN, "F8", false);

    // Nobody is there to hear it.
    for name in ["Eve", "Zoe"] {
        choose(&mut world, BEN, name, false);
    }
    world.key(BEN, "F8", true);
    quiet(&mut world, "it was meant for nobody of them");
    assert!(told(&world, BEN));
    world.key(BEN, "F8", false);

    // The display is gone amid a whisper, and so is all that is known of the key.
    choose(&mut world, BEN, "Eve", true);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, BEN), ["Eve"]);
    world.keys_reach(BEN, KeyReach::ThisWindowGone, &[]);
    world.run(SECOND);
    quiet(&mut world, "nobody has let go of the key");
    world.run(5 * SECOND);
    world.gate(BEN, true);
    world.run(SECOND);
    assert!(talks(&world, BEN) && whispering(&world, BEN).is_empty(), "later it is a voice like any other");
}

#[test]
fn a_hand_that_repeats_and_an_interruption_do_not_turn_a_whisper_into_a_talk() {
    let mut world = room(11);
    let pedal = Input::Down(PEDAL, Act::Talk);
    choose(&mut world, ANA, "Eve", true);
    world.key(ANA, "F8", true);
    world.run(SECOND);
    for _ in 0..4 {
        world.hand(ANA, pedal);
        world.run(MOMENT);
    }
    assert_eq!(whispering(&world, ANA), ["Eve"]);
    world.key(ANA, "F8", false);
    for _ in 0..10 {
        world.hand(ANA, pedal);
        world.run(MOMENT);
        assert!(whispering(&world, ANA).is_empty() != talks(&world, ANA), "it talks to all");
    }
    assert!(!talks(&world, ANA));
    world.hand(ANA, Input::Up(PEDAL));
    world.hand(ANA, pedal);
    world.run(SECOND);
    assert!(talks(&world, ANA), "pressed anew it does");
    world.hand(ANA, Input::Up(PEDAL));
    world.run(SECOND);

    // Ana hosts: interrupting ends a latched whisper, and begins nothing with it.
    let talk_key = TalkKey { release_delay: 150, latch: true, double_press: false };
    world.act(ANA, Intent::SetTalkKey { talk_key });
    world.taps_key(ANA, "F8", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Eve"]);
    for _ in 0..10 {
        world.act(ANA, Intent::Preempt);
        world.run(MOMENT);
        assert!(whispering(&world, ANA).is_empty() != talks(&world, ANA), "it talks to all");
    }
    assert!(!talks(&world, ANA));
    world.act(ANA, Intent::Release);
    world.act(ANA, Intent::Preempt);
    world.run(SECOND);
    assert!(talks(&world, ANA) && whispering(&world, ANA).is_empty());
}

#[test]
fn within_the_release_delay_a_talk_ends_the_whisper_and_a_whisper_the_talk() {
    let mut world = room(12);
    let talk_key = TalkKey { release_delay: 1_000, ..TalkKey::default() };
    world.act(BEN, Intent::SetTalkKey { talk_key });
    choose(&mut world, BEN, "Eve", true);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    world.key(BEN, "F8", false);
    world.run(10 * MOMENT);
    assert_eq!(whispering(&world, BEN), ["Eve"], "the last syllable");
    let before = sent(&world, BEN);
    world.key(BEN, "F7", true);
    world.run(SECOND);
    assert!(talks(&world, BEN) && whispering(&world, BEN).is_empty());
    assert!(sent(&world, BEN)[ANA] > before[ANA]);
    world.key(BEN, "F7", false);
    world.run(MOMENT);
    world.key(BEN, "F8", true);
    world.run(MOMENT);
    let before = sent(&world, BEN);
    world.run(SECOND);
    assert_eq!((whispering(&world, BEN), sent(&world, BEN)[ANA]), (vec!["Eve".into()], before[ANA]));
    // Pressed again within it, the same goes on.
    world.key(BEN, "F8", false);
    world.run(MOMENT);
    world.key(BEN, "F8", true);
    world.run(3 * SECOND);
    assert_eq!(whispering(&world, BEN), ["Eve"]);
    world.key(BEN, "F8", false);
    world.run(2 * SECOND);
    assert!(!talks(&world, BEN));

    // One in vain is in nobody's way.
    choose(&mut world, BEN, "Eve", false);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    world.key(BEN, "F7", true);
    world.run(SECOND);
    assert!(talks(&world, BEN), "the talk key does nothing");
    world.key(BEN, "F8", false);
    world.run(2 * SECOND);
    assert!(talks(&world, BEN));
}

#[test]
fn a_whisper_that_nobody_let_go_of_is_not_followed_by_a_voice_to_all_and_one_in_vain_stops_none() {
    let mut world = room(18);
    world.act(BEN, Intent::SetTalkMode { mode: TalkMode::Voice, threshold: -40 });
    let talk_key = TalkKey { release_delay: 150, latch: true, double_press: false };
    world.act(BEN, Intent::SetTalkKey { talk_key });
    choose(&mut world, BEN, "Eve", true);
    world.taps_key(BEN, "F8", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, BEN), ["Eve"]);
    choose(&mut world, BEN, "Zoe", true);
    world.run(SECOND);
    world.gate(BEN, true);
    world.run(SECOND);
    assert!(!talks(&world, BEN), "the latch was ended by another choice");
    world.gate(BEN, false);

    // Its key is down still, and then the display is gone.
    let talk_key = TalkKey { release_delay: 150, latch: false, double_press: false };
    world.act(BEN, Intent::SetTalkKey { talk_key });
    world.run(6 * SECOND);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    choose(&mut world, BEN, "Zoe", false);
    world.run(6 * SECOND);
    world.keys_reach(BEN, KeyReach::ThisWindowGone, &[]);
    world.run(SECOND);
    world.gate(BEN, true);
    world.run(SECOND);
    assert!(!talks(&world, BEN), "nobody has let go of it");
    world.gate(BEN, false);

    // In vain, and let go of: the next word is for all.
    world.run(6 * SECOND);
    choose(&mut world, BEN, "Eve", false);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    world.key(BEN, "F8", false);
    world.run(SECOND);
    world.gate(BEN, true);
    world.run(SECOND);
    assert!(talks(&world, BEN) && whispering(&world, BEN).is_empty());
}
