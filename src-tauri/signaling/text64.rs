//! Opaque bytes in JSON: base64url without padding.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// True for at most `most` bytes in base64url; without decoding them.
pub(crate) fn is_at_most(text: &str, most: usize) -> bool {
    text.len() <= most.div_ceil(3) * 4
        && text.len() % 4 != 1
        && text.len() / 4 * 3 + text.len() % 4 * 3 / 4 <= most
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_bytes_before_encoding() {
        for length in 0..40 {
            let text = encode(&vec![7; length]);
            assert_eq!(decode(&text).map(|b| b.len()), Some(length));
            assert!(is_at_most(&text, length) && is_at_most(&text, length + 1));
            assert!(length == 0 || !is_at_most(&text, length - 1), "{length}");
        }
        assert!(!is_at_most("a b", 10) && !is_at_most("a=", 10) && !is_at_most("aaaaa", 10));
    }
}
