//! Many seeds of one hostile scenario, counted.
#![expect(clippy::print_stdout, reason = "counts are for who runs the scenario")]

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::world::{Tally, WRONG_PARTNER};

/// Runs a scenario with seeds 0, 1, 2…: as many as `PUSHTALK_SEEDS` says, or so many as usual; or with the one that
/// `PUSHTALK_SEED` names. A line of counts goes to the file that `PUSHTALK_TALLY` names.
///
/// # Panics
/// With the seeds that failed, after all have been tried.
pub fn try_seeds(scenario: &str, usual: u64, run: impl Fn(u64) -> anyhow::Result<Tally>) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("PUSHTALK_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PUSHTALK_SEEDS").unwrap_or(usual),
    };
    let mut all = Tally::default();
    let (mut failed, mut wrong) = (Vec::new(), 0_u64);
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| run(seed))) {
            Ok(Ok(tally)) => all += tally,
            Ok(Err(error)) => {
                println!("{scenario}: seed {seed}: {error:#}");
                failed.push(seed);
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str).unwrap_or_default();
                wrong += u64::from(text.starts_with(WRONG_PARTNER));
                failed.push(seed);
            }
        }
    }
    let violations = failed.len();
    let counts: Vec<String> =
        Tally::COLUMNS.iter().zip(all.row()).map(|(name, count)| format!("{name} {count}")).collect();
    println!("{scenario}: {}, wrong partners {wrong}, violations {violations}", counts.join(", "));
    write_down(scenario, &all, wrong, violations);
    assert!(failed.is_empty(), "{scenario} does not hold with the seeds {failed:?}");
}

fn write_down(scenario: &str, tally: &Tally, wrong: u64, violations: usize) {
    let Some(path) = std::env::var_os("PUSHTALK_TALLY") else { return };
    let row = tally.row().map(|count| count.to_string()).join("\t");
    let line = format!("{scenario}\t{row}\t{wrong}\t{violations}\n");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
        println!("the counts could not be written down: {error}");
    }
}
