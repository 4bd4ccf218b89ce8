//! Numbers about what is heard, for people.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pushtalk_audio::JitterStats;
use pushtalk_mesh::LinkStats;
use pushtalk_protocol::Pid;

use crate::face::Quality;

/// What one member's voice does here.
#[derive(Clone, Copy, Default)]
pub struct HearingStats {
    /// Of the jitter buffer.
    pub jitter: JitterStats,
    /// Frames that did not open: nothing of them was played.
    pub rejected: u64,
    /// Of the frames that did: bytes of the codec.
    pub bytes: u64,
    /// What was played last.
    pub played: Option<Played>,
}

/// When a piece of voice comes out of the loudspeaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// Of RTP.
    pub timestamp: u32,
    /// Since any fixed start.
    pub at: Duration,
}

/// What is known of the link to one member.
pub struct MemberStats {
    /// `face::MemberView::id`.
    pub id: String,
    /// What is heard of it; none before its first key.
    pub hearing: HearingStats,
    /// What went over the network.
    pub link: LinkStats,
    /// Of the last second in which it talked.
    pub quality: Option<Quality>,
}

/// Written by the listen thread once a block, read when a person asks.
#[derive(Default)]
pub(crate) struct Hearings(Mutex<BTreeMap<Pid, HearingStats>>);

impl Hearings {
    pub(crate) fn update(&self, pid: Pid, stats: HearingStats) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(pid, stats);
    }

    pub(crate) fn remove(&self, pid: Pid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
    }

    pub(crate) fn get(&self, pid: Pid) -> HearingStats {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&pid).copied().unwrap_or_default()
    }
}
