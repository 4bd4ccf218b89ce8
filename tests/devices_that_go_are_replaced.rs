//! Real devices that are unplugged, muted and brought back under people who talk, and the sound check.

use std::time::Duration;

use anyhow::{Context, ensure};
use pushtalk_tests::client::Client;
use pushtalk_tests::pair::{Pair, SETTLE};
use pushtalk_tests::rig::{
    EAR, MIC, OwnClock, QUIET, RATE, SoundRig, Train, VOID, find_chirps, positions, soon, undisturbed,
};
use serde_json::Value;

/// A microphone and a loudspeaker beside those of the rig.
const SPARE: &str = "spare";

fn load_microphone(rig: &SoundRig, name: &str) -> anyhow::Result<()> {
    let source = format!("source_name={name}");
    let shape = ["format=float32le", "rate=48000", "channels=1", "channel_map=mono", "remix=no"];
    let left = ["master=cable.monitor", "master_channel_map=front-left"];
    let words = [&["load-module", "module-remap-source", &source][..], &left, &shape].concat();
    rig.pactl(&words).map(drop)
}

/// Pulls out what the module with this argument made.
fn unload(rig: &SoundRig, argument: &str) -> anyhow::Result<()> {
    let modules = rig.pactl(&["list", "short", "modules"])?;
    let line = modules.lines().find(|line| line.split_whitespace().any(|word| word == argument));
    let index = line.and_then(|line| line.split_whitespace().next()).context("no such module")?;
    rig.pactl(&["unload-module", index]).map(drop)
}

/// The microphone that this client has open.
fn microphone_of(rig: &SoundRig, client: &Client) -> anyhow::Result<Option<String>> {
    let own = format!("application.process.id = \"{}\"", client.pid());
    let streams = rig.pactl(&["list", "source-outputs"])?;
    let Some(stream) = streams.split("Source Output #").find(|stream| stream.contains(&own)) else {
        return Ok(None);
    };
    let source = stream.lines().find_map(|line| line.trim().strip_prefix("Source: ")).context("no source")?;
    let sources = rig.pactl(&["list", "short", "sources"])?;
    let named = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next() == Some(source)).then(|| words.next().map(str::to_owned)).flatten()
    };
    Ok(sources.lines().find_map(named))
}

fn told(client: &mut Client, code: &str) -> anyhow::Result<Value> {
    client.event_where("error", |event| event["code"] == code).map(|(_, event)| event)
}

/// What the talk button showed since the `from`th event.
fn states(client: &Client, from: usize) -> Vec<&Value> {
    client.seen()[from..].iter().filter(|e| e["event"] == "floor").map(|e| &e["state"]).collect()
}

/// Every chirp that was said in these times is heard.
fn heard(rig_tape: &pushtalk_tests::rig::Recording, times: &[(Duration, Duration)]) -> anyhow::Result<()> {
    let delays = find_chirps(&rig_tape.left, &rig_tape.right);
    let said = positions(&rig_tape.left);
    for (from, to) in times {
        let within = |at: usize| {
            let at = Duration::from_secs_f64(at as f64 / f64::from(RATE));
            (*from..*to).contains(&at)
        };
        let missing: Vec<_> =
            said.iter().zip(&delays).filter(|(at, delay)| within(**at) && delay.is_none()).collect();
        let count = said.iter().filter(|at| within(**at)).count();
        ensure!(
            count >= 4 && missing.is_empty(),
            "from {from:?} to {to:?}: of {count}, {missing:?} are missing"
        );
    }
    Ok(())
}

#[test]
fn who_talks_into_a_microphone_that_is_unplugged_goes_on_with_another_one_until_it_is_back() {
    undisturbed(3, || {
        let rig = SoundRig::start()?;
        load_microphone(&rig, SPARE)?;
        rig.pactl(&["set-default-source", SPARE])?;
        let mut pair = Pair::start(&rig, &[], &[])?;
        let train = Train::new(3, 45, 9_600, 0.3);
        let tape = rig.record()?;
        let player = rig.play(&train.samples, Duration::from_millis(300))?;
        let events = pair.talker.seen().len();
        pair.talker.command("press")?;
        pair.talker.floor("talking")?;
        let from = tape.length() + Duration::from_millis(100);
        tape.wait_until(from + Duration::from_millis(1_800))?;
        let to = tape.length() - Duration::from_millis(200);
        unload(&rig, "source_name=mic")?;
        let notice = told(&mut pair.talker, "microphoneReplaced")?;
        ensure!(notice["about"] == "Microphone" && notice["instead"].is_string(), "{notice}");
        let again = tape.length() + Duration::from_millis(200);
        tape.wait_until(again + Duration::from_millis(1_500))?;
        let until = tape.length() - Duration::from_millis(200);
        let states = states(&pair.talker, events);
        ensure!(states.iter().all(|state| *state == "requesting" || *state == "talking"), "{states:?}");
        ensure!(microphone_of(&rig, &pair.talker)?.as_deref() == Some(SPARE), "not the default one");
        pair.talker.command("release")?;
        pair.talker.floor("idle")?;
        drop(player);
        tape.wait_until(tape.length() + SETTLE)?;
        heard(&tape.stop(), &[(from, to), (again, until)])?;

        load_microphone(&rig, MIC)?;
        soon("it is taken again", || Ok(microphone_of(&rig, &pair.talker)?.as_deref() == Some(MIC)))
    })
    .unwrap();
}

