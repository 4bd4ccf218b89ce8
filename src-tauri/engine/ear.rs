//! The ear: from sealed frames of each member to blocks of mixed sound; without device or clock.
//!
//! A frame is opened, put into its member's jitter buffer, and decoded when its time has come. What does not open is
//! counted, and nothing of it is played.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_audio::{AudioError, BLOCK, Gain, JitterBuffer, JitterConfig, Limiter, Pulled, VoiceFrame};
use pushtalk_e2ee::{FrameError, OpenKey, OpenKeys, VoicePlaintext};
use pushtalk_protocol::Pid;

use crate::stats::{HearingStats, Played};

/// "Somebody talks" is told this often.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Longest frame that is opened, in bytes.
const LONGEST: usize = 1500;

/// One listener's opening keys and what it hears.
pub struct Ear {
    voices: BTreeMap<Pid, Voice>,
    config: JitterConfig,
    early: Duration,
    opened: Vec<u8>,
    block: [f32; BLOCK],
    limiter: Limiter,
}

/// One member's voice.
struct Voice {
    keys: OpenKeys,
    jitter: JitterBuffer,
    hold: JitterConfig,
    volume: Gain,
    /// When it was told that somebody talks, and that somebody whispers.
    told: [Option<Duration>; 2],
    /// Generation and step of the last spurt.
    spurt: Option<(u32, u8)>,
    rejected: u64,
    bytes: u64,
    played: Option<Played>,
    /// Packets when it was last told how it arrives.
    told_packets: u64,
}

/// What came of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is from who it should be.
    Voice {
        /// True a few times a second: worth telling.
        news: bool,
        /// It is not for the whole room.
        whisper: bool,
        /// Generation and step of a spurt that begins with it.
        begins: Option<(u32, u8)>,
    },
    /// It did not open.
    Rejected,
    /// Its key cannot be reached any more from the one that we have: a new generation has to be asked for.
    OutOfReach,
    /// From somebody that no key is known of.
    Stranger,
}

impl Ear {
    /// Hears nobody yet.
    pub fn new(config: JitterConfig) -> Self {
        Self {
            voices: BTreeMap::new(),
            config,
            early: Duration::ZERO,
            opened: vec![0; LONGEST],
            block: [0.0; BLOCK],
            limiter: Limiter::new(),
        }
    }

    /// Frames of this member are opened with this key; the one before holds for what is on its way.
    ///
    /// # Errors
    /// When a decoder could not be made.
    pub fn add_peer(&mut self, now: Duration, pid: Pid, key: OpenKey) -> Result<(), AudioError> {
        match self.voices.get_mut(&pid) {
            Some(voice) => {
                if voice.keys.add(now, key).is_err() {
                    tracing::debug!("a generation that is not new was refused");
                }
            }
            None => {
                let mut jitter = JitterBuffer::new(self.config)?;
                jitter.set_config(earlier(self.config, self.early));
                self.voices.insert(
                    pid,
                    Voice {
                        keys: OpenKeys::new(key),
                        jitter,
                        hold: self.config,
                        volume: Gain::new(1.0),
                        told: [None; 2],
                        spurt: None,
                        rejected: 0,
                        bytes: 0,
                        played: None,
                        told_packets: 0,
                    },
                );
            }
        }
        Ok(())
    }

    /// How long to hold this member's voice.
    pub fn hold(&mut self, pid: Pid, config: JitterConfig) {
        if let Some(voice) = self.voices.get_mut(&pid) {
            voice.hold = config;
            voice.jitter.set_config(earlier(config, self.early));
        }
    }

    /// How loud this member's voice is to be: 0.0 for not at all, 1.0 for as it comes.
    pub fn set_volume(&mut self, pid: Pid, gain: f32) {
        if let Some(voice) = self.voices.get_mut(&pid) {
            voice.volume.set(gain);
        }
    }

