//! The PIN that a host may set beside code and link.

use thiserror::Error;
use zeroize::Zeroizing;

/// 4 to 12 digits. Has neither `Clone`, `Debug` nor `Serialize`; wiped when dropped.
pub struct Pin(Zeroizing<Vec<u8>>);

/// Why a text is no PIN.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a PIN has 4 to 12 digits")]
pub struct PinError;

impl Pin {
    /// Reads 4 to 12 ASCII digits; spaces around and between them are forgiven.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, PinError> {
        // Room for all of it at once: growing would leave copies behind.
        let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
        digits.extend(text.bytes().filter(|b| *b != b' '));
        Self::from_digits(&digits)
    }

    /// Takes exactly the digits.
    ///
    /// # Errors
    /// It is none.
    pub fn from_digits(digits: &[u8]) -> Result<Self, PinError> {
        let fits = (4..=12).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        if fits { Ok(Self(Zeroizing::new(digits.to_vec()))) } else { Err(PinError) }
    }

    /// The digits, as CPace takes them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_to_twelve_digits_are_a_pin() {
        for (text, digits) in [("0042", "0042"), (" 12 34 ", "1234"), ("123456789012", "123456789012")] {
            assert_eq!(Pin::parse(text).ok().unwrap().expose(), digits.as_bytes());
        }
        for text in ["", "123", "1234567890123", "12a4", "١٢٣٤", "12-34"] {
            assert_eq!(Pin::parse(text).err(), Some(PinError), "{text}");
        }
    }
}
