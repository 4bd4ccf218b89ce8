//! One talks and one listens: how much of a core each stage takes by itself, and each thread.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pushtalk_tests::binary::binary;
use pushtalk_tests::client::Client;
use pushtalk_tests::pair::{Pair, SETTLE};
use pushtalk_tests::rig::{SoundRig, Train};
use serde_json::json;

use crate::bench::stages::stages;
use crate::bench::usage::{DEVICE_LAYER, Ticks, of_threads};
use crate::{keep, say};

/// One talks for so long.
const TALK: Duration = Duration::from_secs(20);

pub(crate) fn cpu() -> anyhow::Result<()> {
    keep("stages", stages()?)?;
    let mut results = Vec::new();
    say(format_args!("{:<14} {:<9} {:<34} {:>9}", "frames", "who", "thread", "% of core"))?;
    for (frame, processing) in [("10", "off"), ("10", "default"), ("20", "default")] {
        let rig = SoundRig::start()?;
        let program = binary("pushtalk-cli", "pushtalk-cli")?;
        let start = |args: &[&str]| Client::by(rig.command(&program), args);
        let more = ["--frame", frame, "--processing", processing];
        let mut pair = Pair::by(&start, &more, &["--talk-limit", "300"])?;
        let tape = rig.record()?;
        let player = rig.play(&Train::new(11, 80, 14_400, 0.3).samples, Duration::ZERO)?;
        pair.talker.command("press")?;
        pair.talker.floor("talking")?;
        tape.wait_until(tape.length() + SETTLE)?;
        let ids = [("talker", pair.talker.id()), ("listener", pair.listener.id())];
        let before = ids.map(|(_, id)| of_threads(id));
        let begun = Instant::now();
        tape.wait_until(tape.length() + TALK)?;
        let time = begun.elapsed();
        for ((who, id), before) in ids.into_iter().zip(before) {
            let threads = shares(&of_threads(id)?, &before?, time);
            let setting = format!("{frame} ms, {processing}");
            let sum: f64 = threads.values().sum();
            let device = threads.get(DEVICE_LAYER).copied().unwrap_or(0.0);
            for (name, share) in &threads {
                say(format_args!("{setting:<14} {who:<9} {name:<34} {share:>9.2}"))?;
            }
            say(format_args!(
                "{setting:<14} {who:<9} {:<34} {:>9.2}",
                "all but the device layer",
                sum - device
            ))?;
            results.push(json!({
                "setting": setting,
                "who": who,
                "threads": threads,
                "device_layer": device,
                "without_device_layer": sum - device,
            }));
        }
        pair.talker.command("release")?;
        pair.talker.floor("idle")?;
        player.finish()?;
        drop(tape);
    }
    keep("cpu", results)
}

fn shares(
    now: &BTreeMap<String, Ticks>,
    before: &BTreeMap<String, Ticks>,
    time: Duration,
) -> BTreeMap<String, f64> {
    let share = |(name, ticks): (&String, &Ticks)| {
        (name.clone(), before.get(name).map_or(0.0, |before| ticks.percent_since(*before, time)))
    };
    now.iter().map(share).filter(|(_, share)| *share > 0.0).collect()
}
