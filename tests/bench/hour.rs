//! A long talk of two on this machine, the microphone's clock a little faster or slower than the loudspeaker's: what the delay and the
//! memory do meanwhile.
//!
//! The microphone is a pipe, written to in time. Nobody may talk for longer than five minutes, so that is a row each.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use pushtalk_tests::client::Client;
use pushtalk_tests::pair::SETTLE;
use pushtalk_tests::rig::{EAR, OwnClock, QUIET, SoundRig, Train, VOID};
use serde_json::{Value, json};

use crate::bench::usage::Usage;
use crate::{keep, say};

/// Parts in a million; crystals of cheap devices are up to 100 off, so two of them differ by twice that.
const SKEW: f64 = 200.0;
/// One turn, under the longest that a room allows.
const TURN: Duration = Duration::from_secs(295);
/// Half a buffer of the program.
const PIECE: usize = 120;

/// `minutes`: about how long, once with a fast and once with a slow clock; an hour when it is empty.
pub(crate) fn hour(minutes: &[&str]) -> anyhow::Result<()> {
    let minutes: u64 = match minutes {
        [] => 60,
        [minutes] => minutes.parse().context("a number of minutes")?,
        more => anyhow::bail!("one number of minutes, not {more:?}"),
    };
    let turns = (minutes * 60).div_ceil(TURN.as_secs() + 5);
    say(format_args!(
        "{:>6} {:>6} {:>12} {:>10} {:>8} {:>10} {:>13} {:>11} {:>12}",
        "ppm", "min", "to ear, ms", "buffer", "lost", "concealed", "received", "talker MB", "listener MB"
    ))?;
    let rig = SoundRig::start()?;
    let mut talks = [Talk::begin(&rig, -SKEW, "slow", EAR)?, Talk::begin(&rig, SKEW, "fast", VOID)?];
    let (begun, mut results) = (Instant::now(), Vec::new());
    for _ in 0..turns {
        for talk in &mut talks {
            talk.talker.command("press")?;
            talk.talker.floor("talking")?;
        }
        std::thread::sleep(TURN);
        for talk in &mut talks {
            results.push(talk.row(begun.elapsed())?);
            talk.talker.command("release")?;
            talk.talker.floor("idle")?;
        }
        rig.record()?.wait_until(SETTLE)?;
    }
    keep("hour", results)
}

/// Two in a room of their own.
struct Talk {
    ppm: f64,
    mouth: OwnClock,
    talker: Client,
    listener: Client,
}

impl Talk {
    fn begin(rig: &SoundRig, ppm: f64, microphone: &str, loudspeaker: &str) -> anyhow::Result<Self> {
        let samples = Train::new(11, 40, 14_400, 0.3).samples;
        let mouth = OwnClock::start(rig, microphone, ppm, PIECE, samples)?;
        let common = ["--audio-host", "pulse", "--processing", "off"];
        let host = ["host", "--name", "Ana", "--in", microphone, "--out", VOID, "--talk-limit", "300"];
        let mut talker = Client::on(rig, &[&host[..], &common].concat())?;
        let link = talker.event("invitation")?["link"].as_str().context("a link")?.to_owned();
        let join = ["join", &link, "--name", "Ben", "--in", QUIET, "--out", loudspeaker];
        let mut listener = Client::on(rig, &[&join[..], &common].concat())?;
        listener.event("ready")?;
        talker.event("ready")?;
        talker.floor("idle")?;
        Ok(Self { ppm, mouth, talker, listener })
    }

    fn row(&mut self, since: Duration) -> anyhow::Result<Value> {
        ensure!(self.mouth.is_heard(), "the microphone is gone");
        let stats = self.listener.stats()?;
        let mega = |client: &Client| anyhow::Ok(Usage::of(client.id())?.memory as f64 / 1e6);
        let (minutes, talker, listener) =
            (since.as_secs_f64() / 60.0, mega(&self.talker)?, mega(&self.listener)?);
        let told = |name: &str| stats[name].as_f64().unwrap_or(f64::NAN);
        say(format_args!(
            "{:>6.0} {minutes:>6.1} {:>12.0} {:>10.1} {:>8.0} {:>10.0} {:>13.0} {talker:>11.1} {listener:>12.1}",
            self.ppm,
            told("mouth_to_ear_ms"),
            told("buffer_ms"),
            told("lost"),
            told("concealed"),
            told("received"),
        ))?;
        Ok(json!({
            "ppm": self.ppm,
            "minutes": minutes,
            "talker_mb": talker,
            "listener_mb": listener,
            "listener": stats,
        }))
    }
}
