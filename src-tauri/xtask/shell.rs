//! Commands as a person would type them: shown, with their output passed through.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The top of the project.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// A command that is shown before it runs. It reads nothing from standard input.
pub(crate) struct Shown {
    command: Command,
    text: String,
}

/// Cargo, the one that runs this.
pub(crate) fn cargo<'a>(words: impl IntoIterator<Item = &'a str>) -> Shown {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut shown = Shown { command: Command::new(program), text: "cargo".to_owned() };
    // What cargo tells of this package is not for the next one: build scripts that look at it would run anew.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            shown.command.env_remove(name);
        }
    }
    shown = shown.words(&words.into_iter().collect::<Vec<_>>());
    shown
}

/// Any other program.
pub(crate) fn program(name: &str) -> Shown {
    Shown { command: Command::new(name), text: name.to_owned() }
}

impl Shown {
    pub(crate) fn words(mut self, words: &[&str]) -> Self {
        for word in words {
            self.command.arg(word);
            self.text.push(' ');
            self.text.push_str(word);
        }
        self
    }

    pub(crate) fn folder(mut self, folder: &str) -> Self {
        self.command.current_dir(folder);
        self.text = format!("({folder}) {}", self.text);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> anyhow::Result<()> {
        eprintln!("$ {}", self.text);
        let status = self.command.stdin(Stdio::null()).status().with_context(|| self.text.clone())?;
        if !status.success() {
            bail!("`{}` ended with {status}", self.text);
        }
        Ok(())
    }

    /// Runs it to its end and gives what it wrote to standard output.
    pub(crate) fn read(mut self) -> anyhow::Result<String> {
        let output = self.command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.with_context(|| self.text.clone())?;
        if !output.status.success() {
            bail!("`{}` ended with {}", self.text, output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// True when it can be run and ends well; shows nothing.
    pub(crate) fn succeeds(mut self) -> bool {
        let quiet = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }
}

/// The path of a program that can be run by its name.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file())
}

/// True on build machines: nothing is taken over from an earlier run.
pub(crate) fn on_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false" && ci != "0")
}
