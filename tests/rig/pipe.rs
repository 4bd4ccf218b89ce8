//! A microphone with a clock of its own, that gives its sound in pieces of any size.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::{RATE, SoundRig};

/// Hears the same samples over and over, until it is dropped.
pub struct OwnClock {
    over: Arc<AtomicBool>,
    writer: Option<JoinHandle<()>>,
}

impl OwnClock {
    /// A microphone of this name, faster than the loudspeakers by so many parts in a million, that gives `piece` samples at
    /// a time.
    ///
    /// # Errors
    /// When the server does not make it.
    pub fn start(
        rig: &SoundRig,
        name: &str,
        ppm: f64,
        piece: usize,
        samples: Vec<f32>,
    ) -> anyhow::Result<Self> {
        let pipe = rig.folder.join(name).with_extension("pipe");
        let (name, file) = (format!("source_name={name}"), format!("file={}", pipe.display()));
        let format = ["format=float32le", "rate=48000", "channels=1"];
        rig.pactl(&[&["load-module", "module-pipe-source", &name, &file], &format[..]].concat())?;
        let mut pipe = File::options().write(true).open(&pipe).context("the pipe of a microphone")?;
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let writer = std::thread::spawn(move || {
            let begun = Instant::now();
            let rate = f64::from(RATE) * (1.0 + ppm / 1e6);
            for (n, piece) in samples.chunks_exact(piece).cycle().enumerate() {
                let due = begun + Duration::from_secs_f64((n * piece.len()) as f64 / rate);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let bytes: Vec<u8> = piece.iter().flat_map(|sample| sample.to_le_bytes()).collect();
                if ends.load(Ordering::Relaxed) || pipe.write_all(&bytes).is_err() {
                    return;
                }
            }
        });
        Ok(Self { over, writer: Some(writer) })
    }

    /// False when the server is gone.
    pub fn is_heard(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| !writer.is_finished())
    }
}

impl Drop for OwnClock {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}
