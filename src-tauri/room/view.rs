//! What the floor and the talk button look like: whole situations, not flags.

use std::time::Duration;

use pushtalk_protocol::Pid;

/// What a person sees of the room's floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomView {
    /// Who talks.
    pub floor: Floor,
    /// The one situation of the talk button.
    pub button: Situation,
}

/// Who holds the floor, as far as this member knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// Nobody.
    Idle,
    /// Somebody.
    Taken {
        /// Who; may be this member.
        pid: Pid,
        /// From when on.
        since: Duration,
    },
}

/// The talk button shows exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// The microphone is not enabled.
    AudioOff,
    /// Enabled, but there is none that works.
    NoMic,
    /// Others are being connected.
    Connecting,
    /// Nobody else is here.
    Alone,
    /// Press to talk.
    Idle,
    /// Pressed, and not answered yet.
    Requesting,
    /// On air.
    Talking {
        /// Time of the press.
        since: Duration,
        /// When the limit is reached.
        until: Duration,
    },
    /// Pressed, but somebody else talks.
    Busy {
        /// Who.
        who: Pid,
    },
    /// Pressed, and the floor was taken away or refused.
    Revoked {
        /// Why.
        why: RevokedWhy,
    },
    /// Somebody else talks.
    Receiving {
        /// Who.
        who: Pid,
    },
    /// Everybody who was connected is lost.
    Offline,
    /// The keys of a member do not fit.
    KeyMismatch {
        /// Whose.
        who: Pid,
    },
}

/// Why the floor was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedWhy {
    /// The talk limit was reached, or was a moment ago.
    Limit,
    /// Somebody else was given it.
    Collision,
    /// Nobody answered the request.
    ArbiterLost,
    /// No voice came for a while.
    Silence,
}
