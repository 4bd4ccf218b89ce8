//! The standalone signaling server.

mod args;
mod redis;

use std::io::Write;

use anyhow::{Context, bail};
use clap::Parser;
use pushtalk_signaling::addresses::listen_at;
use pushtalk_signaling::server::{self, Certificate, ServerConfig};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

use crate::args::Args;
use crate::redis::Redis;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    pushtalk_process::forbid_core_dumps()?;
    pushtalk_process::forbid_looking_in()?;
    log();
    if let Err(error) = pushtalk_process::allow_many_files() {
        tracing::warn!(%error, "no more files may be open than at the start");
    }
    if args.plain && !args.listen.ip().is_loopback() {
        bail!("--plain is for a loopback address, behind a proxy that speaks TLS: not for {}", args.listen);
    }
    let listener = listen_at(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?;
    let certificate = match args.certificate()? {
        _ if args.plain => None,
        Some(certificate) => Some(certificate),
        None => Some(Certificate::generate()?),
    };
    let stun = match args.stun {
        Some(at) => Some(UdpSocket::bind(at).await.with_context(|| format!("cannot answer STUN on {at}"))?),
        None => None,
    };
    let store = match args.redis.as_deref() {
        Some(url) => {
            let redis = Redis::new(url, args.redis_may_persist)?;
            redis.check().await.context("the Redis is of no use")?;
            Some(redis)
        }
        None => None,
    };
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", listener.local_addr()?)?;
    if let Some(stun) = &stun {
        writeln!(out, "STUN on {}", stun.local_addr()?)?;
    }
    if let Some(certificate) = &certificate {
        writeln!(out, "certificate SHA-256 {}", spelled(certificate.hash().as_bytes()))?;
    }
    out.flush()?;
    let (limits, names, proxies, grace) =
        (args.limits(), args.names.clone(), args.proxies.clone(), args.grace());
    let signals = Signals::new()?;
    let renewed = Some(renewed(args)?);
    let interface = None;
    let config = ServerConfig { certificate, renewed, limits, names, proxies, stun, interface, grace };
    match store {
        Some(store) => Ok(server::run_among(listener, signals, config, store).await?),
        None => Ok(server::run(listener, signals, config).await?),
    }
}

/// Kinds and counts, on standard error. What the libraries below would log holds addresses and messages.
fn log() {
    let filter = EnvFilter::new(pushtalk_process::log_directives("pushtalk_signaling", "info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Asked to end: Ctrl-C, or the system.
#[cfg(unix)]
struct Signals {
    interrupted: tokio::signal::unix::Signal,
    terminated: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupted, terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupted, terminated })
    }
}

#[cfg(unix)]
impl server::Shutdown for Signals {
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}

/// Asked to end: Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }
}

#[cfg(not(unix))]
impl server::Shutdown for Signals {
    async fn asked(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}

/// The certificate as it is in its files, whenever that is asked for.
#[cfg(unix)]
fn renewed(args: Args) -> std::io::Result<mpsc::Receiver<Certificate>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hung_up = signal(SignalKind::hangup())?;
    let (renew, renewed) = mpsc::channel(1);
    tokio::spawn(async move {
        while hung_up.recv().await.is_some() {
            match args.certificate() {
                Ok(Some(certificate)) => drop(renew.send(certificate).await),
                Ok(None) => tracing::warn!("there are no files of a certificate to read"),
                Err(error) => tracing::error!("the old certificate stays: {error:#}"),
            }
        }
    });
    Ok(renewed)
}

/// Nobody can ask.
#[cfg(not(unix))]
fn renewed(_: Args) -> std::io::Result<mpsc::Receiver<Certificate>> {
    Ok(mpsc::channel(1).1)
}

/// `AB:CD:…`, as other programs show fingerprints.
fn spelled(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
