//! The commands on standard input, one a line.

use std::str::FromStr;

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Press,
    Release,
    Invite,
    Stats,
    Leave,
}

impl FromStr for Line {
    type Err = UnknownLine;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        match line.trim() {
            "press" => Ok(Self::Press),
            "release" => Ok(Self::Release),
            "invite" => Ok(Self::Invite),
            "stats" => Ok(Self::Stats),
            "leave" => Ok(Self::Leave),
            _ => Err(UnknownLine),
        }
    }
}

/// Not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownLine;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_refused() {
        assert_eq!(" press ".parse(), Ok(Line::Press));
        assert_eq!("leave".parse(), Ok(Line::Leave));
        assert_eq!("PRESS".parse::<Line>(), Err(UnknownLine));
        assert_eq!("".parse::<Line>(), Err(UnknownLine));
    }
}
