//! Two command-line clients, a real server, real sound devices: what is said is heard, while the button is down.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use pushtalk_tests::client::Client;
use pushtalk_tests::pair::{Pair, SETTLE};
use pushtalk_tests::rig::{
    EAR, MIC, QUIET, RATE, Recording, SoundRig, Spread, Tape, Train, VOID, find_chirps, strays, undisturbed,
};
use pushtalk_tests::standalone::Standalone;

/// A chirp this long before a press, or after a release, must not be heard; the last words get 80 ms, and the tape
/// tells the time some ten milliseconds late.
const BLUR: Duration = Duration::from_millis(160);
/// A chirp that begins this long after a press must be heard whole: reading the tape's length is no more exact.
const AT_ONCE: Duration = Duration::from_millis(30);

/// When the button was down, on the clock of the tape.
struct Down {
    from: Duration,
    to: Duration,
}

fn press(talker: &mut Client, tape: &Tape, until: Duration) -> anyhow::Result<Down> {
    talker.command("press")?;
    let from = tape.length();
    talker.floor("talking")?;
    tape.wait_until(until)?;
    let to = tape.length();
    talker.command("release")?;
    talker.floor("idle")?;
    Ok(Down { from, to })
}

/// Every chirp while the button was down is heard, none while it was up.
fn check(recording: &Recording, downs: &[Down], least: usize) -> anyhow::Result<()> {
    let said = chirps(recording)?;
    let mut must = 0;
    for (at, delay) in &said {
        let in_time = |d: &Down| *at > d.from + AT_ONCE && *at + BLUR < d.to;
        let outside = |d: &Down| *at + BLUR < d.from || *at > d.to + BLUR;
        if downs.iter().any(in_time) {
            must += 1;
            ensure!(delay.is_some(), "the chirp at {at:?} was not heard: {said:?}");
        }
        if downs.iter().all(outside) {
            ensure!(delay.is_none(), "the chirp at {at:?} was heard though the button was up: {said:?}");
        }
    }
    ensure!(must >= least, "only {must} chirps were said while the button was down");
    let strays = strays(&recording.left, &recording.right);
    ensure!(strays.is_empty(), "heard, but not said: {strays:?}");
    Ok(())
}

/// When each chirp was said, and how long it took to be heard.
fn chirps(recording: &Recording) -> anyhow::Result<Vec<(Duration, Option<Duration>)>> {
    let delays = find_chirps(&recording.left, &recording.right);
    let own = find_chirps(&recording.left, &recording.left);
    ensure!(own.len() == delays.len() && own.iter().all(Option::is_some), "the tape has holes");
    let starts = pushtalk_tests::rig::positions(&recording.left);
    let time = |samples: usize| Duration::from_secs_f64(samples as f64 / f64::from(RATE));
    Ok(starts
        .into_iter()
        .zip(delays)
        .map(|(at, delay)| (time(at), delay.and_then(|d| usize::try_from(d.samples).ok()).map(time)))
        .collect())
}

fn talk_twice(rig: &SoundRig, pair: &mut Pair, seed: u64) -> anyhow::Result<()> {
    let train = Train::new(seed, 30, 9_600, 0.3);
    let tape = rig.record()?;
    let player = rig.play(&train.samples, Duration::from_millis(300))?;
    let mut downs = Vec::new();
    for (from, to) in [(1_000, 2_500), (3_500, 5_000)] {
        tape.wait_until(Duration::from_millis(from))?;
        downs.push(press(&mut pair.talker, &tape, Duration::from_millis(to))?);
    }
    player.finish()?;
    tape.wait_until(tape.length() + SETTLE)?;
    check(&tape.stop(), &downs, 8)
}

