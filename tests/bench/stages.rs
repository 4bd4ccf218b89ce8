//! What each stage of the voice path takes of a core, by itself: no devices, no network, one thread.

use std::time::Duration;

use anyhow::Context;
use pushtalk_audio::{
    BLOCK, Decoder, Encoder, EncoderSettings, Gain, Limiter, MAX_FRAME_BYTES, Processing, ProcessingSettings,
    Resampler, SAMPLE_RATE,
};
use pushtalk_e2ee::{OpenKey, OpenKeys, SealKey, VoicePlaintext};
use pushtalk_protocol::SecretBytes;
use serde_json::{Value, json};

use crate::say;

/// So much voice goes through each stage.
const VOICE: Duration = Duration::from_secs(20);
/// What takes next to nothing is done so many times: the kernel counts in milliseconds.
const AGAIN: usize = 50;
/// Blocks of it.
const BLOCKS: usize = 2000;

const OFF: ProcessingSettings = ProcessingSettings::off();
const PROCESSING: [(&str, ProcessingSettings); 5] = [
    ("high-pass", ProcessingSettings { high_pass: true, ..OFF }),
    ("noise suppression", ProcessingSettings { noise_suppression: true, ..OFF }),
    ("gain control", ProcessingSettings { gain_control: true, ..OFF }),
    ("echo cancelling", ProcessingSettings { echo_cancelling: true, ..OFF }),
    ("all of processing", ProcessingSettings { echo_cancelling: true, ..ProcessingSettings::on() }),
];

/// Runs every stage, and prints what it takes.
pub(crate) fn stages() -> anyhow::Result<Vec<Value>> {
    let mut bench = Bench { rows: Vec::new() };
    say(format_args!("{:<44} {:>9}", "stage", "% of core"))?;
    let voice = voice();
    bench.resampling(&voice)?;
    for (name, settings) in PROCESSING {
        let mut processing = Processing::new(settings);
        bench.blocks(name, 1, &voice, |block| {
            processing.hear(block);
            processing.process(block);
        })?;
    }
    for settings in [EncoderSettings::lan(), EncoderSettings::wide()] {
        let name = format!("{} ms, {} kb/s", settings.frame.duration().as_millis(), settings.bitrate / 1000);
        bench.coding(&name, settings, &voice)?;
    }
    let (mut limiter, mut volume) = (Limiter::new(), Gain::new(0.5));
    bench.blocks("mixing of one voice", AGAIN, &voice, |block| {
        let mut sum = [0.0; BLOCK];
        volume.mix(&mut sum, block);
        limiter.limit(&mut sum);
        *block = sum;
    })?;
    Ok(bench.rows)
}

struct Bench {
    rows: Vec<Value>,
}

impl Bench {
    /// Does the work, which goes over all of the voice so many times.
    fn run(
        &mut self,
        name: &str,
        times: usize,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let before = own_time()?;
        work()?;
        let percent = 100.0 * (own_time()? - before).as_secs_f64() / VOICE.as_secs_f64() / times as f64;
        say(format_args!("{name:<44} {percent:>9.3}"))?;
        self.rows.push(json!({ "stage": name, "percent": percent }));
        Ok(())
    }

    fn blocks(
        &mut self,
        name: &str,
        times: usize,
        voice: &[f32],
        mut stage: impl FnMut(&mut [f32; BLOCK]),
    ) -> anyhow::Result<()> {
        let mut voice = voice.to_vec();
        self.run(name, times, || {
            for _ in 0..times {
                voice.as_chunks_mut().0.iter_mut().for_each(&mut stage);
            }
            Ok(())
        })
    }

    /// A device of another rate; at 48 kHz there is nothing to do.
    fn resampling(&mut self, voice: &[f32]) -> anyhow::Result<()> {
        let mut resampler = Resampler::new(44_100, SAMPLE_RATE)?;
        let mut out = Vec::with_capacity(2 * BLOCK);
        self.run("capture or playback at 44.1 kHz, resampling", 1, || {
            for block in voice[..BLOCKS * 441].chunks_exact(441) {
                out.clear();
                resampler.process(block, |samples| out.extend_from_slice(samples));
            }
            Ok(())
        })
    }

    fn coding(&mut self, name: &str, settings: EncoderSettings, voice: &[f32]) -> anyhow::Result<()> {
        let mut encoder = Encoder::new(settings)?;
        let mut packets = Vec::new();
        self.run(&format!("encoding, {name}"), 1, || {
            let mut packet = [0; MAX_FRAME_BYTES];
            for frame in voice.chunks_exact(settings.frame.samples()) {
                let bytes = encoder.encode(frame, &mut packet)?;
                packets.push(packet[..bytes].to_vec());
            }
            Ok(())
        })?;
        let key = || SecretBytes::new([7; 32]).into();
        let mut seal = SealKey::new(key(), 1);
        let mut sealed = Vec::new();
        self.run(&format!("sealing for one listener, {name}"), AGAIN, || {
            let mut plaintext = vec![0; MAX_FRAME_BYTES + VoicePlaintext::OVERHEAD];
            for opus in packets.iter().cycle().take(AGAIN * packets.len()) {
                let frame = VoicePlaintext { first: false, last: false, whisper: false, opus };
                sealed.push(seal.seal(frame.encode(&mut plaintext).context("too long")?)?);
            }
            Ok(())
        })?;
        let mut open = OpenKeys::new(OpenKey::new(key(), 1));
        self.run(&format!("opening, {name}"), AGAIN, || {
            let mut opened = vec![0; 1500];
            for frame in &sealed {
                open.open_into(Duration::ZERO, frame.as_bytes(), &mut opened)?;
            }
            Ok(())
        })?;
        let mut decoder = Decoder::new()?;
        self.run(&format!("decoding, {name}"), 1, || {
            let mut out = vec![0.0; settings.frame.samples()];
            packets.iter().try_for_each(|packet| decoder.decode(packet, &mut out).map(drop))?;
            Ok(())
        })
    }
}

/// A buzz with three overtones in syllables, over a little noise: nothing that any stage could make light of.
fn voice() -> Vec<f32> {
    let mut seed = 1_u32;
    (0..BLOCKS * BLOCK)
        .map(|n| {
            let t = n as f32 / SAMPLE_RATE as f32 * std::f32::consts::TAU;
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (seed >> 8) as f32 / (1 << 23) as f32 - 1.0;
            let syllable = 0.5 - 0.5 * (5.0 * t).cos();
            let buzz: f32 = [130.0, 650.0, 1300.0, 2600.0].iter().map(|hz| (hz * t).sin()).sum();
            0.08 * syllable * buzz + 0.002 * noise
        })
        .collect()
}

/// Time of this thread on a processor (`/proc/PID/schedstat`, in nanoseconds): what others do beside it does not count.
fn own_time() -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().context("no time")?.parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}
