//! Canaries: what must not be found, however it is spelled.
//!
//! Each is searched for as it is, in hex, in base64 at each of the three places that it can have between others, and
//! escaped as in JSON and in URLs.

use std::collections::HashMap;
use std::fmt::Write;

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};

/// Shortest spelling that means anything, in bytes; also the key of the index.
const SHORTEST: usize = 6;

/// What is searched for.
#[derive(Default)]
pub struct Canaries {
    spellings: Vec<Spelling>,
    index: HashMap<[u8; SHORTEST], Vec<usize>>,
}

struct Spelling {
    of: String,
    how: &'static str,
    bytes: Vec<u8>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which canary.
    pub of: String,
    /// How it is spelled there.
    pub how: &'static str,
    /// At which byte.
    pub at: usize,
}

impl Canaries {
    /// One more, with a name for it.
    ///
    /// # Panics
    /// When it is too short to mean anything, or all the same byte.
    pub fn add(&mut self, of: &str, bytes: &[u8]) {
        assert!(bytes.len() >= SHORTEST, "{of} is too short to be found");
        assert!(bytes.iter().any(|b| *b != bytes[0]), "{of} could be found anywhere");
        self.spell(of, "as it is", bytes.to_vec());
        let hex = bytes.iter().fold(String::new(), |mut hex, b| {
            // Writing to a string does not fail.
            let _ = write!(hex, "{b:02x}");
            hex
        });
        self.spell(of, "in upper hex", hex.to_uppercase().into_bytes());
        self.spell(of, "in hex", hex.into_bytes());
        for place in 0..3 {
            let text = base64_at(place, bytes);
            self.spell(of, "in base64 of URLs", text.replace('+', "-").replace('/', "_").into_bytes());
            self.spell(of, "in base64", text.into_bytes());
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            if let Ok(json) = serde_json::to_string(text) {
                self.spell(of, "in JSON", json.trim_matches('"').as_bytes().to_vec());
                let ascii = text.encode_utf16().fold(String::new(), |mut json, unit| {
                    let _ = match char::from_u32(unit.into()) {
                        Some(c) if c.is_ascii() && c != '"' && c != '\\' => write!(json, "{c}"),
                        _ => write!(json, "\\u{unit:04x}"),
                    };
                    json
                });
                self.spell(of, "in ASCII JSON", ascii.into_bytes());
            }
            self.spell(of, "in lower case", text.to_lowercase().into_bytes());
            self.spell(of, "in upper case", text.to_uppercase().into_bytes());
        }
        let percent = |plain: fn(&u8) -> bool| {
            bytes.iter().fold(String::new(), |mut url, b| {
                let _ = if plain(b) { write!(url, "{}", char::from(*b)) } else { write!(url, "%{b:02X}") };
                url
            })
        };
        self.spell(of, "in a URL", percent(u8::is_ascii_alphanumeric).into_bytes());
        self.spell(of, "in a URL, wholly escaped", percent(|_| false).into_bytes());
    }

    /// A text with its words said apart too: a code is spelled with and without dashes.
    pub fn add_text(&mut self, of: &str, text: &str) {
        self.add(of, text.as_bytes());
        let joined: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        if joined != text && joined.len() >= SHORTEST {
            self.add(of, joined.as_bytes());
        }
    }

    /// How many spellings there are.
    pub fn len(&self) -> usize {
        self.spellings.len()
    }

    /// True when nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.spellings.is_empty()
    }

    /// Finds each spelling that is somewhere in it, at its first place.
    pub fn find(&self, hay: &[u8]) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for (at, window) in hay.array_windows::<SHORTEST>().enumerate() {
            for number in self.index.get(window).into_iter().flatten() {
                let Spelling { of, how, bytes } = &self.spellings[*number];
                if hay[at..].starts_with(bytes) && !found.iter().any(|f| f.of == *of && f.how == *how) {
                    found.push(Found { of: of.clone(), how, at });
                }
            }
        }
        found
    }

    fn spell(&mut self, of: &str, how: &'static str, bytes: Vec<u8>) {
        if let Some(first) = bytes.first_chunk::<SHORTEST>()
            && !self.spellings.iter().rev().take(24).any(|s| s.bytes == bytes)
        {
            self.index.entry(*first).or_default().push(self.spellings.len());
            self.spellings.push(Spelling { of: of.to_owned(), how, bytes });
        }
    }
}

/// The characters that these bytes alone decide, when so many bytes are before them in their group of three.
fn base64_at(place: usize, bytes: &[u8]) -> String {
    let mut padded = vec![0; place];
    padded.extend_from_slice(bytes);
    let text = BASE64_STANDARD_NO_PAD.encode(&padded);
    let (first, end) = ((place * 8).div_ceil(6), padded.len() * 8 / 6);
    text.get(first..end).unwrap_or_default().to_owned()
}
