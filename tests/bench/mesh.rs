//! Rooms of many members on this machine, one of them talking: how soon all are connected, and what each costs.
//!
//! Each member is a process of its own, so that what it uses can be told. All share one machine, so from about sixteen members on the time
//! to connect is that of two cores doing the work of many. What the talker's sound system takes is left out.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::Client;
use pushtalk_tests::pair::SETTLE;
use pushtalk_tests::rig::{MIC, SoundRig, Train, VOID};
use serde_json::{Value, json};

use crate::bench::usage::{Usage, without_device_layer};
use crate::{keep, say};

const SIZES: [usize; 7] = [2, 4, 8, 16, 20, 32, 64];
/// Longest wait until all are connected.
const PATIENCE: Duration = Duration::from_secs(90);
/// One talks for so long.
const TALK: Duration = Duration::from_secs(10);

/// `sizes`: of the rooms; all of them when it is empty.
pub(crate) fn mesh(sizes: &[&str]) -> anyhow::Result<()> {
    let sizes = match sizes {
        [] => SIZES.to_vec(),
        sizes => {
            sizes.iter().map(|size| size.parse().context("a number of members")).collect::<Result<_, _>>()?
        }
    };
    say(format_args!(
        "{:>7} {:>11} {:>13} {:>13} {:>13} {:>12} {:>12} {:>10}",
        "members",
        "connected",
        "talker CPU",
        "listener CPU",
        "idle CPU",
        "talker mem",
        "listener mem",
        "heard by"
    ))?;
    let mut results = Vec::new();
    for size in sizes {
        let result = room(size)?;
        let number = |name: &str| result[name].as_f64().unwrap_or(f64::NAN);
        say(format_args!(
            "{size:>7} {:>9.2} s {:>11.1} % {:>11.1} % {:>11.1} % {:>9.1} MB {:>9.1} MB {:>10}",
            number("connected_s"),
            number("talker_cpu_percent"),
            number("listener_cpu_percent"),
            number("idle_cpu_percent"),
            number("talker_mb"),
            number("listener_mb"),
            format!("{} of {}", result["heard_by"], size - 1),
        ))?;
        results.push(result);
    }
    keep("mesh", results)
}

fn room(size: usize) -> anyhow::Result<Value> {
    ensure!((2..=64).contains(&size), "a room has 2 to 64 members");
    let rig = SoundRig::start()?;
    let program = binary("pushtalk-cli", "pushtalk-cli")?;
    let talker = ["host", "--name", "Ana", "--in", MIC, "--out", VOID, "--audio-host", "pulse"];
    let more = ["--frame", "10", "--processing", "off"];
    let mut talker = Client::by(rig.command(&program), &[talker.as_slice(), &more].concat())?;
    let link = talker.event("invitation")?["link"].as_str().context("a link")?.to_owned();

    let begun = Instant::now();
    let mut listeners = Vec::new();
    for n in 1..size {
        // No sound system: what is heard is decoded all the same.
        let mut command = Command::new(&program);
        command.env("XDG_RUNTIME_DIR", "/nonexistent").env_remove("PULSE_SERVER");
        listeners.push(Client::by(command, &["join", &link, "--name", &format!("M{n}")])?);
    }
    let mut connected = begun;
    for member in listeners.iter_mut().chain([&mut talker]) {
        for _ in 1..size {
            let ready = member.event_within(PATIENCE, "ready", |_| true);
            connected = connected.max(ready.map_err(|_| anyhow!("not all were connected in time"))?.0);
        }
    }

    let tape = rig.record()?;
    tape.wait_until(tape.length() + 2 * SETTLE)?;
    let usage = |clients: &[Client]| clients.iter().map(|c| Usage::of(c.id())).collect::<Result<Vec<_>, _>>();
    let idle = usage(&listeners)?;
    let start = Instant::now();
    tape.wait_until(tape.length() + TALK / 2)?;
    let idle_cpu = mean(&usage(&listeners)?, &idle, start.elapsed());

    let train = Train::new(11, 40, 14_400, 0.3);
    let player = rig.play(&train.samples, Duration::ZERO)?;
    talker.command("press")?;
    talker.floor("talking")?;
    let (of_talker, of_listeners, start) =
        (without_device_layer(talker.id())?, usage(&listeners)?, Instant::now());
    tape.wait_until(tape.length() + TALK)?;
    let (talker_now, listeners_now, time) =
        (without_device_layer(talker.id())?, usage(&listeners)?, start.elapsed());
    let talker_memory = Usage::of(talker.id())?.memory;
    talker.command("release")?;
    talker.floor("idle")?;
    player.finish()?;

    let mut heard_by = 0;
    let mut lost = 0;
    for listener in &mut listeners {
        listener.command("stats")?;
        let stats = listener.event("stats")?;
        let numbers = stats["members"].as_array().context("members")?.iter();
        // All is there but what was on the way when the button came up.
        let frames = numbers.clone().filter_map(|member| member["received"].as_u64()).max().unwrap_or(0);
        lost += numbers.filter_map(|member| member["lost"].as_u64()).sum::<u64>();
        heard_by += u64::from(frames as f64 >= 0.95 * TALK.as_secs_f64() * 100.0);
    }
    drop(tape);
    Ok(json!({
        "members": size,
        "connected_s": connected.duration_since(begun).as_secs_f64(),
        "talker_cpu_percent": talker_now.percent_since(of_talker, time),
        "listener_cpu_percent": mean(&listeners_now, &of_listeners, time),
        "idle_cpu_percent": idle_cpu,
        "talker_mb": talker_memory as f64 / 1e6,
        "listener_mb": listeners_now.iter().map(|it| it.memory as f64 / 1e6).sum::<f64>() / listeners_now.len() as f64,
        "heard_by": heard_by,
        "lost": lost,
    }))
}

fn mean(now: &[Usage], before: &[Usage], time: Duration) -> f64 {
    let all: f64 =
        now.iter().zip(before).map(|(now, before)| now.ticks.percent_since(before.ticks, time)).sum();
    all / now.len() as f64
}
