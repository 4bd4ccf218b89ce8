//! What the fuzzers found worth keeping is tried again each time, and so is each of it cut and changed.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use pushtalk_tests::{probe_events, probe_jitter, probes};

type Probe = fn(&[u8]);

/// Every probe, by the name of its folder in the corpus.
const PROBES: [(&str, Probe); 6] = [
    ("ctl", probes::ctl),
    ("events", probe_events::events),
    ("frame", probes::frame),
    ("invitation", probes::invitation),
    ("jitter", probe_jitter::jitter),
    ("statement", probes::statement),
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

fn each(probe_one: impl Fn(Probe, &[u8])) {
    for (name, probe) in PROBES {
        for path in lying_in(name).unwrap_or_else(|error| panic!("{error:#}")) {
            // The last of these lines tells where it was when it failed.
            println!("{}", path.display());
            probe_one(probe, &std::fs::read(&path).unwrap_or_else(|error| panic!("{error:#}")));
        }
    }
}

#[test]
fn the_kept_bytes_end_in_a_value_or_an_error() {
    each(|probe, bytes| probe(bytes));
}

#[test]
fn the_kept_bytes_cut_and_changed_end_in_a_value_or_an_error() {
    each(|probe, bytes| {
        // About 32 places in each, or it would take too long.
        for at in (0..bytes.len()).step_by(bytes.len() / 32 + 1) {
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
    assert_eq!(names, PROBES.map(|(name, _)| name));
}
