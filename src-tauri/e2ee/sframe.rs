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
    pub(crate) fn new(prk: &Prk, kid: u64) -> Self {
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

    pub(crate) fn nonce(&self, counter: u64) -> [u8; 12] {
        let mut nonce = **self.salt;
        nonce[4..].iter_mut().zip(counter.to_be_bytes()).for_each(|(byte, counter)| *byte ^= counter);
        nonce
    }

    #[cfg(test)]
    pub(crate) fn salt(&self) -> &[u8; 12] {
        &self.salt
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::header::FrameId;

    /// All that can be worked out from what is held of one step: none of it opens a frame of an earlier one.
    pub(crate) fn opens_no_earlier_frame(base: &BaseKey, key: &FrameKey, earlier: &[Vec<u8>]) {
        for frame in earlier {
            let (id, length) = FrameId::split(frame).unwrap();
            let (header, sealed) = frame.split_at(length);
            let (body, tag) = sealed.split_last_chunk::<TAG>().unwrap();
            let kid = FrameId::kid(id.generation, id.step);
            let opens = |key: &FrameKey| key.open(id.counter, header, &mut body.to_vec(), tag).is_ok();
            assert!(!opens(key), "{id:?}");
            let mut later = base.next();
            assert!(!opens(&base.frame_key(kid)), "{id:?}");
            // Once round and further: a ratchet that comes back to where it was would be none.
            for _ in 0..300 {
                assert!(!opens(&later.frame_key(kid)), "{id:?}");
                later = later.next();
            }
        }
    }

    #[test]
    fn who_has_the_base_of_a_step_can_open_it_and_what_follows() {
        // So that the check above is seen to find something.
        let base = BaseKey::Fresh(MediaKey::from(SecretBytes::new([1; 32])));
        let mut body = *b"word";
        let later = base.next().next();
        let tag = later.frame_key(2).seal(0, &[], &mut body);
        assert_eq!(base.next().next().frame_key(2).open(0, &[], &mut body, &tag), Ok(()));
        assert_eq!(&body, b"word");
    }
}
