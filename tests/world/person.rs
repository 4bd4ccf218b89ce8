//! One client of a world, with what it has done so far.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_audio::{Cue, Encoder, EncoderSettings, JitterConfig, ProcessingSettings};
use pushtalk_engine::HearingStats;
use pushtalk_engine::ear::Ear;
use pushtalk_engine::mouth::Mouth;
use pushtalk_protocol::Pid;
use pushtalk_signaling::lobby::ConnectionId;

use super::devices::Desktop;
use super::dice::Dice;
use super::mind::Mind;

/// One client.
pub struct Person {
    pub(super) mind: Box<dyn Mind>,
    /// Where all its secrets come from.
    pub dice: Dice,
    pub(super) mouth: Mouth,
    pub(super) ear: Ear,
    pub(super) encoder: Encoder,
    /// As it is to be from the next press on.
    pub(super) coding: EncoderSettings,
    /// What is to be done to its microphone. Nothing is: it gives tones.
    pub processing: ProcessingSettings,
    /// From how many dBFS on a voice is to open its gate; none where there is none.
    pub gate: Option<f32>,
    /// True while it turns voices down.
    pub ducked: bool,
    /// The cues that it was played, and how loud.
    pub cues: Vec<(Cue, f32)>,
    /// Sound that does not make a frame yet.
    pub(super) pending: Vec<f32>,
    pub(super) connection: Option<(u64, ConnectionId)>,
    /// The request that has no answer yet, and its number.
    pub(super) asked: Option<(Asked, u64)>,
    pub(super) microphone: bool,
    /// What it has plugged in.
    pub desktop: Desktop,
    /// What it was called when it last went into a room.
    pub name: String,
    /// Who it is in that room, from the moment it asked for a place.
    pub pid: Option<Pid>,
    pub(super) clock: u32,
    pub(super) sequence: BTreeMap<Pid, u16>,
    /// Peer connections; true when it is up.
    pub(super) links: BTreeMap<Pid, bool>,
    /// When it tried to reach the server.
    pub dialled: Vec<Duration>,
    /// Number of the newest path of each.
    pub(super) paths: BTreeMap<Pid, u32>,
    /// Frames that its microphone gave while the button was down or the tail ran.
    pub kept: u64,
    /// How long all of them last.
    pub said: Duration,
    /// What its encoder made of them, when the world is recorded.
    pub opus: Vec<Vec<u8>>,
    /// Frames that left it, for each listener.
    pub sent: BTreeMap<usize, u64>,
    /// Blocks of 10 ms with any voice in them.
    pub heard_blocks: u64,
    /// Loudest sample that its ear gave.
    pub loudest: f32,
    /// Frames that did not open.
    pub rejected: u64,
}

/// What a client waits to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Hello,
    Create,
    LobbyOpen,
    Join,
    Resume,
}

impl Person {
    pub(super) fn new(mind: Box<dyn Mind>, seed: u64, clock: u32) -> anyhow::Result<Self> {
        Ok(Self {
            mind,
            dice: Dice::new(seed),
            mouth: Mouth::default(),
            ear: Ear::new(JitterConfig::lan()),
            encoder: Encoder::new(EncoderSettings::lan())?,
            coding: EncoderSettings::lan(),
            processing: ProcessingSettings::off(),
            gate: None,
            ducked: false,
            cues: Vec::new(),
            pending: Vec::new(),
            connection: None,
            asked: None,
            microphone: false,
            desktop: Desktop::new(),
            name: String::new(),
            pid: None,
            clock,
            sequence: BTreeMap::new(),
            links: BTreeMap::new(),
            dialled: Vec::new(),
            paths: BTreeMap::new(),
            kept: 0,
            said: Duration::ZERO,
            opus: Vec::new(),
            sent: BTreeMap::new(),
            heard_blocks: 0,
            loudest: 0.0,
            rejected: 0,
        })
    }

    /// True when its peer connection to that one is up.
    pub(super) fn reaches(&self, peer: Pid) -> bool {
        self.links.get(&peer) == Some(&true)
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.mind.poll_timeout()
    }

    /// What its ear did with the voice of the one that it heard most of.
    pub fn hearing(&self) -> HearingStats {
        self.ear.stats().map(|(_, stats)| stats).max_by_key(|s| s.jitter.received).unwrap_or_default()
    }
}
