//! The mouth: which encoded frames are kept, sealed and sent, and when; without device, codec or clock.
//!
//! From the press on frames are kept; with a live `Turn` they leave, the kept ones first, so that the first syllable
//! is whole. Without one none leaves, and none but to whom it is for.

use std::collections::{BTreeMap, VecDeque};

use pushtalk_audio::MAX_FRAME_BYTES;
use pushtalk_e2ee::{SealKey, SealedFrame, VoicePlaintext};
use pushtalk_mesh::RtpStamp;
use pushtalk_protocol::Pid;
use pushtalk_room::Turn;
use zeroize::Zeroizing;

/// Frames that say "end of spurt", so that one of them may be lost.
const LAST_FRAMES: u32 = 2;
/// After so many spurts a new generation of keys is asked for.
const SPURTS_A_KEY: u32 = 200;
/// A new key is used within a spurt that goes on for so long after it came: 5 s at 48 kHz.
const LATEST: u32 = 5 * 48_000;
/// Most frames that are kept without an answer: six seconds at 10 ms.
const MOST_KEPT: usize = 600;
/// Longest plaintext of a frame, in bytes: the longest packet of the encoder and the flags.
const LONGEST: usize = MAX_FRAME_BYTES + VoicePlaintext::OVERHEAD;

/// Where sealed frames go.
pub type Send<'a> = dyn FnMut(Pid, SealedFrame, RtpStamp) + 'a;

/// What a step brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing that others need to know.
    Nothing,
    /// The turn has been let go of.
    TurnEnded,
}

/// What frames for one member are sealed with.
struct Seal {
    key: SealKey,
    /// Spurts that it has sealed.
    spurts: u32,
    /// Takes its place when the spurt is over: within it, its frames could outrun the message that brings it. So long
    /// that it would be waited for, the message is there.
    next: Option<(SealKey, Option<u32>)>,
}

impl Seal {
    fn change(&mut self) {
        if let Some((next, _)) = self.next.take() {
            (self.key, self.spurts) = (next, 0);
        }
    }
}

/// One talker's sealing keys and the spurt it is in.
pub struct Mouth {
    keys: BTreeMap<Pid, Seal>,
    worn: bool,
    spurt: Spurt,
    plaintext: Zeroizing<Vec<u8>>,
}

/// One encoded frame that waits for the floor.
struct Kept {
    timestamp: u32,
    opus: Zeroizing<Vec<u8>>,
}

#[derive(Default)]
enum Spurt {
    /// Nothing is kept.
    #[default]
    Silent,
    /// The button is down, or was; the floor is not ours yet. `tail`: frames to go after the button came up.
    Keeping { frames: VecDeque<Kept>, tail: Option<u32> },
    /// On air. `tail`: frames to go after the button came up.
    OnAir { turn: Turn, first: bool, tail: Option<u32> },
}

impl Default for Mouth {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            worn: false,
            spurt: Spurt::Silent,
            plaintext: Zeroizing::new(vec![0; LONGEST]),
        }
    }
}

impl Mouth {
    /// From now on frames are sealed for this member too; a key it has already is used to the end of the spurt, for
    /// five seconds at most.
    pub fn add_peer(&mut self, pid: Pid, key: SealKey) {
        let on_air = self.is_on_air();
        match self.keys.get_mut(&pid) {
            Some(seal) => {
                // One that waits already has come to the other side before this one was agreed on. There the one in
                // use is forgotten now.
                seal.change();
                seal.next = Some((key, None));
                if !on_air {
                    seal.change();
                }
            }
            None => {
                self.keys.insert(pid, Seal { key, spurts: 0, next: None });
            }
        }
    }

    /// Nothing more for this member; its key is wiped.
    pub fn remove_peer(&mut self, pid: Pid) {
        self.keys.remove(&pid);
    }

    /// Generation and step of the key of each one whom the turn is for.
    pub fn spurt_keys(&self) -> Vec<(Pid, u32, u8)> {
        let Spurt::OnAir { turn, .. } = &self.spurt else { return Vec::new() };
        let listeners = self.keys.iter().filter(|(pid, _)| turn.audience().contains(pid));
        listeners.map(|(pid, seal)| (*pid, seal.key.generation(), seal.key.step())).collect()
    }

    /// True, once, when keys have sealed so many spurts that new ones are wanted.
    pub fn take_worn(&mut self) -> bool {
        std::mem::take(&mut self.worn)
    }

    /// The button is down: frames are kept from now on.
    pub fn keep(&mut self) -> Said {
        let said = self.stop();
        self.spurt = Spurt::Keeping { frames: VecDeque::new(), tail: None };
        said
    }

