//! The embedded server: runs while a room is hosted on this machine, and not a moment longer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use pushtalk_protocol::{CertificateHash, Nameplate, ServerAddress};
use pushtalk_signaling::addresses;
use pushtalk_signaling::server::{self, Certificate, Limits, Once, ServerConfig};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::brain::{Hosting, HostingError};
use crate::vicinity::Hosted;

/// How long connections may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a server is to run.
pub(crate) struct Hosts {
    pub(crate) runtime: Handle,
    /// None is a free port of every address.
    pub(crate) at: Option<SocketAddr>,
}

impl Hosts {
    /// Reached at the addresses of this interface only, if one is named.
    pub(crate) async fn start(&self, interface: Option<String>) -> Result<(Embedded, Hosting), HostingError> {
        if let Some(name) =
            interface.as_ref().filter(|name| addresses::networks().iter().all(|it| it.name != **name))
        {
            return Err(HostingError::NoSuchNetwork(name.clone()));
        }
        let start = self.runtime.spawn(Embedded::start(self.at, interface));
        let started = start.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        started.map_err(|error| HostingError::Failed(error.to_string()))
    }
}

/// A server that runs inside this program.
pub(crate) struct Embedded {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    bound: SocketAddr,
    certificate: CertificateHash,
    interface: Option<String>,
}

impl Embedded {
    async fn start(at: Option<SocketAddr>, interface: Option<String>) -> std::io::Result<(Self, Hosting)> {
        let listener = match at {
            Some(at) => TcpListener::bind(at).await?,
            None => addresses::listen_everywhere()?,
        };
        let bound = listener.local_addr()?;
        let own = SocketAddr::new(reachable(bound.ip()), bound.port());
        let addresses = addresses::reachable(bound, interface.as_deref());
        let certificate = Certificate::generate().map_err(std::io::Error::other)?;
        let hash = certificate.hash();
        let (stop, stopped) = oneshot::channel::<()>();
        let limits = Limits::of_a_host();
        let config = ServerConfig { limits, interface: interface.clone(), ..ServerConfig::new(certificate) };
        let task = tokio::spawn(async move {
            let stopped = Once::new(async { drop(stopped.await) });
            if let Err(error) = server::run(listener, stopped, config).await {
                tracing::error!(%error, "the embedded server ended");
            }
        });
        tracing::info!("hosting");
        let embedded = Self { stop, task, bound, certificate: hash, interface };
        Ok((embedded, Hosting { addresses, own: ServerAddress::Ip(own), certificate: hash }))
    }

    /// Where others reach it now, the likelier first.
    pub(crate) fn addresses(&self) -> Vec<ServerAddress> {
        addresses::reachable(self.bound, self.interface.as_deref())
    }

    /// What is told of a room here to everybody on this network; nothing where nobody but this machine gets in.
    pub(crate) fn told_of(&self, nameplate: Nameplate) -> Option<Hosted> {
        let (port, certificate, interface) = (self.bound.port(), self.certificate, self.interface.clone());
        let of_others = !self.bound.ip().is_loopback();
        of_others.then_some(Hosted { nameplate, port, certificate, interface })
    }

    /// Ends every connection and the server.
    pub(crate) async fn stop(mut self) {
        let _ = self.stop.send(());
        if tokio::time::timeout(PATIENCE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    }
}
