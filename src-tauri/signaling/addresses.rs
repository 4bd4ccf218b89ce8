//! Addresses at which others can reach this machine, for invitations.

use std::collections::BTreeSet;
#[cfg(feature = "server")]
use std::net::Ipv6Addr;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

use if_addrs::IfAddr;
use pushtalk_protocol::{Invitation, ServerAddress};

/// Listens on a free port of every address of this machine, of IPv4 and IPv6; of IPv4 alone where there is no IPv6.
///
/// # Errors
/// When the system refuses.
#[cfg(feature = "server")]
pub fn listen_everywhere() -> std::io::Result<tokio::net::TcpListener> {
    listen_at(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)))
}

/// Listens there; at `[::]` on every address, as `listen_everywhere`.
///
/// # Errors
/// When the system refuses.
#[cfg(feature = "server")]
pub fn listen_at(at: SocketAddr) -> std::io::Result<tokio::net::TcpListener> {
    let everywhere = at.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let listener = match listen(at, everywhere) {
        Err(_) if everywhere => listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, at.port())), false)?,
        listener => listener?,
    };
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

/// Systems differ in whether a listener of IPv6 takes IPv4 too, unless they are told.
#[cfg(feature = "server")]
fn listen(at: SocketAddr, on_both: bool) -> std::io::Result<std::net::TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(at), socket2::Type::STREAM, None)?;
    if at.is_ipv6() {
        socket.set_only_v6(!on_both)?;
    }
    // A server that was started anew listens where the one before did, whose connections are not forgotten yet.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&at.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// One of the networks that this machine is on.
#[derive(Clone, PartialEq, Eq)]
pub struct Network {
    /// What the system calls the interface there.
    pub name: String,
    /// At which others can reach this machine there, the likelier first.
    pub addresses: Vec<IpAddr>,
}

/// Those on which others can reach this machine, the likelier first.
pub fn networks() -> Vec<Network> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let found = interfaces.iter().map(|it| (it.name.as_str(), it.ip(), it.is_oper_up()));
    by_name(&found.collect::<Vec<_>>())
}

/// Of the name of an interface, one address and whether it is up.
fn by_name(found: &[(&str, IpAddr, bool)]) -> Vec<Network> {
    let useful = |ip: &IpAddr| !ip.is_loopback() && rank(ip).is_some();
    let best = choose(found.iter().map(|(_, ip, up)| (*ip, *up)), true);
    let place = |network: &Network| best.iter().position(|ip| network.addresses.contains(ip));
    let names: BTreeSet<_> = found.iter().filter(|(_, ip, _)| useful(ip)).map(|(name, ..)| *name).collect();
    let mut all: Vec<_> = names
        .into_iter()
        .map(|name| {
            let of_it = found.iter().filter(|(of, ip, _)| *of == name && useful(ip));
            let addresses = choose(of_it.map(|(_, ip, up)| (*ip, *up)), true);
            Network { name: name.to_owned(), addresses }
        })
        .collect();
    all.sort_by_key(|network| place(network).unwrap_or(usize::MAX));
    all
}

/// Whether this is an address of that interface, of those there are now, or one that only this machine has.
#[cfg(feature = "server")]
pub(crate) fn is_of(interface: &str, ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    ip.is_loopback() || all.iter().any(|it| it.name == interface && it.ip() == ip)
}

