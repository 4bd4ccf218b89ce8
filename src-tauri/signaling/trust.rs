//! Which certificate of a server is accepted: the one that was named, or any, whose hash is then told.

use std::sync::{Arc, Mutex, PoisonError};

use pushtalk_protocol::CertificateHash;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};

use crate::client::Trust;

/// SHA-256 of a certificate in DER.
pub(crate) fn hash(certificate: &CertificateDer<'_>) -> CertificateHash {
    CertificateHash::new(Sha256::digest(certificate.as_ref()).into())
}

/// Accepts by hash alone: these servers make their own certificates, so no authority vouches for them. That the server
/// holds the certificate's key is proved by the handshake's signature, which is always checked.
#[derive(Debug)]
pub(crate) struct ByHash {
    wanted: Option<CertificateHash>,
    seen: Mutex<Option<CertificateHash>>,
    provider: Arc<CryptoProvider>,
}

impl ByHash {
    pub(crate) fn new(trust: &Trust) -> Arc<Self> {
        let wanted = match trust {
            Trust::Pinned(hash) => Some(*hash),
            Trust::AcceptAndTell => None,
        };
        Arc::new(Self { wanted, seen: Mutex::new(None), provider: Arc::new(ring::default_provider()) })
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
    pub(crate) fn seen(&self) -> Option<CertificateHash> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True when the server showed another one than was wanted.
    pub(crate) fn refused(&self) -> bool {
        matches!((self.wanted, self.seen()), (Some(wanted), Some(seen)) if wanted != seen)
    }
}

impl ServerCertVerifier for ByHash {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let seen = hash(end_entity);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        if self.wanted.is_some_and(|wanted| wanted != seen) {
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
