//! The app from its sources: one window, or two that talk to each other.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::{needs, shell, ui};

/// `cargo xtask run`.
pub(crate) fn run(options: &[&str]) -> anyhow::Result<()> {
    let (mut pair, mut release) = (false, false);
    for option in options {
        match *option {
            "--pair" => pair = true,
            "--release" => release = true,
            other => bail!("run has no option {other}"),
        }
    }
    needs::meet(needs::Purpose::Run)?;
    ui::install()?;
    ui::build()?;
    let program = build(release)?;
    if cfg!(target_os = "linux") {
        let shown = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
        ensure!(shown, "built, but there is no display to open a window on");
    }
    if pair { two(&program) } else { one(&program) }
}

/// Builds the app and gives the path of the program.
fn build(release: bool) -> anyhow::Result<PathBuf> {
    let mut words = vec!["build", "--package", "pushtalk", "--bin", "pushtalk"];
    if release {
        words.push("--release");
    }
    shell::cargo(words.iter().copied()).run()?;
    // Nothing is left to do the second time; it tells where the program is.
    words.extend(["--message-format=json", "--quiet"]);
    let told = shell::cargo(words.iter().copied()).read()?;
    let messages = told.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut paths = messages.filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from));
    paths.next_back().context("cargo does not tell where the program is")
}

fn one(program: &Path) -> anyhow::Result<()> {
    eprintln!("PushTalk is open. Close its window to end.");
    let status = Command::new(program).stdin(Stdio::null()).status()?;
    ensure!(status.success(), "the app ended with {status}");
    Ok(())
}

/// Two windows with two profiles; the second joins by the link that the first shows.
fn two(program: &Path) -> anyhow::Result<()> {
    let profiles = Profiles::new()?;
    let window = |name: &str| {
        let mut command = Command::new(program);
        command.arg("--profile").arg(profiles.0.join(name)).args(["--name", name]);
        command
    };
    let mut host = Open(
        window("Ana")
            .args(["--host", "--title", "Two windows", "--print-invitation"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the first window")?,
    );
    let mut link = String::new();
    if let Some(output) = host.0.stdout.take() {
        BufReader::new(output).read_line(&mut link)?;
    }
    ensure!(!link.trim().is_empty(), "the first window has no room to join");

    let mut guest =
        Open(window("Ben").args(["--join", "-"]).stdin(Stdio::piped()).spawn().context("the second window")?);
    if let Some(mut input) = guest.0.stdin.take() {
        input.write_all(link.as_bytes())?;
    }
    eprintln!(
        "Ana and Ben are in one room. Turn on the microphone in one window, then hold its button and speak."
    );
    eprintln!("Use headphones, or the voice goes round in circles. Close both windows to end.");
    let (host, guest) = (host.0.wait()?, guest.0.wait()?);
    ensure!(host.success() && guest.success(), "the windows ended with {host} and {guest}");
    Ok(())
}

/// A window that is closed when nobody waits for it any more.
struct Open(Child);

impl Drop for Open {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

/// Profiles that go when they are not needed any more.
struct Profiles(PathBuf);

impl Profiles {
    fn new() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("pushtalk-pair-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Profiles {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