/// Addresses for a server that listens there, the likelier first, 8 at most; loopback only when there is nothing else.
/// With the name of an interface, those of it.
///
/// Asks the interfaces alone, tunnels included: works without a default route and without DNS. A server that listens
/// on `0.0.0.0` is reached over IPv4 only. Link-local addresses of IPv6 are named where there is nothing better: who dials
/// them has to try each of its interfaces.
pub fn reachable(bound: SocketAddr, only: Option<&str>) -> Vec<ServerAddress> {
    let with_port = |ip| ServerAddress::Ip(SocketAddr::new(ip, bound.port()));
    if !bound.ip().is_unspecified() {
        return vec![with_port(bound.ip())];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let found = interfaces.iter().filter(|interface| only.is_none_or(|only| interface.name == only));
    let found = found.map(|interface| (interface.ip(), interface.is_oper_up()));
    choose(found, bound.is_ipv6()).into_iter().map(with_port).collect()
}

/// Of the addresses at which somebody says to be.
pub(crate) fn likelier_first(found: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut all = choose(found.map(|ip| (ip, true)), true);
    // What says nothing else means itself.
    all.retain(|ip| !ip.is_loopback());
    all
}

/// Whether this address is one of this machine's, or of a network that it is on, whatever kind of address that is.
#[cfg(any(feature = "server", test))]
pub(crate) fn on_link(ip: IpAddr) -> bool {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces.iter().any(|interface| shares(&interface.addr, ip))
}

fn shares(own: &IfAddr, ip: IpAddr) -> bool {
    match (own, ip) {
        (IfAddr::V4(own), IpAddr::V4(ip)) => {
            let mask = own.netmask.to_bits();
            own.ip == ip || (mask != 0 && own.ip.to_bits() & mask == ip.to_bits() & mask)
        }
        (IfAddr::V6(own), IpAddr::V6(ip)) => {
            let mask = own.netmask.to_bits();
            own.ip == ip || (mask != 0 && own.ip.to_bits() & mask == ip.to_bits() & mask)
        }
        _ => false,
    }
}

/// Of addresses and whether their interface is up. Tunnels often do not say that they are, so this only puts them behind.
fn choose(found: impl Iterator<Item = (IpAddr, bool)>, with_ipv6: bool) -> Vec<IpAddr> {
    let mut all: Vec<_> = found
        .filter(|(ip, _)| with_ipv6 || ip.is_ipv4())
        .filter_map(|(ip, up)| Some((rank(&ip)?, !up, ip)))
        .collect();
    all.sort_unstable();
    let mut seen = BTreeSet::new();
    all.retain(|(_, _, ip)| seen.insert(*ip));
    if all.iter().any(|(_, _, ip)| !ip.is_loopback()) {
        all.retain(|(_, _, ip)| !ip.is_loopback());
    }
    if all.iter().any(|(rank, ..)| *rank < LINK_LOCAL) {
        all.retain(|(_, _, ip)| !scoped(ip));
    }
    if all.is_empty() {
        all.push((0, false, Ipv4Addr::LOCALHOST.into()));
    }
    all.truncate(Invitation::MAX_SERVERS);
    all.into_iter().map(|(_, _, ip)| ip).collect()
}

/// Rank of an address that was handed out by nobody.
const LINK_LOCAL: u8 = 4;

/// Where addresses are at which nobody answers, as seen from here: what a person can do about it depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// On a network that this machine is on too.
    SameNetwork,
    /// On a private network, and not one that this machine is on.
    OtherNetwork,
    /// On the internet, or on this machine.
    Anywhere,
}

/// Where these are.
pub fn whereabouts(addresses: &[ServerAddress]) -> Whereabouts {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let own: Vec<_> = interfaces.into_iter().map(|interface| interface.addr).collect();
    seen_from(&own, addresses)
}

fn seen_from(own: &[IfAddr], addresses: &[ServerAddress]) -> Whereabouts {
    let ips = || {
        addresses.iter().filter_map(|address| match address {
            ServerAddress::Ip(at) => Some(at.ip()),
            _ => None,
        })
    };
    // On one's own machine nothing is in between.
    let near = |ip: &IpAddr| !ip.is_loopback() && own.iter().any(|own| shares(own, *ip) && own.ip() != *ip);
    let private = |ip: &IpAddr| match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    let ours = |ip: &IpAddr| ip.is_loopback() || own.iter().any(|own| own.ip() == *ip);
    if ips().any(|ip| near(&ip)) {
        Whereabouts::SameNetwork
    } else if ips().next().is_some() && ips().all(|ip| private(&ip) && !ours(&ip)) {
        Whereabouts::OtherNetwork
    } else {
        Whereabouts::Anywhere
    }
}

/// What a server's address leads to from this machine: one of a link leads there over each interface that has such
/// addresses, for nobody but the one who dials knows which.
pub(crate) fn dialled(address: &ServerAddress) -> Vec<ServerAddress> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let scopes = interfaces.iter().filter(|it| scoped(&it.ip())).filter_map(|it| it.index);
    over_each(address, scopes)
}

fn over_each(address: &ServerAddress, scopes: impl Iterator<Item = u32>) -> Vec<ServerAddress> {
    match address {
        ServerAddress::Ip(SocketAddr::V6(v6)) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            let scopes: BTreeSet<u32> = scopes.collect();
            let with = |scope| ServerAddress::Ip(SocketAddrV6::new(*v6.ip(), v6.port(), 0, scope).into());
            scopes.into_iter().map(with).collect()
        }
        other => vec![other.clone()],
    }
}