#[test]
fn chirps_come_out_only_while_the_button_is_down_and_all_of_them_do() {
    let rig = SoundRig::start().unwrap();
    for frame in ["10", "20"] {
        undisturbed(4, || {
            let mut pair = Pair::start(&rig, &["--frame", frame], &[])?;
            talk_twice(&rig, &mut pair, 7)?;
            let stats = pair.listener.stats()?;
            ensure!(stats["lost"] == 0 && stats["rejected"] == 0 && stats["late"] == 0, "{stats}");
            ensure!(stats["received"].as_u64() > Some(100), "{stats}");
            pair.talker.hang_up();
            ensure!(pair.talker.wait()?.success(), "the end of input ends it well");
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn how_long_a_voice_takes_from_mouth_to_ear_is_told_as_it_is() {
    let rig = SoundRig::start().unwrap();
    undisturbed(4, || {
        let mut pair = Pair::start(&rig, &["--frame", "10"], &[])?;
        let train = Train::new(5, 20, 14_400, 0.3);
        let tape = rig.record()?;
        let player = rig.play(&train.samples, Duration::from_millis(500))?;
        pair.talker.command("press")?;
        pair.talker.floor("talking")?;
        player.finish()?;
        tape.wait_until(tape.length() + SETTLE)?;
        let told = pair.listener.stats()?["mouth_to_ear_ms"].as_f64().context("it is told")?;
        pair.talker.command("release")?;
        let recording = tape.stop();
        let delays = find_chirps(&recording.left, &recording.right);
        // What is told is of the last second.
        let last = Spread::of(&delays[delays.len().saturating_sub(4)..]).context("nothing was heard")?;
        ensure!((told - last.p50).abs() < 6.0, "told {told} ms, is {last}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_other_one_sees_who_talks_and_is_told_that_the_floor_is_taken() {
    let rig = SoundRig::start().unwrap();
    let mut pair = Pair::start(&rig, &[], &[]).unwrap();
    pair.talker.command("press").unwrap();
    let receiving = pair.listener.event("receiving").unwrap();
    assert_eq!((&receiving["on"], &receiving["name"]), (&true.into(), &"Ana".into()));
    // Whoever waits has a place in the queue; whoever does not want to wait is told that the floor is taken.
    pair.listener.command("press").unwrap();
    pair.listener.floor("queued").unwrap();
    pair.listener.command("release").unwrap();
    pair.listener.floor("receiving").unwrap();
    pair.listener.command("queue off").unwrap();
    pair.listener.command("press").unwrap();
    pair.listener.floor("busy").unwrap();
    pair.listener.command("release").unwrap();
    pair.talker.command("release").unwrap();
    pair.listener.floor("idle").unwrap();
    pair.listener.command("press").unwrap();
    pair.listener.floor("talking").unwrap();
    pair.talker.floor("receiving").unwrap();
}

#[test]
fn a_talker_is_stopped_at_the_limit() {
    let rig = SoundRig::start().unwrap();
    let mut pair = Pair::start(&rig, &[], &["--talk-limit", "10"]).unwrap();
    pair.talker.command("press").unwrap();
    let from = pair.talker.floor("talking").unwrap();
    let to = pair.talker.floor("revoked").unwrap();
    assert!(to - from >= Duration::from_millis(9_900), "{:?}", to - from);
    pair.listener.floor("idle").unwrap();
}

#[test]
fn killing_the_server_does_not_stop_the_voice() {
    let rig = SoundRig::start().unwrap();
    undisturbed(4, || {
        let mut server = Standalone::start(&[])?;
        let mut pair = Pair::start(&rig, &[], &["--server", &server.address])?;
        server.kill()?;
        for client in [&mut pair.talker, &mut pair.listener] {
            client.event_where("error", |event| event["code"] == "serverGone")?;
        }
        talk_twice(&rig, &mut pair, 8)
    })
    .unwrap();
}

#[test]
fn killing_the_talker_is_noticed_within_five_seconds_and_frees_the_floor() {
    let rig = SoundRig::start().unwrap();
    let mut pair = Pair::start(&rig, &[], &[]).unwrap();
    let (code, server) = (pair.code.clone(), pair.server.clone());
    let third = ["join", &code, "--server", &server, "--name", "Cem", "--in", QUIET, "--out", VOID];
    let mut third = Client::on(&rig, &third).unwrap();
    // Its microphone is open, and somebody can hear it: a press before that is none.
    third.floor("idle").unwrap();
    pair.listener.event_where("ready", |event| event["name"] == "Cem").unwrap();
    third.command("press").unwrap();
    pair.listener.event_where("receiving", |event| event["name"] == "Cem").unwrap();
    let killed = Instant::now();
    third.kill().unwrap();
    let (noticed, _) = pair
        .listener
        .event_where("members", |event| {
            // Its place is kept for a while, in case that it comes back.
            let lost = |m: &serde_json::Value| m["name"] == "Cem" && m["link"] == "lost";
            event["members"].as_array().is_some_and(|members| members.iter().any(lost))
        })
        .unwrap();
    assert!(noticed - killed < Duration::from_secs(5), "{:?}", noticed - killed);
    pair.listener.command("press").unwrap();
    pair.listener.floor("talking").unwrap();
}

#[test]
fn a_microphone_is_open_from_the_entry_into_a_room_until_it_is_left() {
    let rig = SoundRig::start().unwrap();
    let mut alone =
        Client::on(&rig, &["host", "--name", "Ana", "--in", MIC, "--out", EAR, "--audio-host", "pulse"])
            .unwrap();
    alone.floor("alone").unwrap();
    assert_eq!(rig.capturing().unwrap(), [alone.pid()]);
    assert_eq!(rig.playing().unwrap(), [alone.pid()]);
    alone.command("leave").unwrap();
    alone.event("left").unwrap();
    assert!(alone.wait().unwrap().success());
    assert!(rig.capturing().unwrap().is_empty() && rig.playing().unwrap().is_empty());
}

/// Packets of voice that came to this client.
fn packets(client: &mut Client) -> anyhow::Result<u64> {
    client.stats()?["packets_received"].as_u64().context("a number")
}

#[test]
fn a_whisper_is_heard_by_the_one_it_is_for_and_not_a_packet_goes_to_the_other() -> anyhow::Result<()> {
    let rig = SoundRig::start()?;
    undisturbed(4, || {
        let Pair { talker: mut ana, listener: mut ben, link, .. } =
            Pair::start(&rig, &["--frame", "10"], &[])?;
        let common = ["--audio-host", "pulse", "--processing", "off", "--in", QUIET, "--out", VOID];
        let mut eve = Client::on(&rig, &[&["join", &link, "--name", "Eve"], &common[..]].concat())?;
        for _ in 0..2 {
            eve.event("ready")?;
        }
        ana.event("ready")?;

        ana.command("whisper-to Eve on")?;
        ana.command("whisper")?;
        ana.floor("whispering")?;
        eve.event_where("whispered", |event| event["on"] == true && event["name"] == "Ana")?;
        ensure!(rig.chirps_heard(1)? == 0, "Ben has heard what was whispered to Eve");
        ana.command("release")?;
        ana.floor("idle")?;
        eve.event_where("whispered", |event| event["on"] == false)?;
        ensure!(packets(&mut eve)? > 100, "Eve has got nothing");

        ana.command("whisper-to Eve off")?;
        ana.command("whisper-to Ben on")?;
        let before = packets(&mut eve)?;
        ana.command("whisper")?;
        ana.floor("whispering")?;
        ensure!(rig.chirps_heard(2)? == 12, "Ben has not heard all of it");
        ana.command("release")?;
        ana.floor("idle")?;
        ben.event_where("whispered", |event| event["on"] == false)?;
        ensure!(packets(&mut eve)? == before, "Eve has got packets of it");
        Ok(())
    })
}
