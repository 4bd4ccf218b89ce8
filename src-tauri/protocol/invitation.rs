//! The invitation: a link that holds all that is needed to come in, nothing of it in a path or a query.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use thiserror::Error;

use crate::{CertificateHash, LinkPassword, Nameplate, Reader, VERSION, WireError, Writer};

const SCHEME: &str = "pushtalk://j/";

/// What a link says: `pushtalk://j/1.<nameplate>.<password>.<addresses>[.<certificate>]`; the same token may stand
/// behind the `#` of an `https` link.
pub struct Invitation {
    /// Where to knock.
    pub nameplate: Nameplate,
    /// What lets in.
    pub password: LinkPassword,
    /// Addresses of the server, the most likely one first; 1 to 8.
    pub servers: Vec<ServerAddress>,
    /// The only certificate to accept; none where the system's roots decide.
    pub certificate: Option<CertificateHash>,
}

/// Where a server listens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerAddress {
    /// An address.
    Ip(SocketAddr),
    /// A DNS name and a port.
    Name(String, u16),
}

/// Why a text is no invitation.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvitationError {
    /// Not a link of this program.
    #[error("not an invitation")]
    NotAnInvitation,
    /// A link of another version; both are named.
    #[error("an invitation of version {theirs}, this program speaks version {VERSION}")]
    Version {
        /// The version found.
        theirs: u32,
    },
    /// A link that was cut or changed.
    #[error("the invitation is damaged or incomplete")]
    Damaged,
}

/// Why a text is no address of a server.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an address is written HOST:PORT")]
pub struct AddressError;

impl Invitation {
    /// Most addresses in one link.
    pub const MAX_SERVERS: usize = 8;
    /// Longest link that is read, in bytes.
    pub const MAX_LEN: usize = 2048;

    /// True for a text that means to be a link, whole or not.
    pub fn looks_like_one(text: &str) -> bool {
        text.contains("://")
    }

    /// The link.
    pub fn link(&self) -> String {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let servers =
            self.servers.iter().take(Self::MAX_SERVERS).fold(Writer::new(), |w, s| s.write(w)).finish();
        let mut link = format!(
            "{SCHEME}{VERSION}.{}.{}.{}",
            self.nameplate.as_str(),
            encode(self.password.expose()),
            encode(&servers)
        );
        if let Some(hash) = &self.certificate {
            link.push('.');
            link.push_str(&encode(hash.as_bytes()));
        }
        link
    }

    /// Reads a link.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, InvitationError> {
        let text = text.trim();
        if text.len() > Self::MAX_LEN {
            return Err(InvitationError::NotAnInvitation);
        }
        let token = text
            .strip_prefix(SCHEME)
            .or_else(|| {
                text.strip_prefix("https://").and_then(|rest| rest.split_once('#')).map(|(_, token)| token)
            })
            .ok_or(InvitationError::NotAnInvitation)?;
        let mut fields = token.split('.');
        let theirs: u32 =
            fields.next().and_then(|v| v.parse().ok()).ok_or(InvitationError::NotAnInvitation)?;
        if theirs != u32::from(VERSION) {
            return Err(InvitationError::Version { theirs });
        }
        let damaged = InvitationError::Damaged;
        let decode = |field: &str| BASE64_URL_SAFE_NO_PAD.decode(field).map_err(|_| damaged);
        let nameplate = Nameplate::parse(fields.next().ok_or(damaged)?).map_err(|_| damaged)?;
        let password = decode(fields.next().ok_or(damaged)?)?;
        let password = LinkPassword::new(password.try_into().map_err(|_| damaged)?);
        let servers = decode(fields.next().ok_or(damaged)?)?;
        let servers = ServerAddress::read_all(&servers).map_err(|_| damaged)?;
        let certificate = match fields.next() {
            Some(field) => Some(CertificateHash::try_from(&decode(field)?[..]).map_err(|_| damaged)?),
            None => None,
        };
        if fields.next().is_some() || servers.is_empty() || servers.len() > Self::MAX_SERVERS {
            return Err(damaged);
        }
        Ok(Self { nameplate, password, servers, certificate })
    }
}

impl ServerAddress {
    fn port(&self) -> u16 {
        match self {
            Self::Ip(address) => address.port(),
            Self::Name(_, port) => *port,
        }
    }

    pub(crate) fn write(&self, w: Writer) -> Writer {
        match self {
            Self::Ip(SocketAddr::V4(a)) => w.u8(4).raw(&a.ip().octets()).u16(a.port()),
            Self::Ip(SocketAddr::V6(a)) => w.u8(6).raw(&a.ip().octets()).u16(a.port()),
            Self::Name(name, port) => w.u8(0).lv(name.as_bytes()).u16(*port),
        }
    }

