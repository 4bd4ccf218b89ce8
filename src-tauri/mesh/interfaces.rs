//! The addresses of this machine: those that a connection binds, and when they change.

use std::{
    net::{IpAddr, SocketAddr, SocketAddrV6},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::scoped::is_link_local;

/// How often the addresses are looked at: it costs some microseconds, and works the same on every system.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// More would only mean more pairs of candidates to try.
const MOST: usize = 16;
const MOST_SCOPED: usize = 4;
/// How tunnels are called where their system does not say what they are.
const TUNNELS: [&str; 9] = ["tun", "tap", "utun", "wg", "wireguard", "ppp", "ipsec", "tailscale", "zt"];

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
            let before = self.looked.filter(|at| at.elapsed() < LOOK_EVERY * 6);
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

/// What a connection binds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Local {
    /// With port 0.
    pub(crate) plain: Vec<SocketAddr>,
    /// Link-local ones of IPv6, which need the scope.
    pub(crate) scoped: Vec<SocketAddrV6>,
}

/// Which addresses are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// 127.0.0.1 too; it is there anyway when it is alone.
    pub(crate) loopback: bool,
    /// Those of tunnels too.
    pub(crate) vpn: bool,
    /// Link-local ones of IPv6 too; they are there anyway when there is no ordinary one.
    pub(crate) all: bool,
}

/// One address for each address of an interface: ordinary ones of IPv4, of IPv6, and link-local ones last.
pub(crate) fn addresses(wanted: Wanted) -> Local {
    choose(up().map(|it| (it.ip(), it.index.unwrap_or(0), is_tunnel(&it.name, it.is_p2p()))), wanted)
}

fn choose(found: impl Iterator<Item = (IpAddr, u32, bool)>, wanted: Wanted) -> Local {
    let found = found.filter(|(ip, _, tunnel)| usable(*ip) && (wanted.vpn || !tunnel));
    let (own, outside): (Vec<_>, Vec<_>) = found.partition(|(ip, ..)| ip.is_loopback());
    let (scoped, plain): (Vec<_>, Vec<_>) =
        outside.into_iter().partition(|(ip, ..)| ip.is_ipv6() && is_link_local(*ip));
    let mut plain: Vec<IpAddr> = plain.into_iter().map(|(ip, ..)| ip).collect();
    plain.sort_by_key(|ip| (is_link_local(*ip), ip.is_ipv6()));
    plain.dedup();
    let ordinary = plain.iter().any(|ip| !is_link_local(*ip));
    let scoped = scoped.into_iter().filter_map(|(ip, index, _)| match ip {
        IpAddr::V6(ip) if index > 0 => Some(SocketAddrV6::new(ip, 0, 0, index)),
        _ => None,
    });
    let mut scoped: Vec<_> = scoped.filter(|_| wanted.all || !ordinary).collect();
    plain.truncate(MOST);
    scoped.truncate(MOST_SCOPED);
    if wanted.loopback || plain.is_empty() && scoped.is_empty() {
        // One loopback address is enough, and one that always is there.
        let first = own.iter().map(|(ip, ..)| *ip).find(IpAddr::is_ipv4);
        plain.push(first.unwrap_or(IpAddr::from([127, 0, 0, 1])));
    }
    Local { plain: plain.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect(), scoped }
}

fn usable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
    }
}

/// Point to point, or called like one.
fn is_tunnel(name: &str, p2p: bool) -> bool {
    let name = name.to_ascii_lowercase();
    p2p || TUNNELS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{Local, Wanted, choose, is_tunnel};

    const USUAL: Wanted = Wanted { loopback: false, vpn: true, all: false };

    fn local(all: &[&str], wanted: Wanted) -> Local {
        let found =
            all.iter().zip(1..).map(|(ip, index)| (ip.parse().unwrap(), index, ip.starts_with("10.8.")));
        choose(found, wanted)
    }

    fn plain(all: &[&str], wanted: Wanted) -> Vec<String> {
        local(all, wanted).plain.iter().map(|address| address.ip().to_string()).collect()
    }

    #[test]
    fn loopback_is_used_when_it_is_alone() {
        assert_eq!(plain(&["127.0.0.1", "::1"], USUAL), ["127.0.0.1"]);
        assert_eq!(plain(&[], USUAL), ["127.0.0.1"]);
    }

    #[test]
    fn loopback_is_left_out_next_to_a_real_interface_unless_wanted() {
        assert_eq!(plain(&["127.0.0.1", "192.168.1.5"], USUAL), ["192.168.1.5"]);
        let wanted = Wanted { loopback: true, ..USUAL };
        assert_eq!(plain(&["127.0.0.1", "192.168.1.5"], wanted), ["192.168.1.5", "127.0.0.1"]);
    }

    #[test]
    fn ordinary_addresses_come_first_and_link_local_ones_last() {
        let all = ["fe80::1", "169.254.3.4", "fd00::2", "10.8.0.2", "fd00::2"];
        assert_eq!(plain(&all, USUAL), ["10.8.0.2", "fd00::2", "169.254.3.4"]);
    }

    #[test]
    fn a_link_local_address_of_ipv6_has_its_scope_and_is_used_when_nothing_else_is_there_or_all_is_tried() {
        let scoped = |all: &[&str], wanted| -> Vec<String> {
            local(all, wanted).scoped.iter().map(ToString::to_string).collect()
        };
        let here = ["[fe80::1%1]:0"];
        assert_eq!(scoped(&["fe80::1", "169.254.3.4"], USUAL), here);
        assert_eq!(plain(&["fe80::1"], USUAL), [""; 0]);
        assert_eq!(scoped(&["fe80::1", "192.168.1.5"], USUAL), [""; 0]);
        assert_eq!(scoped(&["fe80::1", "192.168.1.5"], Wanted { all: true, ..USUAL }), here);
    }

    #[test]
    fn tunnels_are_left_out_by_choice() {
        let all = ["10.8.0.2", "192.168.1.5"];
        assert_eq!(plain(&all, USUAL), all);
        assert_eq!(plain(&all, Wanted { vpn: false, ..USUAL }), ["192.168.1.5"]);
        for (name, p2p, tunnel) in [
            ("eth0", false, false),
            ("wlp3s0", false, false),
            ("en0", false, false),
            ("tun0", false, true),
            ("utun4", false, true),
            ("wg-home", false, true),
            ("ppp0", true, true),
            ("WireGuard Tunnel", false, true),
            ("rmnet0", true, true),
        ] {
            assert_eq!(is_tunnel(name, p2p), tunnel, "{name}");
        }
    }
}
