//! What a process uses, as the kernel tells.

use std::time::Duration;

use anyhow::Context;

/// Of a whole process, or of one of its threads.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    /// User and system, in clock ticks.
    ticks: u64,
    /// Resident, in bytes.
    pub(crate) memory: u64,
}

/// Ticks a second (`USER_HZ`, the same on every Linux machine of today).
const HZ: f64 = 100.0;

impl Usage {
    pub(crate) fn of(process: u32) -> anyhow::Result<Self> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}"));
        let status = read("status").context("the process is gone")?;
        let memory = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        Ok(Self { ticks: ticks(&read("stat")?)?, memory: memory.unwrap_or(0) * 1024_u64 })
    }

    /// Of each thread, by its name; threads of one name are taken together.
    pub(crate) fn of_threads(process: u32) -> anyhow::Result<std::collections::BTreeMap<String, Self>> {
        let mut all = std::collections::BTreeMap::new();
        for entry in std::fs::read_dir(format!("/proc/{process}/task"))? {
            let path = entry?.path();
            // One that has just ended is no more of interest.
            let (Ok(name), Ok(stat)) =
                (std::fs::read_to_string(path.join("comm")), std::fs::read_to_string(path.join("stat")))
            else {
                continue;
            };
            let usage = all.entry(name.trim().to_owned()).or_insert(Self { ticks: 0, memory: 0 });
            usage.ticks += ticks(&stat)?;
        }
        Ok(all)
    }

    /// Percent of one core over that time.
    pub(crate) fn percent_since(&self, before: &Self, time: Duration) -> f64 {
        self.ticks.saturating_sub(before.ticks) as f64 / HZ / time.as_secs_f64() * 100.0
    }
}

/// Fields 14 and 15 of `/proc/PID/stat` (proc(5)); the name in field 2 may hold anything.
fn ticks(stat: &str) -> anyhow::Result<u64> {
    let (_, fields) = stat.rsplit_once(')').context("no fields")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || -> anyhow::Result<u64> { Ok(fields.next().context("too few fields")?.parse()?) };
    Ok(next()? + next()?)
}
