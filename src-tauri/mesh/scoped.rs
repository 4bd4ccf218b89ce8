//! IPv6 link-local addresses for a library that knows of no scopes (RFC 4007 section 6).
//!
//! Such an address means nothing without its interface, and neither a candidate nor the library can carry that. So the
//! library is given a port of `::1` instead, whose packets go by a socket at the real address; candidates are told with
//! the real one.

use std::{
    collections::HashMap,
    io::{self, IoSliceMut},
    net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket},
    sync::Arc,
    task::{Context, Poll},
};

use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

/// What is taken off the priority of a link-local candidate: it is tried, and nobody's first choice.
const LAST: u32 = 0x4000 << 8;

/// The sockets that stand behind ports of `::1`.
#[derive(Debug, Default)]
pub(crate) struct Scoped(HashMap<u16, (UdpSocket, Ipv6Addr, u32)>);

/// Their addresses, to be told.
pub(crate) type Names = HashMap<u16, Ipv6Addr>;

impl Scoped {
    /// Binds them; what cannot be bound is left out.
    pub(crate) fn bind(addresses: &[SocketAddrV6]) -> Self {
        Self(addresses.iter().filter_map(bound).collect())
    }

    pub(crate) fn names(&self) -> Names {
        self.0.iter().map(|(port, (_, ip, _))| (*port, *ip)).collect()
    }

    /// What the library binds.
    pub(crate) fn stand_ins(&self) -> impl Iterator<Item = SocketAddr> {
        self.0.keys().map(|port| SocketAddr::from((Ipv6Addr::LOCALHOST, *port)))
    }

    /// The real socket and its scope behind one that the library has bound.
    pub(crate) fn take(&mut self, stand_in: SocketAddr) -> Option<(UdpSocket, u32)> {
        if stand_in.ip() != Ipv6Addr::LOCALHOST {
            return None;
        }
        self.0.remove(&stand_in.port()).map(|(socket, _, scope)| (socket, scope))
    }
}

fn bound(address: &SocketAddrV6) -> Option<(u16, (UdpSocket, Ipv6Addr, u32))> {
    let socket = UdpSocket::bind(address).ok()?;
    socket.set_nonblocking(true).ok()?;
    let port = socket.local_addr().ok()?.port();
    Some((port, (socket, *address.ip(), address.scope_id())))
}

/// A description, or a candidate, with the addresses that others can use.
pub(crate) fn told(text: &str, names: &Names) -> String {
    let lines = text.split("\r\n").map(|line| candidate(line, names).unwrap_or_else(|| line.to_owned()));
    lines.collect::<Vec<_>>().join("\r\n")
}

/// As in RFC 8839 section 5.1; none where nothing changes.
fn candidate(line: &str, names: &Names) -> Option<String> {
    let start = line.strip_prefix("a=").unwrap_or(line);
    let mut words: Vec<String> =
        start.strip_prefix("candidate:").map(|_| line.split(' ').map(str::to_owned).collect())?;
    let port: u16 = words.get(5)?.parse().ok()?;
    let address = words.get_mut(4)?;
    if *address == "::1" {
        *address = names.get(&port)?.to_string();
    }
    if !is_link_local(address.parse().ok()?) {
        return None;
    }
    let priority = words.get_mut(3)?;
    *priority = priority.parse::<u32>().ok()?.saturating_sub(LAST).to_string();
    Some(words.join(" "))
}

/// Where nobody hands out addresses.
pub(crate) fn is_link_local(ip: std::net::IpAddr) -> bool {
    match ip {
        std::net::IpAddr::V4(ip) => ip.is_link_local(),
        std::net::IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// The socket at the real address.
#[derive(Debug)]
pub(crate) struct ScopedSocket {
    real: Arc<dyn AsyncUdpSocket>,
    scope: u32,
    /// Bound as long as this is, so that nobody else has its port.
    stand_in: UdpSocket,
}

impl ScopedSocket {
    pub(crate) fn new(real: Arc<dyn AsyncUdpSocket>, scope: u32, stand_in: UdpSocket) -> Self {
        Self { real, scope, stand_in }
    }
}

impl AsyncUdpSocket for ScopedSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stand_in.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let destination = match transmit.destination {
            SocketAddr::V6(to) => SocketAddrV6::new(*to.ip(), to.port(), 0, self.scope).into(),
            v4 => v4,
        };
        let transmit = Transmit {
            destination,
            ecn: transmit.ecn,
            contents: transmit.contents,
            segment_size: transmit.segment_size,
            src_ip: transmit.src_ip,
        };
        self.real.poll_send(cx, &transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = self.real.poll_recv(cx, bufs, meta);
        if let Poll::Ready(Ok(count)) = &received {
            for meta in meta.iter_mut().take(*count) {
                meta.addr = SocketAddr::new(meta.addr.ip(), meta.addr.port());
            }
        }
        received
    }

    fn max_gso_segments(&self) -> usize {
        self.real.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.real.max_gro_segments()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_candidates_are_told_by_their_real_address_and_come_last() {
        let names = Names::from([(7000, "fe80::5".parse().unwrap())]);
        for (written, as_told) in [
            (
                "a=candidate:1 1 udp 2130706431 ::1 7000 typ host",
                "a=candidate:1 1 udp 2126512127 fe80::5 7000 typ host",
            ),
            (
                "candidate:1 1 udp 2130706431 169.254.3.4 9 typ host",
                "candidate:1 1 udp 2126512127 169.254.3.4 9 typ host",
            ),
            (
                "a=candidate:1 1 udp 2130706431 10.1.2.3 7000 typ host",
                "a=candidate:1 1 udp 2130706431 10.1.2.3 7000 typ host",
            ),
            ("candidate:1 1 udp x ::1 7000 typ host", "candidate:1 1 udp x ::1 7000 typ host"),
            ("a=mid:0\r\n", "a=mid:0\r\n"),
            ("", ""),
        ] {
            assert_eq!(told(written, &names), as_told);
        }
    }
}
