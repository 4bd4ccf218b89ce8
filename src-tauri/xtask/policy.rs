//! Rules of the house that no compiler knows, checked on the files of the repository.

use std::fs;

use anyhow::{Context, ensure};

use crate::shell::program;

/// What may lie at the top.
const TOP: [&str; 14] = [
    "Cargo.toml",
    "Cargo.lock",
    "src-tauri",
    "ui",
    "icons",
    "tests",
    "docs",
    "gen",
    "tauri.conf.json",
    "README.md",
    "SECURITY.md",
    "deny.toml",
    "clippy.toml",
    "rustfmt.toml",
];

/// The only file of the pages that knows Tauri.
const KNOWS_TAURI: &str = "ui/src/backend/tauri.ts";

/// Crates without clock, randomness and IO.
pub(crate) const PURE: [&str; 5] = ["protocol", "audio", "e2ee", "room", "ptt"];

/// A file and what is wrong in it.
type Broken = Vec<String>;

/// Checks every rule.
pub(crate) fn check() -> anyhow::Result<()> {
    let listing = program("git").words(&["ls-files", "--cached", "--others", "--exclude-standard"]).read()?;
    let files: Vec<&str> = listing.lines().collect();
    ensure!(!files.is_empty(), "git knows no files here");
    let mut broken = Broken::new();
    for file in &files {
        let top = file.split('/').next().unwrap_or(file);
        if !(TOP.contains(&top) || top.starts_with('.') || top.starts_with("LICENSE")) {
            broken.push(format!("{file}: does not belong at the top"));
        }
        // Deleted but not yet committed, or not a text.
        let Ok(text) = fs::read_to_string(file) else { continue };
        if file.ends_with(".rs") {
            rust(file, &text, &mut broken);
        }
        pages(file, &text, &mut broken);
    }
    for line in &broken {
        eprintln!("{line}");
    }
    ensure!(broken.is_empty(), "{} rules of the house are broken", broken.len());
    window_policy().context("tauri.conf.json")
}

fn rust(file: &str, text: &str, broken: &mut Broken) {
    if !text.starts_with("//! ") {
        broken.push(format!("{file}: does not begin with what it is"));
    }
    for (what, instead) in [
        (concat!("#[", "allow"), "expect(lint, reason)"),
        (concat!("#![", "allow"), "expect(lint, reason)"),
        (concat!("#[", "ignore"), "a test that runs"),
    ] {
        each_line(file, text, what, instead, broken);
    }
    let crate_name =
        file.strip_prefix("src-tauri/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if PURE.contains(&crate_name) && !file.ends_with("tests.rs") {
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
        for clock in ["Instant::now", "SystemTime::now", "thread::sleep", "SysRng", "OsRng", "rand::rng("] {
            each_line(file, product, clock, "an argument", broken);
        }
    }
}

fn pages(file: &str, text: &str, broken: &mut Broken) {
    if (file.starts_with("ui/src/") || file.starts_with("ui/e2e/")) && file != KNOWS_TAURI {
        for what in ["__TAURI__", "@tauri-apps"] {
            each_line(file, text, what, "the Backend", broken);
        }
    }
}

fn each_line(file: &str, text: &str, what: &str, instead: &str, broken: &mut Broken) {
    for (number, _) in text.lines().enumerate().filter(|(_, line)| line.contains(what)) {
        broken.push(format!("{file}:{}: {what}; use {instead}", number + 1));
    }
}

/// The window is closed to everything but its own pages and its two doors.
fn window_policy() -> anyhow::Result<()> {
    let config: serde_json::Value = serde_json::from_str(&fs::read_to_string("tauri.conf.json")?)?;
    let security = config.pointer("/app/security").context("no security")?;
    let policy = security.get("csp").context("no policy")?;
    let is = |name: &str, wanted: &str| policy.get(name).and_then(|sources| sources.as_str()) == Some(wanted);
    ensure!(is("default-src", "'none'") && is("script-src", "'self'"), "the policy lets in too much");
    ensure!(is("connect-src", "ipc: http://ipc.localhost"), "the page may connect to more than the program");
    ensure!(!policy.to_string().contains("unsafe"), "the policy lets in what is unsafe");
    ensure!(config.pointer("/app/withGlobalTauri") == Some(&false.into()), "Tauri is global");
    ensure!(security.pointer("/pattern/use") == Some(&"isolation".into()), "no guard before the program");
    ensure!(security.pointer("/freezePrototype") == Some(&true.into()), "prototypes can be changed");
    ensure!(
        security.pointer("/capabilities/0/permissions") == Some(&serde_json::json!([])),
        "Tauri is open to the page"
    );
    Ok(())
}