    /// Blocks are wanted so long before their time, at the most: all voices are held so much longer.
    pub fn set_early(&mut self, early: Duration) {
        if early == self.early {
            return;
        }
        self.early = early;
        for voice in self.voices.values_mut() {
            voice.jitter.set_config(earlier(voice.hold, early));
        }
    }

    /// Nothing more of this member; its keys are wiped.
    pub fn remove_peer(&mut self, pid: Pid) {
        self.voices.remove(&pid);
    }

    /// Takes one frame from the network; `arrival` on the clock that `block` uses.
    pub fn receive(
        &mut self,
        peer: Pid,
        sequence: u16,
        timestamp: u32,
        arrival: Duration,
        sealed: &[u8],
    ) -> Heard {
        let Some(voice) = self.voices.get_mut(&peer) else { return Heard::Stranger };
        let opened = voice.keys.open_into(arrival, sealed, &mut self.opened);
        let plaintext = opened
            .ok()
            .and_then(|(id, len)| Some((id, VoicePlaintext::decode(self.opened.get(..len)?).ok()?)));
        let Some((id, VoicePlaintext { first, last, whisper, opus })) = plaintext else {
            voice.rejected += 1;
            return if opened == Err(FrameError::TooFar) { Heard::OutOfReach } else { Heard::Rejected };
        };
        voice.bytes += opus.len() as u64;
        voice.jitter.push(sequence, timestamp, arrival, VoiceFrame { first, last, opus });
        // A late frame of the spurt before begins nothing.
        let spurt = Some((id.generation, id.step));
        let begins = spurt.filter(|_| voice.spurt < spurt);
        voice.spurt = voice.spurt.max(spurt);
        let told = &mut voice.told[usize::from(whisper)];
        let news = told.is_none_or(|told| arrival.saturating_sub(told) >= TELL_EVERY);
        if news {
            *told = Some(arrival);
        }
        Heard::Voice { news, whisper, begins }
    }

    /// The next 10 ms of everybody who talks, mixed; they come out of the loudspeaker at `heard`. Gives true when there
    /// was any voice.
    pub fn block(&mut self, now: Duration, heard: Duration, out: &mut [f32; BLOCK]) -> bool {
        out.fill(0.0);
        let mut any = false;
        self.expire(now);
        for voice in self.voices.values_mut() {
            if voice.jitter.pull(now, &mut self.block) == Pulled::Silence {
                voice.volume.settle();
            } else {
                voice.volume.mix(out, &self.block);
                any = true;
                if let Some(timestamp) = voice.jitter.playing() {
                    voice.played = Some(Played { timestamp, at: heard });
                }
            }
        }
        self.limiter.limit(out);
        any
    }

    /// Wipes keys of what is over, also when nothing more comes; `block` does it too.
    pub fn expire(&mut self, now: Duration) {
        self.voices.values_mut().for_each(|voice| voice.keys.expire(now));
    }

    /// Numbers for each member that was heard since this was asked last.
    pub fn news(&mut self) -> impl Iterator<Item = (Pid, HearingStats)> {
        self.voices.iter_mut().filter_map(|(pid, voice)| {
            let stats = voice.stats();
            let before = std::mem::replace(&mut voice.told_packets, stats.jitter.received);
            (before != stats.jitter.received).then_some((*pid, stats))
        })
    }

    /// Numbers for each member.
    pub fn stats(&self) -> impl Iterator<Item = (Pid, HearingStats)> {
        self.voices.iter().map(|(pid, v)| (*pid, v.stats()))
    }
}

fn earlier(config: JitterConfig, early: Duration) -> JitterConfig {
    JitterConfig { least_delay: config.least_delay + early, ..config }
}

impl Voice {
    fn stats(&self) -> HearingStats {
        let Self { rejected, bytes, played, .. } = *self;
        HearingStats { jitter: self.jitter.stats(), rejected, bytes, played }
    }
}
