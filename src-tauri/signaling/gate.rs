//! Who gets as far as the upgrade: so many from one address, and no web page of others.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::header::AsHeaderName;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};

use crate::addresses::on_link;
use crate::limits::Limits;
use crate::lobby::Source;

/// Counts connections by address, for as long as they last.
#[derive(Clone)]
pub(crate) struct Gate {
    limits: Limits,
    present: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
    /// What addresses are called by, with a key that nobody knows and that ends with the program.
    names: RandomState,
    /// Bytes that wait to be written, on all connections.
    waiting: Arc<AtomicUsize>,
}

/// The right to one connection; dropping it gives the place back.
pub(crate) struct Place {
    gate: Gate,
    /// None for a proxy, which is not counted: those whom it brings are.
    from: Option<IpAddr>,
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, present: Arc::default(), names: RandomState::new(), waiting: Arc::default() }
    }

    /// None when there are too many, of this address or in all.
    pub(crate) fn admit(&self, from: IpAddr) -> Option<Place> {
        let (address, from) = (from.to_canonical(), one_subscriber(from));
        let mut present = self.lock();
        let (all, own) = (present.values().sum::<usize>(), present.get(&from).copied().unwrap_or(0));
        // The interfaces are asked only where it makes a difference.
        let as_one_from_afar = own >= self.limits.connections_from_afar;
        let as_a_near_one = own >= self.limits.connections_from_near;
        let near = || is_near(address) || on_link(address);
        let too_many =
            if as_one_from_afar != as_a_near_one && near() { as_a_near_one } else { as_one_from_afar };
        if all >= self.limits.connections || too_many {
            return None;
        }
        present.insert(from, own + 1);
        Some(Place { gate: self.clone(), from: Some(from) })
    }

    /// For a connection of a proxy.
    pub(crate) fn proxied(&self) -> Place {
        Place { gate: self.clone(), from: None }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A stand-in for the address, for those who are to count by it and not to know it.
    pub(crate) fn source(&self) -> Source {
        Source(self.gate.names.hash_one(self.from))
    }

    /// More for the same address, as long as there are any.
    pub(crate) fn more(&self) -> impl Fn() -> Option<Place> + use<> {
        let (gate, from) = (self.gate.clone(), self.from);
        move || gate.admit(from?)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.gate.limits
    }

    pub(crate) fn waiting_of_all(&self) -> Arc<AtomicUsize> {
        self.gate.waiting.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(from) = self.from else { return };
        let mut present = self.gate.lock();
        if let Some(count) = present.get_mut(&from) {
            *count -= 1;
            if *count == 0 {
                present.remove(&from);
            }
        }
    }
}

/// One subscriber has a whole /64 of IPv6 addresses (RFC 6177); it counts as one.
pub(crate) fn one_subscriber(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6(Ipv6Addr::from(u128::from(v6) >> 64 << 64)),
        other => other,
    }
}

fn is_near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Web pages of others cannot reach a server on somebody's network: neither across sites, for then `Origin` is not the
/// `Host` that was asked for, nor by a DNS name that was turned around to this address, for then `Host` is a name that
/// is not ours. A browser always sends `Origin` with a WebSocket (RFC 6455 section 4.1) and with what changes something,
/// and says of all else where it comes from (`Sec-Fetch-Site`, Fetch Metadata section 2.3). A program that sends neither is
/// no web page.
pub(crate) fn is_meant_for_us(headers: &HeaderMap, names: &[String]) -> bool {
    let Some(host) = only(headers, header::HOST) else { return false };
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if host.contains('@') {
        return false;
    }
    let from_page = headers.contains_key("sec-fetch-site");
    if !headers.contains_key(header::ORIGIN) && !from_page {
        return true;
    }
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    let ours = name.parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|n| n.eq_ignore_ascii_case(name));
    let same_origin = || {
        let origin = only(headers, header::ORIGIN).and_then(|origin| origin.strip_prefix("https://"));
        origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    };
    let same_site = || only(headers, "sec-fetch-site") == Some("same-origin");
    ours && if headers.contains_key(header::ORIGIN) { same_origin() } else { same_site() }
}

/// The value of a header that is there exactly once.
fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(lines: &[(header::HeaderName, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value.parse().unwrap());
        }
        is_meant_for_us(&headers, &["talk.example".to_owned()])
    }

    #[test]
    fn programs_and_own_pages_come_in_and_pages_of_others_do_not() {
        let (host, origin) = (header::HOST, header::ORIGIN);
        for good in [
            &[(host.clone(), "192.168.1.5:7443")][..],
            &[(host.clone(), "laptop.local:7443")],
            &[(host.clone(), "talk.example"), (origin.clone(), "https://talk.example")],
            &[(host.clone(), "[::1]:7443"), (origin.clone(), "https://[::1]:7443")],
        ] {
            assert!(admitted(good), "{good:?}");
        }
        for bad in [
            &[][..],
            &[(host.clone(), "a b")],
            &[(host.clone(), "me@192.168.1.5:7443")],
            &[(host.clone(), "192.168.1.5"), (host.clone(), "192.168.1.5")],
            // Across sites.
            &[(host.clone(), "192.168.1.5:7443"), (origin.clone(), "https://evil.example")],
            &[(host.clone(), "192.168.1.5:7443"), (origin.clone(), "http://192.168.1.5:7443")],
            &[(host.clone(), "192.168.1.5:7443"), (origin.clone(), "null")],
            // A name that was turned around to us.
            &[(host.clone(), "evil.example:7443"), (origin.clone(), "https://evil.example:7443")],
            &[
                (host.clone(), "talk.example"),
                (origin.clone(), "https://talk.example"),
                (origin.clone(), "https://evil.example"),
            ],
        ] {
            assert!(!admitted(bad), "{bad:?}");
        }
    }

    #[test]
    fn an_address_has_so_many_places_and_gets_them_back() {
        let limits = Limits {
            connections: 4,
            connections_from_afar: 1,
            connections_from_near: 2,
            ..Limits::default()
        };
        let gate = Gate::new(limits);
        let admit = |ip: &str| gate.admit(ip.parse().unwrap());
        let far = admit("203.0.113.7").unwrap();
        assert!(admit("203.0.113.7").is_none() && admit("::ffff:203.0.113.7").is_none());
        let near = [admit("10.0.0.1").unwrap(), admit("10.0.0.1").unwrap()];
        assert!(admit("10.0.0.1").is_none());
        let six = admit("2001:db8::1").unwrap();
        drop(far);
        assert!(admit("2001:db8::2").is_none(), "the same subscriber");
        let again = admit("203.0.113.7").unwrap();
        assert!(admit("198.51.100.1").is_none(), "full");
        drop((near, six, again));
        assert!(gate.lock().is_empty());
    }

    #[test]
    fn who_is_near_is_so_by_either_spelling_of_its_address() {
        let limits = Limits { connections_from_afar: 1, connections_from_near: 2, ..Limits::default() };
        let gate = Gate::new(limits);
        // So does a listener that takes both kinds of addresses spell it.
        let admit = || gate.admit("::ffff:10.0.0.1".parse().unwrap());
        let places = [admit(), admit()];
        assert!(places.iter().all(Option::is_some) && admit().is_none());
    }
}
