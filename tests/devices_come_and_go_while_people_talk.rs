//! Microphones that are unplugged, come back, fall silent or open late, under people who talk.
#![cfg(test)]

use std::time::Duration;

use pushtalk_device::DeviceInfo;
use pushtalk_engine::face::{Button, ErrorCode, FloorView, Intent, Microphone};
use pushtalk_tests::world::{Network, World, microphone};

const SECOND: Duration = Duration::from_secs(1);
/// The one who talks.
const BEN: usize = 1;

fn room(seed: u64) -> World {
    World::room(seed, Network::default(), &["Ana", "Ben", "Eve"], "").unwrap()
}

fn headset() -> DeviceInfo {
    microphone("headset")
}

fn button(world: &World) -> Button {
    world.room_of(BEN).unwrap().button
}

fn open(world: &World) -> Option<&str> {
    world.people[BEN].desktop.open.as_ref().map(|(_, name)| name.as_str())
}

/// What Ben is told: code, device, and which one is used in its place.
fn notices(world: &World) -> Vec<(ErrorCode, Option<String>, Option<String>)> {
    world.view(BEN).notices.into_iter().map(|notice| (notice.code, notice.about, notice.instead)).collect()
}

/// With a headset plugged in and chosen.
fn room_with_headset(seed: u64) -> World {
    let mut world = room(seed);
    world.plug_in(BEN, headset());
    world.act(BEN, Intent::SetDevices { input: Some("headset".into()), output: None });
    world.run(3 * SECOND);
    assert_eq!(open(&world), Some("headset"));
    world
}

#[test]
fn a_headset_that_is_unplugged_while_its_owner_talks_is_replaced_and_the_voice_goes_on() {
    for seed in 0..5 {
        let mut world = room_with_headset(seed);
        world.act(BEN, Intent::Press);
        world.run(SECOND);
        let before = world.sent(BEN, 0);
        world.pull_out(BEN, "headset");
        world.run(SECOND);
        assert!(matches!(button(&world), Button::Talking { .. }), "seed {seed}: {:?}", button(&world));
        let since = world.sent(BEN, 0) - before;
        assert!(since > 40, "seed {seed}: {since} frames after it was unplugged");
        assert_eq!(open(&world), Some("built-in"));
        let [gone, used] = ["The headset", "The built-in"].map(|name| Some(name.to_owned()));
        assert_eq!(notices(&world), [(ErrorCode::MicrophoneReplaced, gone, used)], "seed {seed}");
        world.act(BEN, Intent::Release);
        world.run(SECOND);

        assert_eq!(world.view(BEN).preferences.input.as_deref(), Some("headset"), "it stays chosen");
        world.plug_in(BEN, headset());
        world.run(3 * SECOND);
        assert_eq!((open(&world), notices(&world)), (Some("headset"), vec![]), "it is taken again");
    }
}

#[test]
fn a_talker_whose_only_microphone_goes_is_told_and_frees_the_floor() {
    for seed in 0..5 {
        let mut world = room(seed);
        world.act(BEN, Intent::Press);
        world.run(SECOND);
        world.pull_out(BEN, "built-in");
        world.run(SECOND / 2);
        assert!(matches!(button(&world), Button::Talking { .. }), "it may come back in a moment");
        world.run(SECOND);
        assert_eq!(button(&world), Button::NoMic, "seed {seed}");
        assert_eq!(world.room_of(0).unwrap().floor, FloorView::Idle, "seed {seed}");
        assert_eq!(
            notices(&world),
            [(ErrorCode::MicrophoneGoneTalking, Some("The built-in".into()), None)],
            "seed {seed}"
        );
        world.act(BEN, Intent::Release);
        world.talks(2, SECOND);
        assert!(world.sent(2, BEN) > 40, "others talk meanwhile, and are heard");

        world.plug_in(BEN, DeviceInfo { is_default: true, ..microphone("usb") });
        world.run(6 * SECOND);
        assert_eq!((button(&world), open(&world)), (Button::Idle, Some("usb")));
    }
}

#[test]
fn a_microphone_that_opens_slowly_ends_the_turn_and_works_when_it_is_open() {
    let mut world = room_with_headset(1);
    world.people[BEN].desktop.opening = 3 * SECOND;
    world.act(BEN, Intent::Press);
    world.run(SECOND);
    world.pull_out(BEN, "headset");
    world.run(SECOND + SECOND / 2);
    assert_eq!((button(&world), world.room_of(0).unwrap().floor), (Button::NoMic, FloorView::Idle));
    world.act(BEN, Intent::Release);
    world.run(6 * SECOND);
    assert_eq!((button(&world), open(&world)), (Button::Idle, Some("built-in")));
    world.talks(BEN, SECOND);
    assert!(world.sent(BEN, 0) > 100);
}

