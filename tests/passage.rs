//! The whole path of a voice without devices, in virtual time: encoder, mouth, a line, ear.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use pushtalk_audio::{
    BLOCK, Encoder, EncoderSettings, JitterConfig, JitterStats, MAX_FRAME_BYTES, SAMPLE_RATE, time_of,
};
use pushtalk_e2ee::{OpenKey, SealKey};
use pushtalk_engine::ear::{Ear, Heard};
use pushtalk_engine::mouth::{Mouth, Said};
use pushtalk_engine::tail_frames;
use pushtalk_protocol::{Mode, Pid, SecretBytes};
use pushtalk_room::{Input, Microphone, Output, Room, RoomConfig};

use crate::line::{LEAST_DELAY, Line};

const TALKER: Pid = Pid::new([1; 16]);
const LISTENER: Pid = Pid::new([2; 16]);
/// Silence is taken in halves of a block, as the listen thread does.
const SILENCE: usize = BLOCK / 2;
/// Between two presses, and as long is listened after the talker has let go.
const PAUSE: Duration = Duration::from_secs(1);

/// What one press was heard as.
pub struct Passage {
    /// What came out, from the press on.
    pub heard: Vec<f32>,
    /// By how many samples each 5 ms of it are behind what was said.
    pub behind: Vec<usize>,
    /// What the jitter buffer held and wanted to hold, at each block with voice.
    pub held: Vec<(Duration, Duration)>,
    /// Packets that were sent.
    pub sent: u64,
    /// Counters of the jitter buffer before and after.
    pub stats: [JitterStats; 2],
}

/// A talker, a listener, and the line from one to the other.
pub struct Path {
    now: Duration,
    talker: Talker,
    line: Line,
    /// Packets on their way, in the order of their arrival.
    wire: BTreeMap<(Duration, u16), Packet>,
    ear: Ear,
    next_block: Duration,
}

struct Packet {
    timestamp: u32,
    sealed: Vec<u8>,
}

struct Talker {
    room: Room,
    encoder: Encoder,
    mouth: Mouth,
    clock: u32,
    sequence: u16,
    sealed: Vec<Packet>,
}

impl Path {
    /// Both are in one room; nothing was said yet. Blocks are pulled `phase` after the frames are full.
    ///
    /// # Errors
    /// When there is no codec.
    pub fn new(settings: EncoderSettings, line: Line, phase: Duration) -> anyhow::Result<Self> {
        let key = || SecretBytes::new([7; 32]).into();
        let mut ear = Ear::new(JitterConfig::lan());
        ear.add_peer(Duration::ZERO, TALKER, OpenKey::new(key(), 1))?;
        let mut talker = Talker::new(settings)?;
        talker.mouth.add_peer(LISTENER, SealKey::new(key(), 1));
        Ok(Self { now: Duration::ZERO, talker, line, wire: BTreeMap::new(), ear, next_block: phase })
    }

    /// The button is held while this is said.
    ///
    /// # Errors
    /// When the floor is not given, or a packet does not open.
    pub fn say(&mut self, words: &[f32]) -> anyhow::Result<Passage> {
        let settings = self.talker.encoder.settings();
        let (samples, duration) = (settings.frame.samples(), settings.frame.duration());
        let before = self.stats();
        let first = self.talker.sequence;
        // Silence until the first block after the press.
        let mut passage = Passage {
            heard: vec![0.0; samples_of(self.next_block.saturating_sub(self.now))],
            behind: Vec::new(),
            held: Vec::new(),
            sent: 0,
            stats: [before; 2],
        };
        // How long it takes from a mouth into the buffer, and what the codec adds.
        let fixed = samples_of(duration + LEAST_DELAY) + self.talker.encoder.look_ahead()?;

        self.talker.give(self.now, Input::Press)?;
        ensure!(self.talker.mouth.wants_frames(), "the floor was not given");
        for frame in words.chunks(samples) {
            let mut full = frame.to_vec();
            full.resize(samples, 0.0);
            self.frame(&full, fixed, &mut passage)?;
        }
        self.talker.give(self.now, Input::Release)?;
        let silence = vec![0.0; samples];
        let until = self.now + PAUSE;
        while self.now < until {
            self.frame(&silence, fixed, &mut passage)?;
        }
        ensure!(!self.talker.mouth.wants_frames(), "the turn goes on");
        passage.sent = self.talker.sequence.wrapping_sub(first).into();
        passage.stats[1] = self.stats();
        Ok(passage)
    }

