//! The addresses that this program has to do with, for a person who wants to see them: in memory, until the room is left.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use pushtalk_protocol::{Pid, ServerAddress};

use crate::face::{Contact, ContactWhy};
use crate::view::member_id;

/// Everything of DNS-SD goes there (RFC 6762).
const NEIGHBOURS: [&str; 2] = ["224.0.0.251:5353", "[ff02::fb]:5353"];
/// As many as all members of a full room may name.
const MOST: usize = 64 * 32;

#[derive(Default)]
pub(crate) struct Contacts {
    all: BTreeSet<(ContactWhy, Option<Pid>, String)>,
}

impl Contacts {
    /// The server is looked for at these.
    pub(crate) fn server(&mut self, addresses: &[ServerAddress]) {
        for address in addresses {
            self.add(ContactWhy::Server, None, address.to_string());
        }
    }

    /// We ask there from which address we are seen.
    pub(crate) fn stun(&mut self, server: Option<SocketAddr>) {
        if let Some(server) = server {
            self.add(ContactWhy::Stun, None, server.to_string());
        }
    }

    /// A member says in SDP where it can be reached.
    pub(crate) fn described(&mut self, peer: Pid, sdp: &str) {
        for candidate in sdp.lines().filter_map(|line| line.trim().strip_prefix("a=")) {
            self.candidate(peer, candidate);
        }
    }

    /// A member names one address (RFC 8839, section 5.1).
    pub(crate) fn candidate(&mut self, peer: Pid, candidate: &str) {
        if let Some(address) = address(candidate) {
            self.add(ContactWhy::Member, Some(peer), address.to_string());
        }
    }

    /// All of them, those of the server first; with those of the network when it is looked around on.
    pub(crate) fn list(&self, neighbours: bool) -> Vec<Contact> {
        let contact = |why, member: Option<&Pid>, address: &str| Contact {
            address: address.to_owned(),
            why,
            member: member.map(member_id),
        };
        let all = self.all.iter().map(|(why, member, address)| contact(*why, member.as_ref(), address));
        let neighbours = NEIGHBOURS.iter().filter(|_| neighbours);
        all.chain(neighbours.map(|address| contact(ContactWhy::Neighbours, None, address))).collect()
    }

    fn add(&mut self, why: ContactWhy, member: Option<Pid>, address: String) {
        if self.all.len() < MOST {
            self.all.insert((why, member, address));
        }
    }
}

/// Where packets for a candidate go; none for one that nothing is sent to.
fn address(candidate: &str) -> Option<SocketAddr> {
    let mut words = candidate.strip_prefix("candidate:")?.split_ascii_whitespace().skip(4);
    let ip: IpAddr = words.next()?.parse().ok()?;
    let port: u16 = words.next()?.parse().ok()?;
    // Who only calls has port 9 (RFC 6544, section 4.5).
    (!ip.is_unspecified() && port != 0 && port != 9).then(|| SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\na=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\n\
        a=candidate:2 1 tcp 1671430143 192.0.2.1 9 typ host tcptype active\r\na=end-of-candidates\r\n";

    #[test]
    fn what_a_member_names_is_listed_once_after_the_server_and_nothing_else_is() {
        let (ben, mut contacts) = (Pid::new([7; 16]), Contacts::default());
        assert!(contacts.list(false).is_empty());
        contacts.described(ben, SDP);
        contacts.candidate(ben, "candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host");
        contacts.candidate(ben, "candidate:3 1 udp 1 2001:db8::1 50001 typ srflx raddr :: rport 0");
        for of_no_use in [
            "",
            "candidate:",
            "candidate:1 1 udp 1 host.local 50000 typ host",
            "candidate:1 1 udp 1 :: 5 typ host",
        ] {
            contacts.candidate(ben, of_no_use);
        }
        contacts.server(&["talk.example.org:443".parse().unwrap()]);
        contacts.stun("198.51.100.7:3478".parse().ok());
        let all = contacts.list(true);
        let addresses: Vec<_> = all.iter().map(|contact| contact.address.as_str()).collect();
        assert_eq!(
            addresses,
            [
                "talk.example.org:443",
                "198.51.100.7:3478",
                "192.0.2.1:50000",
                "[2001:db8::1]:50001",
                "224.0.0.251:5353",
                "[ff02::fb]:5353"
            ]
        );
        assert_eq!(all[2].member, Some(member_id(&ben)));
        assert_eq!(contacts.list(false).len(), 4);
    }

    #[test]
    fn a_member_that_names_addresses_without_end_costs_only_so_much() {
        let mut contacts = Contacts::default();
        for port in 10..u16::MAX {
            contacts.candidate(Pid::new([7; 16]), &format!("candidate:1 1 udp 1 192.0.2.1 {port} typ host"));
        }
        assert_eq!(contacts.list(false).len(), MOST);
    }
}
