//! What members say about the floor; words as in RFC 8855 and 3GPP TS 24.380.

use crate::{Pid, Reader, WireError, Writer};

/// One floor message. `spurt` is the talker's own number of the press; `n` is the arbiter's number, which only the
/// arbiter increases and which orders everything it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloorMessage {
    /// To the arbiter: I want to talk.
    Request {
        /// Number of the press, counting from 1 for each member.
        spurt: u32,
        /// True to wait in the queue while somebody talks, for as long as the button is held.
        queue: bool,
    },
    /// To a new arbiter, or to one that has lost sight of us: I am talking. Where two say so, the lower `n` stays.
    Continue {
        /// The press that goes on.
        spurt: u32,
        /// The number of the grant under which it goes on.
        n: u64,
    },
    /// To the arbiter: I have finished, or I no longer want to talk.
    Release {
        /// The press that ends.
        spurt: u32,
    },
    /// From the arbiter to the requester: talk.
    Granted {
        /// The arbiter's number.
        n: u64,
        /// The press it answers.
        spurt: u32,
        /// Milliseconds until it will be revoked.
        limit_ms: u32,
    },
    /// From the arbiter to the requester: not now.
    Denied {
        /// The arbiter's number.
        n: u64,
        /// The press it answers.
        spurt: u32,
        /// Why.
        reason: DeniedReason,
    },
    /// From the arbiter to the requester: not now, but in your turn. Said again whenever the place changes.
    Queued {
        /// The arbiter's number.
        n: u64,
        /// The press it answers.
        spurt: u32,
        /// From 1: that is the next to talk.
        place: u16,
    },
    /// From the arbiter to everybody: this member talks.
    Taken {
        /// The arbiter's number.
        n: u64,
        /// Who.
        talker: Pid,
    },
    /// From the arbiter to everybody: nobody talks.
    Idle {
        /// The arbiter's number.
        n: u64,
    },
    /// From the arbiter to the talker: stop.
    Revoked {
        /// The arbiter's number.
        n: u64,
        /// The press that ends.
        spurt: u32,
        /// Why.
        reason: RevokedReason,
    },
}

/// Why a request was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeniedReason {
    /// Somebody talks.
    Busy {
        /// Who.
        talker: Pid,
    },
    /// The limit was reached a moment ago; pressing again at once does not restart it.
    TooSoon,
    /// Asked of a member that is not the arbiter, or does not know yet that it is.
    NotArbiter,
}

/// Why the floor was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedReason {
    /// The talk limit was reached.
    Limit,
    /// Two were granted by two arbiters; the lower number stays.
    Collision,
    /// No voice came for a while.
    Silence,
    /// The host wants to talk.
    Preempted,
    /// The host has changed who may talk.
    Mode,
}

impl FloorMessage {
    pub(crate) fn write(&self, w: Writer) -> Writer {
        match *self {
            Self::Request { spurt, queue } => w.u8(1).u32(spurt).u8(u8::from(queue)),
            Self::Release { spurt } => w.u8(2).u32(spurt),
            Self::Granted { n, spurt, limit_ms } => w.u8(3).u64(n).u32(spurt).u32(limit_ms),
            Self::Denied { n, spurt, reason } => {
                let w = w.u8(4).u64(n).u32(spurt);
                match reason {
                    DeniedReason::Busy { talker } => w.u8(1).raw(talker.as_bytes()),
                    DeniedReason::TooSoon => w.u8(2),
                    DeniedReason::NotArbiter => w.u8(3),
                }
            }
            Self::Taken { n, talker } => w.u8(5).u64(n).raw(talker.as_bytes()),
            Self::Idle { n } => w.u8(6).u64(n),
            Self::Revoked { n, spurt, reason } => w.u8(7).u64(n).u32(spurt).u8(match reason {
                RevokedReason::Limit => 1,
                RevokedReason::Collision => 2,
                RevokedReason::Silence => 3,
                RevokedReason::Preempted => 4,
                RevokedReason::Mode => 5,
            }),
            Self::Continue { spurt, n } => w.u8(8).u32(spurt).u64(n),
            Self::Queued { n, spurt, place } => w.u8(9).u64(n).u32(spurt).u16(place),
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(match r.u8()? {
            1 => Self::Request { spurt: r.u32()?, queue: r.bool()? },
            2 => Self::Release { spurt: r.u32()? },
            3 => Self::Granted { n: r.u64()?, spurt: r.u32()?, limit_ms: r.u32()? },
            4 => Self::Denied {
                n: r.u64()?,
                spurt: r.u32()?,
                reason: match r.u8()? {
                    1 => DeniedReason::Busy { talker: Pid::new(r.array()?) },
                    2 => DeniedReason::TooSoon,
                    3 => DeniedReason::NotArbiter,
                    other => return Err(WireError::Kind(other)),
                },
            },
            5 => Self::Taken { n: r.u64()?, talker: Pid::new(r.array()?) },
            6 => Self::Idle { n: r.u64()? },
            7 => Self::Revoked {
                n: r.u64()?,
                spurt: r.u32()?,
                reason: match r.u8()? {
                    1 => RevokedReason::Limit,
                    2 => RevokedReason::Collision,
                    3 => RevokedReason::Silence,
                    4 => RevokedReason::Preempted,
                    5 => RevokedReason::Mode,
                    other => return Err(WireError::Kind(other)),
                },
            },
            8 => Self::Continue { spurt: r.u32()?, n: r.u64()? },
            9 => Self::Queued { n: r.u64()?, spurt: r.u32()?, place: r.u16()? },
            other => return Err(WireError::Kind(other)),
        })
    }
}
