//! What goes into a mesh and what comes out of it.

use std::{
    fmt,
    time::{Duration, Instant},
};

use bytes::Bytes;
use pushtalk_protocol::{Candidate, Pid, Sdp};

/// Longest message on the data channel, in bytes.
pub(crate) const LONGEST_CTL: usize = 16 * 1024;

/// How connections are made and when they are given up.
#[derive(Clone, Debug)]
pub struct MeshConfig {
    /// Gather 127.0.0.1 too, for rooms on one machine. It is gathered anyway when there is nothing else.
    pub loopback: bool,
    /// Gather addresses of tunnels too.
    pub vpn: bool,
    /// From `open` to `Connected`; later than this the pair fails.
    pub connect_within: Duration,
    /// From the first working path to the end of the DTLS handshake; later than this the pair fails.
    pub dtls_within: Duration,
    /// Silence of a connected peer until `Disconnected`.
    pub disconnected_after: Duration,
    /// From `Disconnected` until the pair fails.
    pub failed_after: Duration,
    /// How often a peer is asked for consent to go on (RFC 7675). Whatever else comes counts as its voice, so it may be
    /// longer than `disconnected_after` where peers are pinged in other ways.
    pub consent_every: Duration,
}

impl Default for MeshConfig {
    fn default() -> Self {
        Self {
            loopback: false,
            vpn: true,
            connect_within: Duration::from_secs(30),
            dtls_within: Duration::from_secs(8),
            disconnected_after: Duration::from_secs(4),
            failed_after: Duration::from_secs(16),
            consent_every: Duration::from_secs(1),
        }
    }
}

/// Who speaks first. The smaller pid offers, so two offers never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Makes the offer and controls ICE.
    Offerer,
    /// Waits for the offer.
    Answerer,
}

/// What happened to a pair. Each opened pair ends with exactly one of `Failed` and `Closed`, sent after its sockets and
/// tasks are gone; the peer can be opened anew from then on.
#[derive(Clone, PartialEq, Eq)]
pub enum MeshEvent {
    /// To be taken to the peer's `remote_description`.
    Description {
        /// Which pair.
        peer: Pid,
        /// Offer or answer; holds the candidates that were known in time.
        sdp: Sdp,
    },
    /// To be taken to the peer's `remote_candidate`.
    Candidate {
        /// Which pair.
        peer: Pid,
        /// Empty at the end.
        candidate: Candidate,
    },
    /// ICE has found a pair of addresses that works, on the newest path; what is left is the handshake.
    Reached {
        /// Which pair.
        peer: Pid,
    },
    /// DTLS has proved the certificate that the description names; frames flow.
    Connected {
        /// Which pair.
        peer: Pid,
    },
    /// Messages flow. Comes after the first `Connected`, and again each time that another path has taken the place of the
    /// one before: what was said last may be lost with that one.
    CtlOpen {
        /// Which pair.
        peer: Pid,
    },
    /// A message, in order and complete.
    Ctl {
        /// From whom.
        peer: Pid,
        /// At most 16 KiB.
        message: Bytes,
    },
    /// Nothing was heard for a while; `Connected` or `Failed` follows.
    Disconnected {
        /// Which pair.
        peer: Pid,
    },
    /// The pair is given up.
    Failed {
        /// Which pair.
        peer: Pid,
        /// Why.
        why: FailWhy,
    },
    /// The pair ended in order, by `close` here or there.
    Closed {
        /// Which pair.
        peer: Pid,
    },
}

impl MeshEvent {
    /// Which pair it is about.
    pub fn peer(&self) -> Pid {
        match self {
            Self::Description { peer, .. }
            | Self::Candidate { peer, .. }
            | Self::Reached { peer }
            | Self::Connected { peer }
            | Self::CtlOpen { peer }
            | Self::Ctl { peer, .. }
            | Self::Disconnected { peer }
            | Self::Failed { peer, .. }
            | Self::Closed { peer } => *peer,
        }
    }
}

/// Kind only: descriptions and candidates hold addresses.
impl fmt::Debug for MeshEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { why, .. } => write!(f, "failed ({why:?})"),
            Self::Description { .. } => f.write_str("description"),
            Self::Candidate { .. } => f.write_str("candidate"),
            Self::Reached { .. } => f.write_str("reached"),
            Self::Connected { .. } => f.write_str("connected"),
            Self::CtlOpen { .. } => f.write_str("ctl open"),
            Self::Ctl { .. } => f.write_str("ctl"),
            Self::Disconnected { .. } => f.write_str("disconnected"),
            Self::Closed { .. } => f.write_str("closed"),
        }
    }
}

/// Why a pair was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailWhy {
    /// No path to the peer, or the path is gone.
    Ice,
    /// There was a path, but the DTLS handshake did not end: a slow device or network, or another certificate than the
    /// description names. Who refuses a certificate does not say so, here or there.
    Dtls,
    /// The peer sent what cannot be read, or this machine refused a socket.
    Other,
}

/// Why a call was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeshError {
    /// No pair with this peer.
    #[error("no pair with this peer")]
    NoPair,
    /// A pair with this peer lives; its `Failed` or `Closed` has not come out yet.
    #[error("a pair with this peer is still open")]
    StillOpen,
    /// Another path is begun by who offers.
    #[error("only who offers can begin another path")]
    NotOfferer,
    /// The data channel is not open.
    #[error("messages do not flow yet")]
    NotOpen,
    /// The message is longer than 16 KiB.
    #[error("message too long")]
    TooLong,
    /// Too much is waiting for this peer.
    #[error("too much is waiting for this peer")]
    Full,
}

/// When a frame was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpStamp {
    /// On the 48 kHz clock of the microphone, whose start is random.
    pub timestamp: u32,
    /// First frame of a spurt.
    pub marker: bool,
}

/// A frame as it came from a peer, still sealed.
#[derive(Clone, Debug)]
pub struct ReceivedFrame {
    /// From whom.
    pub peer: Pid,
    /// RTP sequence number: one more for each packet sent, random start.
    pub sequence: u16,
    /// RTP timestamp: the sender's `RtpStamp::timestamp`.
    pub timestamp: u32,
    /// First frame of a spurt.
    pub marker: bool,
    /// When the datagram was read from the socket.
    pub arrival: Instant,
    /// What the sender sealed.
    pub payload: Bytes,
}

/// Counters of the voice path of one pair, since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// RTP headers and payloads handed to the wire, in bytes.
    pub bytes_sent: u64,
    /// RTP headers and payloads that came in, in bytes.
    pub bytes_received: u64,
    /// Packets handed to the wire.
    pub packets_sent: u64,
    /// Packets that came in.
    pub packets_received: u64,
    /// Frames thrown away here because they would have been late.
    pub dropped: u64,
    /// As ICE measured it last; refreshed every two seconds.
    pub round_trip: Option<Duration>,
    /// What the path in use goes over; none before it is known.
    pub transport: Option<Transport>,
}

/// What carries a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// As it should be.
    Udp,
    /// Where UDP is blocked: a packet that is lost holds up all behind it.
    Tcp,
}