    /// One frame of the microphone, and what the listener hears meanwhile.
    fn frame(&mut self, samples: &[f32], fixed: usize, passage: &mut Passage) -> anyhow::Result<()> {
        self.now += self.talker.encoder.settings().frame.duration();
        self.talker.frame(self.now, samples)?;
        for packet in self.talker.sealed.drain(..) {
            self.talker.sequence = self.talker.sequence.wrapping_add(1);
            if let Some(arrival) = self.line.carry(self.now) {
                self.wire.insert((arrival, self.talker.sequence), packet);
            }
        }
        while self.next_block <= self.now {
            self.block(fixed, passage)?;
        }
        Ok(())
    }

    fn block(&mut self, fixed: usize, passage: &mut Passage) -> anyhow::Result<()> {
        let now = self.next_block;
        while let Some(next) = self.wire.first_entry().filter(|next| next.key().0 <= now) {
            let ((arrival, sequence), packet) = next.remove_entry();
            let heard = self.ear.receive(TALKER, sequence, packet.timestamp, arrival, &packet.sealed);
            ensure!(matches!(heard, Heard::Voice { .. }), "a frame was not heard: {heard:?}");
        }
        let mut block = [0.0; BLOCK];
        let any = self.ear.block(now, now, &mut block);
        let heard = if any { &block[..] } else { &block[..SILENCE] };
        passage.heard.extend(heard);
        self.next_block += time_of(heard.len(), SAMPLE_RATE);
        let JitterStats { buffer, target, .. } = self.stats();
        passage.behind.extend(heard.chunks(SILENCE).map(|_| fixed + samples_of(buffer)));
        if any {
            passage.held.push((buffer, target));
        }
        Ok(())
    }

    fn stats(&self) -> JitterStats {
        self.ear.stats().next().map(|(_, stats)| stats.jitter).unwrap_or_default()
    }
}

impl Talker {
    fn new(settings: EncoderSettings) -> anyhow::Result<Self> {
        let talk_limit = Duration::from_secs(300);
        let mut room = Room::new(RoomConfig { me: TALKER, hosting: true, talk_limit, mode: Mode::Radio });
        for input in [
            Input::Microphone(Microphone::Open),
            Input::Known(LISTENER),
            Input::Up { pid: LISTENER, host: false },
        ] {
            drop(room.handle(Duration::ZERO, input));
        }
        Ok(Self {
            room,
            encoder: Encoder::new(settings)?,
            mouth: Mouth::default(),
            clock: 0,
            // The numbers pass their end on the way.
            sequence: 65_000,
            sealed: Vec::new(),
        })
    }

    /// Does what the room says, as the talk thread does.
    fn give(&mut self, now: Duration, input: Input) -> anyhow::Result<()> {
        let mut said = Said::Nothing;
        for output in self.room.handle(now, input) {
            match output {
                Output::Keep => {
                    self.encoder.reset()?;
                    self.mouth.keep();
                }
                Output::Begin(turn) => {
                    let sealed = &mut self.sealed;
                    said = self.mouth.begin(turn, &mut |_, frame, stamp| {
                        sealed.push(Packet { timestamp: stamp.timestamp, sealed: frame.as_bytes().to_vec() });
                    });
                }
                Output::Finish => {
                    self.mouth.finish(tail_frames(self.encoder.settings().frame));
                }
                Output::Drop => said = self.mouth.stop(),
                Output::Send { .. } => {}
            }
        }
        if said == Said::TurnEnded { self.give(now, Input::Tick) } else { Ok(()) }
    }

    fn frame(&mut self, now: Duration, samples: &[f32]) -> anyhow::Result<()> {
        let timestamp = self.clock;
        self.clock = self.clock.wrapping_add(u32::try_from(samples.len())?);
        if !self.mouth.wants_frames() {
            return Ok(());
        }
        let mut packet = [0; MAX_FRAME_BYTES];
        let bytes = self.encoder.encode(samples, &mut packet)?;
        let packet = packet.get(..bytes).context("a packet is too long")?;
        let sealed = &mut self.sealed;
        let said = self.mouth.frame(timestamp, packet, &mut |_, frame, stamp| {
            sealed.push(Packet { timestamp: stamp.timestamp, sealed: frame.as_bytes().to_vec() });
        });
        if said == Said::TurnEnded { self.give(now, Input::Tick) } else { Ok(()) }
    }
}

/// In samples at 48 kHz, rounded down.
fn samples_of(time: Duration) -> usize {
    usize::try_from(time.as_nanos() * 48 / 1_000_000).unwrap_or(usize::MAX)
}
