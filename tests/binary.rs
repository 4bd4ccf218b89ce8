//! The programs under test: built once a run, from the sources as they are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, ensure};

static BUILT: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());

/// The path of the binary `name` of `package`, built in the profile of this test.
///
/// # Errors
/// When it does not build.
pub fn binary(package: &str, name: &'static str) -> anyhow::Result<PathBuf> {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = built.get(name) {
        return Ok(path.clone());
    }
    // `cargo xtask test` has just built everything in one go; each package by itself is other features, and compiles
    // half the tree again.
    if std::env::var_os("PUSHTALK_BUILT").is_none() {
        build(package, name)?;
    }
    // .../target/PROFILE/deps/scenarios-HASH, or .../target/PROFILE/bench
    let mut folder = std::env::current_exe()?;
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    ensure!(path.exists(), "{} is not where it was expected", path.display());
    built.insert(name, path.clone());
    Ok(path)
}

fn build(package: &str, name: &str) -> anyhow::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", package, "--bin", name]).stdin(Stdio::null());
    // What cargo tells of this package is not for the next one: build scripts that look at it (ring's) would run anew,
    // now and at the next build.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            cargo.env_remove(name);
        }
    }
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let status = cargo.status().context("cargo")?;
    ensure!(status.success(), "{name} does not build");
    Ok(())
}
