//! The keys of SFrame (RFC 9605), cipher suite 5, AES_256_GCM_SHA512_128: base keys, the ratchet, and one key a step.

use pushtalk_protocol::SecretBytes;
use rand::CryptoRng;

use crate::CryptoError;
use crate::aead::{Aead, TAG};
use crate::derive::{Prk, Secret, draw};

/// AES_256_GCM_SHA512_128 in the registry of RFC 9605, section 8.1.
const SUITE: [u8; 2] = 5u16.to_be_bytes();

/// Base key of one generation of one direction of one pair.
pub struct MediaKey(SecretBytes<32>);

impl MediaKey {
    /// A new one, for a new generation.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(SecretBytes::new(**draw(rng)))
    }

    /// A second holder of the bytes, for the message that carries the key to the one who is to open.
    pub fn to_secret(&self) -> SecretBytes<32> {
        SecretBytes::new(*self.0.expose())
    }
}

impl From<SecretBytes<32>> for MediaKey {
    fn from(bytes: SecretBytes<32>) -> Self {
        Self(bytes)
    }
}

/// Base key of one step.
pub(crate) enum BaseKey {
    /// As it came.
    Fresh(MediaKey),
    /// As the ratchet made it.
    Ratcheted(Secret<64>),
}

impl BaseKey {
    fn prk(&self) -> Prk {
        // Section 4.4.2: HKDF-Extract with an empty salt.
        match self {
            Self::Fresh(key) => Prk::extract(&[], key.0.expose()),
            Self::Ratcheted(key) => Prk::extract(&[], &***key),
        }
    }

    /// Section 5.1: the base key of the next step, from which there is no way back to this one.
    pub(crate) fn next(&self) -> Self {
        Self::Ratcheted(self.prk().expand(&[b"SFrame 1.0 Ratchet"]))
    }

    /// Section 4.4.2: what seals and opens under `kid`.
    pub(crate) fn frame_key(&self, kid: u64) -> FrameKey {
        FrameKey::new(&self.prk(), kid)
    }
}

/// Key and salt of one KID.
pub(crate) struct FrameKey {
    key: Aead,
    salt: Secret<12>,
}

impl FrameKey {
    fn new(prk: &Prk, kid: u64) -> Self {
        let kid = kid.to_be_bytes();
        Self {
            key: Aead::new(&prk.expand(&[b"SFrame 1.0 Secret key ", &kid, &SUITE])),
            salt: prk.expand(&[b"SFrame 1.0 Secret salt ", &kid, &SUITE]),
        }
    }

    /// Section 4.4.3; `aad` is the header, and the metadata that PushTalk has none of.
    pub(crate) fn seal(&self, counter: u64, aad: &[u8], buffer: &mut [u8]) -> [u8; TAG] {
        self.key.seal(&self.nonce(counter), aad, buffer)
    }

    /// Section 4.4.4.
    pub(crate) fn open(
        &self,
        counter: u64,
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG],
    ) -> Result<(), CryptoError> {
        self.key.open(&self.nonce(counter), aad, buffer, tag)
    }

    fn nonce(&self, counter: u64) -> [u8; 12] {
        let mut nonce = **self.salt;
        nonce[4..].iter_mut().zip(counter.to_be_bytes()).for_each(|(byte, counter)| *byte ^= counter);
        nonce
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::tests::hex;
    use crate::header::{LONGEST, encode};

    // RFC 9605, appendix C.3, cipher suite 5.
    const KID: u64 = 0x123;
    const CTR: u64 = 0x4567;
    const BASE_KEY: &str = "000102030405060708090a0b0c0d0e0f";
    const SFRAME_KEY: &str = "d3e27b0d4a5ae9e55df01a70e6d4d28d969b246e2936f4b7a5d9b494da6b9633";
    const SFRAME_SALT: &str = "84991c167b8cd23c93708ec7";
    const NONCE: &str = "84991c167b8cd23c9370cba0";
    const METADATA: &str = "4945544620534672616d65205747";
    const AAD: &str = "99012345674945544620534672616d65205747";
    const PLAINTEXT: &str = "64726166742d696574662d736672616d652d656e63";
    const CIPHERTEXT: &str =
        "990123456794f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21353c1cc24d56ceabced279";

    #[test]
    fn frames_are_those_of_the_rfc() {
        let prk = Prk::extract(&[], &hex(BASE_KEY));
        let key = FrameKey::new(&prk, KID);
        assert_eq!(key.salt[..], hex(SFRAME_SALT));
        assert_eq!(key.nonce(CTR)[..], hex(NONCE));
        let mut header = [0; LONGEST];
        let length = encode(KID, CTR, &mut header);
        let aad = [&header[..length], &hex(METADATA)].concat();
        assert_eq!(aad, hex(AAD));
        let mut buffer = hex(PLAINTEXT);
        let tag = key.seal(CTR, &aad, &mut buffer);
        assert_eq!([&header[..length], &buffer, &tag].concat(), hex(CIPHERTEXT));
        assert_eq!(key.open(CTR, &aad, &mut buffer, &tag), Ok(()));
        assert_eq!(buffer, hex(PLAINTEXT));
        // The same bytes through the key that the RFC derives.
        let direct = Aead::new(&hex(SFRAME_KEY).try_into().unwrap());
        assert_eq!(direct.seal(&hex(NONCE).try_into().unwrap(), &aad, &mut buffer), tag);
    }

    #[test]
    fn the_ratchet_goes_on_from_all_64_bytes_of_a_step() {
        let first = BaseKey::Fresh(MediaKey::from(SecretBytes::new([1; 32]))).next();
        let BaseKey::Ratcheted(bytes) = &first else { panic!() };
        let by_hand = Prk::extract(&[], &[1; 32]).expand::<64>(&[b"SFrame 1.0 Ratchet"]);
        assert_eq!(***bytes, **by_hand);
        let BaseKey::Ratcheted(second) = first.next() else { panic!() };
        assert_eq!(**second, **Prk::extract(&[], &**by_hand).expand::<64>(&[b"SFrame 1.0 Ratchet"]));
    }
}
