//! Mouth to ear over two clients on one machine, and how long the first sound takes from the press on.

use std::time::Duration;

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::Client;
use pushtalk_tests::pair::{Pair, SETTLE};
use pushtalk_tests::rig::{RATE, SoundRig, Spread, Train, find_chirps, positions};
use serde_json::{Value, json};

use crate::{keep, say};

/// Chirps said while the button is held, for mouth to ear.
const CHIRPS: usize = 100;
/// Presses, for press to first sound.
const PRESSES: usize = 20;

/// Measures both, for some settings.
pub(crate) fn latency() -> anyhow::Result<()> {
    let mut results = Vec::new();
    say(format_args!(
        "{:<32} {:>8} {:>8} {:>8} {:>8}  {}",
        "latency, ms", "p50", "p95", "min", "max", "heard"
    ))?;
    for (frame, buffer) in [("10", "240"), ("20", "240"), ("10", "480")] {
        let rig = SoundRig::start()?;
        // Not ahead of anything else: what is measured is the program as people run it.
        let program = binary("pushtalk-cli", "pushtalk-cli")?;
        let start = |args: &[&str]| Client::by(rig.command(&program), args);
        let more = ["--frame", frame, "--buffer", buffer];
        let mut pair = Pair::by(&start, &more, &["--talk-limit", "300"])?;
        let mouth_to_ear = mouth_to_ear(&rig, &mut pair)?;
        let first_sound = first_sound(&rig, &mut pair)?;
        let stats = pair.listener.stats()?;
        let name = format!("{frame} ms frames, {buffer} buffer");
        row(&format!("mouth to ear, {frame}/{buffer}"), &mouth_to_ear)?;
        row(&format!("first sound of a press, {frame}/{buffer}"), &first_sound)?;
        results.push(json!({
            "setting": name,
            "mouth_to_ear_ms": spread(&mouth_to_ear),
            "press_to_first_sound_ms": spread(&first_sound),
            "listener": stats,
        }));
    }
    keep("latency", results)
}

fn row(name: &str, of: &Spread) -> anyhow::Result<()> {
    let Spread { said, heard, p50, p95, max, min } = of;
    say(format_args!("{name:<32} {p50:>8.1} {p95:>8.1} {min:>8.1} {max:>8.1}  {heard} of {said}"))
}

fn spread(of: &Spread) -> Value {
    let Spread { said, heard, p50, p95, max, min } = of;
    json!({ "said": said, "heard": heard, "p50": p50, "p95": p95, "max": max, "min": min })
}

/// One long press, with chirps all along.
fn mouth_to_ear(rig: &SoundRig, pair: &mut Pair) -> anyhow::Result<Spread> {
    let tape = rig.record()?;
    pair.talker.command("press")?;
    pair.talker.floor("talking")?;
    tape.wait_until(tape.length() + SETTLE)?;
    let train = Train::new(11, CHIRPS, 14_400, 0.3);
    rig.play(&train.samples, Duration::from_millis(200))?.finish()?;
    tape.wait_until(tape.length() + SETTLE)?;
    pair.talker.command("release")?;
    pair.talker.floor("idle")?;
    let recording = tape.stop();
    Spread::of(&find_chirps(&recording.left, &recording.right)).context("nothing was heard")
}

/// Many short presses in a row of chirps; of each press the first chirp that came out whole, and how long it took. Who
/// speaks at the press is first heard so long after it: frames are kept from the press on, so waiting for the floor
/// costs nothing but this delay.
fn first_sound(rig: &SoundRig, pair: &mut Pair) -> anyhow::Result<Spread> {
    let tape = rig.record()?;
    let train = Train::new(12, PRESSES * 6, 6_400, 0.3);
    let player = rig.play(&train.samples, Duration::ZERO)?;
    let mut pressed = Vec::new();
    for press in 0..PRESSES {
        tape.wait_until(Duration::from_millis(1_000 + 733 * press as u64))?;
        pressed.push(tape.length());
        pair.talker.command("press")?;
        pair.talker.floor("talking")?;
        tape.wait_until(tape.length() + Duration::from_millis(350))?;
        pair.talker.command("release")?;
        pair.talker.floor("idle")?;
    }
    player.finish()?;
    tape.wait_until(tape.length() + SETTLE)?;
    let recording = tape.stop();
    let said = positions(&recording.left);
    let delays = find_chirps(&recording.left, &recording.right);
    ensure!(said.len() == delays.len(), "the tape has holes");
    let first = |at: &Duration| {
        // The tape tells the time a few dozen milliseconds late.
        let from = ((at.as_secs_f64() - 0.1) * f64::from(RATE)) as usize;
        said.iter().zip(&delays).skip_while(|(said, _)| **said < from).find_map(|(_, delay)| *delay)
    };
    Spread::of(&pressed.iter().map(first).collect::<Vec<_>>()).context("nothing was heard")
}
