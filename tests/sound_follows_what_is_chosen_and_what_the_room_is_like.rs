//! Processing, volumes, ducking and cues, as the person and the room want them.
#![cfg(test)]

use std::time::Duration;

use pushtalk_audio::{Cue, ProcessingSettings};
use pushtalk_engine::face::{
    Bound, CuePreferences, EchoCancelling, Intent, KeyDoes, ProcessingPreferences, RoomMode,
};
use pushtalk_tests::world::{Network, World};

const SECOND: Duration = Duration::from_secs(1);

fn room(seed: u64) -> World {
    World::room(seed, Network::default(), &["Ana", "Ben", "Eve"], "").unwrap()
}

fn choose(world: &mut World, who: usize, processing: ProcessingPreferences) {
    world.act(who, Intent::SetProcessing { processing });
}

fn cues(world: &mut World, who: usize) -> Vec<Cue> {
    std::mem::take(&mut world.people[who].cues).into_iter().map(|(cue, _)| cue).collect()
}

#[test]
fn the_microphone_is_treated_as_was_chosen_from_the_first_frame_on() {
    let mut world = room(1);
    assert_eq!(world.people[1].processing, ProcessingSettings::on());
    let chosen = ProcessingPreferences { noise_suppression: false, ..ProcessingPreferences::default() };
    choose(&mut world, 1, chosen);
    let expected = ProcessingSettings { noise_suppression: false, ..ProcessingSettings::on() };
    assert_eq!(world.people[1].processing, expected);
    assert_eq!(world.view(1).preferences.processing, chosen);
    choose(&mut world, 1, ProcessingPreferences::off());
    assert_eq!(world.people[1].processing, ProcessingSettings::off());
    assert_eq!(world.people[2].processing, ProcessingSettings::on(), "that is everybody's own affair");
}

#[test]
fn echo_is_cancelled_where_everybody_may_talk_unless_it_was_chosen_otherwise() {
    let mut world = room(2);
    let echo = |world: &World, who: usize| world.people[who].processing.echo_cancelling;
    let with =
        |echo_cancelling| ProcessingPreferences { echo_cancelling, ..ProcessingPreferences::default() };
    choose(&mut world, 1, with(EchoCancelling::Off));
    choose(&mut world, 2, with(EchoCancelling::On));
    assert_eq!([0, 1, 2].map(|who| echo(&world, who)), [false, false, true]);
    world.act(0, Intent::SetMode { mode: RoomMode::Open });
    world.run(SECOND);
    assert_eq!([0, 1, 2].map(|who| echo(&world, who)), [true, false, true]);
    (0..3).for_each(|who| world.wears(who, true));
    assert_eq!([0, 1, 2].map(|who| echo(&world, who)), [false, false, true]);
    (0..3).for_each(|who| world.wears(who, false));
    assert!(echo(&world, 0));
    world.act(0, Intent::SetMode { mode: RoomMode::Radio });
    world.run(SECOND);
    assert_eq!([0, 1, 2].map(|who| echo(&world, who)), [false, false, true]);

    // Whoever may whisper while others talk hears them meanwhile.
    let key = |does| Intent::SetKeys { keys: vec![Bound { chord: "F9".to_owned(), does }] };
    for (does, cancels) in [(KeyDoes::Answer, true), (KeyDoes::Mute, false)] {
        world.act(0, key(does));
        assert_eq!(echo(&world, 0), cancels, "{does:?}");
    }
}

#[test]
fn one_voice_is_turned_up_or_off_and_stays_so_when_its_owner_comes_back() {
    let mut world = room(3);
    let loudest = |world: &mut World, talker: usize| {
        world.people[2].loudest = 0.0;
        world.talks(talker, SECOND);
        world.people[2].loudest
    };
    let (as_it_comes, other) = (loudest(&mut world, 1), loudest(&mut world, 0));
    assert!(as_it_comes > 0.3 && other > 0.3, "{as_it_comes} {other}");
    let ben = world.id_of(2, "Ben").unwrap();
    let heard = |world: &World| world.people[2].heard_blocks;

    world.act(2, Intent::SetVolume { id: ben.clone(), percent: 50 });
    let half = loudest(&mut world, 1);
    assert!((0.45..0.55).contains(&(half / as_it_comes)), "{half}");
    world.act(2, Intent::SetVolume { id: ben.clone(), percent: 9999 });
    assert_eq!(member(&world, &ben), (200, false));
    let most = loudest(&mut world, 1);
    assert!(most > 0.8 && most <= 1.0, "{most}");

    world.act(2, Intent::SetMuted { id: ben.clone(), on: true });
    assert_eq!(loudest(&mut world, 1), 0.0);
    assert!(loudest(&mut world, 0) > 0.3, "only that one");
    assert_eq!(member(&world, &ben), (200, true));

    // Out of reach for a while, and back: with new keys, and a voice that the ear has not known.
    world.keep_apart(1, 2);
    world.run(8 * SECOND);
    assert_eq!(world.ready(2), 1);
    world.let_together(1, 2);
    world.run(15 * SECOND);
    assert_eq!(world.ready(2), 2);
    let before = heard(&world);
    assert_eq!(loudest(&mut world, 1), 0.0);
    assert!(heard(&world) > before, "it does arrive");
    world.act(2, Intent::SetMuted { id: ben.clone(), on: false });
    assert!(loudest(&mut world, 1) > 0.8);
    assert_eq!(member(&world, &ben), (200, false));
}

