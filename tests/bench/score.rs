//! Speech to say, and marks for what was heard of it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::folder;

/// What an utterance was heard as, marked.
#[derive(Deserialize)]
pub(crate) struct Marks {
    /// ITU-T P.862.2, 1.0 to 4.64.
    pub(crate) pesq: f64,
    /// What listeners would say of the gaps in it, 1 to 5.
    pub(crate) plcmos: f64,
    /// How much later it was heard than said.
    pub(crate) mouth_to_ear_ms: f64,
}

/// All utterances there are, in the order of their names; 48 kHz, mono.
pub(crate) fn speech() -> anyhow::Result<Vec<Vec<f32>>> {
    let folder = folder().join("speech");
    let files = std::fs::read_dir(&folder).with_context(|| format!("no speech in {}", folder.display()))?;
    let mut files: Vec<_> = files.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|name| name == "f32"));
    files.sort();
    ensure!(!files.is_empty(), "no speech in {}", folder.display());
    files.iter().map(|file| read(file)).collect()
}

/// Marks pairs of what was said and what was heard.
pub(crate) fn score(pairs: &[(&[f32], &[f32])]) -> anyhow::Result<Vec<Marks>> {
    // Another bench may run at the same time.
    let sounds = folder().join(format!("heard-{}", std::process::id()));
    std::fs::create_dir_all(&sounds)?;
    let marks = score_in(&sounds, pairs);
    std::fs::remove_dir_all(&sounds)?;
    let marks = marks?;
    ensure!(marks.len() == pairs.len(), "{} of {} were marked", marks.len(), pairs.len());
    Ok(marks)
}

fn score_in(sounds: &Path, pairs: &[(&[f32], &[f32])]) -> anyhow::Result<Vec<Marks>> {
    let mut lines = String::new();
    for (n, (said, heard)) in pairs.iter().enumerate() {
        let files = ["said", "heard"].map(|name| sounds.join(format!("{n:03}-{name}.f32")));
        write(&files[0], said)?;
        write(&files[1], heard)?;
        lines.push_str(&format!("{}\t{}\n", files[0].display(), files[1].display()));
    }
    let mut child = Command::new(folder().join("venv/bin/python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/score.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("score.py")?;
    // It answers when it has read all.
    child.stdin.take().context("no input")?.write_all(lines.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "score.py ended with {}", output.status);
    let marks = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    marks.collect::<Result<_, _>>().context("score.py")
}

fn read(file: &Path) -> anyhow::Result<Vec<f32>> {
    Ok(std::fs::read(file)?.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

fn write(file: &Path, samples: &[f32]) -> anyhow::Result<()> {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    Ok(std::fs::write(file, bytes)?)
}
