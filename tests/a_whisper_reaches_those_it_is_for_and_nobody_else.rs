//! Whispering in a room: who gets a frame, what each side sees, and how it goes with talking.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{
    Bound, Button, ErrorCode, HeardBy, Intent, KeyDoes, RoomMode, TalkKey, TalkMode,
};
use pushtalk_engine::ptt::{Act, Hand, Input, Source};
use pushtalk_tests::world::{Network, World};

const SECOND: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(50);
const PEDAL: Hand = Hand { source: Source::Control, key: 0 };
const ANA: usize = 0;
const BEN: usize = 1;
const EVE: usize = 2;
const ZOE: usize = 3;

/// Ana hosts; F8 whispers to the chosen, F9 answers, F7 talks. Nothing goes on after a key came up.
fn room(seed: u64) -> World {
    let mut world = World::room(seed, Network::default(), &["Ana", "Ben", "Eve", "Zoe"], "").unwrap();
    for who in [ANA, BEN, EVE, ZOE] {
        let key = |(chord, does): (&str, _)| Bound { chord: chord.to_owned(), does };
        let keys = [("F7", KeyDoes::Talk), ("F8", KeyDoes::Whisper), ("F9", KeyDoes::Answer)];
        world.act(who, Intent::SetKeys { keys: keys.map(key).to_vec() });
        let talk_key = TalkKey { release_delay: 0, ..TalkKey::default() };
        world.act(who, Intent::SetTalkKey { talk_key });
    }
    world.run(SECOND);
    world
}

fn choose(world: &mut World, who: usize, name: &str, on: bool) {
    let id = world.id_of(who, name).unwrap();
    world.act(who, Intent::SetWhisper { id, on });
}

/// Names of those whom this person whispers to.
fn whispering(world: &World, who: usize) -> Vec<String> {
    let room = world.room_of(who).unwrap();
    let shown = room.members.iter().filter(|member| room.whispering.contains(&member.id));
    shown.map(|member| member.name.clone()).collect()
}

/// Names of those who whisper to this person.
fn whispers(world: &World, who: usize) -> Vec<String> {
    let members = world.room_of(who).unwrap().members;
    members.into_iter().filter(|member| member.whispers).map(|member| member.name).collect()
}

fn button(world: &World, who: usize) -> Button {
    world.room_of(who).unwrap().button
}

fn talks(world: &World, who: usize) -> bool {
    matches!(button(world, who), Button::Talking { .. })
}

/// Frames that this person has sent to each of the others.
fn sent(world: &World, who: usize) -> [u64; 4] {
    [ANA, BEN, EVE, ZOE].map(|to| world.sent(who, to))
}

fn told(world: &World, who: usize) -> bool {
    world.view(who).notices.iter().any(|notice| notice.code == ErrorCode::NobodyToWhisperTo)
}

#[test]
fn the_others_get_no_frame_at_all_and_see_nothing_of_it() {
    let mut world = room(1);
    world.talks(BEN, SECOND);
    let before = sent(&world, BEN);
    choose(&mut world, BEN, "Eve", true);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, BEN), ["Eve"]);
    assert_eq!(whispers(&world, EVE), ["Ben"]);
    for who in [ANA, ZOE] {
        assert!(whispers(&world, who).is_empty());
    }
    for who in [ANA, EVE, ZOE] {
        assert_eq!(button(&world, who), Button::Idle, "the channel is as free as before");
    }
    assert_eq!(world.room_of(BEN).unwrap().heard, Some(HeardBy { by: 1, of: 1 }));
    world.key(BEN, "F8", false);
    world.run(2 * SECOND);
    assert!(whispering(&world, BEN).is_empty() && whispers(&world, EVE).is_empty());
    let after = sent(&world, BEN);
    let frames = after[EVE] - before[EVE];
    assert_eq!([after[ANA], after[ZOE]], [before[ANA], before[ZOE]], "others were sent {frames} frames");
    assert!(frames > 40, "{frames}");

    // To all again, each with its own key where the last spurt left it.
    world.talks(BEN, SECOND);
    assert_eq!(world.room_of(BEN).unwrap().heard, Some(HeardBy { by: 3, of: 3 }));
}

#[test]
fn while_somebody_talks_a_whisper_is_heard_beside() {
    let mut world = room(2);
    choose(&mut world, EVE, "Ana", true);
    world.act(BEN, Intent::Press);
    world.run(SECOND);
    world.act(EVE, Intent::PressWhisper);
    world.run(SECOND);
    assert_eq!((whispering(&world, EVE), whispers(&world, ANA)), (vec!["Ana".into()], vec!["Eve".into()]));
    assert!(talks(&world, BEN), "it takes the channel from nobody");
    assert!(matches!(button(&world, ANA), Button::Receiving { .. }));
    let talked = sent(&world, BEN);
    world.run(SECOND);
    assert!(sent(&world, BEN)[EVE] > talked[EVE], "who whispers hears the one who talks");
    world.act(EVE, Intent::Release);
    world.run(SECOND);
    assert!(whispering(&world, EVE).is_empty() && talks(&world, BEN));
}

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
fn one_answers_who_whispered_last_or_else_who_talked_last() {
    let mut world = room(5);
    world.key(ANA, "F9", true);
    world.run(SECOND);
    assert!(told(&world, ANA), "nobody has said anything yet");
    world.key(ANA, "F9", false);
    world.talks(ZOE, SECOND);
    world.key(ANA, "F9", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Zoe"]);
    assert!(!told(&world, ANA));
    world.key(ANA, "F9", false);
    choose(&mut world, EVE, "Ana", true);
    world.key(EVE, "F8", true);
    world.run(SECOND);
    world.key(EVE, "F8", false);
    world.talks(ZOE, SECOND);
    world.key(ANA, "F9", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Eve"], "a whisper is answered before a talk");
    world.key(ANA, "F9", false);
    world.act(EVE, Intent::Leave);
    world.run(SECOND);
    world.key(ANA, "F9", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Zoe"], "she has left");
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
