//! How speech sounds after the whole voice path, over lines that lose and delay packets.

use std::time::Duration;

use anyhow::{Context, bail};
use pushtalk_audio::{EncoderSettings, JitterStats};
use pushtalk_tests::gaps::gaps;
use pushtalk_tests::line::{Impairment, Line};
use pushtalk_tests::passage::{Passage, Path};
use serde::Serialize;

use crate::bench::score::{Marks, score, speech};
use crate::{keep, say};

/// Times that all is said over each line, unless told.
const SEEDS: u64 = 2;
/// How voice is encoded.
const SETTINGS: [(&str, EncoderSettings); 3] = [
    ("10 ms 96 kb/s", EncoderSettings::lan()),
    ("20 ms 48 kb/s", EncoderSettings::wide()),
    ("10 ms 48 kb/s", EncoderSettings { bitrate: 48_000, ..EncoderSettings::lan() }),
];
/// What lines do to it; whether a quick look takes this one in.
const LINES: [(&str, Impairment, bool); 8] = [
    ("clean", line(0, 1, 0), true),
    ("loss 1 %", line(1, 1, 0), false),
    ("loss 5 %", line(5, 1, 0), true),
    ("loss 10 %", line(10, 1, 0), false),
    ("loss 20 %", line(20, 1, 0), true),
    ("loss 10 % in threes", line(10, 3, 0), false),
    ("jitter 40 ms", line(0, 1, 40), false),
    ("jitter 40 ms, loss 5 %", line(5, 1, 40), true),
];

const fn line(percent: u32, burst: u32, jitter_ms: u64) -> Impairment {
    Impairment { loss: percent as f64 / 100.0, burst, jitter: Duration::from_millis(jitter_ms) }
}

/// One row of the table: means over all that was said, and the worst mark of a single utterance.
#[derive(Serialize)]
struct Row {
    setting: String,
    seconds: f64,
    pesq: f64,
    pesq_min: f64,
    plcmos: f64,
    buffer_ms: f64,
    target_ms: f64,
    mouth_to_ear_ms: f64,
    /// Of the blocks with voice.
    concealed_percent: f64,
    /// These of the packets.
    lost_percent: f64,
    recovered_percent: f64,
    late_percent: f64,
    /// Stretches of 20 ms and more in which nothing is heard of what is said.
    gaps: usize,
}

/// Says all over all lines.
pub(crate) fn quality(options: &[&str]) -> anyhow::Result<()> {
    let (mut quick, mut seeds, mut only) = (false, SEEDS, "");
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--quick" => quick = true,
            "--seeds" => seeds = options.next().context("how many seeds?")?.parse()?,
            "--only" => only = options.next().context("only what?")?,
            other => bail!("`bench quality` does not know {other:?}"),
        }
    }
    let words = speech()?;
    say(format_args!(
        "{:<37} {:>5} {:>5} {:>6} {:>7} {:>7} {:>7} {:>6} {:>6} {:>6} {:>6} {:>5}",
        "quality",
        "PESQ",
        "least",
        "PLCMOS",
        "buffer",
        "target",
        "to ear",
        "made",
        "lost",
        "by FEC",
        "late",
        "gaps"
    ))?;
    let mut rows = Vec::new();
    for (name, settings) in SETTINGS {
        for (line, impairment, first) in LINES {
            let setting = format!("{name}, {line}");
            // As the talker has it a second after the first reports.
            let percent = (100.0 * impairment.loss) as u8;
            let settings = EncoderSettings { loss_percent: settings.loss_percent.max(percent), ..settings };
            if setting.contains(only) && (first || !quick) {
                let row = row(setting, settings, impairment, seeds, &words)?;
                row.say()?;
                rows.push(serde_json::to_value(row)?);
            }
        }
    }
    keep("quality", rows)
}

fn row(
    setting: String,
    settings: EncoderSettings,
    impairment: Impairment,
    seeds: u64,
    words: &[Vec<f32>],
) -> anyhow::Result<Row> {
    let mut passages = Vec::new();
    for seed in 0..seeds {
        // Blocks are not pulled when frames are full, but somewhere in between.
        let phase = Duration::from_micros(2_500 + 5_000 * (seed % 2));
        let mut path = Path::new(settings, Line::new(impairment, seed), phase)?;
        for said in words {
            passages.push((said.as_slice(), path.say(said)?));
        }
    }
    let pairs: Vec<_> = passages.iter().map(|(said, passage)| (*said, passage.heard.as_slice())).collect();
    Ok(Row::of(setting, &passages, &score(&pairs)?))
}

impl Row {
    fn of(setting: String, passages: &[(&[f32], Passage)], marks: &[Marks]) -> Self {
        let count = |of: fn(&JitterStats) -> u64| {
            let differences = passages.iter().map(|(_, p)| of(&p.stats[1]).saturating_sub(of(&p.stats[0])));
            differences.sum::<u64>() as f64
        };
        let sent = passages.iter().map(|(_, passage)| passage.sent).sum::<u64>() as f64;
        let held = || passages.iter().flat_map(|(_, passage)| &passage.held);
        Self {
            setting,
            seconds: passages.iter().map(|(said, _)| said.len()).sum::<usize>() as f64 / 48_000.0,
            pesq: mean(marks.iter().map(|marks| marks.pesq)),
            pesq_min: marks.iter().map(|marks| marks.pesq).fold(f64::MAX, f64::min),
            plcmos: mean(marks.iter().map(|marks| marks.plcmos)),
            buffer_ms: 1000.0 * mean(held().map(|(buffer, _)| buffer.as_secs_f64())),
            target_ms: 1000.0 * mean(held().map(|(_, target)| target.as_secs_f64())),
            mouth_to_ear_ms: mean(marks.iter().map(|marks| marks.mouth_to_ear_ms)),
            concealed_percent: 100.0 * count(|s| s.concealed_blocks) / count(|s| s.played_blocks),
            lost_percent: 100.0 * count(|s| s.lost) / sent,
            recovered_percent: 100.0 * count(|s| s.recovered) / sent,
            late_percent: 100.0 * count(|s| s.late) / sent,
            gaps: passages.iter().map(|(said, p)| gaps(said, &p.heard, &p.behind)).sum(),
        }
    }

    fn say(&self) -> anyhow::Result<()> {
        say(format_args!(
            "{:<37} {:>5.2} {:>5.2} {:>6.2} {:>7.1} {:>7.1} {:>7.1} {:>6.1} {:>6.1} {:>6.1} {:>6.1} {:>5}",
            self.setting,
            self.pesq,
            self.pesq_min,
            self.plcmos,
            self.buffer_ms,
            self.target_ms,
            self.mouth_to_ear_ms,
            self.concealed_percent,
            self.lost_percent,
            self.recovered_percent,
            self.late_percent,
            self.gaps
        ))
    }
}

fn mean(of: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in of {
        (sum, count) = (sum + value, count + 1);
    }
    sum / f64::from(count)
}