#[test]
fn who_listens_to_a_loudspeaker_that_is_unplugged_hears_by_another_one() {
    undisturbed(3, || {
        let rig = SoundRig::start()?;
        let shape = ["format=float32le", "rate=48000", "channels=1", "channel_map=mono", "remix=no"];
        let right = ["sink_name=spare", "master=cable", "master_channel_map=front-right"];
        rig.pactl(&[&["load-module", "module-remap-sink"][..], &right, &shape].concat())?;
        rig.pactl(&["set-default-sink", SPARE])?;
        let mut pair = Pair::start(&rig, &[], &[])?;
        let train = Train::new(4, 45, 9_600, 0.3);
        let tape = rig.record()?;
        let player = rig.play(&train.samples, Duration::from_millis(300))?;
        pair.talker.command("press")?;
        pair.talker.floor("talking")?;
        tape.wait_until(tape.length() + Duration::from_millis(500))?;
        unload(&rig, "sink_name=ear")?;
        let notice = told(&mut pair.listener, "outputReplaced")?;
        ensure!(notice["about"] == "Ear" && notice["instead"].is_string(), "{notice}");
        let again = tape.length() + Duration::from_millis(300);
        tape.wait_until(again + Duration::from_millis(1_500))?;
        let until = tape.length() - Duration::from_millis(200);
        drop(player);
        tape.wait_until(tape.length() + SETTLE)?;
        heard(&tape.stop(), &[(again, until)])
    })
    .unwrap();
}

#[test]
fn a_microphone_that_the_system_has_muted_is_not_put_on_air_until_it_is_heard() {
    let rig = SoundRig::start().unwrap();
    let mut pair = Pair::start(&rig, &[], &[]).unwrap();
    rig.pactl(&["set-source-mute", MIC, "1"]).unwrap();
    pair.talker.floor("silent_mic").unwrap();
    pair.talker.command("press").unwrap();
    told(&mut pair.talker, "microphoneSilent").unwrap();
    // The button is still down.
    rig.pactl(&["set-source-mute", MIC, "0"]).unwrap();
    pair.talker.floor("talking").unwrap();
    pair.listener.floor("receiving").unwrap();
    rig.pactl(&["suspend-source", MIC, "1"]).unwrap();
    pair.talker.floor("silent_mic").unwrap();
    pair.listener.floor("idle").unwrap();
    pair.talker.command("release").unwrap();
    rig.pactl(&["suspend-source", MIC, "0"]).unwrap();
    pair.talker.floor("idle").unwrap();
}

#[test]
fn a_sound_server_that_dies_while_one_talks_ends_the_turn_and_is_used_again_when_it_is_back() {
    let mut rig = SoundRig::start().unwrap();
    let mut pair = Pair::start(&rig, &[], &[]).unwrap();
    pair.talker.command("press").unwrap();
    pair.talker.floor("talking").unwrap();
    pair.listener.floor("receiving").unwrap();
    rig.break_down();
    pair.talker.floor("no_mic").unwrap();
    told(&mut pair.talker, "microphoneGoneTalking").unwrap();
    pair.listener.floor("no_mic").unwrap();
    pair.talker.command("release").unwrap();
    rig.restart().unwrap();
    pair.talker.floor("idle").unwrap();
    pair.listener.floor("idle").unwrap();
    pair.talker.command("press").unwrap();
    pair.talker.floor("talking").unwrap();
    pair.listener.floor("receiving").unwrap();
    let open = microphone_of(&rig, &pair.talker).unwrap();
    assert_eq!(open.as_deref(), Some(MIC));
}

#[test]
fn the_default_microphone_is_followed_and_one_on_standby_is_open_only_while_the_button_is_down() {
    let rig = SoundRig::start().unwrap();
    load_microphone(&rig, SPARE).unwrap();
    let host = ["host", "--name", "Ana", "--out", VOID, "--audio-host", "pulse", "--listen", "127.0.0.1:0"];
    let mut ana = Client::on(&rig, &host).unwrap();
    let link = ana.event("invitation").unwrap()["link"].as_str().unwrap().to_owned();
    let mut ben = Client::start(&["join", &link, "--name", "Ben"]).unwrap();
    ben.event("ready").unwrap();
    ana.event("ready").unwrap();
    soon("it is open", || Ok(microphone_of(&rig, &ana)?.as_deref() == Some(MIC))).unwrap();
    rig.pactl(&["set-default-source", SPARE]).unwrap();
    soon("it has moved", || Ok(microphone_of(&rig, &ana)?.as_deref() == Some(SPARE))).unwrap();

    ana.command("standby on").unwrap();
    soon("it is closed", || Ok(microphone_of(&rig, &ana)?.is_none())).unwrap();
    ana.command("press").unwrap();
    ana.floor("talking").unwrap();
    assert_eq!(microphone_of(&rig, &ana).unwrap().as_deref(), Some(SPARE));
    ana.command("release").unwrap();
    ana.floor("idle").unwrap();
    soon("it is closed again", || Ok(microphone_of(&rig, &ana)?.is_none())).unwrap();
}