    /// True when a frame would be kept or sent, so that it has to be encoded.
    pub fn wants_frames(&self) -> bool {
        match &self.spurt {
            Spurt::Silent | Spurt::Keeping { tail: Some(0), .. } => false,
            Spurt::Keeping { .. } | Spurt::OnAir { .. } => true,
        }
    }

    /// True while frames are sent.
    pub fn is_on_air(&self) -> bool {
        matches!(self.spurt, Spurt::OnAir { .. })
    }

    /// The floor is ours: what was kept goes at once, in order.
    pub fn begin(&mut self, turn: Turn, send: &mut Send<'_>) -> Said {
        let Spurt::Keeping { frames, tail } = std::mem::take(&mut self.spurt) else {
            return Said::TurnEnded;
        };
        // Each spurt has its own key.
        for (_, seal) in self.keys.iter_mut().filter(|(pid, _)| turn.audience().contains(pid)) {
            seal.change();
            seal.spurts += 1;
            self.worn |= seal.key.next_spurt().is_err() || seal.spurts == SPURTS_A_KEY;
        }
        // What was kept counts among what is to be sent until the end, when the button is up already.
        let kept = u32::try_from(frames.len()).unwrap_or(u32::MAX);
        self.spurt = Spurt::OnAir { turn, first: true, tail: tail.map(|left| left + kept) };
        let mut said = Said::Nothing;
        for frame in frames {
            if self.say(frame.timestamp, &frame.opus, send) == Said::TurnEnded {
                said = Said::TurnEnded;
            }
        }
        if let Spurt::OnAir { tail: Some(0), .. } = self.spurt {
            said = self.stop();
        }
        said
    }

    /// The button is up: so many frames more, then the turn ends. They are followed by what only repeats that it ends, for
    /// one may be lost: who has heard the first that says so does not wait for another.
    pub fn finish(&mut self, frames: u32) {
        match &mut self.spurt {
            Spurt::Silent => {}
            Spurt::Keeping { tail, .. } | Spurt::OnAir { tail, .. } => {
                if tail.is_none() {
                    *tail = Some(frames.max(1) + LAST_FRAMES - 1);
                }
            }
        }
    }

    /// Lets go of the turn, if there is one, and wipes what was kept.
    pub fn stop(&mut self) -> Said {
        self.keys.values_mut().for_each(Seal::change);
        match std::mem::take(&mut self.spurt) {
            Spurt::OnAir { .. } => Said::TurnEnded,
            Spurt::Silent | Spurt::Keeping { .. } => Said::Nothing,
        }
    }

    /// One encoded frame, with its time on the 48 kHz clock: kept, sent, or forgotten.
    pub fn frame(&mut self, timestamp: u32, opus: &[u8], send: &mut Send<'_>) -> Said {
        match &mut self.spurt {
            Spurt::Silent => Said::Nothing,
            // All of a short press is kept; it waits for the floor.
            Spurt::Keeping { tail: Some(0), .. } => Said::Nothing,
            Spurt::Keeping { frames, tail } => {
                if frames.len() == MOST_KEPT {
                    frames.pop_front();
                }
                frames.push_back(Kept { timestamp, opus: Zeroizing::new(opus.to_vec()) });
                if let Some(left) = tail {
                    *left -= 1;
                }
                Said::Nothing
            }
            Spurt::OnAir { .. } => self.say(timestamp, opus, send),
        }
    }

    /// Seals for each listener and hands over. Nothing is sent without a live turn.
    fn say(&mut self, timestamp: u32, opus: &[u8], send: &mut Send<'_>) -> Said {
        let Spurt::OnAir { turn, first, tail } = &mut self.spurt else { return Said::Nothing };
        if !turn.is_live() {
            return self.stop();
        }
        let last = tail.is_some_and(|left| left <= LAST_FRAMES);
        let whisper = turn.audience().is_whisper();
        let frame = VoicePlaintext { first: *first, last, whisper, opus };
        let Some(plaintext) = frame.encode(&mut self.plaintext) else { return Said::Nothing };
        let stamp = RtpStamp { timestamp, marker: *first };
        *first = false;
        for (pid, seal) in self.keys.iter_mut().filter(|(pid, _)| turn.audience().contains(pid)) {
            if let Some((_, since)) = &mut seal.next
                && timestamp.wrapping_sub(*since.get_or_insert(timestamp)) >= LATEST
            {
                seal.change();
            }
            if let Ok(frame) = seal.key.seal(plaintext) {
                send(*pid, frame, stamp);
            }
        }
        match tail {
            Some(left) => {
                *left = left.saturating_sub(1);
                if *left == 0 { self.stop() } else { Said::Nothing }
            }
            None => Said::Nothing,
        }
    }
}
