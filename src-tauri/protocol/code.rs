//! The code that is said aloud, and the passwords that let somebody in.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::SecretBytes;

/// Crockford's base 32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text is not a code.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum CodeError {
    /// Not nine characters, dashes and spaces aside.
    #[error("a code has nine characters")]
    Length,
    /// A character that no code has.
    #[error("a code has only letters and digits, and never the letter U")]
    Character,
}

/// Three characters that the server hands out: where to knock. Not a secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nameplate([u8; 3]);

impl Nameplate {
    /// How many there are.
    pub const COUNT: u16 = 32 * 32 * 32;

    /// The `index`th one, modulo `COUNT`.
    pub fn from_index(index: u16) -> Self {
        let digit = |shift: u16| ALPHABET[usize::from((index >> shift) & 31)];
        Self([digit(10), digit(5), digit(0)])
    }

    /// Reads three characters in any case, look-alikes forgiven.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        symbols(text).map(Self)
    }

    /// The three characters.
    pub fn as_str(&self) -> &str {
        // The alphabet is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Nameplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nameplate(…)")
    }
}

impl Serialize for Nameplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Nameplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// 30 random bits, six characters.
pub struct SpokenPassword(SecretBytes<6>);

impl SpokenPassword {
    /// From 30 random bits; the two highest bits are not used.
    pub fn from_bits(bits: u32) -> Self {
        let digit = |i: u32| ALPHABET[((bits >> (25 - 5 * i)) & 31) as usize];
        Self(SecretBytes::new([digit(0), digit(1), digit(2), digit(3), digit(4), digit(5)]))
    }

    /// The six characters, as the password that CPace takes.
    pub fn expose(&self) -> &[u8; 6] {
        self.0.expose()
    }
}

/// 128 random bits, in links and QR codes only.
pub struct LinkPassword(SecretBytes<16>);

impl LinkPassword {
    /// From random bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(SecretBytes::new(bytes))
    }

    /// The bytes, as the password that CPace takes.
    pub fn expose(&self) -> &[u8; 16] {
        self.0.expose()
    }
}

/// Nameplate and spoken password, shown as `XXX-XXX-XXX`.
pub struct RoomCode {
    /// Where to knock.
    pub nameplate: Nameplate,
    /// What lets in.
    pub password: SpokenPassword,
}

impl RoomCode {
    /// Reads a code in any case, with or without dashes and spaces; O is read as 0, I and L as 1.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let [a, b, c, password @ ..] = symbols::<9>(text)?;
        Ok(Self { nameplate: Nameplate([a, b, c]), password: SpokenPassword(SecretBytes::new(password)) })
    }

    /// `XXX-XXX-XXX`.
    pub fn spelled(&self) -> String {
        let password = std::str::from_utf8(self.password.expose()).unwrap_or_default();
        format!("{}-{}-{}", self.nameplate.as_str(), &password[..3], &password[3..])
    }
}

fn symbols<const N: usize>(text: &str) -> Result<[u8; N], CodeError> {
    let mut found = [0; N];
    let mut count = 0;
    for c in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '‑' | '–' | '—' | '_'))
    {
        let symbol = match c.to_ascii_uppercase() {
            'O' => b'0',
            'I' | 'L' => b'1',
            c if c.is_ascii() && ALPHABET.contains(&(c as u8)) => c as u8,
            _ => return Err(CodeError::Character),
        };
        *found.get_mut(count).ok_or(CodeError::Length)? = symbol;
        count += 1;
    }
    if count == N { Ok(found) } else { Err(CodeError::Length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in ["7K0-1QP-XY2", "7k01qpxy2", " 7ko-lqp-xy2 ", "7KO IQP XY2", "7k0–1qp–xy2"] {
            assert_eq!(RoomCode::parse(typed).unwrap().spelled(), "7K0-1QP-XY2");
        }
    }

    #[test]
    fn what_is_not_a_code_is_told_why() {
        assert_eq!(RoomCode::parse("7K0-1QP-XY").err(), Some(CodeError::Length));
        assert_eq!(RoomCode::parse("7K0-1QP-XY22").err(), Some(CodeError::Length));
        assert_eq!(RoomCode::parse("7U0-1QP-XY2").err(), Some(CodeError::Character));
        assert_eq!(RoomCode::parse("ééé-éqp-xy2").err(), Some(CodeError::Character));
        assert_eq!(RoomCode::parse("").err(), Some(CodeError::Length));
    }

    #[test]
    fn nameplates_and_passwords_use_every_bit() {
        assert_eq!(Nameplate::from_index(0).as_str(), "000");
        assert_eq!(Nameplate::from_index(Nameplate::COUNT - 1).as_str(), "ZZZ");
        assert_eq!(SpokenPassword::from_bits(0x3fff_ffff).expose(), b"ZZZZZZ");
        assert_eq!(SpokenPassword::from_bits(1).expose(), b"000001");
    }
}
