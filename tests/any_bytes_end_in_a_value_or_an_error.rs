//! What the fuzzers found worth keeping is tried again each time, and so is each of it cut and changed.

use std::panic::{RefUnwindSafe, catch_unwind};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use pushtalk_tests::{probe_events, probe_jitter, probe_strangers, probes};

type Probe = fn(&[u8]);

/// Every probe, by the name of its folder in the corpus; and in how many places each text of it is cut and changed, fewer
/// where curves are multiplied or sound is decoded.
const PROBES: [(&str, Probe, usize); 7] = [
    ("ctl", probes::ctl, 32),
    ("events", probe_events::events, 2),
    ("frame", probes::frame, 8),
    ("invitation", probes::invitation, 32),
    ("jitter", probe_jitter::jitter, 2),
    ("statement", probes::statement, 32),
    ("strangers", probe_strangers::strangers, 2),
];

/// What lies in a folder of the corpus, by its name.
fn lying_in(folder: &str) -> anyhow::Result<Vec<PathBuf>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!paths.is_empty(), "nothing in {}", folder.display());
    paths.sort();
    Ok(paths)
}

fn each(try_one: impl Fn(Probe, usize, &[u8]) + RefUnwindSafe) {
    for (name, probe, places) in PROBES {
        for path in lying_in(name).unwrap_or_else(|error| panic!("{error:#}")) {
            let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{error:#}"));
            let held = catch_unwind(|| try_one(probe, places, &bytes));
            assert!(held.is_ok(), "{}", path.display());
        }
    }
}

#[test]
fn the_kept_bytes_end_in_a_value_or_an_error() {
    each(|probe, _, bytes| probe(bytes));
}

#[test]
fn the_kept_bytes_cut_and_changed_end_in_a_value_or_an_error() {
    each(|probe, places, bytes| {
        for at in (0..bytes.len()).step_by(bytes.len() / places + 1) {
            probe(&bytes[..at]);
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (at % 8);
            probe(&changed);
        }
    });
}

#[test]
fn every_folder_of_the_corpus_has_a_probe() {
    let folders = lying_in("").unwrap();
    let names: Vec<_> = folders.iter().filter_map(|folder| folder.file_name()?.to_str()).collect();
    assert_eq!(names, PROBES.map(|(name, ..)| name));
}
