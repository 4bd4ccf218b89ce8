//! The certificate that a server makes for itself, for one run.

use pushtalk_protocol::CertificateHash;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;

use crate::server::ServerError;
use crate::trust::hash;

/// A certificate with its key. Clients know it by its hash: no authority vouches for it, and the name in it is nobody's.
pub struct Certificate {
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// A fresh one (ECDSA P-256), signed by itself. It says nothing of the machine or of the time.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, ServerError> {
        let made = rcgen::generate_simple_self_signed(["pushtalk.invalid".to_owned()])?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        Ok(Self { der: made.cert.der().clone(), key: key.into() })
    }

    /// What invitations name it by: SHA-256 of its DER.
    pub fn hash(&self) -> CertificateHash {
        hash(&self.der)
    }

    /// TLS 1.3 only, with this certificate and HTTP/1.1.
    pub(crate) fn tls(self) -> Result<ServerConfig, ServerError> {
        let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![self.der], self.key)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Everybody proves and is proved to anew: no tickets that would link one connection to the next.
        tls.send_tls13_tickets = 0;
        Ok(tls)
    }
}
