//! A talker, a path and a listener in virtual time, for tests.

use std::time::Duration;

use crate::tone::speech;
use crate::{
    BLOCK, Decoder, Encoder, EncoderSettings, JitterBuffer, JitterConfig, JitterStats, Pulled, VoiceFrame,
};

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) arrival: Duration,
    pub(crate) first: bool,
    pub(crate) last: bool,
    pub(crate) opus: Vec<u8>,
}

/// A talker who presses at times and speaks for numbers of frames. Every packet arrives when its frame is full.
pub(crate) struct Talker {
    pub(crate) settings: EncoderSettings,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
}

impl Talker {
    pub(crate) fn lan() -> Self {
        Self { settings: EncoderSettings::lan(), sequence: 100, timestamp: 1_000_000 }
    }

    pub(crate) fn wide() -> Self {
        Self { settings: EncoderSettings::wide(), ..Self::lan() }
    }

    pub(crate) fn say(&mut self, spurts: &[(Duration, usize)]) -> Vec<Sent> {
        let samples = self.settings.frame.samples();
        let mut sent = Vec::new();
        let mut encoder = Encoder::new(self.settings).unwrap();
        for &(press, frames) in spurts {
            encoder.reset().unwrap();
            // From inside a syllable on, so that the first frame is loud.
            let voice = speech((frames + 10) * samples);
            let pressed = self.timestamp.wrapping_add((press.as_micros() * 48 / 1000) as u32);
            for (n, frame) in voice[4800..].chunks_exact(samples).take(frames).enumerate() {
                let mut opus = vec![0; self.settings.frame_bytes()];
                encoder.encode(frame, &mut opus).unwrap();
                sent.push(Sent {
                    sequence: self.sequence,
                    timestamp: pressed.wrapping_add((n * samples) as u32),
                    arrival: press + self.settings.frame.duration() * (n as u32 + 1),
                    first: n == 0,
                    last: n + 1 == frames,
                    opus,
                });
                self.sequence = self.sequence.wrapping_add(1);
            }
        }
        sent
    }
}

pub(crate) struct Heard {
    pub(crate) blocks: Vec<(Duration, Pulled, [f32; BLOCK])>,
    pub(crate) stats: JitterStats,
    pub(crate) speaking: bool,
}

impl Heard {
    /// The sound from the first block that is not silence to the last.
    pub(crate) fn sound(&self) -> Vec<f32> {
        let sounding = |block: &&(Duration, Pulled, [f32; BLOCK])| block.1 != Pulled::Silence;
        let start = self.blocks.iter().position(|b| sounding(&b)).unwrap_or(0);
        let end = self.blocks.iter().rposition(|b| sounding(&b)).map_or(start, |end| end + 1);
        self.blocks[start..end].iter().flat_map(|b| b.2).collect()
    }

    pub(crate) fn began(&self) -> Option<Duration> {
        self.blocks.iter().find(|b| b.1 != Pulled::Silence).map(|b| b.0)
    }

    pub(crate) fn ended(&self) -> Option<Duration> {
        self.blocks.iter().rfind(|b| b.1 != Pulled::Silence).map(|b| b.0)
    }

    pub(crate) fn count(&self, kind: Pulled) -> usize {
        self.blocks.iter().filter(|b| b.1 == kind).count()
    }
}

/// Pulls from `phase` on until `until`, with the packets arriving in between: every 10 ms, every 5 ms in silence.
pub(crate) fn listen(
    config: JitterConfig,
    mut packets: Vec<Sent>,
    phase: Duration,
    until: Duration,
) -> Heard {
    packets.sort_by_key(|packet| packet.arrival);
    let mut buffer = JitterBuffer::new(config).unwrap();
    let mut packets = packets.into_iter().peekable();
    let mut blocks = Vec::new();
    let mut now = phase;
    while now < until {
        while let Some(packet) = packets.next_if(|packet| packet.arrival <= now) {
            push(&mut buffer, &packet);
        }
        let mut out = [7.0; BLOCK];
        let pulled = buffer.pull(now, &mut out);
        assert!(out.iter().all(|s| s.abs() <= 2.0), "{pulled:?} at {now:?}");
        assert!(pulled != Pulled::Silence || out == [0.0; BLOCK]);
        blocks.push((now, pulled, out));
        now += if pulled == Pulled::Silence { ms(5) } else { ms(10) };
    }
    Heard { blocks, stats: buffer.stats(), speaking: buffer.is_speaking() }
}

pub(crate) fn push(buffer: &mut JitterBuffer, packet: &Sent) {
    let frame = VoiceFrame { first: packet.first, last: packet.last, opus: &packet.opus };
    buffer.push(packet.sequence, packet.timestamp, packet.arrival, frame);
}

/// What a decoder makes of the packets when all come.
pub(crate) fn decoded(packets: &[Sent]) -> Vec<f32> {
    let mut decoder = Decoder::new().unwrap();
    let mut sound = Vec::new();
    for packet in packets {
        if packet.first {
            decoder.reset().unwrap();
        }
        let mut out = [0.0; 960];
        let n = decoder.decode(&packet.opus, &mut out).unwrap();
        sound.extend_from_slice(&out[..n]);
    }
    sound
}

pub(crate) fn steepest(samples: &[f32]) -> f32 {
    samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}
