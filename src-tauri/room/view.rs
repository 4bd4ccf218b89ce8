//! What a person sees of a room: its members, its floor, and the one situation of the talk button.

use std::time::Duration;

use pushtalk_protocol::{Mode, Pid};

use crate::button::Own;
use crate::input::Microphone;
use crate::room::Room;

/// What a person sees of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView {
    /// The others, by pid.
    pub members: Vec<MemberView>,
    /// Who may talk.
    pub mode: Mode,
    /// Who holds the floor. In an open room there is none to be held.
    pub floor: Floor,
    /// Who talks, this member included, the longest first. In a radio room it is one at most.
    pub talkers: Vec<Talker>,
    /// The one situation of the talk button.
    pub button: Situation,
    /// Those whom we whisper to and reach; talking is whispering unless it is empty.
    pub whispering: Vec<Pid>,
    /// Those who whisper to us.
    pub whispers: Vec<Pid>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
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

/// Somebody who talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Talker {
    /// Who; may be this member.
    pub pid: Pid,
    /// From when on, as far as this member knows.
    pub since: Duration,
}

/// The talk button shows exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// The microphone is not enabled.
    AudioOff,
    /// Enabled, but there is none that works.
    NoMic,
    /// There is one, but nothing comes from it; talking begins when something does, if the button is still down.
    SilentMic,
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
        /// Time of the press, or when the turn came of who has waited in the queue.
        since: Duration,
        /// When the limit is reached.
        until: Duration,
        /// True in the last three seconds before it.
        near: bool,
    },
    /// Pressed, and waiting while others talk.
    Queued {
        /// From 1: that is the next to talk.
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
    /// Somebody else talks. In an open room a press talks all the same.
    Receiving {
        /// Who; the one who has talked longest.
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
        RoomView {
            members: members.collect(),
            mode: self.mode,
            floor: self.shown_floor(),
            talkers: self.talkers(),
            button: self.situation(),
            whispering: self.reached_whispers().collect(),
            whispers: self.whispers().collect(),
        }
    }

    fn shown_floor(&self) -> Floor {
        if self.mode == Mode::Open {
            return Floor::Idle;
        }
        match (self.talking(), &self.floor) {
            (Some(talk), _) => Floor::Taken { pid: self.me, since: talk.granted },
            // Who is lost to us talks to others at most.
            (_, Some(holder)) if holder.pid != self.me && self.may_talk(holder.pid) => {
                Floor::Taken { pid: holder.pid, since: holder.since }
            }
            _ => Floor::Idle,
        }
    }

    fn talkers(&self) -> Vec<Talker> {
        if self.mode == Mode::Radio {
            return match self.shown_floor() {
                Floor::Idle => Vec::new(),
                Floor::Taken { pid, since } => vec![Talker { pid, since }],
            };
        }
        let own = self.talking().map(|talk| Talker { pid: self.me, since: talk.granted });
        let mut talkers: Vec<Talker> = self.voices().chain(own).collect();
        talkers.sort_by_key(|talker| (talker.since, talker.pid));
        talkers
    }

    fn situation(&self) -> Situation {
        if let Some(who) = self.mismatched() {
            return Situation::KeyMismatch { who };
        }
        match &self.own {
            Own::Asking(_) => return Situation::Requesting,
            Own::Talking(talk) => {
                return Situation::Talking { since: talk.pressed, until: talk.until, near: talk.near };
            }
            Own::Queued(wait) => return Situation::Queued { place: wait.place },
            Own::Refused(situation) => return *situation,
            Own::Rest => {}
        }
        match self.microphone {
            Microphone::Off => return Situation::AudioOff,
            Microphone::Failed => return Situation::NoMic,
            Microphone::Silent => return Situation::SilentMic,
            Microphone::Open => {}
        }
        if self.members.is_empty() {
            return Situation::Alone;
        }
        if self.ready().next().is_none() {
            let lost = self.members.values().all(|member| member.link == LinkState::Lost);
            return if lost { Situation::Offline } else { Situation::Connecting };
        }
        match self.talkers().first() {
            Some(talker) => Situation::Receiving { who: talker.pid },
            None => Situation::Idle,
        }
    }
}