#[test]
fn the_default_microphone_is_followed_and_a_chosen_one_is_kept() {
    let mut world = room(1);
    assert_eq!(open(&world), Some("built-in"));
    world.plug_in(BEN, DeviceInfo { is_default: true, ..headset() });
    world.run(3 * SECOND);
    assert_eq!((open(&world), notices(&world)), (Some("headset"), vec![]));
    world.act(BEN, Intent::SetDevices { input: Some("built-in".into()), output: None });
    world.plug_in(BEN, DeviceInfo { is_default: true, ..microphone("third") });
    world.run(3 * SECOND);
    assert_eq!(open(&world), Some("built-in"));
    let listed = world.view(BEN).devices.inputs;
    assert_eq!(listed, ["built-in", "headset", "third"], "the list follows by itself");
}

#[test]
fn a_microphone_that_is_muted_by_the_system_is_not_put_on_air_and_the_button_says_so() {
    let mut world = room(1);
    world.mute(BEN, true);
    assert_eq!(
        (button(&world), world.room_of(BEN).unwrap().microphone),
        (Button::SilentMic, Microphone::Silent)
    );
    world.act(BEN, Intent::Press);
    world.run(SECOND);
    assert_eq!((button(&world), world.sent(BEN, 0)), (Button::SilentMic, 0));
    assert_eq!(notices(&world), [(ErrorCode::MicrophoneSilent, Some("The built-in".into()), None)]);
    // The button is still down when it is heard again.
    world.mute(BEN, false);
    world.run(SECOND);
    assert!(matches!(button(&world), Button::Talking { .. }));
    assert!(world.sent(BEN, 0) > 40);
    assert_eq!(notices(&world), []);
    world.mute(BEN, true);
    world.run(SECOND);
    assert_eq!((button(&world), world.room_of(0).unwrap().floor), (Button::SilentMic, FloorView::Idle));
    world.act(BEN, Intent::Release);
    world.mute(BEN, false);
    world.run(SECOND);
    assert_eq!((button(&world), notices(&world)), (Button::Idle, vec![]));
}

#[test]
fn a_microphone_on_standby_is_open_only_from_the_press_to_the_last_word() {
    let mut world = room(1);
    world.act(BEN, Intent::SetMicWhilePressed { on: true });
    world.run(SECOND);
    assert_eq!((open(&world), button(&world)), (None, Button::Idle));
    assert_eq!(world.room_of(BEN).unwrap().microphone, Microphone::Standby);
    world.people[BEN].desktop.opening = 2 * SECOND;
    world.act(BEN, Intent::Press);
    world.run(SECOND);
    assert_eq!(button(&world), Button::Requesting, "it is being opened");
    assert_eq!(
        world.room_of(0).unwrap().floor,
        FloorView::Idle,
        "nobody waits for a voice that is not there"
    );
    world.run(2 * SECOND);
    assert!(matches!(button(&world), Button::Talking { .. }));
    let before = world.sent(BEN, 0);
    world.act(BEN, Intent::Release);
    assert_eq!(open(&world), Some("built-in"), "the last word is not out yet");
    world.run(SECOND);
    assert!(world.sent(BEN, 0) >= before + 3, "the tail was sent");
    assert_eq!((open(&world), button(&world)), (None, Button::Idle));

    // Let go of before it is open.
    world.act(BEN, Intent::Press);
    world.run(SECOND);
    world.act(BEN, Intent::Release);
    world.run(5 * SECOND);
    assert_eq!((open(&world), button(&world)), (None, Button::Idle));

    // One that is not there is told, and tried again by the next press and not before.
    world.pull_out(BEN, "built-in");
    world.people[BEN].desktop.opening = SECOND / 10;
    world.act(BEN, Intent::Press);
    world.run(SECOND);
    assert_eq!(
        (button(&world), notices(&world)),
        (Button::NoMic, vec![(ErrorCode::NoMicrophone, None, None)])
    );
    world.act(BEN, Intent::Release);
    world.plug_in(BEN, DeviceInfo { is_default: true, ..headset() });
    world.run(5 * SECOND);
    assert_eq!(open(&world), None);
    world.act(BEN, Intent::Press);
    world.run(SECOND);
    assert_eq!((open(&world), notices(&world)), (Some("headset"), vec![]));
    world.act(BEN, Intent::SetMicWhilePressed { on: false });
    world.act(BEN, Intent::Release);
    world.run(SECOND);
    assert_eq!(open(&world), Some("headset"), "it stays open from now on");
}

#[test]
fn what_a_bluetooth_microphone_does_to_the_sound_is_told_once_for_each() {
    let mut world = room(1);
    world.plug_in(BEN, DeviceInfo { bluetooth: true, is_default: true, ..headset() });
    world.run(3 * SECOND);
    assert_eq!(notices(&world), [(ErrorCode::BluetoothMicrophone, Some("The headset".into()), None)]);
    let notice = world.view(BEN).notices[0].id;
    world.act(BEN, Intent::Dismiss { notice });
    world.act(BEN, Intent::DisableAudio);
    world.act(BEN, Intent::EnableAudio);
    world.run(3 * SECOND);
    assert_eq!((open(&world), notices(&world)), (Some("headset"), vec![]));
    assert_eq!(world.view(BEN).preferences.bluetooth_told, ["headset"]);
}
