//! The project's chores: run, test, bench, pictures.
#![expect(clippy::print_stderr, reason = "it talks to a person at a terminal")]

mod hostile;
mod needs;
mod peer;
mod policy;
mod purity;
mod quality;
mod run;
mod shell;
mod test;
mod ui;

use std::process::ExitCode;

use anyhow::bail;

const HELP: &str = "\
cargo xtask run [--pair] [--release]     install what is missing, build, and open the app
                                         --pair: two windows that are in one room already
cargo xtask test [NAME…]                 everything that must hold, or only parts of it:
                                         packages format policy ui pure lint deny build rust miri browser
                                         scenarios live window
cargo xtask test hostile [--seeds N]     the promises of the protocol against whoever would like to break them, with
                                         N seeds each (1000 unless told), and a table of what was tried
cargo xtask bench latency                measure mouth to ear on a rig without a sound card
cargo xtask bench cpu [--stages]         measure what each stage of the voice path takes of a core, and (without the option)
                                         each thread while one talks and one listens
cargo xtask bench app                    measure the window: start, memory, processor, size of scripts and package
cargo xtask bench ptt                    measure how long a press takes, from a key, the window or the control socket to the floor
cargo xtask bench hour [MINUTES]         talk for an hour with clocks that differ: what delay and memory do meanwhile
cargo xtask bench mesh [N…]              measure rooms of N members on this machine: time to connect, processor, memory
cargo xtask bench loss [PERCENT]…
cargo xtask bench quality [--quick] [--seeds N] [--only TEXT]
                                         mark how speech sounds after the whole voice path, over lines that lose and
                                         delay packets; --only: the rows whose name has TEXT in it
cargo xtask bench server [N…] [--minutes M]
                                         what N connections cost our server and one on Node, and whether all are alive
                                         after M minutes
cargo xtask bench seal                   measure how long a frame takes to be sealed and opened
cargo xtask pictures                     take the pictures of docs/pictures anew
";

fn main() -> ExitCode {
    match chore() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn chore() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    std::env::set_current_dir(shell::root())?;
    match words.as_slice() {
        ["run", options @ ..] => run::run(options),
        ["test", "hostile", options @ ..] => hostile::test(options),
        ["test", names @ ..] => test::test(names),
        ["bench", "seal"] => bench_seal(),
        ["bench", "loss", ..] => {
            needs::meet(needs::Purpose::Test)?;
            quality::prepare()?;
            bench(&words[1..])
        }
        ["bench", "quality", ..] => {
            quality::prepare()?;
            bench(&words[1..])
        }
        ["bench", "server", ..] => {
            needs::meet(needs::Purpose::Test)?;
            peer::prepare()?;
            bench(&words[1..])
        }
        ["bench", which @ ("app" | "ptt")] => {
            needs::meet(needs::Purpose::Run)?;
            needs::meet(needs::Purpose::Test)?;
            ui::install()?;
            // It says how large the scripts and the styles are.
            ui::npm(["run", "build"]).run()?;
            shell::cargo(["build", "--locked", "--release", "--package", "pushtalk"]).run()?;
            bench(&words[1..])?;
            if *which == "app" { package() } else { Ok(()) }
        }
        ["bench", words @ ..] if !words.is_empty() => {
            needs::meet(needs::Purpose::Test)?;
            bench(words)
        }
        ["pictures"] => pictures(),
        [] | ["help" | "--help" | "-h"] => {
            eprint!("{HELP}");
            Ok(())
        }
        other => bail!("there is no chore {other:?}\n\n{HELP}"),
    }
}

fn bench(words: &[&str]) -> anyhow::Result<()> {
    // Built in one go: each package by itself is other features, and compiles half the tree again.
    let all = [
        "--package",
        "pushtalk-cli",
        "--package",
        "pushtalk-server",
        "--package",
        "pushtalk-tests",
        "--bin",
        "pushtalk-cli",
        "--bin",
        "pushtalk-server",
        "--bin",
        "bench",
    ];
    shell::cargo(["build", "--locked", "--release"]).words(&all).run()?;
    let bench = shell::root().join("target/release/bench");
    shell::program(&bench.to_string_lossy()).words(words).env("PUSHTALK_BUILT", "1").run()
}

/// Makes the package for Debian, where it can be made, and says how large it is.
fn package() -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    // It wants to be called from where the configuration is.
    let words = ["--yes", "@tauri-apps/cli@2.12.5", "build", "--bundles", "deb"];
    shell::program("npx").words(&words).run()?;
    let folder = shell::root().join("target/release/bundle/deb");
    for entry in std::fs::read_dir(folder)?.flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "deb") {
            let size = entry.metadata()?.len() as f64 / 1e6;
            eprintln!("{}: {size:.1} MB", entry.file_name().to_string_lossy());
        }
    }
    Ok(())
}

fn bench_seal() -> anyhow::Result<()> {
    shell::cargo(["bench", "--locked", "--package", "pushtalk-e2ee", "--bench", "seal"]).run()
}

fn pictures() -> anyhow::Result<()> {
    needs::meet(needs::Purpose::Test)?;
    ui::install()?;
    ui::npm(["run", "pictures"]).run()
}
