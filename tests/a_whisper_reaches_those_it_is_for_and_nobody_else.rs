//! Whispering in a room: who gets a frame, what each side sees, and who is answered.
#![cfg(test)]

use pushtalk_audio::Cue;
use pushtalk_engine::face::{Button, CuePreferences, HeardBy, Intent, TalkKey};
use pushtalk_tests::world::{Kind, World};

use crate::whispers::{
    ANA, BEN, EVE, MOMENT, SECOND, ZOE, button, choose, room, sent, talks, told, whispering, whispers,
};

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

#[test]
fn whom_somebody_whispers_to_hears_a_sound_at_the_beginning_and_nobody_else_does() {
    let mut world = room(18);
    choose(&mut world, BEN, "Eve", true);
    let sounds = |world: &mut World| {
        [ANA, EVE, ZOE].map(|who| {
            let cues = std::mem::take(&mut world.people[who].cues);
            cues.into_iter().map(|(cue, _)| cue).collect::<Vec<_>>()
        })
    };
    let (nothing, once) = ([vec![], vec![], vec![]], [vec![], vec![Cue::Whisper], vec![]]);
    let whisper = |world: &mut World, pause| {
        world.key(BEN, "F8", true);
        world.run(SECOND);
        world.key(BEN, "F8", false);
        world.run(pause);
    };
    sounds(&mut world);
    for _ in 0..2 {
        whisper(&mut world, 3 * SECOND);
        assert_eq!(sounds(&mut world), once);
    }
    // Who goes on after a breath is known already.
    for pause in [3 * MOMENT, 3 * SECOND] {
        whisper(&mut world, pause);
    }
    assert_eq!(sounds(&mut world), once);

    world.act(EVE, Intent::SetCues { cues: CuePreferences { whisper: false, ..CuePreferences::default() } });
    whisper(&mut world, 3 * SECOND);
    assert_eq!(sounds(&mut world), nothing);
    world.act(EVE, Intent::SetCues { cues: CuePreferences::default() });

    world.act(EVE, Intent::SetDeafened { on: true });
    world.key(BEN, "F8", true);
    world.run(SECOND);
    world.act(EVE, Intent::SetDeafened { on: false });
    world.run(SECOND);
    world.key(BEN, "F8", false);
    world.run(3 * SECOND);
    assert_eq!(sounds(&mut world), nothing, "it did not begin when she came back");

    // Her own microphone would tell all others of it.
    world.act(EVE, Intent::Press);
    world.run(SECOND);
    sounds(&mut world);
    whisper(&mut world, MOMENT);
    assert_eq!((whispers(&world, EVE), talks(&world, EVE)), (vec!["Ben".to_owned()], true));
    assert_eq!(sounds(&mut world), nothing);
}
