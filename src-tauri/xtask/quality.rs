//! What marking the sound of speech takes: prompts of a telephone exchange, and Python in an environment of its own.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::needs;
use crate::shell::{program, which};

/// Where both are, and nothing else needs to know of them.
const ENVIRONMENT: &str = "target/bench/venv";
const SPEECH: &str = "target/bench/speech";
/// A package of prompts, and where they lie in it.
const PACKAGE: &str = "asterisk-core-sounds-en-g722";
const PROMPTS: &str = "usr/share/asterisk/sounds/en_US_f_Allison";
/// What is installed in the environment, and the copy that tells that it is.
const REQUIREMENTS: &str = "tests/bench/requirements.txt";
const INSTALLED: &str = "target/bench/venv/requirements.txt";
/// Puts utterances together from prompts.
const COMPOSER: &str = "tests/bench/speech.py";
/// The utterances are as this script, which then lies beside them, has put them together.
const COMPOSED: &str = "target/bench/speech/speech.py";

/// Gets what is not there yet.
pub(crate) fn prepare() -> anyhow::Result<()> {
    needs::meet(needs::Purpose::Score)?;
    environment()?;
    prompts()?;
    utterances()
}

fn environment() -> anyhow::Result<()> {
    if same(REQUIREMENTS, INSTALLED) {
        return Ok(());
    }
    program("python3").words(&["-m", "venv", "--clear", ENVIRONMENT]).run()?;
    python().words(&["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS]).run()?;
    fs::copy(REQUIREMENTS, INSTALLED)?;
    Ok(())
}

/// Nothing is installed: the package is taken apart where it is needed.
fn prompts() -> anyhow::Result<()> {
    if Path::new(SPEECH).join(PROMPTS).is_dir() {
        return Ok(());
    }
    ensure!(
        which("apt-get").is_some() && which("dpkg-deb").is_some(),
        "the prompts come from a Debian package; please take {PACKAGE} apart into {SPEECH}"
    );
    fs::create_dir_all(SPEECH)?;
    let download = || program("apt-get").words(&["download", PACKAGE]).folder(SPEECH);
    if !download().succeeds() {
        needs::refresh()?;
        download().run()?;
    }
    let files = fs::read_dir(SPEECH)?.flatten().map(|entry| entry.path());
    let package = files.filter(|file| file.extension().is_some_and(|name| name == "deb")).max();
    let package = package.context("apt-get gave no package")?;
    program("dpkg-deb").words(&["-x", &package.to_string_lossy(), SPEECH]).run()
}

fn utterances() -> anyhow::Result<()> {
    if same(COMPOSER, COMPOSED) {
        return Ok(());
    }
    python().words(&[COMPOSER, &format!("{SPEECH}/{PROMPTS}"), SPEECH]).run()?;
    fs::copy(COMPOSER, COMPOSED)?;
    Ok(())
}

fn python() -> crate::shell::Shown {
    program(&format!("{ENVIRONMENT}/bin/python"))
}

fn same(one: &str, other: &str) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}
