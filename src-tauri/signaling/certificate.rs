//! The certificate that a server makes for itself, for one run.

use pushtalk_protocol::CertificateHash;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use thiserror::Error;

use crate::server::ServerError;
use crate::trust::hash;

/// A certificate with its key. Clients know it by its hash: no authority vouches for it, and the name in it is nobody's.
pub struct Certificate {
    /// Its own first, then those that vouch for it.
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// It could not be made.
    #[error("the certificate could not be made: {0}")]
    Generate(#[from] rcgen::Error),
    /// There is none in the text.
    #[error("there is no certificate in PEM")]
    NoCertificate,
    /// The text of the chain cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Chain(rustls_pki_types::pem::Error),
    /// The text of the key cannot be read.
    #[error("the key cannot be read: {0}")]
    Key(rustls_pki_types::pem::Error),
}

impl Certificate {
    /// A fresh one (ECDSA P-256), signed by itself. It says nothing of the machine or of the time.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, CertificateError> {
        let made = rcgen::generate_simple_self_signed(["pushtalk.invalid".to_owned()])?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        Ok(Self { chain: vec![made.cert.der().clone()], key: key.into() })
    }

    /// One that somebody else has made, in PEM (RFC 7468): its chain, its own first, and its key in PKCS #8, PKCS #1 or SEC1.
    ///
    /// # Errors
    /// For what is none. Whether the two belong together is seen when the server starts.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(CertificateError::Chain)?;
        if chain.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(CertificateError::Key)?;
        Ok(Self { chain, key })
    }

    /// What invitations name it by: SHA-256 of its DER.
    pub fn hash(&self) -> CertificateHash {
        // There is always one.
        self.chain.first().map_or(CertificateHash::new([0; 32]), hash)
    }

    /// TLS 1.3 only, with this certificate and HTTP/1.1.
    pub(crate) fn tls(self) -> Result<ServerConfig, ServerError> {
        let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Everybody proves and is proved to anew: no tickets that would link one connection to the next.
        tls.send_tls13_tickets = 0;
        Ok(tls)
    }
}
