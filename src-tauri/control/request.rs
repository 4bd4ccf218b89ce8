//! What can be asked.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// One line, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The button goes down.
    Down,
    /// It comes up, also where this connection holds it.
    Up,
    /// It goes down until this is asked again; where it is down, it comes up.
    Toggle,
    /// It goes down, and comes up when the connection ends.
    Hold,
    /// How are things?
    Status,
}

/// It cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ask: ptt down, ptt up, ptt toggle, ptt hold, status")]
pub struct UnknownRequest;

impl FromStr for Request {
    type Err = UnknownRequest;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        Ok(match words.as_slice() {
            ["ptt", "down"] => Self::Down,
            ["ptt", "up"] => Self::Up,
            ["ptt", "toggle"] => Self::Toggle,
            ["ptt", "hold"] => Self::Hold,
            ["status"] => Self::Status,
            _ => return Err(UnknownRequest),
        })
    }
}

impl Display for Request {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Down => "ptt down",
            Self::Up => "ptt up",
            Self::Toggle => "ptt toggle",
            Self::Hold => "ptt hold",
            Self::Status => "status",
        })
    }
}
