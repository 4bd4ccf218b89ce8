//! The addresses of this machine: those that a connection binds, and when they change.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// How often the addresses are looked at: it costs some microseconds, and works the same on every system.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// More would only mean more pairs of candidates to try.
const MOST: usize = 16;

/// The addresses of this machine as they were seen last.
#[derive(Default)]
pub struct Addresses {
    seen: Vec<IpAddr>,
    looked: Option<Instant>,
}

impl Addresses {
    /// Waits until they have changed. May be dropped and called again at any time; after a long pause, what it finds first
    /// is no change.
    pub async fn changed(&mut self) {
        loop {
            let before = self.looked.filter(|at| at.elapsed() < LOOK_EVERY * 3);
            sleep_until(before.map_or_else(Instant::now, |at| at + LOOK_EVERY)).await;
            self.looked = Some(Instant::now());
            let now = present();
            let changed = now != self.seen;
            self.seen = now;
            if changed && before.is_some() {
                return;
            }
        }
    }

    /// Whether this machine had the address at the last look, or nobody has looked yet.
    pub fn has(&self, address: IpAddr) -> bool {
        self.looked.is_none() || self.seen.contains(&address)
    }
}

/// Those of interfaces that are up, in order.
fn present() -> Vec<IpAddr> {
    let mut all: Vec<_> = up().map(|interface| interface.ip()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// An interface without a cable keeps its address. Tunnels often do not say that they are up.
fn up() -> impl Iterator<Item = if_addrs::Interface> {
    let all = if_addrs::get_if_addrs().unwrap_or_default().into_iter();
    all.filter(|interface| interface.is_oper_up() || interface.is_p2p() || interface.is_loopback())
}

/// One address with port 0 for each address of a plain interface, IPv4 first; loopback when it is wanted or alone.
///
/// The wildcard address would leave out loopback and IPv4 link-local ones, and TUN interfaces are plain here.
pub(crate) fn addresses(loopback: bool) -> Vec<SocketAddr> {
    choose(up().map(|interface| interface.ip()), loopback)
}

fn choose(all: impl Iterator<Item = IpAddr>, loopback: bool) -> Vec<SocketAddr> {
    let (mut own, outside): (Vec<_>, Vec<_>) =
        all.filter(|ip| usable(*ip)).partition(|ip: &IpAddr| ip.is_loopback());
    // One loopback address is enough, and one that always is there.
    own.retain(IpAddr::is_ipv4);
    own.truncate(1);
    if own.is_empty() {
        own.push(IpAddr::from([127, 0, 0, 1]));
    }
    let mut chosen = outside;
    chosen.sort_by_key(IpAddr::is_ipv6);
    chosen.dedup();
    chosen.truncate(MOST);
    if loopback || chosen.is_empty() {
        chosen.append(&mut own);
    }
    chosen.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect()
}

/// An IPv6 link-local address means nothing without its scope, which a candidate cannot carry.
fn usable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast() && !ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::choose;

    fn chosen(all: &[&str], loopback: bool) -> Vec<String> {
        choose(all.iter().map(|ip| ip.parse().unwrap()), loopback)
            .iter()
            .map(|address| address.ip().to_string())
            .collect()
    }

    #[test]
    fn loopback_is_used_when_it_is_alone() {
        assert_eq!(chosen(&["127.0.0.1", "::1"], false), ["127.0.0.1"]);
        assert_eq!(chosen(&[], false), ["127.0.0.1"]);
    }

    #[test]
    fn loopback_is_left_out_next_to_a_real_interface_unless_wanted() {
        assert_eq!(chosen(&["127.0.0.1", "192.168.1.5"], false), ["192.168.1.5"]);
        assert_eq!(chosen(&["127.0.0.1", "192.168.1.5"], true), ["192.168.1.5", "127.0.0.1"]);
    }

    #[test]
    fn every_plain_address_is_used_and_ipv4_comes_first() {
        assert_eq!(
            chosen(&["fe80::1", "fd00::2", "10.8.0.2", "169.254.3.4", "fd00::2"], false),
            ["10.8.0.2", "169.254.3.4", "fd00::2"]
        );
    }
}
