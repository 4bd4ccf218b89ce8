//! Secret bytes: drawn from the generator that the caller gives, or derived by HKDF-SHA-512 (RFC 5869).

use hkdf::Hkdf;
use rand::CryptoRng;
use sha2::Sha512;
use zeroize::Zeroizing;

/// `N` secret bytes on the heap: wiped when dropped, and handed over without leaving copies where they were.
pub(crate) type Secret<const N: usize> = Box<Zeroizing<[u8; N]>>;

/// All zeros, to be filled.
fn empty<const N: usize>() -> Secret<N> {
    Box::new(Zeroizing::new([0; N]))
}

/// `N` random bytes.
pub(crate) fn draw<const N: usize>(rng: &mut impl CryptoRng) -> Secret<N> {
    let mut bytes = empty();
    rng.fill_bytes(&mut **bytes);
    bytes
}

/// What HKDF-Extract gives: many secrets come from it, each under its own label.
pub(crate) struct Prk(Hkdf<Sha512>);

impl Prk {
    /// HKDF-Extract(salt, secret).
    pub(crate) fn extract(salt: &[u8], secret: &[u8]) -> Self {
        Self(Hkdf::new(Some(salt), secret))
    }

    /// HKDF-Expand over the concatenation of `info`; `N` is 16,320 at most.
    pub(crate) fn expand<const N: usize>(&self, info: &[&[u8]]) -> Secret<N> {
        const { assert!(N <= 255 * 64) };
        let mut bytes = empty();
        let Ok(()) = self.0.expand_multi_info(info, &mut **bytes) else {
            unreachable!("the length is checked when this is compiled")
        };
        bytes
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Bytes of a hexadecimal text; white space is skipped.
    pub(crate) fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).unwrap() as u8).collect();
        assert_eq!(digits.len() % 2, 0);
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    #[test]
    fn each_label_gives_another_secret() {
        let prk = Prk::extract(b"salt", b"secret");
        assert_ne!(**prk.expand::<32>(&[b"a"]), **prk.expand::<32>(&[b"b"]));
        assert_eq!(**prk.expand::<32>(&[b"a", b"b"]), **prk.expand::<32>(&[b"ab"]));
    }
}
