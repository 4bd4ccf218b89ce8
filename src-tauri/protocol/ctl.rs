//! What two members say to each other inside their sealed session.

use std::fmt;

use crate::{DisplayName, FloorMessage, Reader, SecretBytes, Signature, WireError, Writer};

/// One message of a session. Never printed whole: its `Debug` is the kind alone.
pub enum Ctl {
    /// First message of each side.
    Hello(Hello),
    /// A session description.
    Sdp(Sdp),
    /// One ICE candidate, as in RFC 8839 (`candidate:…`); empty at the end of candidates.
    Ice(String),
    /// The key that the sender's next generation of frames is sealed with.
    MediaKey {
        /// Generation; each is higher than the last.
        generation: u32,
        /// SFrame base key.
        key: SecretBytes<32>,
    },
    /// About the floor.
    Floor(FloorMessage),
    /// From the host: how the room works.
    Settings(Settings),
    /// What the sender does.
    Status(Status),
    /// The receiver has begun to play this spurt of the addressee.
    Heard {
        /// The talker's number of the press.
        spurt: u32,
    },
    /// Are you there?
    Ping {
        /// To be sent back.
        token: u32,
    },
    /// I am.
    Pong {
        /// As in the ping.
        token: u32,
    },
    /// I leave.
    Bye,
}

/// Who a member is.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// As chosen by that person.
    pub name: DisplayName,
    /// Version of the program, for people; 32 bytes at most.
    pub app_version: String,
    /// What the program can do beyond the least.
    pub capabilities: Capabilities,
    /// The host alone: its host key's signature over "PushTalk1 host" ‖ 0 ‖ room_id ‖ e ‖ pid.
    pub host_proof: Option<Signature>,
}

/// A bit for each thing beyond the least that every member can do; unknown bits are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u32);

/// A session description, as in RFC 8866.
#[derive(Clone, PartialEq, Eq)]
pub struct Sdp {
    /// Offer or answer.
    pub kind: SdpKind,
    /// The text.
    pub text: String,
}

/// Offer or answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdpKind {
    /// The first.
    Offer,
    /// The second.
    Answer,
}

/// How a room works; the host says it.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Increases with every change.
    pub n: u32,
    /// Who may talk.
    pub mode: Mode,
    /// Longest time one person may talk without a pause, in seconds, 10 to 300.
    pub talk_limit: u16,
    /// What the room is called; 64 bytes at most, empty for none.
    pub title: String,
}

/// Who may talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// One talker at a time.
    #[default]
    Radio,
    /// Anybody.
    Open,
}

/// What a member does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its microphone is off.
    pub muted: bool,
    /// It hears nobody.
    pub deafened: bool,
}

impl Ctl {
    /// Longest message in bytes, so that it fits into a relayed message of 16 KiB together with what seals it.
    pub const MAX_LEN: usize = 12 * 1024;

    /// The bytes to be sealed.
    pub fn encode(&self) -> Vec<u8> {
        let w = Writer::versioned();
        match self {
            Self::Hello(h) => {
                let w =
                    w.u8(1).lv(h.name.as_str().as_bytes()).lv(h.app_version.as_bytes()).u32(h.capabilities.0);
                match &h.host_proof {
                    Some(proof) => w.u8(1).raw(proof.as_bytes()),
                    None => w.u8(0),
                }
            }
            Self::Sdp(sdp) => w
                .u8(2)
                .u8(match sdp.kind {
                    SdpKind::Offer => 1,
                    SdpKind::Answer => 2,
                })
                .lv(sdp.text.as_bytes()),
            Self::Ice(candidate) => w.u8(3).lv(candidate.as_bytes()),
            Self::MediaKey { generation, key } => w.u8(4).u32(*generation).raw(key.expose()),
            Self::Floor(message) => message.write(w.u8(5)),
            Self::Settings(s) => w
                .u8(6)
                .u32(s.n)
                .u8(match s.mode {
                    Mode::Radio => 1,
                    Mode::Open => 2,
                })
                .u16(s.talk_limit)
                .lv(s.title.as_bytes()),
            Self::Status(s) => w.u8(7).u8(u8::from(s.muted)).u8(u8::from(s.deafened)),
            Self::Heard { spurt } => w.u8(8).u32(*spurt),
            Self::Ping { token } => w.u8(9).u32(*token),
            Self::Pong { token } => w.u8(10).u32(*token),
            Self::Bye => w.u8(11),
        }
        .finish()
    }

