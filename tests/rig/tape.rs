//! Playing into the rig and recording from it, each by a process of its own.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::{RATE, SoundRig};

/// What was said and what was heard, 48 kHz, aligned to the sample.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// What was said into the mouth.
    pub left: Vec<f32>,
    /// What came out at the ear.
    pub right: Vec<f32>,
}

/// A recorder that runs.
pub struct Tape {
    recorder: Child,
    reel: Arc<Reel>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Reel {
    recording: Mutex<Recording>,
    grown: Condvar,
}

impl Tape {
    pub(super) fn start(rig: &SoundRig, source: &str) -> anyhow::Result<Self> {
        let mut recorder = sound(rig.urgent_command("parec"), source, 2)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("parec")?;
        let mut from = recorder.stdout.take().context("parec has no output")?;
        let reel = Arc::new(Reel::default());
        let kept = reel.clone();
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut block = [0; 8192];
            while let Ok(count) = from.read(&mut block)
                && count > 0
            {
                bytes.extend_from_slice(&block[..count]);
                let whole = bytes.len() / 8 * 8;
                let mut recording = kept.recording.lock().unwrap_or_else(PoisonError::into_inner);
                for frame in bytes[..whole].as_chunks::<8>().0 {
                    let [a, b, c, d, e, f, g, h] = *frame;
                    recording.left.push(f32::from_le_bytes([a, b, c, d]));
                    recording.right.push(f32::from_le_bytes([e, f, g, h]));
                }
                drop(recording);
                bytes.drain(..whole);
                kept.grown.notify_all();
            }
        });
        let tape = Self { recorder, reel, reader: Some(reader) };
        tape.wait_for(1)?;
        Ok(tape)
    }

    /// Waits until so much is on tape, counted from its start.
    ///
    /// # Errors
    /// When the recorder stops before.
    pub fn wait_until(&self, length: Duration) -> anyhow::Result<()> {
        self.wait_for((length.as_secs_f64() * f64::from(RATE)) as usize)
    }

    /// How much is on tape.
    pub fn length(&self) -> Duration {
        let recording = self.reel.recording.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_secs_f64(recording.left.len() as f64 / f64::from(RATE))
    }

    /// Stops and gives what was recorded.
    pub fn stop(mut self) -> Recording {
        self.end();
        std::mem::take(&mut self.reel.recording.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wait_for(&self, frames: usize) -> anyhow::Result<()> {
        let patience = Duration::from_secs(10) + Duration::from_secs_f64(frames as f64 / f64::from(RATE));
        let deadline = Instant::now() + patience;
        let mut recording = self.reel.recording.lock().unwrap_or_else(PoisonError::into_inner);
        while recording.left.len() < frames {
            let left = deadline.saturating_duration_since(Instant::now());
            ensure!(
                !left.is_zero(),
                "the recorder stands still at frame {} of {frames}",
                recording.left.len()
            );
            recording =
                self.reel.grown.wait_timeout(recording, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn end(&mut self) {
        drop(self.recorder.kill());
        drop(self.recorder.wait());
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.end();
    }
}

/// Something that is being said.
pub struct Player {
    player: Child,
    feeder: Option<JoinHandle<()>>,
    fed: Arc<AtomicUsize>,
}

impl Player {
    pub(super) fn start(
        rig: &SoundRig,
        sink: &str,
        samples: &[f32],
        after: Duration,
    ) -> anyhow::Result<Self> {
        let mut player = sound(rig.urgent_command("pacat"), sink, 1)
            .arg("--playback")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("pacat")?;
        let into = player.stdin.take().context("pacat has no input")?;
        let mut line = vec![0.0; (after.as_secs_f64() * f64::from(RATE)) as usize];
        line.extend_from_slice(samples);
        let fed = Arc::new(AtomicUsize::new(0));
        let counted = fed.clone();
        let feeder = std::thread::spawn(move || feed(into, &line, &counted));
        Ok(Self { player, feeder: Some(feeder), fed })
    }

    /// How much was handed to the player, silence before the samples included; it is a little ahead of what is heard.
    pub fn fed(&self) -> Duration {
        Duration::from_secs_f64(self.fed.load(Ordering::Relaxed) as f64 / f64::from(RATE))
    }

    /// Waits until all was said.
    ///
    /// # Errors
    /// When the player failed.
    pub fn finish(mut self) -> anyhow::Result<()> {
        if let Some(feeder) = self.feeder.take() {
            drop(feeder.join());
        }
        let status = self.player.wait()?;
        ensure!(status.success(), "the player failed: {status}");
        Ok(())
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        drop(self.player.kill());
        drop(self.player.wait());
        if let Some(feeder) = self.feeder.take() {
            drop(feeder.join());
        }
    }
}

/// Returns early when the player is gone.
fn feed(mut into: ChildStdin, samples: &[f32], fed: &AtomicUsize) {
    for block in samples.chunks(480) {
        let bytes: Vec<u8> = block.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        if into.write_all(&bytes).is_err() {
            return;
        }
        fed.fetch_add(block.len(), Ordering::Relaxed);
    }
}

/// Long buffers, so that neither the mouth nor the tape ever stumbles. They delay nothing that is measured: both ends of
/// a delay are on the tape, and the cable ticks as fast as its quickest user, which is the program under test.
fn sound(mut command: Command, device: &str, channels: u8) -> Command {
    command.args(["--raw", "--format=float32le", "--rate=48000", "--latency-msec=200"]);
    command.arg(format!("--channels={channels}")).arg(format!("--device={device}"));
    command
}
