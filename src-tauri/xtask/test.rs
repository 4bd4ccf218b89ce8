//! Everything that must hold, in the order in which it is cheapest to find out.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};

use crate::shell::{cargo, program, which};
use crate::{needs, policy, purity, ui};

/// What came of a step.
enum Outcome {
    Held,
    /// With the reason.
    Failed(String),
    Skipped(&'static str),
}

/// A step: its name, the one without which it means nothing, and what it does.
struct Step {
    name: &'static str,
    after: Option<&'static str>,
    does: fn() -> anyhow::Result<Outcome>,
    /// False for a part of another step, which is only run when asked for.
    always: bool,
}

const STEPS: [Step; 14] = [
    Step { name: "packages", after: None, does: packages, always: true },
    Step { name: "format", after: None, does: format, always: true },
    Step { name: "policy", after: None, does: || held(policy::check()), always: true },
    Step { name: "ui", after: Some("packages"), does: pages, always: true },
    Step { name: "pure", after: Some("packages"), does: || held(purity::check()), always: true },
    Step { name: "lint", after: Some("ui"), does: lint, always: true },
    Step { name: "deny", after: None, does: deny, always: true },
    Step { name: "build", after: Some("ui"), does: build, always: true },
    Step { name: "rust", after: Some("build"), does: rust, always: true },
    Step { name: "miri", after: None, does: miri, always: true },
    Step { name: "browser", after: Some("ui"), does: browser, always: true },
    Step { name: "scenarios", after: Some("build"), does: scenarios, always: true },
    Step { name: "live", after: Some("build"), does: || live(&[]), always: true },
    Step { name: "window", after: Some("build"), does: || live(&["window", "preferences"]), always: false },
];

/// Crates and the tests that Miri runs: of e2ee those without arithmetic of keys.
const MIRI: [(&str, &[&str]); 2] = [
    ("pushtalk-protocol", &["--skip", "any_bytes", "--skip", "any_text", "--skip", "a_cut_link"]),
    (
        "pushtalk-e2ee",
        &[
            "window::",
            "header::tests",
            "frame::tests",
            "words::",
            "server_identity",
            "--skip",
            "section",
            "--skip",
            "sframe",
        ],
    ),
];

/// `cargo xtask test`.
pub(crate) fn test(names: &[&str]) -> anyhow::Result<()> {
    for name in names {
        let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        ensure!(known.contains(name), "there is no part {name}; there are: {}", known.join(" "));
    }
    let begin = Instant::now();
    let mut outcomes: Vec<(&str, Outcome, Duration)> = Vec::new();
    for step in &STEPS {
        let asked = names.contains(&step.name);
        if !(asked || (names.is_empty() && step.always)) {
            continue;
        }
        eprintln!("\n=== {} ===", step.name);
        let at = Instant::now();
        let fell = outcomes
            .iter()
            .any(|(name, outcome, _)| Some(*name) == step.after && !matches!(outcome, Outcome::Held));
        let outcome = if fell {
            Outcome::Skipped("what it needs did not hold")
        } else {
            (step.does)().unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")))
        };
        if let Outcome::Failed(why) = &outcome {
            eprintln!("{}: {why}", step.name);
        }
        outcomes.push((step.name, outcome, at.elapsed()));
    }
    summary(&outcomes, begin.elapsed());
    if outcomes.iter().any(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_))) {
        bail!("not everything holds");
    }
    Ok(())
}

fn summary(outcomes: &[(&str, Outcome, Duration)], whole: Duration) {
    eprintln!("\n=== summary ===");
    for (name, outcome, took) in outcomes {
        let (mark, why) = match outcome {
            Outcome::Held => ("holds", String::new()),
            Outcome::Failed(why) => ("FAILS", why.lines().next().unwrap_or_default().to_owned()),
            Outcome::Skipped(why) => ("SKIPPED", (*why).to_owned()),
        };
        eprintln!("{name:<10} {mark:<8} {:>7.1} s  {why}", took.as_secs_f32());
    }
    eprintln!("{:<10} {:<8} {:>7.1} s", "all", "", whole.as_secs_f32());
}

