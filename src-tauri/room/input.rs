//! What a room is told, and what it wants done.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_protocol::{FloorMessage, Mode, Pid};

use crate::turn::Turn;

/// With what a room begins.
#[derive(Clone, Copy, Debug)]
pub struct RoomConfig {
    /// This member.
    pub me: Pid,
    /// True when this member is the host.
    pub hosting: bool,
    /// Longest time one member may talk without a pause; brought into 10 to 300 s.
    pub talk_limit: Duration,
    /// Who may talk.
    pub mode: Mode,
}

/// What the microphone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Microphone {
    /// Not enabled.
    Off,
    /// Gives samples.
    Open,
    /// Gives samples that are all exactly zero: who talks into it is not heard.
    Silent,
    /// Enabled, but does not work.
    Failed,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody is in the room; voice cannot flow yet.
    Known(Pid),
    /// The session is proven and voice can flow.
    Up {
        /// Who.
        pid: Pid,
        /// True when it has proved that it is the host.
        host: bool,
    },
    /// No answer any more, or a new session: what was on its way is lost. It stays in the room and may come back.
    Down(Pid),
    /// It has left, or was removed.
    Gone(Pid),
    /// Its keys do not fit. Talking is off until it is gone.
    Mismatch(Pid),
    /// The talk button went down.
    Press,
    /// The talk button went down. A host that does this takes the floor from who has it; for others it is a press.
    Preempt,
    /// The button went down by which one whispers: to those of these members who are reached, whoever else talks. What was said
    /// to everybody ends before.
    Whisper(BTreeSet<Pid>),
    /// The talk button, or the one to whisper, came up.
    Release,
    /// A member said this, in its authenticated session.
    Floor {
        /// Who.
        from: Pid,
        /// What.
        message: FloorMessage,
    },
    /// A frame of this member was authentic; a few times a second are enough.
    Voice(Pid),
    /// The same, and it is whispered to us.
    Whispered(Pid),
    /// What the host has set, 10 to 300 s; counts from the next grant on.
    TalkLimit(Duration),
    /// Who may talk from now on, as the host has set it.
    Mode(Mode),
    /// Who is the host from now on, which may be this member; none: not known, so nobody is.
    Host(Option<Pid>),
    /// Whether a press waits for its turn while somebody talks. So it is at first.
    Queueing(bool),
    /// The microphone was opened or closed, it failed, or it is silent from now on or no longer.
    Microphone(Microphone),
    /// We leave. Nothing that comes later has any effect.
    Leave,
    /// A timer is due, or a `Turn` was dropped.
    Tick,
}

/// What is to be done, in the order given.
#[derive(Debug)]
pub enum Output {
    /// Say this to one member.
    Send {
        /// To whom.
        to: Pid,
        /// What.
        message: FloorMessage,
    },
    /// Keep frames from now on: the button is down, or it is still down and its turn has come. `Begin` or `Drop`
    /// follows, sooner or later.
    Keep,
    /// The turn is ours: send what was kept to those it is for, and go on. Where `Finish` came before it, end after what was kept.
    Begin(Turn),
    /// It is over: throw away what was kept, drop the turn.
    Drop,
    /// The button came up. With a turn: send the rest, then drop it and give `Tick`. Without one: keep no more than
    /// the rest, and wait.
    Finish,
}