fn member(world: &World, id: &str) -> (u16, bool) {
    let room = world.room_of(2).unwrap();
    let member = room.members.iter().find(|member| member.id == id).unwrap();
    (member.volume, member.muted)
}

#[test]
fn who_is_muted_by_somebody_is_not_told_that_this_one_has_heard() {
    let mut world = room(4);
    let ben = world.id_of(2, "Ben").unwrap();
    world.talks(1, SECOND);
    assert_eq!(world.room_of(1).unwrap().heard.unwrap().by, 2);
    world.act(2, Intent::SetMuted { id: ben, on: true });
    world.talks(1, SECOND);
    assert_eq!(world.room_of(1).unwrap().heard.unwrap().by, 1);
}

#[test]
fn voices_are_turned_down_while_one_talks_where_one_talks_at_a_time() {
    let mut world = room(5);
    let ducked = |world: &mut World, who: usize| {
        world.act(who, Intent::Press);
        world.run(SECOND);
        let ducked = world.people[who].ducked;
        world.act(who, Intent::Release);
        world.run(SECOND);
        assert!(!world.people[who].ducked);
        ducked
    };
    assert!(ducked(&mut world, 1));
    world.act(1, Intent::SetDucking { on: false });
    assert!(!ducked(&mut world, 1) && ducked(&mut world, 2));
    world.act(0, Intent::SetMode { mode: RoomMode::Open });
    world.run(SECOND);
    assert!(!ducked(&mut world, 2));
}

#[test]
fn what_the_button_shows_is_heard() {
    let mut world = room(6);
    (0..3).for_each(|who| drop(cues(&mut world, who)));
    world.act(1, Intent::Press);
    world.run(SECOND);
    assert_eq!((cues(&mut world, 1), cues(&mut world, 2)), (vec![Cue::Permit], vec![]));
    world.act(2, Intent::Press);
    world.run(SECOND);
    assert_eq!(cues(&mut world, 2), [Cue::Busy]);
    world.act(2, Intent::Release);
    world.act(1, Intent::Release);
    world.run(SECOND);
    assert_eq!((cues(&mut world, 1), cues(&mut world, 2)), (vec![], vec![Cue::Free]));
    world.act(1, Intent::Press);
    world.run(31 * SECOND);
    assert_eq!(cues(&mut world, 1), [Cue::Permit, Cue::LimitNear, Cue::Busy]);
    world.act(1, Intent::Release);
}

#[test]
fn cues_are_as_loud_as_was_chosen_and_each_can_be_left_out() {
    let mut world = room(7);
    world.people[1].cues.clear();
    let cues = CuePreferences { volume: 25, ..CuePreferences::default() };
    world.act(1, Intent::SetCues { cues });
    world.talks(1, SECOND);
    assert_eq!(world.people[1].cues, [(Cue::Permit, 0.25)]);
    world.act(1, Intent::SetCues { cues: CuePreferences { permit: false, ..cues } });
    world.talks(1, SECOND);
    world.talks(2, SECOND);
    assert_eq!(world.people[1].cues[1..], [(Cue::Free, 0.25)]);
}

#[test]
fn the_network_is_heard_to_go_and_to_come() {
    let mut world = room(8);
    (0..3).for_each(|who| drop(cues(&mut world, who)));
    world.keep_apart(1, 0);
    world.keep_apart(1, 2);
    world.run(8 * SECOND);
    assert_eq!(cues(&mut world, 1), [Cue::NetworkDown]);
    world.let_together(1, 0);
    world.let_together(1, 2);
    world.run(15 * SECOND);
    assert_eq!(cues(&mut world, 1), [Cue::NetworkUp]);
    assert_eq!(cues(&mut world, 0), [], "the others had each other");
}
