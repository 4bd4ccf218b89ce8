//! Speech from one machine to another over a cable that loses packets, through real programs and devices: recorded, and marked.

use std::time::Duration;

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::Client;
use pushtalk_tests::netns::TwoMachines;
use pushtalk_tests::pair::SETTLE;
use pushtalk_tests::rig::{EAR, MIC, QUIET, RATE, SoundRig, VOID};
use serde_json::{Value, json};

use crate::bench::score::{score, speech};
use crate::{keep, say};

/// Unless told.
const PERCENTS: [u32; 2] = [0, 10];

/// What is lost of the packets, in percent.
pub(crate) fn loss(percents: &[&str]) -> anyhow::Result<()> {
    let percents = match percents {
        [] => PERCENTS.to_vec(),
        percents => percents.iter().map(|p| p.parse().context("a percentage")).collect::<Result<_, _>>()?,
    };
    let words = speech()?;
    say(format_args!(
        "{:>6} {:>6} {:>6} {:>7} {:>10} {:>8} {:>8} {:>10}",
        "loss", "PESQ", "least", "PLCMOS", "to ear ms", "lost", "by FEC", "made up"
    ))?;
    let mut results = Vec::new();
    for percent in percents {
        let result = talk(percent, &words)?;
        let number = |name: &str| result[name].as_f64().unwrap_or(f64::NAN);
        say(format_args!(
            "{percent:>4} % {:>6.2} {:>6.2} {:>7.2} {:>10.1} {:>8} {:>8} {:>10}",
            number("pesq"),
            number("pesq_min"),
            number("plcmos"),
            number("mouth_to_ear_ms"),
            result["listener"]["lost"],
            result["listener"]["recovered"],
            result["listener"]["concealed"],
        ))?;
        results.push(result);
    }
    keep("loss", results)
}

fn talk(percent: u32, words: &[Vec<f32>]) -> anyhow::Result<Value> {
    let mut machines = TwoMachines::start().context("network namespaces")?;
    let rig = SoundRig::start()?;
    let cable = machines.cable_with(["10.73.0.1/24", "10.73.0.2/24"])?;
    let client = |machine, args: &[&str]| {
        let mut command = machines.command(machine, binary("pushtalk-cli", "pushtalk-cli")?)?;
        command.envs(rig.env());
        Client::by(command, &[args, &["--audio-host", "pulse", "--processing", "off", "--no-cues"]].concat())
    };
    let mut ana = client(0, &["host", "--name", "Ana", "--in", MIC, "--out", VOID, "--talk-limit", "300"])?;
    let link = ana.event("invitation")?["link"].as_str().context("a link")?.to_owned();
    let mut ben = client(1, &["join", &link, "--name", "Ben", "--in", QUIET, "--out", EAR])?;
    ben.event("ready")?;
    ana.event("ready")?;
    ana.floor("idle")?;
    if percent > 0 {
        machines.lose(1, &cable, f64::from(percent) / 100.0)?;
    }

    let tape = rig.record()?;
    let mut presses = Vec::new();
    // The first one is said twice: voice follows what the listener reports from the next press on.
    for said in words.iter().take(1).chain(words) {
        let from = tape.length();
        ana.command("press")?;
        ana.floor("talking")?;
        rig.play(said, Duration::from_millis(200))?.finish()?;
        tape.wait_until(tape.length() + 2 * SETTLE)?;
        ana.command("release")?;
        ana.floor("idle")?;
        tape.wait_until(tape.length() + 2 * SETTLE)?;
        presses.push((from, tape.length()));
    }
    let recording = tape.stop();
    let listener = ben.stats()?;
    let frames = |at: Duration| (at.as_secs_f64() * f64::from(RATE)) as usize;
    let pairs: Vec<_> = presses
        .iter()
        .skip(1)
        .filter_map(|(from, to)| {
            let range = frames(*from)..frames(*to);
            Some((recording.left.get(range.clone())?, recording.right.get(range)?))
        })
        .collect();
    ensure!(pairs.len() == words.len(), "the tape is too short");
    let marks = score(&pairs)?;
    let mean = |of: &dyn Fn(usize) -> f64| (0..marks.len()).map(of).sum::<f64>() / marks.len() as f64;
    Ok(json!({
        "percent": percent,
        "pesq": mean(&|n| marks[n].pesq),
        "pesq_min": marks.iter().map(|marks| marks.pesq).fold(f64::MAX, f64::min),
        "plcmos": mean(&|n| marks[n].plcmos),
        "mouth_to_ear_ms": mean(&|n| marks[n].mouth_to_ear_ms),
        "listener": listener,
    }))
}
