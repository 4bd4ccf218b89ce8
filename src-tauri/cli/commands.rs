//! The commands on standard input, one a line.

use std::str::FromStr;

use pushtalk_engine::face::{Intent, Preferences, RoomMode, TalkMode};

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    /// Something for the engine.
    Act(Intent),
    Invite,
    Stats,
    Leave,
}

/// The commands that there are, for people.
pub(crate) const LIST: &str = "press, release, toggle, preempt, whisper, answer, whisper-to ID on|off, hand up|down, queue on|off, standby on|off, invite, stats, leave, host-here, \
                               volume ID 0-200, mute ID, unmute ID, block ID, unblock ID, deafen on|off, talk hold|voice, verify ID, same ID, differ ID; \
                               the host also: kick ID, lock [PIN], unlock, code, hand-over ID, \
                               mode radio|open, limit SECONDS";

impl FromStr for Line {
    type Err = UnknownLine;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let id = |id: &str| id.to_owned();
        Ok(Self::Act(match words.as_slice() {
            ["invite"] => return Ok(Self::Invite),
            ["stats"] => return Ok(Self::Stats),
            ["leave"] => return Ok(Self::Leave),
            ["host-here"] => Intent::HostHere,
            ["press"] => Intent::Press,
            ["release"] => Intent::Release,
            ["toggle"] => Intent::ToggleTalk,
            ["preempt"] => Intent::Preempt,
            ["whisper"] => Intent::PressWhisper,
            ["answer"] => Intent::PressAnswer,
            ["whisper-to", member, "on"] => Intent::SetWhisper { id: id(member), on: true },
            ["whisper-to", member, "off"] => Intent::SetWhisper { id: id(member), on: false },
            ["hand", "up"] => Intent::RaiseHand { up: true },
            ["hand", "down"] => Intent::RaiseHand { up: false },
            ["standby", "on"] => Intent::SetMicWhilePressed { on: true },
            ["standby", "off"] => Intent::SetMicWhilePressed { on: false },
            ["queue", "on"] => Intent::SetQueueing { on: true },
            ["queue", "off"] => Intent::SetQueueing { on: false },
            ["volume", member, percent] => match percent.parse() {
                Ok(percent @ 0..=200) => Intent::SetVolume { id: id(member), percent },
                _ => return Err(UnknownLine),
            },
            ["mute", member] => Intent::SetMuted { id: id(member), on: true },
            ["unmute", member] => Intent::SetMuted { id: id(member), on: false },
            ["deafen", "on"] => Intent::SetDeafened { on: true },
            ["deafen", "off"] => Intent::SetDeafened { on: false },
            ["block", member] => Intent::SetBlocked { id: id(member), on: true },
            ["unblock", member] => Intent::SetBlocked { id: id(member), on: false },
            ["talk", "hold"] => talk_mode(TalkMode::Hold),
            ["talk", "voice"] => talk_mode(TalkMode::Voice),
            ["kick", member] => Intent::Kick { id: id(member) },
            ["lock"] => Intent::Lock { pin: None },
            ["lock", pin] => Intent::Lock { pin: Some((*pin).to_owned()) },
            ["unlock"] => Intent::Unlock,
            ["code"] => Intent::NewCode,
            ["hand-over", member] => Intent::HandOver { id: id(member) },
            ["verify", member] => Intent::Verify { id: id(member) },
            ["same", member] => Intent::Verified { id: id(member), same: true },
            ["differ", member] => Intent::Verified { id: id(member), same: false },
            ["mode", "radio"] => Intent::SetMode { mode: RoomMode::Radio },
            ["mode", "open"] => Intent::SetMode { mode: RoomMode::Open },
            ["limit", seconds] => Intent::SetTalkLimit { seconds: seconds.parse().map_err(|_| UnknownLine)? },
            _ => return Err(UnknownLine),
        }))
    }
}

/// A voice is as loud as it is taken to be by default.
fn talk_mode(mode: TalkMode) -> Intent {
    Intent::SetTalkMode { mode, threshold: Preferences::default().voice_threshold }
}

/// Not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownLine;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_command_or_refused() {
        assert_eq!(" press ".parse(), Ok(Line::Act(Intent::Press)));
        assert_eq!("leave".parse(), Ok(Line::Leave));
        assert_eq!("lock 0042".parse(), Ok(Line::Act(Intent::Lock { pin: Some("0042".into()) })));
        assert_eq!("kick abc".parse(), Ok(Line::Act(Intent::Kick { id: "abc".into() })));
        assert_eq!(
            "volume abc 150".parse(),
            Ok(Line::Act(Intent::SetVolume { id: "abc".into(), percent: 150 }))
        );
        assert_eq!("unmute abc".parse(), Ok(Line::Act(Intent::SetMuted { id: "abc".into(), on: false })));
        for wrong in [
            "PRESS",
            "",
            "kick",
            "kick a b",
            "limit soon",
            "mode loud",
            "volume a",
            "volume a 201",
            "volume a -1",
            "mute",
        ] {
            assert_eq!(wrong.parse::<Line>(), Err(UnknownLine), "{wrong}");
        }
    }
}
