//! The Socket.IO server on Node that the bench of our server is beside.

use std::fs;

use anyhow::Context;

use crate::shell::program;

const SOURCES: &str = "tests/bench/peer";
const FOLDER: &str = "target/bench/peer";

/// Puts it together with the packages that it needs.
pub(crate) fn prepare() -> anyhow::Result<()> {
    fs::create_dir_all(FOLDER)?;
    for file in ["package.json", "package-lock.json", "peer.js"] {
        fs::copy(format!("{SOURCES}/{file}"), format!("{FOLDER}/{file}")).context(file)?;
    }
    program("npm").words(&["ci", "--no-audit", "--no-fund"]).folder(FOLDER).run()
}