fn held(result: anyhow::Result<()>) -> anyhow::Result<Outcome> {
    result.map(|()| Outcome::Held)
}

fn packages() -> anyhow::Result<Outcome> {
    needs::meet(needs::Purpose::Test)?;
    for (component, probe) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if !cargo([probe, "--version"]).succeeds() {
            ensure!(which("rustup").is_some(), "the toolchain has no {component}");
            program("rustup").words(&["component", "add", component]).run()?;
        }
    }
    Ok(Outcome::Held)
}

fn format() -> anyhow::Result<Outcome> {
    held(cargo(["fmt", "--all", "--check"]).run())
}

fn pages() -> anyhow::Result<Outcome> {
    ui::install()?;
    ui::npm(["run", "check"]).run()?;
    held(ui::npm(["run", "build"]).run())
}

/// The pages in a browser, on a scripted program.
fn browser() -> anyhow::Result<Outcome> {
    let mut browser = ui::npm(["run", "test:e2e"]);
    if let Some(path) = needs::chromium() {
        browser = browser.env("PUSHTALK_CHROMIUM", path);
    }
    held(browser.run())
}

/// The program holds the pages; whoever builds it needs them.
fn built_pages() -> anyhow::Result<()> {
    if !std::path::Path::new("ui/dist/index.html").exists() {
        ui::install()?;
    }
    ui::build()
}

fn lint() -> anyhow::Result<Outcome> {
    built_pages()?;
    held(cargo(["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]).run())
}

fn deny() -> anyhow::Result<Outcome> {
    if which("cargo-deny").is_none() {
        eprintln!(
            "cargo-deny is not installed: licences, bans and sources are NOT checked here (the workflow does)."
        );
        return Ok(Outcome::Skipped("cargo-deny is not installed"));
    }
    held(cargo(["deny", "--all-features", "check", "bans", "licenses", "sources"]).run())
}

fn build() -> anyhow::Result<Outcome> {
    built_pages()?;
    held(cargo(["build", "--locked", "--workspace", "--bins"]).run())
}

/// All tests beside the code; the contract of the window is one of them. The whole workspace is named each time, for
/// another choice of packages is another choice of features, and compiles half the tree again.
fn rust() -> anyhow::Result<Outcome> {
    built_pages()?;
    held(cargo(["test", "--locked", "--workspace", "--lib", "--bins"]).run())
}

/// What of the tests beside the code an interpreter that finds undefined behaviour can run in some minutes: reading and
/// writing of bytes, headers and windows. The proofs by chance and all arithmetic of keys take it hours.
fn miri() -> anyhow::Result<Outcome> {
    let rustup = program("rustup").words(&["run", "nightly", "cargo", "miri", "--version"]);
    if which("rustup").is_none() || !rustup.succeeds() {
        eprintln!(
            "Miri is not installed: undefined behaviour is NOT looked for here (rustup +nightly component add miri)."
        );
        return Ok(Outcome::Skipped("nightly Miri is not installed"));
    }
    for (package, tests) in MIRI {
        let words =
            ["run", "nightly", "cargo", "miri", "test", "--locked", "--lib", "--package", package, "--"];
        // Chance takes its seeds from files and the clock, and all is a hundred times slower here.
        let miri = program("rustup").words(&words).words(tests).env("MIRIFLAGS", "-Zmiri-disable-isolation");
        miri.env("PROPTEST_CASES", "2").run()?;
    }
    Ok(Outcome::Held)
}

/// Whole worlds in virtual time.
fn scenarios() -> anyhow::Result<Outcome> {
    held(cargo(["test", "--locked", "--workspace", "--test", "scenarios"]).run())
}

/// Real programs, devices, servers and windows: one after another, for they measure sound and time, and whatever else
/// keeps the machine busy tears holes into both.
fn live(filter: &[&str]) -> anyhow::Result<Outcome> {
    build()?;
    let words = ["test", "--locked", "--workspace", "--test", "live", "--", "--test-threads=1"];
    held(cargo(words).words(filter).env("PUSHTALK_BUILT", "1").run())
}
