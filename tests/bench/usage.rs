//! What a process uses, as the kernel tells.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;

/// Threads of the library under the devices: they bear the name of the thread that opened them.
pub(crate) const DEVICE_LAYER: &str = "sound-server";

/// Time on a processor, user and system.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ticks(u64);

/// Ticks a second (`USER_HZ`, the same on every Linux machine of today).
const HZ: f64 = 100.0;

impl Ticks {
    /// Percent of one core over that time.
    pub(crate) fn percent_since(self, before: Self, time: Duration) -> f64 {
        self.0.saturating_sub(before.0) as f64 / HZ / time.as_secs_f64() * 100.0
    }
}

/// Of a whole process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) ticks: Ticks,
    /// Resident, in bytes.
    pub(crate) memory: u64,
}

impl Usage {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { ticks: Ticks(self.ticks.0 + other.ticks.0), memory: self.memory + other.memory }
    }

    pub(crate) fn of(process: u32) -> anyhow::Result<Self> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}"));
        let status = read("status").context("the process is gone")?;
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        Ok(Self { ticks: ticks(&read("stat")?)?, memory: memory.unwrap_or(0) * 1024_u64 })
    }
}

/// Of all threads of a process but those under the devices.
pub(crate) fn without_device_layer(process: u32) -> anyhow::Result<Ticks> {
    let threads = of_threads(process)?;
    Ok(Ticks(threads.iter().filter(|(name, _)| *name != DEVICE_LAYER).map(|(_, ticks)| ticks.0).sum()))
}

/// Of each thread of a process, by its name; threads of one name are taken together.
pub(crate) fn of_threads(process: u32) -> anyhow::Result<BTreeMap<String, Ticks>> {
    let mut all = BTreeMap::<String, Ticks>::new();
    for entry in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let path = entry?.path();
        // One that has just ended is no more of interest.
        let (Ok(name), Ok(stat)) =
            (std::fs::read_to_string(path.join("comm")), std::fs::read_to_string(path.join("stat")))
        else {
            continue;
        };
        all.entry(name.trim().to_owned()).or_default().0 += ticks(&stat)?.0;
    }
    Ok(all)
}

/// Fields 14 and 15 of `/proc/PID/stat` (proc(5)); the name in field 2 may hold anything.
fn ticks(stat: &str) -> anyhow::Result<Ticks> {
    let (_, fields) = stat.rsplit_once(')').context("no fields")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || -> anyhow::Result<u64> { Ok(fields.next().context("too few fields")?.parse()?) };
    Ok(Ticks(next()? + next()?))
}