#[test]
fn a_bluetooth_microphone_is_told_as_one() {
    let rig = SoundRig::start().unwrap();
    load_microphone(&rig, "bluez_source.AC_12_2F_00_11_22.handsfree_head_unit").unwrap();
    let name = "bluez_source.AC_12_2F_00_11_22.handsfree_head_unit";
    let mut ana =
        Client::on(&rig, &["host", "--in", name, "--out", VOID, "--listen", "127.0.0.1:0"]).unwrap();
    assert!(told(&mut ana, "bluetoothMicrophone").unwrap()["about"].is_string());
}

#[test]
fn a_sound_check_plays_a_sound_and_gives_back_what_was_said_with_the_microphone_closed() {
    let rig = SoundRig::start().unwrap();
    let sound = |what| ["sound", what, "--in", MIC, "--out", EAR, "--processing", "off"];
    undisturbed(3, || {
        let tape = rig.record()?;
        let mut player = Client::on(&rig, &sound("play"))?;
        ensure!(player.event("sound")?["state"] == "testSound", "it begins");
        ensure!(player.wait()?.success(), "it plays");
        let loud = tape.stop().right.iter().filter(|sample| sample.abs() > 0.1).count();
        ensure!(loud > 10_000, "only {loud} samples were loud");

        let train = Train::new(9, 40, 9_600, 0.3);
        let tape = rig.record()?;
        let said = rig.play(&train.samples, Duration::from_millis(100))?;
        let mut client = Client::on(&rig, &sound("hear"))?;
        client.event_where("sound", |event| event["state"] == "recording")?;
        soon("the microphone is open", || Ok(rig.capturing()?.contains(&client.pid())))?;
        client.event_where("sound", |event| event["state"] == "playingBack")?;
        ensure!(!rig.capturing()?.contains(&client.pid()), "the microphone is still open");
        ensure!(client.wait()?.success(), "it ends well");
        drop(said);
        let chirps = positions(&tape.stop().right).len();
        ensure!((13..=16).contains(&chirps), "{chirps} chirps in three seconds");

        rig.pactl(&["set-source-mute", MIC, "1"])?;
        let mut muted = Client::on(&rig, &sound("hear"))?;
        let silent = told(&mut muted, "microphoneSilent");
        rig.pactl(&["set-source-mute", MIC, "0"])?;
        ensure!(silent.is_ok() && !muted.wait()?.success(), "a muted microphone is told");
        Ok(())
    })
    .unwrap();
}

/// A wireless headset gives its sound in pieces of 7.5 to 20 ms.
#[test]
fn a_microphone_that_gives_its_sound_in_large_pieces_is_heard_whole() {
    let rig = SoundRig::start().unwrap();
    let samples = Train::new(21, 20, 14_400, 0.3).samples;
    let _headset = OwnClock::start(&rig, "coarse", 0.0, 960, samples).unwrap();
    let common = ["--audio-host", "pulse", "--processing", "off", "--frame", "20"];
    let host = ["host", "--name", "Ana", "--in", "coarse", "--out", VOID, "--talk-limit", "60"];
    let mut ana = Client::on(&rig, &[&host[..], &common].concat()).unwrap();
    let link = ana.event("invitation").unwrap()["link"].as_str().unwrap().to_owned();
    let join = ["join", &link, "--name", "Ben", "--in", QUIET, "--out", EAR];
    let mut ben = Client::on(&rig, &[&join[..], &common].concat()).unwrap();
    ben.event("ready").unwrap();
    ana.event("ready").unwrap();
    ana.floor("idle").unwrap();
    ana.command("press").unwrap();
    ana.floor("talking").unwrap();
    // The time is that of the sound system, which gives the tape.
    let tape = rig.record().unwrap();
    let mut frames = Vec::new();
    for second in 1..=12 {
        tape.wait_until(Duration::from_secs(second)).unwrap();
        frames.push(ben.stats().unwrap()["received"].as_u64().unwrap());
        let last_two = frames.len().checked_sub(3).map(|before| frames[frames.len() - 1] - frames[before]);
        if last_two.is_some_and(|came| came >= 95) {
            return;
        }
    }
    panic!("of 50 frames a second came {frames:?}");
}
