//! The name a person shows to the room.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// 1 to 32 graphemes, 128 bytes at most, in NFC, without characters that hide or turn text around.
#[derive(Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// Why a name cannot be used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing but white space.
    #[error("a name needs at least one character")]
    Empty,
    /// More than 32 graphemes or 128 bytes.
    #[error("a name has at most 32 characters")]
    TooLong,
    /// Control, direction or invisible characters.
    #[error("a name cannot hold control or invisible characters")]
    Unprintable,
}

impl DisplayName {
    /// Most graphemes (what a person counts as characters).
    pub const MAX_GRAPHEMES: usize = 32;
    /// Most bytes of UTF-8.
    pub const MAX_BYTES: usize = 128;

    /// Trims and normalizes.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name: String = text.trim().nfc().collect();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().any(hides) {
            return Err(NameError::Unprintable);
        }
        if name.len() > Self::MAX_BYTES || name.graphemes(true).count() > Self::MAX_GRAPHEMES {
            return Err(NameError::TooLong);
        }
        Ok(Self(name))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names never reach a log.
impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DisplayName(…)")
    }
}

/// Control characters, and those format characters (Unicode Cf, UAX #9) that reorder text or cannot be seen.
/// The zero-width joiners stay: emoji and several scripts are written with them.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e001f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_of_many_scripts_are_kept() {
        for name in ["Ana", "بن علي", "李雷", "👩‍👩‍👧‍👦", "  padded  ", "e\u{301}"] {
            let parsed = DisplayName::parse(name).unwrap();
            assert_eq!(DisplayName::parse(parsed.as_str()), Ok(parsed));
        }
    }

    #[test]
    fn names_that_hide_or_overflow_are_refused() {
        assert_eq!(DisplayName::parse(" \t "), Err(NameError::Empty));
        assert_eq!(DisplayName::parse("a\nb"), Err(NameError::Unprintable));
        assert_eq!(DisplayName::parse("a\u{202e}b"), Err(NameError::Unprintable));
        assert_eq!(DisplayName::parse(&"x".repeat(33)), Err(NameError::TooLong));
        assert_eq!(DisplayName::parse(&"👩‍👩‍👧‍👦".repeat(6)), Err(NameError::TooLong));
    }
}
