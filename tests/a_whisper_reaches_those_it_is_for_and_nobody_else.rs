//! Whispering in a room: who gets a frame, what each side sees, and how it goes with talking.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{
    Bound, Button, ErrorCode, HeardBy, Intent, KeyDoes, KeyReach, RoomMode, TalkKey, TalkMode,
};
use pushtalk_engine::ptt::{Act, Hand, Input, Source};
use pushtalk_tests::world::{Kind, Network, World};

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
fn the_last_key_that_goes_down_says_whom_it_is_for() {
    let mut world = room(9);
    choose(&mut world, EVE, "Ana", true);
    choose(&mut world, ANA, "Ben", true);
    world.key(EVE, "F8", true);
    world.run(SECOND);
    world.key(EVE, "F8", false);
    world.run(SECOND);

    world.key(ANA, "F8", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Ben"]);
    world.key(ANA, "F9", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Eve"], "she is answered");
    world.key(ANA, "F8", false);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Eve"]);
    world.key(ANA, "F9", false);
    world.run(SECOND);
    assert!(!talks(&world, ANA));

    // One that is down in vain does not say whom the next one is for.
    world.key(ANA, "F9", true);
    world.run(SECOND);
    world.act(EVE, Intent::Leave);
    world.run(2 * SECOND);
    assert!(!talks(&world, ANA));
    world.key(ANA, "F8", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Ben"]);
}

#[test]
fn who_is_muted_or_was_heard_long_ago_is_not_answered() {
    let mut world = room(10);
    for (who, name) in [(EVE, "Ana"), (ZOE, "Ana")] {
        choose(&mut world, who, name, true);
    }
    let whisper = |world: &mut World, who: usize| {
        world.key(who, "F8", true);
        world.run(SECOND);
        world.key(who, "F8", false);
        world.run(SECOND);
    };
    let answers = |world: &mut World| {
        world.key(ANA, "F9", true);
        world.run(SECOND);
        let whom = whispering(world, ANA);
        world.key(ANA, "F9", false);
        world.run(MOMENT);
        whom
    };
    whisper(&mut world, ZOE);
    let id = world.id_of(ANA, "Eve").unwrap();
    world.act(ANA, Intent::SetMuted { id: id.clone(), on: true });
    whisper(&mut world, EVE);
    assert!(whispers(&world, ANA).is_empty());
    assert_eq!(answers(&mut world), ["Zoe"], "what Eve said was not heard");
    world.act(ANA, Intent::SetMuted { id, on: false });

    // Within the release delay another one has whispered.
    let talk_key = TalkKey { release_delay: 2_000, ..TalkKey::default() };
    world.act(ANA, Intent::SetTalkKey { talk_key });
    assert_eq!(answers(&mut world), ["Zoe"]);
    world.key(EVE, "F8", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Zoe"], "it goes on still");
    assert_eq!(answers(&mut world), ["Eve"]);
    world.key(EVE, "F8", false);
    world.run(3 * SECOND);

    // One who is out of reach does not stand before one who is there.
    let id = world.id_of(ANA, "Eve").unwrap();
    world.act(ANA, Intent::SetBlocked { id, on: true });
    assert_eq!(answers(&mut world), ["Zoe"]);
    world.run(200 * SECOND);
    world.talks(BEN, SECOND);
    assert_eq!(answers(&mut world), ["Ben"], "the whispers were long ago");
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
fn the_others_are_sent_no_message_about_it_either() {
    let mut world = room(13);
    world.recorded = true;
    choose(&mut world, BEN, "Eve", true);
    let own = world.people[BEN].pid.unwrap();
    let to = |world: &World, who: usize| {
        let pid = world.people[who].pid.unwrap();
        world.wire.iter().filter(|(from, to, kind, _)| (*from, *to, *kind) == (own, pid, Kind::Ctl)).count()
    };
    let during = |world: &mut World| {
        let before = [ANA, EVE].map(|who| to(world, who));
        world.run(10 * SECOND);
        [ANA, EVE].map(|who| to(world, who) - before[usize::from(who == EVE)])
    };
    let silent = during(&mut world);
    world.key(BEN, "F8", true);
    let whispered = during(&mut world);
    world.key(BEN, "F8", false);
    assert_eq!(whispered[0], silent[0], "Ana was told something");
    assert!(whispered[1] > silent[1], "Eve is told when it was said");
}

#[test]
fn a_whisper_ends_with_the_room_with_the_microphone_and_where_one_hears_nobody() {
    let mut world = room(14);
    choose(&mut world, BEN, "Eve", true);
    for end in [Intent::SetDeafened { on: true }, Intent::DisableAudio] {
        world.key(BEN, "F8", true);
        world.run(SECOND);
        assert_eq!(whispering(&world, BEN), ["Eve"], "{end:?}");
        world.act(BEN, end.clone());
        world.run(SECOND);
        assert!(!talks(&world, BEN), "{end:?}");
        world.act(BEN, Intent::SetDeafened { on: false });
        world.act(BEN, Intent::EnableAudio);
        world.run(SECOND);
        assert!(!talks(&world, BEN), "{end:?}: it is the person who presses");
        world.key(BEN, "F8", false);
        world.run(SECOND);
    }
    // She is blocked amid it: nobody is left, and she is chosen no more.
    world.key(BEN, "F8", true);
    world.run(SECOND);
    let id = world.id_of(BEN, "Eve").unwrap();
    world.act(BEN, Intent::SetBlocked { id, on: true });
    world.run(SECOND);
    assert!(!talks(&world, BEN));
    world.key(BEN, "F8", false);
    assert!(world.room_of(BEN).unwrap().members.iter().all(|member| !member.chosen));

    choose(&mut world, BEN, "Zoe", true);
    world.key(BEN, "F8", true);
    world.run(SECOND);
    world.act(BEN, Intent::Leave);
    world.run(SECOND);
    assert!(!world.is_waiting(BEN), "something of it is left");
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

#[test]
fn who_was_muted_since_is_not_answered() {
    let mut world = room(19);
    choose(&mut world, EVE, "Ana", true);
    world.talks(ZOE, SECOND);
    world.key(EVE, "F8", true);
    world.run(SECOND);
    world.key(EVE, "F8", false);
    world.run(SECOND);
    let id = world.id_of(ANA, "Eve").unwrap();
    world.act(ANA, Intent::SetMuted { id, on: true });
    world.key(ANA, "F9", true);
    world.run(SECOND);
    assert_eq!(whispering(&world, ANA), ["Zoe"]);
}