fn scoped(ip: &IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// The likelier one first; none for what is of no use.
fn rank(ip: &IpAddr) -> Option<u8> {
    match ip {
        IpAddr::V4(v4) if v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast() => None,
        IpAddr::V4(v4) if v4.is_loopback() => Some(6),
        IpAddr::V4(v4) if v4.is_private() => Some(0),
        IpAddr::V4(v4) if v4.is_link_local() => Some(LINK_LOCAL),
        IpAddr::V4(_) => Some(1),
        IpAddr::V6(v6) if v6.is_loopback() => Some(7),
        IpAddr::V6(v6) if v6.is_unspecified() || v6.is_multicast() => None,
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some(5),
        IpAddr::V6(v6) if v6.is_unique_local() => Some(2),
        IpAddr::V6(_) => Some(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(found: &[(&str, bool)], with_ipv6: bool) -> Vec<String> {
        let found = found.iter().map(|(ip, up)| (ip.parse().unwrap(), *up));
        choose(found, with_ipv6).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn there_is_always_an_address_and_loopback_is_the_last_resort() {
        let all = reachable("[::]:7443".parse().unwrap(), None);
        assert!(!all.is_empty() && all.len() <= Invitation::MAX_SERVERS);
        let loopback = |a: &ServerAddress| matches!(a, ServerAddress::Ip(a) if a.ip().is_loopback());
        assert!(all.iter().all(loopback) || !all.iter().any(loopback));
        assert_eq!(chosen(&[("127.0.0.1", true), ("::1", true)], true), ["127.0.0.1", "::1"]);
        assert_eq!(chosen(&[], false), ["127.0.0.1"]);
    }

    #[test]
    fn networks_are_told_by_the_names_of_their_interfaces_the_likelier_first() {
        let found = [
            ("lo", "127.0.0.1", true),
            ("tun0", "10.8.0.2", false),
            ("wlan0", "fe80::1", true),
            ("wlan0", "192.168.1.5", true),
            ("wlan0", "2001:db8::5", true),
            ("eth0", "fd00::7", true),
        ];
        let found = found.map(|(name, ip, up)| (name, ip.parse().unwrap(), up));
        let networks: Vec<_> = by_name(&found)
            .into_iter()
            .map(|it| (it.name, it.addresses.iter().map(ToString::to_string).collect::<Vec<_>>()))
            .collect();
        let expected = [
            ("wlan0", vec!["192.168.1.5", "2001:db8::5"]),
            ("tun0", vec!["10.8.0.2"]),
            ("eth0", vec!["fd00::7"]),
        ];
        assert_eq!(networks.len(), expected.len());
        for ((name, addresses), (wanted, of_it)) in networks.iter().zip(&expected) {
            assert_eq!(
                (name.as_str(), addresses),
                (*wanted, &of_it.iter().map(ToString::to_string).collect())
            );
        }
        assert!(by_name(&found[..1]).is_empty());
    }

    #[cfg(feature = "server")]
    #[test]
    fn an_address_is_of_its_interface_and_loopback_of_each() {
        for interface in if_addrs::get_if_addrs().unwrap() {
            assert!(is_of(&interface.name, interface.ip()));
            assert!(interface.is_loopback() || !is_of("no such interface", interface.ip()));
        }
        for here in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(is_of("no such interface", here.parse().unwrap()), "{here}");
        }
        assert!(!is_of("lo", "192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn what_others_on_the_network_can_reach_comes_first() {
        let found = [
            ("::1", true),
            ("127.0.0.1", true),
            ("fe80::1", true),
            ("169.254.7.7", true),
            ("2001:db8::5", true),
            ("fd00::5", true),
            ("203.0.113.5", true),
            ("172.17.0.1", false),
            ("192.168.1.5", true),
            ("10.8.0.2", false),
            ("192.168.1.5", false),
            ("0.0.0.0", true),
        ];
        let four = ["192.168.1.5", "10.8.0.2", "172.17.0.1", "203.0.113.5"];
        assert_eq!(chosen(&found, false), [&four[..], &["169.254.7.7"]].concat());
        assert_eq!(chosen(&found, true), [&four[..], &["fd00::5", "2001:db8::5", "169.254.7.7"]].concat());
        let many: Vec<_> = (1..20).map(|n| (format!("10.0.0.{n}"), true)).collect();
        let many: Vec<_> = many.iter().map(|(ip, up)| (ip.as_str(), *up)).collect();
        assert_eq!(chosen(&many, false).len(), Invitation::MAX_SERVERS);
    }

    #[test]
    fn it_is_told_on_which_network_a_server_is_that_does_not_answer() {
        let v4 = |ip: &str| {
            IfAddr::V4(if_addrs::Ifv4Addr {
                ip: ip.parse().unwrap(),
                netmask: "255.255.255.0".parse().unwrap(),
                prefixlen: 24,
                broadcast: None,
            })
        };
        let own = [v4("127.0.0.1"), v4("192.168.1.5"), v4("10.8.0.2")];
        let at = |addresses: &[&str]| {
            let addresses: Vec<ServerAddress> = addresses.iter().map(|at| at.parse().unwrap()).collect();
            seen_from(&own, &addresses)
        };
        assert_eq!(at(&["192.168.1.20:7443"]), Whereabouts::SameNetwork);
        assert_eq!(at(&["172.16.0.3:7443", "192.168.1.20:7443"]), Whereabouts::SameNetwork);
        assert_eq!(at(&["192.168.7.20:7443"]), Whereabouts::OtherNetwork);
        assert_eq!(at(&["192.168.7.20:7443", "[fd00::7]:7443"]), Whereabouts::OtherNetwork);
        assert_eq!(at(&["192.168.7.20:7443", "203.0.113.7:7443"]), Whereabouts::Anywhere);
        assert_eq!(at(&["talk.example:443"]), Whereabouts::Anywhere);
        assert_eq!(at(&["127.0.0.1:7443"]), Whereabouts::Anywhere);
        assert_eq!(at(&["192.168.1.5:7443"]), Whereabouts::Anywhere);
        assert_eq!(at(&[]), Whereabouts::Anywhere);
    }

    #[test]
    fn who_is_on_one_of_our_networks_is_near_whatever_its_address() {
        let own = |ip: &str, netmask: &str, prefixlen| {
            let (ip, netmask) = (ip.parse().unwrap(), netmask.parse().unwrap());
            IfAddr::V4(if_addrs::Ifv4Addr { ip, netmask, prefixlen, broadcast: None })
        };
        let campus = own("203.0.113.5", "255.255.255.192", 26);
        for (ip, near) in [("203.0.113.5", true), ("203.0.113.60", true), ("203.0.113.70", false)] {
            assert_eq!(shares(&campus, ip.parse().unwrap()), near, "{ip}");
        }
        let tunnel = own("198.51.100.2", "0.0.0.0", 0);
        assert!(shares(&tunnel, "198.51.100.2".parse().unwrap()));
        assert!(!shares(&tunnel, "203.0.113.60".parse().unwrap()), "no network is the whole internet");
        for interface in if_addrs::get_if_addrs().unwrap() {
            assert!(on_link(interface.ip()), "{}", interface.ip());
        }
    }

    #[test]
    fn a_link_local_address_is_named_when_nothing_better_is_there_and_dialled_over_each_interface() {
        assert_eq!(
            chosen(&[("fe80::1", true), ("::1", true), ("169.254.7.7", true)], true),
            ["169.254.7.7", "fe80::1"]
        );
        assert_eq!(chosen(&[("fe80::1", true), ("127.0.0.1", true)], true), ["fe80::1"]);
        let dialled = |address: &str| -> Vec<String> {
            let dialled = over_each(&address.parse().unwrap(), [3, 2, 3].into_iter());
            dialled.iter().map(ToString::to_string).collect()
        };
        assert_eq!(dialled("[fe80::1]:7443"), ["[fe80::1%2]:7443", "[fe80::1%3]:7443"]);
        for other in ["[fe80::1%7]:7443", "10.1.2.3:7443", "[fd00::1]:7443", "talk.example.org:7443"] {
            assert_eq!(dialled(other), [other]);
        }
    }

    #[test]
    fn a_server_that_listens_on_one_address_is_reached_at_that_one() {
        let bound: SocketAddr = "10.1.2.3:7443".parse().unwrap();
        assert_eq!(reachable(bound, None), [ServerAddress::Ip(bound)]);
    }
}
