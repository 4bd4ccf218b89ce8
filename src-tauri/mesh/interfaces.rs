//! The addresses of this machine that a connection binds.

use std::net::{IpAddr, SocketAddr};

/// More would only mean more pairs of candidates to try.
const MOST: usize = 16;

/// One address with port 0 for each address of a plain interface, IPv4 first; loopback when it is wanted or alone.
///
/// The wildcard address would leave out loopback and IPv4 link-local ones, and TUN interfaces are plain here.
pub(crate) fn addresses(loopback: bool) -> Vec<SocketAddr> {
    choose(if_addrs::get_if_addrs().unwrap_or_default().iter().map(if_addrs::Interface::ip), loopback)
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
