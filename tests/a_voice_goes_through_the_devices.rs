//! What is said into a microphone comes out at a loudspeaker, through the device crate and real streams alone.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use pushtalk_tests::rig::{EAR, MIC, SoundRig, Spread, Train, find_chirps, soon, strays, undisturbed};

/// The device crate in a process of its own; the environment of a process leads to the rig.
struct Parrot {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Parrot {
    fn start(rig: &SoundRig, microphone: &str, loudspeaker: &str, buffer: u32) -> anyhow::Result<Self> {
        let mut child = rig
            .urgent_command(env!("CARGO_BIN_EXE_parrot"))
            .args([microphone, loudspeaker, &buffer.to_string(), &(2 * buffer).to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().context("no input")?;
        let answers = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Self { child, orders, answers })
    }

    fn ask(&mut self, order: &str) -> anyhow::Result<String> {
        writeln!(self.orders, "{order}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Of twelve chirps at most `lost` may be lost, and as many heard twice.
fn loop_through(rig: &SoundRig, from: &str, to: &str, buffer: u32, lost: usize) -> anyhow::Result<String> {
    undisturbed(6, || {
        let mut parrot = Parrot::start(rig, from, to, buffer)?;
        let opened = parrot.ask("open")?;
        ensure!(!opened.starts_with("error"), "{opened}");
        let train = Train::new(u64::from(buffer), 12, 12_000, 0.5);
        let tape = rig.record()?;
        rig.play(&train.samples, Duration::from_millis(500))?.finish()?;
        tape.wait_until(tape.length() + Duration::from_millis(500))?;
        let recording = tape.stop();
        let delays = find_chirps(&recording.left, &recording.right);
        ensure!(delays.len() == 12, "{} chirps were said", delays.len());
        ensure!(delays.iter().flatten().count() + lost >= 12, "chirps were not heard: {delays:?}");
        let strays = strays(&recording.left, &recording.right);
        ensure!(strays.len() <= lost, "chirps were heard that were not said: {strays:?}");
        let spread = Spread::of(&delays).context("nothing")?;
        Ok(format!("{from} to {to}, {opened}: {spread}; {}", parrot.ask("stats")?))
    })
}

#[test]
fn what_is_said_is_heard_and_nothing_else() {
    let rig = SoundRig::start().unwrap();
    for buffer in [240, 480] {
        println!("{}", loop_through(&rig, MIC, EAR, buffer, 0).unwrap());
    }
}

#[test]
fn devices_of_another_rate_format_and_number_of_channels_sound_the_same() {
    let rig = SoundRig::start().unwrap();
    let shape = "rate=44100 format=s16le channels=2 remix=no channel_map=front-left,front-right";
    for load in [
        "module-remap-source source_name=odd-mic master=cable.monitor master_channel_map=front-left,front-left",
        "module-remap-sink sink_name=odd-ear master=cable master_channel_map=front-right,front-right",
    ] {
        let words: Vec<&str> =
            ["load-module"].into_iter().chain(load.split(' ')).chain(shape.split(' ')).collect();
        rig.pactl(&words).unwrap();
    }
    println!("{}", loop_through(&rig, "odd-mic", EAR, 240, 2).unwrap());
    println!("{}", loop_through(&rig, MIC, "odd-ear", 240, 2).unwrap());
}

#[test]
fn a_microphone_is_open_only_while_its_value_lives() {
    let rig = SoundRig::start().unwrap();
    let mut parrot = Parrot::start(&rig, MIC, EAR, 240).unwrap();
    let pid = parrot.child.id();
    let streams = || -> anyhow::Result<(usize, usize)> {
        let own = |all: Vec<_>| all.into_iter().filter(|number| *number == pid).count();
        Ok((own(rig.capturing()?), own(rig.playing()?)))
    };

    let listed = parrot.ask("list").unwrap();
    assert!(listed.contains(MIC) && listed.contains(EAR) && !listed.contains("monitor"), "{listed}");
    assert_eq!(streams().unwrap(), (0, 0), "looking at the list opens nothing");

    for _ in 0..3 {
        let opened = parrot.ask("open").unwrap();
        assert!(!opened.starts_with("error"), "{opened}");
        assert_eq!(streams().unwrap(), (1, 1));
        assert_eq!(parrot.ask("close").unwrap(), "closed");
        soon("both are closed", || Ok(streams()? == (0, 0))).unwrap();
    }
}

#[test]
fn looking_at_the_list_again_and_again_leaves_nothing_behind() {
    let rig = SoundRig::start().unwrap();
    let mut parrot = Parrot::start(&rig, MIC, EAR, 240).unwrap();
    let clients = || rig.pactl(&["list", "clients"]).unwrap().matches("application.name = \"cpal-").count();
    for _ in 0..20 {
        parrot.ask("list").unwrap();
    }
    assert_eq!(clients(), 1);
    for _ in 0..5 {
        assert!(!parrot.ask("open").unwrap().starts_with("error"));
        parrot.ask("close").unwrap();
    }
    soon("connections of streams are closed", || Ok(clients() == 1)).unwrap();
}

#[test]
fn a_microphone_that_is_unplugged_leaves_the_list_and_cannot_be_opened() {
    let rig = SoundRig::start().unwrap();
    let mut parrot = Parrot::start(&rig, MIC, EAR, 240).unwrap();
    assert!(!parrot.ask("open").unwrap().starts_with("error"));
    rig.pactl(&["unload-module", "module-remap-source"]).unwrap();
    // PulseAudio moves the stream to another source without a word, so the list is what tells.
    assert!(!parrot.ask("list").unwrap().contains("name: \"mic\""));
    parrot.ask("close").unwrap();
    let again = parrot.ask("open").unwrap();
    assert!(again.starts_with("error: there is no device called"), "{again}");
}

#[test]
fn what_the_loudspeaker_plays_is_no_microphone() {
    let rig = SoundRig::start().unwrap();
    for module in ["module-remap-source", "module-sine-source"] {
        rig.pactl(&["unload-module", module]).unwrap();
    }
    let mut parrot = Parrot::start(&rig, "", "", 240).unwrap();
    assert_eq!(parrot.ask("open").unwrap(), "error: there is no microphone");
}

#[test]
fn a_sound_server_that_dies_takes_nothing_along() {
    let mut rig = SoundRig::start().unwrap();
    let mut parrot = Parrot::start(&rig, MIC, EAR, 240).unwrap();
    assert!(!parrot.ask("open").unwrap().starts_with("error"));
    rig.break_down();
    soon("the streams are told", || Ok(parrot.ask("stats")?.contains("Invalidated"))).unwrap();
    assert_eq!(parrot.ask("close").unwrap(), "closed");
    assert!(!parrot.ask("list").unwrap().contains(MIC), "what is left is ALSA");
    assert!(parrot.ask("open").unwrap().starts_with("error"));
}
