//! The standalone signaling server: the same code that the app hosts rooms with.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::Context;
use clap::Parser;
use pushtalk_signaling::server::{Certificate, ServerConfig, run};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Lets the members of PushTalk rooms find each other. It sees no names, no keys and no voice, and stores nothing.
#[derive(Parser)]
#[command(name = "pushtalk-server", version, about)]
struct Args {
    /// Where to listen.
    #[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:7443")]
    listen: SocketAddr,
    /// A DNS name by which clients address it, besides any IP address; may be given more than once.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let filter = EnvFilter::try_from_env("PUSHTALK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let certificate = Certificate::generate()?;
    let fingerprint: String = certificate.hash().as_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}\ncertificate sha256 {fingerprint}", listener.local_addr()?)?;
    out.flush()?;
    let config = ServerConfig { names: args.hosts, ..ServerConfig::new(certificate) };
    run(listener, stopped(), config).await?;
    Ok(())
}

/// Ends with Ctrl-C, and with SIGTERM where there is one.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a way to be told, it runs until it is ended from outside.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
