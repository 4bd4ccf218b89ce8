//! Rooms on this network: those hosted here say so, those hosted by others are listened for (DNS-SD over multicast DNS,
//! RFC 6763 and RFC 6762).
//!
//! What is said is a nameplate, a port and the hash of a certificate, under a name that is made up each time: not who
//! hosts, what the machine is called, what the room is called or who is in it. What is heard is not trusted: it leads to
//! a door, and the code proves who is behind it. Whoever is on the network can make up as many rooms as they like, so no
//! more than a few are listened to.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mdns_sd::{IfKind, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo};
use pushtalk_protocol::{CertificateHash, Nameplate, ServerAddress};
use rand::TryRng;
use rand::rngs::SysRng;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::addresses::likelier_first;

/// What rooms are found by.
const SERVICE: &str = "_pushtalk._tcp.local.";
/// How what is said is to be read.
const VERSION: &str = "1";
/// Rooms that are listened to at a time.
const MOST: usize = 32;

/// A room that somebody hosts on this network, as somebody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearby {
    /// First letters of its code.
    pub nameplate: Nameplate,
    /// Where its server is said to be, the likelier first.
    pub servers: Vec<ServerAddress>,
    /// Which certificate the server is said to show.
    pub certificate: CertificateHash,
}

/// Why nothing is said or heard.
#[derive(Debug, Error)]
pub enum DiscoveryError {
    /// The system refuses.
    #[error("multicast DNS is not to be had: {0}")]
    Mdns(#[from] mdns_sd::Error),
    /// No randomness.
    #[error("the system gives no randomness")]
    Randomness,
}

/// Says that a room is hosted here, until it is dropped.
pub struct Beacon {
    daemon: ServiceDaemon,
    name: String,
}

impl Beacon {
    /// For a server that listens at this port of every address, or of those of one interface.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn light(
        nameplate: Nameplate,
        port: u16,
        certificate: &CertificateHash,
        interface: Option<&str>,
    ) -> Result<Self, DiscoveryError> {
        let mut random = [0; 8];
        SysRng.try_fill_bytes(&mut random).map_err(|_| DiscoveryError::Randomness)?;
        let called = format!("pushtalk-{:016x}", u64::from_be_bytes(random));
        let certificate = BASE64_URL_SAFE_NO_PAD.encode(certificate.as_bytes());
        let said = [("v", VERSION), ("room", nameplate.as_str()), ("cert", &certificate)];
        let host = format!("{called}.local.");
        let info = ServiceInfo::new(SERVICE, &called, &host, (), port, &said[..])?.enable_addr_auto();
        let name = info.get_fullname().to_owned();
        let daemon = ServiceDaemon::new()?;
        if let Some(interface) = interface {
            daemon.disable_interface(IfKind::All)?;
            daemon.enable_interface(IfKind::Name(interface.to_owned()))?;
        }
        daemon.register(info)?;
        Ok(Self { daemon, name })
    }
}

impl Drop for Beacon {
    fn drop(&mut self) {
        // Says good-bye, so that nobody goes on showing it. Where that fails it is forgotten after two minutes.
        drop(self.daemon.unregister(&self.name));
        drop(self.daemon.shutdown());
    }
}

/// Listens for rooms, until it is dropped.
pub struct Ears {
    daemon: ServiceDaemon,
    task: JoinHandle<()>,
}

impl Ears {
    /// Begins to listen; what there is changes in the receiver. Needs a runtime of tokio.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open() -> Result<(Self, watch::Receiver<Vec<Nearby>>), DiscoveryError> {
        let daemon = ServiceDaemon::new()?;
        let events = daemon.browse(SERVICE)?;
        let (tell, told) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            let mut heard = Heard::default();
            while let Ok(event) = events.recv_async().await {
                if heard.take(event) {
                    tell.send_replace(heard.rooms());
                }
            }
        });
        Ok((Self { daemon, task }, told))
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.task.abort();
        drop(self.daemon.shutdown());
    }
}

/// What was heard last, by the name of who said it.
#[derive(Default)]
struct Heard(BTreeMap<String, Nearby>);

