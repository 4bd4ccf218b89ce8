//! Addresses at which others can reach this machine, for invitations.

use std::net::{IpAddr, SocketAddr};

use pushtalk_protocol::{Invitation, ServerAddress};

/// Addresses of every plain interface with this port, private IPv4 first; loopback only when there is nothing else.
///
/// Works without a default route and without DNS. Link-local IPv6 is left out: it means nothing on another machine.
pub fn lan(port: u16) -> Vec<ServerAddress> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut all: Vec<IpAddr> = interfaces.into_iter().map(|interface| interface.ip()).collect();
    all.retain(|ip| rank(ip).is_some());
    all.sort_by_key(|ip| (rank(ip), *ip));
    all.dedup();
    if all.iter().any(|ip| !ip.is_loopback()) {
        all.retain(|ip| !ip.is_loopback());
    }
    all.truncate(Invitation::MAX_SERVERS);
    all.into_iter().map(|ip| ServerAddress::Ip(SocketAddr::new(ip, port))).collect()
}

/// The likelier one first; none for what is of no use.
fn rank(ip: &IpAddr) -> Option<u8> {
    match ip {
        IpAddr::V4(v4) if v4.is_unspecified() || v4.is_broadcast() => None,
        IpAddr::V4(v4) if v4.is_private() => Some(0),
        IpAddr::V4(v4) if v4.is_loopback() => Some(5),
        IpAddr::V4(v4) if v4.is_link_local() => Some(3),
        IpAddr::V4(_) => Some(1),
        // The host listens on IPv4 unless an IPv6 address is named.
        IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_an_address_and_loopback_is_the_last_resort() {
        let all = lan(7443);
        assert!(!all.is_empty() && all.len() <= Invitation::MAX_SERVERS);
        let loopback = |a: &ServerAddress| matches!(a, ServerAddress::Ip(a) if a.ip().is_loopback());
        assert!(all.iter().all(loopback) || !all.iter().any(loopback));
    }
}
