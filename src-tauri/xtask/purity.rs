//! Who may know whom: crates that must stay free of others, checked on the tree that Cargo builds.

use anyhow::ensure;

use crate::policy::PURE;
use crate::shell::cargo;

/// Crates and what none of their dependencies may be.
const FREE: [(&str, &[&str]); 12] = [
    ("pushtalk-protocol", RUNTIME),
    ("pushtalk-audio", RUNTIME),
    ("pushtalk-e2ee", RUNTIME),
    ("pushtalk-room", RUNTIME),
    ("pushtalk-ptt", RUNTIME),
    ("pushtalk-keys", &["tokio", "webrtc", "cpal", "tauri"]),
    ("pushtalk-control", &["webrtc", "cpal", "socketioxide", "axum", "rustls", "tauri"]),
    ("pushtalk-device", &["tokio", "webrtc", "tauri"]),
    ("pushtalk-mesh", &["cpal", "socketioxide", "axum", "tauri"]),
    ("pushtalk-server", &["cpal", "webrtc", "tauri", "opusic-sys"]),
    ("pushtalk-cli", &["tauri", "wry", "gtk"]),
    ("pushtalk-tests", &["tauri", "wry", "gtk"]),
];

const RUNTIME: &[&str] = &["tokio", "webrtc", "rtc", "cpal", "socketioxide", "axum", "rustls", "tauri"];

/// Checks the trees, and that each pure crate compiles alone.
pub(crate) fn check() -> anyhow::Result<()> {
    for (package, foreign) in FREE {
        let words = [
            "tree",
            "--locked",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ];
        let tree = cargo(words).read()?;
        let found: Vec<_> = tree
            .lines()
            .filter_map(|line| line.split(' ').next())
            .filter(|name| foreign.contains(name))
            .collect();
        ensure!(found.is_empty(), "{package} knows {}", found.join(", "));
        eprintln!("{package} knows none of {}", foreign.join(", "));
    }
    for name in PURE {
        cargo(["check", "--quiet", "--locked", "--package", &format!("pushtalk-{name}")]).run()?;
    }
    Ok(())
}
