//! The standalone signaling server.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Context;
use clap::Parser;
use pushtalk_signaling::server::{self, Certificate, ServerConfig};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Brings members of PushTalk rooms together. Keeps nothing: when it ends, its rooms are gone, and its certificate too.
#[derive(Parser)]
#[command(name = "pushtalk-server", version)]
struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:7443")]
    listen: SocketAddr,
    /// A DNS name under which web pages may address this server; may be given more than once. Programs need none.
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    pushtalk_process::forbid_core_dumps()?;
    pushtalk_process::forbid_looking_in()?;
    log();
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let certificate = Certificate::generate()?;
    let fingerprint = spelled(certificate.hash().as_bytes());
    let shutdown = shutdown()?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", listener.local_addr()?)?;
    writeln!(out, "certificate SHA-256 {fingerprint}")?;
    out.flush()?;
    server::run(listener, shutdown, ServerConfig { names: args.names, ..ServerConfig::new(certificate) })
        .await?;
    Ok(())
}

/// Kinds and counts, on standard error. What the libraries below would log holds addresses and messages.
fn log() {
    let filter = EnvFilter::new(pushtalk_process::log_directives("pushtalk_signaling", "info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Ends with Ctrl-C, or when the system asks for it.
#[cfg(unix)]
fn shutdown() -> std::io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Ends with Ctrl-C.
#[cfg(not(unix))]
fn shutdown() -> std::io::Result<impl Future<Output = ()> + Send> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

/// `AB:CD:…`, as other programs show fingerprints.
fn spelled(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
