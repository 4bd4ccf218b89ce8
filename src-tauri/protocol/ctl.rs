//! What two members say to each other inside their sealed session.

use std::fmt;

use crate::{
    DisplayName, Epoch, FloorMessage, HostPublic, Pid, Pin, Place, Reader, Rekey, Report, SecretBytes,
    Signature, SignedStatement, WireError, Writer,
};

/// One message of a session. Never printed whole: its `Debug` is the kind alone.
pub enum Ctl {
    /// First message of each side.
    Hello(Hello),
    /// A session description.
    Sdp(Sdp),
    /// One ICE candidate.
    Ice(Candidate),
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
    /// The receiver has begun to play this spurt of the addressee: the one whose frames have this key.
    Heard {
        /// Generation of the key.
        generation: u32,
        /// Ratchet step within it.
        step: u8,
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
        /// When it was answered, on the clock of who answers, in microseconds.
        at: u64,
    },
    /// I leave.
    Bye,
    /// From who cannot begin a handshake to who can: a new session and new generations are wanted.
    Renew,
    /// A handshake inside the session, by which it gets keys that nobody can work out from those before.
    Rekey(Rekey),
    /// What the host has signed, passed on by anybody.
    Statement(SignedStatement),
    /// The secret of an epoch; the statement that began it holds the public half of what is derived from it.
    RoomSecret {
        /// Which epoch.
        epoch: Epoch,
        /// RS_e.
        secret: SecretBytes<32>,
        /// Who may come in.
        door: DoorState,
    },
    /// With whom the sender has a living session, itself included.
    Roster(Roster),
    /// One step of comparing emoji.
    Sas(Sas),
    /// How many wrong guesses the sender has turned away in this epoch.
    WrongGuesses {
        /// Which epoch.
        epoch: Epoch,
        /// At the spoken password, or at any password with a PIN.
        count: u8,
    },
    /// When the sender's voice was in the air.
    Captured {
        /// Of RTP, of a frame of the sender.
        timestamp: u32,
        /// When what is heard at the start of that frame was said, on the sender's clock, in microseconds.
        at: u64,
    },
    /// How the voice of the addressee arrives.
    Report(Report),
    /// From who does not offer to who does: a new path is wanted.
    Restart,
    /// The server of the room runs on the sender's device.
    Place(Place),
}

/// Who may come in.
pub enum DoorState {
    /// Whoever has the code or the link.
    Open,
    /// Nobody.
    Locked,
    /// Who has the PIN as well.
    Pin(Pin),
}

/// Pids in rising order, 64 at most.
#[derive(Clone, PartialEq, Eq)]
pub struct Roster {
    /// As the sender knows it.
    pub epoch: Epoch,
    /// In rising order.
    pub pids: Vec<Pid>,
}

/// Comparing emoji: commit, answer, reveal. Section 10 of the protocol.
#[derive(Clone, PartialEq, Eq)]
pub enum Sas {
    /// H("PushTalk1 sas" ‖ 0 ‖ nA).
    Commit([u8; 64]),
    /// nB.
    Nonce([u8; 32]),
    /// nA.
    Reveal([u8; 32]),
    /// Not now, or no longer.
    Cancel,
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
    /// With this key the sender would sign as host, if the room were handed over to it.
    pub heir: HostPublic,
}

/// A bit for each thing beyond the least that every member can do; unknown bits are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u32);

