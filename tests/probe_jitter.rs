//! A jitter buffer under any packets at any time: what comes out is always sound.

use std::sync::LazyLock;
use std::time::Duration;

use pushtalk_audio::{BLOCK, Encoder, EncoderSettings, JitterBuffer, JitterConfig, Pulled, VoiceFrame};

use crate::probes::Tape;

/// Real packets, of 20 and of 10 ms, with redundancy in them.
static VOICE: LazyLock<[Vec<Vec<u8>>; 2]> =
    LazyLock::new(|| [EncoderSettings::wide(), EncoderSettings::lan()].map(spoken));

/// A tone that rises, so that no two packets are alike.
fn spoken(settings: EncoderSettings) -> Vec<Vec<u8>> {
    let Ok(mut encoder) = Encoder::new(settings) else { return Vec::new() };
    let samples = settings.frame.samples();
    let sound = |n: usize| (n as f32 * 0.01 * (1.0 + n as f32 / 96_000.0)).sin() * 0.5;
    let frames = (0..16).filter_map(|frame| {
        let pcm: Vec<f32> = (frame * samples..(frame + 1) * samples).map(sound).collect();
        let mut packet = vec![0; settings.frame_bytes()];
        encoder.encode(&pcm, &mut packet).ok().map(|_| packet)
    });
    frames.collect()
}

/// A program of packets and pulls: packets in order, lost, late, twice, out of nowhere, of real voice and of any bytes.
pub fn jitter(data: &[u8]) {
    let mut tape = Tape(data);
    let wide = tape.step().unwrap_or(0) % 2 == 0;
    let config = if wide { JitterConfig::wide() } else { JitterConfig::lan() };
    let Ok(mut buffer) = JitterBuffer::new(config) else { return };
    let voice = &VOICE[usize::from(!wide)];
    let samples = if wide { 960 } else { 480 };
    let (mut now, mut received) = (Duration::from_secs(1), 0);
    let (mut sequence, mut timestamp) = (65_000u16, u32::MAX - 20_000);
    while let Some(step) = tape.step() {
        // Which spurt it begins or ends, and how much later than now it is said to have come.
        let (first, last) = (step & 0x40 != 0, step & 0x80 != 0);
        match step & 0x3f {
            0..16 => {
                let opus = &voice[usize::from(step) % voice.len()];
                buffer.push(sequence, timestamp, now, VoiceFrame { first, last, opus });
                (sequence, timestamp) = (sequence.wrapping_add(1), timestamp.wrapping_add(samples));
                received += 1;
            }
            16..32 => {
                pull(&mut buffer, &mut now);
            }
            // Lost.
            32..40 => {
                sequence = sequence.wrapping_add(1);
                timestamp = timestamp.wrapping_add(samples);
            }
            // Another packet, near or far, early or late.
            40..48 => {
                let near = |n: u16, by: [u8; 1]| n.wrapping_add_signed(i16::from(by[0] as i8));
                let opus = &voice[usize::from(step) % voice.len()];
                let at = now.saturating_sub(Duration::from_millis(tape.step().unwrap_or(0).into()));
                let back = near(sequence, tape.number());
                let time = timestamp
                    .wrapping_add_signed(i32::from(back.wrapping_sub(sequence) as i16) * samples as i32);
                buffer.push(back, time, at, VoiceFrame { first, last, opus });
                received += 1;
            }
            48..56 => {
                let (sequence, timestamp) =
                    (u16::from_be_bytes(tape.number()), u32::from_be_bytes(tape.number()));
                buffer.push(sequence, timestamp, now, VoiceFrame { first, last, opus: tape.bytes() });
                received += 1;
            }
            // Nobody listens for a while.
            56..60 => now += Duration::from_millis(u64::from(u16::from_be_bytes(tape.number()))),
            60 => buffer.set_config(JitterConfig::lan()),
            61 => buffer.set_config(JitterConfig::wide()),
            _ => {
                (sequence, timestamp) = (u16::from_be_bytes(tape.number()), u32::from_be_bytes(tape.number()))
            }
        }
        let stats = buffer.stats();
        assert!(stats.received == received);
        assert!(stats.played + stats.duplicate + stats.unplayable + stats.dropped <= received, "{stats:?}");
        assert!(stats.target <= config.most_delay + Duration::from_millis(20), "{stats:?}");
    }
    // Whatever came, it is over when nothing comes any more: 256 packets of 20 ms are held at most, and what was silent
    // for longer than the longest delay has nothing to say.
    let (mut silent, mut pulls) = (0, 0);
    while silent < 60 {
        silent = if pull(&mut buffer, &mut now) == Pulled::Silence { silent + 1 } else { 0 };
        pulls += 1;
        assert!(pulls < 700, "{:?}", buffer.stats());
    }
    assert!(!buffer.is_speaking(), "{:?}", buffer.stats());
}

fn pull(buffer: &mut JitterBuffer, now: &mut Duration) -> Pulled {
    let mut out = [f32::NAN; BLOCK];
    let pulled = buffer.pull(*now, &mut out);
    assert!(out.iter().all(|sample| sample.is_finite()), "{pulled:?}");
    assert!(pulled != Pulled::Silence || out == [0.0; BLOCK]);
    *now += Duration::from_millis(10);
    pulled
}