    pub(crate) fn read_all(bytes: &[u8]) -> Result<Vec<Self>, WireError> {
        let mut r = Reader::new(bytes);
        let mut all = Vec::new();
        while !r.is_empty() {
            all.push(match r.u8()? {
                4 => Self::Ip(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(r.array::<4>()?)), r.u16()?)),
                6 => Self::Ip(SocketAddr::new(IpAddr::V6(Ipv6Addr::from(r.array::<16>()?)), r.u16()?)),
                0 => {
                    let name = r.text()?;
                    if !is_host_name(name) || name.bytes().any(|b| b.is_ascii_uppercase()) {
                        return Err(WireError::Value);
                    }
                    Self::Name(name.to_owned(), r.u16()?)
                }
                other => return Err(WireError::Kind(other)),
            });
            // As when it is typed: what is shown before joining can be typed, and leads to the same place.
            if all.last().is_some_and(|server| server.port() == 0) {
                return Err(WireError::Value);
            }
        }
        Ok(all)
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    /// Reads `HOST:PORT`, IPv6 in brackets.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(address) = text.parse::<SocketAddr>() {
            return if address.port() == 0 { Err(AddressError) } else { Ok(Self::Ip(address)) };
        }
        let (name, port) = text.rsplit_once(':').ok_or(AddressError)?;
        let port: u16 = port.parse().map_err(|_| AddressError)?;
        if port == 0 || !is_host_name(name) {
            return Err(AddressError);
        }
        Ok(Self::Name(name.to_ascii_lowercase(), port))
    }
}

/// `HOST:PORT`, for people: it is shown on purpose, before joining.
impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// Addresses never reach a log.
impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerAddress(…)")
    }
}

/// Letters, digits, dashes and dots, as in RFC 1123 section 2.1; not the shape of an IPv4 address.
fn is_host_name(name: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    name.len() <= 253
        && name.split('.').all(label)
        && !name.split('.').all(|l| l.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Invitation {
        Invitation {
            nameplate: Nameplate::parse("7K0").unwrap(),
            password: LinkPassword::new([0xA5; 16]),
            servers: ["192.168.1.5:7443", "[fd00::1]:7443", "talk.example.org:443"]
                .map(|s| s.parse().unwrap())
                .into(),
            certificate: Some(CertificateHash::new([7; 32])),
        }
    }

    #[test]
    fn a_link_reads_back_as_it_was_written() {
        let link = sample().link();
        assert!(link.starts_with("pushtalk://j/1.7K0."), "{link}");
        let again = Invitation::parse(&link).unwrap();
        assert_eq!(again.servers, sample().servers);
        assert_eq!(again.link(), link);
        let token = link.strip_prefix(SCHEME).unwrap();
        assert_eq!(Invitation::parse(&format!("https://talk.example.org/j#{token}")).unwrap().link(), link);
        let open = Invitation { certificate: None, ..sample() };
        assert!(Invitation::parse(&open.link()).unwrap().certificate.is_none());
    }

    #[test]
    fn a_cut_link_is_damaged_and_another_version_is_named() {
        let link = sample().link();
        let inner = SCHEME.len() + "1.7K0.".len();
        for end in inner..link.len() {
            // Cut at a field's end, the link is one that names no certificate: shorter, but whole.
            if let Ok(read) = Invitation::parse(&link[..end]) {
                assert!(read.certificate.is_none());
            }
        }
        assert_eq!(
            Invitation::parse("pushtalk://j/2.a.b.c").err(),
            Some(InvitationError::Version { theirs: 2 })
        );
        assert_eq!(Invitation::parse("https://example.org/").err(), Some(InvitationError::NotAnInvitation));
        assert_eq!(Invitation::parse("hello").err(), Some(InvitationError::NotAnInvitation));
        assert_eq!(Invitation::parse(&format!("{link}.x")).err(), Some(InvitationError::Damaged));
    }

    #[test]
    fn a_link_to_an_address_that_nobody_could_type_is_damaged() {
        for server in [
            ServerAddress::Name("Talk.Example".into(), 443),
            ServerAddress::Name("talk.example".into(), 0),
            ServerAddress::Ip(SocketAddr::from(([10, 0, 0, 1], 0))),
        ] {
            let link = Invitation { servers: vec![server], ..sample() }.link();
            assert_eq!(Invitation::parse(&link).err(), Some(InvitationError::Damaged), "{link}");
        }
    }

    #[test]
    fn addresses_are_read_strictly() {
        for good in ["10.0.0.1:1", "[::1]:7443", "localhost:80", "a-b.example:65535"] {
            assert_eq!(good.parse::<ServerAddress>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "10.0.0.1",
            "10.0.0.1:0",
            "10.0.0.256:5",
            "a b:5",
            "host:",
            "host:x",
            "-a:5",
            "http://a:5",
            ":5",
        ] {
            assert_eq!(bad.parse::<ServerAddress>(), Err(AddressError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends_in_an_invitation_or_an_error(text in "\\PC{0,200}") {
            drop(Invitation::parse(&text));
            drop(Invitation::parse(&format!("{SCHEME}1.{text}")));
        }
    }
}