impl Heard {
    /// Whether it changes anything.
    fn take(&mut self, event: ServiceEvent) -> bool {
        match event {
            ServiceEvent::ServiceResolved(service) => match read(&service) {
                Some(room) if self.0.contains_key(&service.fullname) || self.0.len() < MOST => {
                    self.0.insert(service.fullname.clone(), room.clone()) != Some(room)
                }
                _ => false,
            },
            ServiceEvent::ServiceRemoved(_, name) => self.0.remove(&name).is_some(),
            _ => false,
        }
    }

    /// In the order of their nameplates.
    fn rooms(&self) -> Vec<Nearby> {
        let mut rooms: Vec<_> = self.0.values().cloned().collect();
        rooms.sort_by_key(|room| room.nameplate);
        rooms
    }
}

/// What somebody says; none for what is no room of ours.
fn read(service: &ResolvedService) -> Option<Nearby> {
    let said = |key| service.txt_properties.get_property_val_str(key);
    if said("v")? != VERSION || service.port == 0 {
        return None;
    }
    let certificate = BASE64_URL_SAFE_NO_PAD.decode(said("cert")?).ok()?;
    let servers = likelier_first(service.addresses.iter().map(ScopedIp::to_ip_addr));
    let at = |ip: IpAddr| ServerAddress::Ip(SocketAddr::new(ip, service.port));
    let servers: Vec<_> = servers.into_iter().map(at).collect();
    let nearby = Nearby {
        nameplate: Nameplate::parse(said("room")?).ok()?,
        servers,
        certificate: CertificateHash::new(certificate.try_into().ok()?),
    };
    (!nearby.servers.is_empty()).then_some(nearby)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, port: u16, said: &[(&str, &str)]) -> ServiceEvent {
        let info =
            ServiceInfo::new(SERVICE, name, "a.local.", "192.0.2.7,fe80::1,2001:db8::7", port, said).unwrap();
        ServiceEvent::ServiceResolved(Box::new(info.as_resolved_service()))
    }

    fn cert(of: u8) -> String {
        BASE64_URL_SAFE_NO_PAD.encode([of; 32])
    }

    #[test]
    fn a_room_is_heard_and_forgotten() {
        let mut heard = Heard::default();
        let (own, other) = (cert(1), cert(2));
        assert!(heard.take(service("b", 7000, &[("v", "1"), ("room", "7K0"), ("cert", &own)])));
        assert!(!heard.take(service("b", 7000, &[("v", "1"), ("room", "7K0"), ("cert", &own)])));
        assert!(heard.take(service("a", 7001, &[("v", "1"), ("room", "2AB"), ("cert", &other)])));
        let rooms = heard.rooms();
        assert_eq!(rooms.iter().map(|room| room.nameplate.as_str()).collect::<Vec<_>>(), ["2AB", "7K0"]);
        let servers: Vec<_> = rooms[1].servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.0.2.7:7000", "[2001:db8::7]:7000"]);
        assert_eq!(rooms[1].certificate, CertificateHash::new([1; 32]));
        assert!(heard.take(ServiceEvent::ServiceRemoved(SERVICE.to_owned(), format!("b.{SERVICE}"))));
        assert_eq!(heard.rooms().len(), 1);
    }

    #[test]
    fn what_is_no_room_is_not_heard_and_no_more_than_a_few_are() {
        let mut heard = Heard::default();
        let own = cert(1);
        for said in [
            &[("v", "2"), ("room", "7K0"), ("cert", own.as_str())][..],
            &[("v", "1"), ("room", "7K"), ("cert", &own)],
            &[("v", "1"), ("room", "7K0"), ("cert", "AAAA")],
            &[("v", "1"), ("room", "7K0")],
            &[],
        ] {
            assert!(!heard.take(service("a", 7000, said)), "{said:?}");
        }
        assert!(!heard.take(service("a", 0, &[("v", "1"), ("room", "7K0"), ("cert", &own)])));
        for n in 0..100 {
            heard.take(service(&format!("n{n}"), 7000, &[("v", "1"), ("room", "7K0"), ("cert", &own)]));
        }
        assert_eq!(heard.rooms().len(), MOST);
    }
}
