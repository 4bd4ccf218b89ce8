//! Checks the configuration and embeds it.

use std::path::Path;

const WINDOW: &str = "ui/dist/index.html";

fn main() {
    println!("cargo::rerun-if-changed={WINDOW}");
    if std::env::var_os("CARGO_FEATURE_CUSTOM_PROTOCOL").is_some() && !Path::new(WINDOW).exists() {
        println!(
            "cargo::error=the window is not built yet: `cargo xtask run` builds everything and starts it \
             (or, by hand: `npm ci && npm run build` in ui/)"
        );
        return;
    }
    tauri_build::build();
}
