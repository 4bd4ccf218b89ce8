//! The real window: how soon it can be used, how large it is, and what it costs while nobody talks and while one does.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::rig::{OwnClock, SoundRig, Train};
use pushtalk_tests::window::{Display, Launch, Window};
use serde_json::json;

use crate::bench::usage::{Ticks, Usage, without_device_layer};
use crate::{keep, say};

const STARTS: usize = 7;
const WATCHED: Duration = Duration::from_secs(20);
/// Everything that is done at the beginning is done by then.
const SETTLED: Duration = Duration::from_secs(3);
/// Samples that the microphone gives at a time, as sound cards do; the cable of the rig gives them one by one, nearly.
const PIECE: usize = 480;

pub(crate) fn app() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let (rig, display) = (SoundRig::start()?, Display::start()?);
    let program = binary("pushtalk", "pushtalk")?;
    let open = || Window::open(&display, &program, Launch::with(rig.command(&program)));

    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let window = open().await?;
        window.find("host").await?;
        let usable = since_start(window.process())?;
        let painted = painted(&window).await?;
        starts.push((usable, painted));
        window.quit().await?;
    }
    starts.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (usable, painted) = starts[starts.len() / 2];
    let worst = starts.last().map_or(0.0, |start| start.0);
    say(format_args!(
        "start, median of {STARTS}: first picture {painted:.0} ms, usable {usable:.0} ms (worst {worst:.0}), with the driver"
    ))?;

    let speech = Train::new(11, 40, 14_400, 0.3).samples;
    let microphone = OwnClock::start(&rig, "headset", 0.0, PIECE, speech)?;
    rig.pactl(&["set-default-source", "headset"])?;
    let ana = open().await?;
    let link = ana.host("Ana").await?;
    let ben = open().await?;
    ben.join("Ben", &link).await?;
    ana.click("mic-on").await?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    ben.wait_for("talk", "data-situation", "audioOff").await?;
    let mut results = vec![json!({ "usable_ms": usable, "worst_ms": worst, "painted_ms": painted })];
    for talks in [false, true] {
        if talks {
            ana.pointer_down("talk").await?;
            ana.wait_for("talk", "data-situation", "talking").await?;
        }
        tokio::time::sleep(SETTLED).await;
        // Both at once: a turn to talk is not long enough for one after the other.
        let watched = [("Ana", Watched::begin(&ana)?), ("Ben", Watched::begin(&ben)?)];
        tokio::time::sleep(WATCHED).await;
        if talks {
            ana.wait_for("talk", "data-situation", "talking").await?;
            ben.find_css("[data-testid=member][data-talks=true]").await?;
        }
        for (who, watched) in watched {
            let what = match (talks, who) {
                (false, _) => "idle in a room",
                (true, "Ana") => "talks",
                (true, _) => "listens",
            };
            for (part, percent, memory) in watched.end()? {
                let memory = memory as f64 / f64::from(1 << 20);
                say(format_args!(
                    "{who}, {what:<15} {part:<24} {percent:>6.2} % of a core, {memory:>6.1} MiB"
                ))?;
                results.push(json!({ "what": what, "who": who, "part": part, "percent": percent, "mebibytes": memory }));
            }
        }
    }
    ensure!(microphone.is_heard(), "the microphone is gone");
    ana.pointer_up().await?;
    ben.quit().await?;
    ana.quit().await?;
    say(format_args!("program: {:.1} MiB", mebibytes(&program)?))?;
    keep("app", results)
}

/// What a program and its window use from now on.
struct Watched {
    processes: Vec<u32>,
    begun: Instant,
    own: Ticks,
    all: [Usage; 2],
}

impl Watched {
    fn begin(window: &Window) -> anyhow::Result<Self> {
        let processes = processes(window.process());
        let (own, all) = (without_device_layer(processes[0])?, usages(&processes)?);
        Ok(Self { begun: Instant::now(), own, all, processes })
    }

    /// Percent of a core, and bytes.
    fn end(self) -> anyhow::Result<[(&'static str, f64, u64); 3]> {
        let time = self.begun.elapsed();
        let own = without_device_layer(self.processes[0])?.percent_since(self.own, time);
        let [program, window] = usages(&self.processes)?;
        let percent = |now: Usage, before: Usage| now.ticks.percent_since(before.ticks, time);
        Ok([
            ("program", percent(program, self.all[0]), program.memory),
            ("but the device layer", own, program.memory),
            ("window", percent(window, self.all[1]), window.memory),
        ])
    }
}

/// From the start of a process until now, in milliseconds.
fn since_start(process: u32) -> anyhow::Result<f64> {
    let uptime = std::fs::read_to_string("/proc/uptime")?;
    let now: f64 = uptime.split_whitespace().next().context("no uptime")?.parse()?;
    Ok((now - started(process)?) * 1000.0)
}

/// When a process started, in seconds since the machine did: field 22 of its stat, in hundredths.
fn started(process: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no fields")?;
    Ok(fields.split_whitespace().nth(19).context("too few fields")?.parse::<f64>()? / 100.0)
}

/// When the page painted something first, in milliseconds since the start of the program.
async fn painted(window: &Window) -> anyhow::Result<f64> {
    let script = "performance.timeOrigin + (performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0)";
    let painted = window.evaluate(script).await?.as_f64().context("no time")?;
    let uptime = std::fs::read_to_string("/proc/uptime")?;
    let uptime: f64 = uptime.split_whitespace().next().context("no uptime")?.parse()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
    Ok(painted - (now - uptime + started(window.process())?) * 1000.0)
}

/// The program, then all that it started for its window.
fn processes(program: u32) -> Vec<u32> {
    let mut all = vec![program];
    let mut at = 0;
    while let Some(process) = all.get(at) {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<u32> = children
            .flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>())
            .collect();
        all.extend(children);
        at += 1;
    }
    all
}

/// Of the program, and of the processes of its window together.
fn usages(processes: &[u32]) -> anyhow::Result<[Usage; 2]> {
    let program = Usage::of(processes[0])?;
    let window = processes[1..].iter().filter_map(|process| Usage::of(*process).ok());
    Ok([program, window.fold(Usage::default(), Usage::and)])
}

fn mebibytes(file: &Path) -> anyhow::Result<f64> {
    Ok(std::fs::metadata(file)?.len() as f64 / f64::from(1 << 20))
}
