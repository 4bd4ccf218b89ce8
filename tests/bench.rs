//! Measures what the product does: prints a table and writes JSON under `target/bench`.

mod bench {
    pub(crate) mod app;
    pub(crate) mod cpu;
    pub(crate) mod hour;
    pub(crate) mod latency;
    pub(crate) mod load;
    pub(crate) mod loss;
    pub(crate) mod mesh;
    #[cfg(target_os = "linux")]
    pub(crate) mod ptt;
    pub(crate) mod quality;
    pub(crate) mod score;
    pub(crate) mod server;
    pub(crate) mod stages;
    pub(crate) mod usage;
}

use std::io::Write;
use std::path::PathBuf;

use anyhow::bail;
use serde_json::Value;

use bench::{app, cpu, hour, latency, loss, mesh, quality, server, stages};

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["app"] => app::app(),
        ["cpu"] => cpu::cpu(),
        ["cpu", "--stages"] => keep("stages", stages::stages()?),
        ["hour", minutes @ ..] => hour::hour(minutes),
        ["latency"] => latency::latency(),
        ["loss", percents @ ..] => loss::loss(percents),
        ["mesh", sizes @ ..] => mesh::mesh(sizes),
        ["server", options @ ..] => server::server(options),
        #[cfg(target_os = "linux")]
        ["ptt"] => bench::ptt::ptt(),
        ["quality", options @ ..] => quality::quality(options),
        other => {
            bail!("no bench {other:?}; there are: app, cpu, hour, latency, loss, mesh, ptt, quality, server")
        }
    }
}

/// A line of a table.
fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Where results are kept.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/bench")
}

/// Writes the results of a bench down.
fn keep(bench: &str, results: Vec<Value>) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder())?;
    let text = serde_json::to_vec_pretty(&Value::Array(results))?;
    Ok(std::fs::write(folder().join(bench).with_extension("json"), text)?)
}
