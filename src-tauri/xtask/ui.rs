//! The window's pages: installed and built only when something changed.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::shell::{Shown, on_ci, program};

/// What the pages are made from.
const SOURCES: [&str; 9] = [
    "ui/src",
    "ui/public",
    "ui/scripts",
    "ui/index.html",
    "ui/package.json",
    "ui/package-lock.json",
    "ui/svelte.config.js",
    "ui/tsconfig.json",
    "ui/vite.config.ts",
];
/// A copy of the lock that was installed last.
const INSTALLED: &str = "ui/node_modules/.pushtalk-lock.json";

/// npm in the folder of the pages.
pub(crate) fn npm<'a>(words: impl IntoIterator<Item = &'a str>) -> Shown {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    program(name).words(&words.into_iter().collect::<Vec<_>>()).folder("ui")
}

/// Installs the packages when the lock is another than the last time.
pub(crate) fn install() -> anyhow::Result<()> {
    let lock = fs::read("ui/package-lock.json")?;
    if !on_ci() && fs::read(INSTALLED).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    npm(["ci", "--no-audit", "--no-fund"]).run()?;
    Ok(fs::write(INSTALLED, lock)?)
}

/// Builds the pages when a source is newer than they are.
pub(crate) fn build() -> anyhow::Result<()> {
    let built = newest(Path::new("ui/dist/index.html"));
    let source = SOURCES.iter().filter_map(|path| newest(Path::new(path))).max();
    if built.is_some() && built > source {
        return Ok(());
    }
    npm(["run", "build"]).run()
}

/// When a file, or the newest one below a folder, was last written.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = fs::metadata(path).ok()?;
    let below = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest(&entry.path()));
    below.chain(own.modified().ok()).max()
}
