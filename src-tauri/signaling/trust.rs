//! Which certificate of a server is accepted: the one that was named, one that the system's authorities vouch for, or any,
//! whose hash is then told.

use std::sync::{Arc, Mutex, PoisonError};

use pushtalk_protocol::CertificateHash;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier;
use sha2::{Digest, Sha256};

use crate::client::Trust;

/// SHA-256 of a certificate in DER.
pub(crate) fn hash(certificate: &CertificateDer<'_>) -> CertificateHash {
    CertificateHash::new(Sha256::digest(certificate.as_ref()).into())
}

/// The origin of `host:port` over HTTPS, as in RFC 6454 section 6.2: in lower case, and without the port where it is 443.
pub(crate) fn origin(authority: &str) -> String {
    let authority = authority.to_ascii_lowercase();
    format!("https://{}", authority.strip_suffix(":443").unwrap_or(&authority))
}

/// What a server showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) hash: CertificateHash,
    /// The system's authorities say that it is that of the name that was asked for. Not asked where a hash is wanted.
    pub(crate) vouched: bool,
}

/// Accepts as it was told to. Most servers make their own certificates, so no authority vouches for them. That the server
/// holds the certificate's key is proved by the handshake's signature, which is always checked.
#[derive(Debug)]
pub(crate) struct Judge {
    trust: Trust,
    authorities: Option<Verifier>,
    seen: Mutex<Option<Seen>>,
    provider: Arc<CryptoProvider>,
}

impl Judge {
    /// `named`: the server is dialled by a DNS name, for which authorities vouch.
    pub(crate) fn new(trust: Trust, named: bool) -> Arc<Self> {
        let provider = Arc::new(ring::default_provider());
        let asked = match trust {
            Trust::Pinned(_) => false,
            Trust::Authorities => true,
            Trust::AcceptAndTell => named,
        };
        // A system without authorities vouches for nobody.
        let authorities = if asked { Verifier::new(provider.clone()).ok() } else { None };
        Arc::new(Self { trust, authorities, seen: Mutex::new(None), provider })
    }

    /// TLS 1.3 only, with this as the only check.
    pub(crate) fn config(self: &Arc<Self>) -> Result<ClientConfig, Error> {
        let config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(self.clone())
            .with_no_client_auth();
        Ok(config)
    }

    /// What the server showed; none before the handshake.
    pub(crate) fn seen(&self) -> Option<Seen> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when the server showed another one than was wanted.
    pub(crate) fn refused(&self) -> bool {
        self.seen().is_some_and(|seen| !self.accepts(seen))
    }

    fn accepts(&self, seen: Seen) -> bool {
        match self.trust {
            Trust::Pinned(wanted) => seen.hash == wanted,
            Trust::Authorities => seen.vouched,
            Trust::AcceptAndTell => true,
        }
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let vouched = self.authorities.as_ref().is_some_and(|authorities| {
            authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).is_ok()
        });
        let seen = Seen { hash: hash(end_entity), vouched };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        if !self.accepts(seen) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_accepted_is_the_one_that_was_named_or_vouched_for() {
        let hash = |of| CertificateHash::new([of; 32]);
        let judge = |trust| Judge::new(trust, false);
        for (trust, seen, vouched, accepted) in [
            (Trust::Pinned(hash(1)), 1, false, true),
            (Trust::Pinned(hash(1)), 2, true, false),
            (Trust::Authorities, 1, true, true),
            (Trust::Authorities, 1, false, false),
            (Trust::AcceptAndTell, 1, false, true),
        ] {
            let seen = Seen { hash: hash(seen), vouched };
            assert_eq!(judge(trust).accepts(seen), accepted, "{trust:?} {seen:?}");
        }
    }

    #[test]
    fn an_origin_is_in_lower_case_and_has_no_port_where_it_is_the_usual_one() {
        assert_eq!(origin("Talk.Example:443"), "https://talk.example");
        assert_eq!(origin("talk.example:7443"), "https://talk.example:7443");
        assert_eq!(origin("[fd00::1]:443"), "https://[fd00::1]");
    }
}
