//! The hostile scenarios with many seeds, and a table of what was tried in them.

use std::time::Instant;

use anyhow::{Context, bail};

use crate::needs;
use crate::shell::cargo;

/// Seeds of each scenario, unless told.
const SEEDS: u64 = 1000;
/// Columns of a line that a scenario writes down, behind its name.
const COLUMNS: [&str; 8] =
    ["runs", "pairs", "tampered", "sent", "accepted", "rejected", "wrong partners", "violations"];

/// `cargo xtask test hostile`.
pub(crate) fn test(options: &[&str]) -> anyhow::Result<()> {
    let seeds = match options {
        [] => SEEDS,
        ["--seeds", number] => number.parse().with_context(|| format!("{number} is no number of seeds"))?,
        other => bail!("`test hostile` does not know {other:?}"),
    };
    needs::meet(needs::Purpose::Test)?;
    let tally = std::env::temp_dir().join(format!("pushtalk-hostile-{}", std::process::id()));
    let begin = Instant::now();
    let words =
        ["test", "--locked", "--profile", "hostile", "--package", "pushtalk-tests", "--test", "scenarios"];
    let result = cargo(words)
        .words(&["--", "hostile::"])
        .env("PUSHTALK_SEEDS", seeds.to_string())
        .env("PUSHTALK_TALLY", &tally)
        .run();
    let lines = std::fs::read_to_string(&tally).unwrap_or_default();
    drop(std::fs::remove_file(&tally));
    table(&lines);
    eprintln!("{seeds} seeds each, {:.0} s", begin.elapsed().as_secs_f32());
    result
}

fn table(lines: &str) {
    let mut rows: Vec<(&str, Vec<u64>)> = lines
        .lines()
        .filter_map(|line| {
            let (name, counts) = line.split_once('\t')?;
            let counts: Vec<u64> = counts.split('\t').filter_map(|count| count.parse().ok()).collect();
            (counts.len() == COLUMNS.len()).then_some((name, counts))
        })
        .collect();
    rows.sort();
    let sums: Vec<u64> =
        (0..COLUMNS.len()).map(|column| rows.iter().map(|(_, counts)| counts[column]).sum()).collect();
    rows.push(("all", sums));
    eprintln!("\n{:<24}{}", "", COLUMNS.map(|name| format!("{name:>15}")).concat());
    for (name, counts) in rows {
        let counts: String = counts.iter().map(|count| format!("{count:>15}")).collect();
        eprintln!("{name:<24}{counts}");
    }
}
