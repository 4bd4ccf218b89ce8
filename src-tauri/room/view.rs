//! What a person sees of a room: its members, its floor, and the one situation of the talk button.

use std::time::Duration;

use pushtalk_protocol::Pid;

use crate::button::Own;
use crate::input::Microphone;
use crate::room::Room;

/// What a person sees of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView {
    /// The others, by pid.
    pub members: Vec<MemberView>,
    /// Who talks.
    pub floor: Floor,
    /// The one situation of the talk button.
    pub button: Situation,
}

/// One other member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberView {
    /// Who.
    pub pid: Pid,
    /// True for the host.
    pub host: bool,
    /// How well it is reached.
    pub link: LinkState,
}

/// How well a member is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Not yet.
    Connecting,
    /// Voice can flow.
    Ready,
    /// No longer.
    Lost,
    /// The keys do not fit: nothing is sent and nothing is played.
    Mismatch,
}

/// Who holds the floor, as far as this member knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Floor {
    Open {
        talkers: Vec<Pid>,
    },
    /// Nobody.
    Idle,
    /// Somebody.
    Taken {
        /// Who; may be this member.
        pid: Pid,
        /// From when on, as far as this member knows.
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
        near: bool,
    },
    Queued {
        place: u16,
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
    /// The keys of a member do not fit; talking is off.
    KeyMismatch {
        /// Whose.
        who: Pid,
    },
}

/// Why the floor was taken away or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedWhy {
    /// The talk limit was reached, or was a moment ago.
    Limit,
    /// Somebody else was given it.
    Collision,
    /// Nobody answered.
    ArbiterLost,
    /// No voice came for a while.
    Silence,
    /// The host wanted to talk.
    Preempted,
    /// The host has changed who may talk.
    Mode,
}

impl Room {
    /// What a person sees.
    pub fn view(&self) -> RoomView {
        let members = self.members.iter().map(|(pid, member)| MemberView {
            pid: *pid,
            host: self.is_host(*pid),
            link: member.link,
        });
        RoomView { members: members.collect(), floor: self.shown_floor(), button: self.situation() }
    }

    fn shown_floor(&self) -> Floor {
        match (&self.own, &self.floor) {
            (Own::Talking(talk), _) => Floor::Taken { pid: self.me, since: talk.granted },
            // Who is lost to us talks to others at most.
            (_, Some(holder)) if holder.pid != self.me && self.may_talk(holder.pid) => {
                Floor::Taken { pid: holder.pid, since: holder.since }
            }
            _ => Floor::Idle,
        }
    }

    fn situation(&self) -> Situation {
        if let Some(who) = self.mismatched() {
            return Situation::KeyMismatch { who };
        }
        match &self.own {
            Own::Asking(_) => return Situation::Requesting,
            Own::Talking(talk) => {
                return Situation::Talking { since: talk.pressed, until: talk.until, near: false };
            }
            Own::Refused(situation) => return *situation,
            Own::Rest => {}
        }
        match self.microphone {
            Microphone::Off => return Situation::AudioOff,
            Microphone::Failed => return Situation::NoMic,
            Microphone::Open => {}
        }
        if self.members.is_empty() {
            return Situation::Alone;
        }
        if self.ready().next().is_none() {
            let lost = self.members.values().all(|member| member.link == LinkState::Lost);
            return if lost { Situation::Offline } else { Situation::Connecting };
        }
        match self.shown_floor() {
            Floor::Taken { pid, .. } => Situation::Receiving { who: pid },
            _ => Situation::Idle,
        }
    }
}