    /// Reads what `encode` wrote.
    ///
    /// # Errors
    /// What is wrong with the bytes; another version is named.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(WireError::Long);
        }
        let mut r = Reader::versioned(bytes)?;
        let message = match r.u8()? {
            1 => Self::Hello(Hello {
                name: DisplayName::parse(r.text()?).map_err(|_| WireError::Value)?,
                app_version: short(r.text()?, 32)?,
                capabilities: Capabilities(r.u32()?),
                host_proof: if r.bool()? { Some(Signature::new(r.array()?)) } else { None },
            }),
            2 => Self::Sdp(Sdp {
                kind: match r.u8()? {
                    1 => SdpKind::Offer,
                    2 => SdpKind::Answer,
                    other => return Err(WireError::Kind(other)),
                },
                text: r.text()?.to_owned(),
            }),
            3 => Self::Ice(short(r.text()?, 512)?),
            4 => Self::MediaKey { generation: r.u32()?, key: SecretBytes::new(r.array()?) },
            5 => Self::Floor(FloorMessage::read(&mut r)?),
            6 => Self::Settings(Settings {
                n: r.u32()?,
                mode: match r.u8()? {
                    1 => Mode::Radio,
                    2 => Mode::Open,
                    other => return Err(WireError::Kind(other)),
                },
                talk_limit: match r.u16()? {
                    seconds @ 10..=300 => seconds,
                    _ => return Err(WireError::Value),
                },
                title: short(r.text()?, 64)?,
            }),
            7 => Self::Status(Status { muted: r.bool()?, deafened: r.bool()? }),
            8 => Self::Heard { spurt: r.u32()? },
            9 => Self::Ping { token: r.u32()? },
            10 => Self::Pong { token: r.u32()? },
            11 => Self::Bye,
            other => return Err(WireError::Kind(other)),
        };
        r.end()?;
        Ok(message)
    }
}

impl fmt::Debug for Ctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hello(_) => "hello",
            Self::Sdp(_) => "sdp",
            Self::Ice(_) => "ice",
            Self::MediaKey { .. } => "media key",
            Self::Floor(_) => "floor",
            Self::Settings(_) => "settings",
            Self::Status(_) => "status",
            Self::Heard { .. } => "heard",
            Self::Ping { .. } => "ping",
            Self::Pong { .. } => "pong",
            Self::Bye => "bye",
        })
    }
}

fn short(text: &str, most: usize) -> Result<String, WireError> {
    if text.len() > most { Err(WireError::Value) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{DeniedReason, Pid, RevokedReason};

    fn samples() -> Vec<Ctl> {
        let floor = [
            FloorMessage::Request { spurt: 1 },
            FloorMessage::Release { spurt: 2 },
            FloorMessage::Continue { spurt: 3, n: 4 },
            FloorMessage::Granted { n: 3, spurt: 4, limit_ms: 30_000 },
            FloorMessage::Denied { n: 5, spurt: 6, reason: DeniedReason::Busy { talker: Pid::new([7; 16]) } },
            FloorMessage::Denied { n: 5, spurt: 6, reason: DeniedReason::TooSoon },
            FloorMessage::Denied { n: 5, spurt: 6, reason: DeniedReason::NotArbiter },
            FloorMessage::Taken { n: 8, talker: Pid::new([9; 16]) },
            FloorMessage::Idle { n: 10 },
            FloorMessage::Revoked { n: 11, spurt: 12, reason: RevokedReason::Limit },
            FloorMessage::Revoked { n: 11, spurt: 12, reason: RevokedReason::Collision },
            FloorMessage::Revoked { n: 11, spurt: 12, reason: RevokedReason::Silence },
        ];
        let mut all = vec![
            Ctl::Hello(Hello {
                name: DisplayName::parse("Ana").unwrap(),
                app_version: "0.1.0".into(),
                capabilities: Capabilities(5),
                host_proof: Some(Signature::new([1; 64])),
            }),
            Ctl::Hello(Hello {
                name: DisplayName::parse("بن").unwrap(),
                app_version: String::new(),
                capabilities: Capabilities(0),
                host_proof: None,
            }),
            Ctl::Sdp(Sdp { kind: SdpKind::Offer, text: "v=0".into() }),
            Ctl::Sdp(Sdp { kind: SdpKind::Answer, text: "v=0".into() }),
            Ctl::Ice("candidate:1".into()),
            Ctl::MediaKey { generation: 1, key: SecretBytes::new([3; 32]) },
            Ctl::Settings(Settings { n: 1, mode: Mode::Radio, talk_limit: 30, title: "Friday".into() }),
            Ctl::Settings(Settings { n: 2, mode: Mode::Open, talk_limit: 300, title: String::new() }),
            Ctl::Status(Status { muted: true, deafened: false }),
            Ctl::Heard { spurt: 1 },
            Ctl::Ping { token: 1 },
            Ctl::Pong { token: 1 },
            Ctl::Bye,
        ];
        all.extend(floor.map(Ctl::Floor));
        all
    }

    #[test]
    fn every_message_reads_back_as_it_was_written() {
        for message in samples() {
            let bytes = message.encode();
            let again = Ctl::decode(&bytes).unwrap_or_else(|e| panic!("{message:?}: {e}"));
            assert_eq!(again.encode(), bytes, "{message:?}");
        }
    }

    #[test]
    fn a_cut_or_lengthened_message_is_an_error() {
        for message in samples() {
            let bytes = message.encode();
            for end in 0..bytes.len() {
                assert!(Ctl::decode(&bytes[..end]).is_err(), "{message:?} cut at {end}");
            }
            let longer = [&bytes[..], &[0]].concat();
            assert!(Ctl::decode(&longer).is_err(), "{message:?} lengthened");
        }
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = Ctl::Bye.encode();
        bytes[0] = 2;
        assert_eq!(Ctl::decode(&bytes).err(), Some(WireError::Version { theirs: 2 }));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..14) {
            drop(Ctl::decode(&bytes));
            let framed = [&[VERSION, kind], &bytes[..]].concat();
            if let Ok(message) = Ctl::decode(&framed) {
                prop_assert_eq!(message.encode(), framed);
            }
        }
    }

    use crate::VERSION;
}