/// A session description, as in RFC 8866.
#[derive(Clone, PartialEq, Eq)]
pub struct Sdp {
    /// Which of the connections that a session has one after the other, from 0; the initiator counts.
    pub path: u32,
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

/// One ICE candidate.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// As in the descriptions.
    pub path: u32,
    /// As in RFC 8839 (`candidate:…`); empty at the end of candidates.
    pub text: String,
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
    /// It would like to say something.
    pub hand: bool,
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
                let w = match &h.host_proof {
                    Some(proof) => w.u8(1).raw(proof.as_bytes()),
                    None => w.u8(0),
                };
                w.raw(h.heir.as_bytes())
            }
            Self::Sdp(sdp) => w
                .u8(2)
                .u32(sdp.path)
                .u8(match sdp.kind {
                    SdpKind::Offer => 1,
                    SdpKind::Answer => 2,
                })
                .lv(sdp.text.as_bytes()),
            Self::Ice(candidate) => w.u8(3).u32(candidate.path).lv(candidate.text.as_bytes()),
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
            Self::Status(s) => w.u8(7).u8(u8::from(s.muted)).u8(u8::from(s.deafened)).u8(u8::from(s.hand)),
            Self::Heard { generation, step } => w.u8(8).u32(*generation).u8(*step),
            Self::Ping { token } => w.u8(9).u32(*token),
            Self::Pong { token, at } => w.u8(10).u32(*token).u64(*at),
            Self::Bye => w.u8(11),
            Self::Renew => w.u8(12),
            Self::Rekey(rekey) => rekey.write(w.u8(13)),
            Self::Statement(signed) => signed.write(w.u8(14)),
            Self::RoomSecret { epoch, secret, door } => {
                let w = w.u8(15).u32(epoch.0).raw(secret.expose());
                match door {
                    DoorState::Open => w.u8(1),
                    DoorState::Locked => w.u8(2),
                    DoorState::Pin(pin) => w.u8(3).lv(pin.expose()),
                }
            }
            Self::Roster(roster) => crate::statement::write_pids(w.u8(16).u32(roster.epoch.0), &roster.pids),
            Self::Sas(sas) => match sas {
                Sas::Commit(hash) => w.u8(17).u8(1).raw(hash),
                Sas::Nonce(nonce) => w.u8(17).u8(2).raw(nonce),
                Sas::Reveal(nonce) => w.u8(17).u8(3).raw(nonce),
                Sas::Cancel => w.u8(17).u8(4),
            },
            Self::WrongGuesses { epoch, count } => w.u8(18).u32(epoch.0).u8(*count),
            Self::Captured { timestamp, at } => w.u8(19).u32(*timestamp).u64(*at),
            Self::Report(report) => report.write(w.u8(20)),
            Self::Restart => w.u8(21),
            Self::Place(place) => place.write(w.u8(22)),
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
                name: name(r.text()?)?,
                app_version: short(r.text()?, 32)?,
                capabilities: Capabilities(r.u32()?),
                host_proof: if r.bool()? { Some(Signature::new(r.array()?)) } else { None },
                heir: HostPublic::new(r.array()?),
            }),
            2 => Self::Sdp(Sdp {
                path: r.u32()?,
                kind: match r.u8()? {
                    1 => SdpKind::Offer,
                    2 => SdpKind::Answer,
                    other => return Err(WireError::Kind(other)),
                },
                text: r.text()?.to_owned(),
            }),
            3 => Self::Ice(Candidate { path: r.u32()?, text: short(r.text()?, 512)? }),
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
            7 => Self::Status(Status { muted: r.bool()?, deafened: r.bool()?, hand: r.bool()? }),
            8 => Self::Heard { generation: r.u32()?, step: r.u8()? },
            9 => Self::Ping { token: r.u32()? },
            10 => Self::Pong { token: r.u32()?, at: r.u64()? },
            11 => Self::Bye,
            12 => Self::Renew,
            13 => Self::Rekey(Rekey::read(&mut r)?),
            14 => Self::Statement(SignedStatement::read(&mut r)?),
            15 => Self::RoomSecret {
                epoch: Epoch(r.u32()?),
                secret: SecretBytes::new(r.array()?),
                door: match r.u8()? {
                    1 => DoorState::Open,
                    2 => DoorState::Locked,
                    3 => DoorState::Pin(Pin::from_digits(r.lv()?).map_err(|_| WireError::Value)?),
                    other => return Err(WireError::Kind(other)),
                },
            },
            16 => Self::Roster(Roster { epoch: Epoch(r.u32()?), pids: crate::statement::read_pids(&mut r)? }),
            17 => Self::Sas(match r.u8()? {
                1 => Sas::Commit(r.array()?),
                2 => Sas::Nonce(r.array()?),
                3 => Sas::Reveal(r.array()?),
                4 => Sas::Cancel,
                other => return Err(WireError::Kind(other)),
            }),
            18 => Self::WrongGuesses { epoch: Epoch(r.u32()?), count: r.u8()? },
            19 => Self::Captured { timestamp: r.u32()?, at: r.u64()? },
            20 => Self::Report(Report::read(&mut r)?),
            21 => Self::Restart,
            22 => Self::Place(Place::read(&mut r)?),
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
            Self::Renew => "renew",
            Self::Rekey(_) => "rekey",
            Self::Statement(_) => "statement",
            Self::RoomSecret { .. } => "room secret",
            Self::Roster(_) => "roster",
            Self::Sas(_) => "sas",
            Self::WrongGuesses { .. } => "wrong guesses",
            Self::Captured { .. } => "captured",
            Self::Report(_) => "report",
            Self::Restart => "restart",
            Self::Place(_) => "place",
        })
    }
}

/// As it is shown: what would be trimmed or normalized is refused, so that there is one way to write a message.
fn name(text: &str) -> Result<DisplayName, WireError> {
    DisplayName::parse(text).ok().filter(|name| name.as_str() == text).ok_or(WireError::Value)
}

fn short(text: &str, most: usize) -> Result<String, WireError> {
    if text.len() > most { Err(WireError::Value) } else { Ok(text.to_owned()) }
}
