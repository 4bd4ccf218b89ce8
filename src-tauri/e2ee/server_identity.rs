//! What a server is known by, so that no proof or password is of any use on another one.

use std::fmt;

use pushtalk_protocol::{CertificateHash, Writer};

/// The `srv` of sections 4 and 10 of the protocol.
#[derive(Clone, PartialEq, Eq)]
pub enum ServerIdentity {
    /// On a LAN: the SHA-256 of its certificate.
    Certificate(CertificateHash),
    /// Elsewhere: its origin, `https://host:port` in lower case, as in RFC 6454 section 6.2.
    Origin(String),
}

impl ServerIdentity {
    /// lv(a byte that says which ‖ the bytes): no two identities are written alike.
    pub(crate) fn write(&self, w: Writer) -> Writer {
        let (tag, bytes): (u8, &[u8]) = match self {
            Self::Certificate(hash) => (1, hash.as_bytes()),
            Self::Origin(origin) => (2, origin.as_bytes()),
        };
        w.lv(&[&[tag], bytes].concat())
    }
}

/// Addresses never reach a log.
impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerIdentity(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_an_origin_of_the_same_bytes_are_written_apart() {
        let hash = ServerIdentity::Certificate(CertificateHash::new([b'a'; 32]));
        let origin = ServerIdentity::Origin("a".repeat(32));
        assert_ne!(hash.write(Writer::new()).finish(), origin.write(Writer::new()).finish());
    }
}
