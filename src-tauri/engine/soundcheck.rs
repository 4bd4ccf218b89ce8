//! The sound check: a test sound, or three seconds of one's own voice from memory.
//!
//! It needs no room. The microphone is open while it records and no longer; what was recorded is in memory, is played
//! once, and is wiped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pushtalk_audio::{BLOCK, Processing, ProcessingSettings, SAMPLE_RATE, level, test_sound, time_of};
use pushtalk_device::{Capture, DeviceError, Direction, OpenSettings, Playback, StreamEvent};
use zeroize::Zeroizing;

use crate::brain::VoiceNews;
use crate::levels::Levels;
use crate::sound::SoundSettings;

/// Samples of what is recorded: three seconds.
const LENGTH: usize = 3 * SAMPLE_RATE as usize;
/// A device that stands still for longer than this is dead.
const PATIENCE: Duration = Duration::from_secs(2);
/// The devices wake the thread; it looks around this often in any case.
const LOOK: Duration = Duration::from_millis(20);
/// So much silence follows what is played: it drives the rest out of the device, and its traces out of the buffers.
const AFTER: usize = SAMPLE_RATE as usize * 6 / 10;

/// What to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOrder {
    /// News of it carry this number.
    pub number: u32,
    /// Record first; else a test sound is played.
    pub record: bool,
    /// Exact name of the microphone; none for the system's default.
    pub input: Option<String>,
    /// The same of the output.
    pub output: Option<String>,
    /// What is done to what is recorded.
    pub processing: ProcessingSettings,
}

/// How a sound check goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckNews {
    /// The microphone is open and closed again, and what it gave is being played.
    PlayingBack,
    /// It is over.
    Done,
    /// A device could not be used.
    Failed(Direction, DeviceError),
    /// Nothing but zeros came from the microphone.
    Silent,
}

/// Makes one sound check at a time.
pub(crate) struct SoundChecker {
    settings: SoundSettings,
    levels: Arc<Levels>,
    tell: Arc<dyn Fn(VoiceNews) + Send + Sync>,
    stop: Arc<AtomicBool>,
}

impl SoundChecker {
    pub(crate) fn new(
        settings: SoundSettings,
        levels: Arc<Levels>,
        tell: impl Fn(VoiceNews) + Send + Sync + 'static,
    ) -> Self {
        Self { settings, levels, tell: Arc::new(tell), stop: Arc::default() }
    }

    /// Begins, on a thread of its own.
    pub(crate) fn start(&mut self, order: CheckOrder) {
        self.stop();
        self.stop = Arc::default();
        let (tell, number) = (self.tell.clone(), order.number);
        let check = Check { settings: self.settings, levels: self.levels.clone(), stop: self.stop.clone() };
        let tell = move |news| tell(VoiceNews::SoundCheck(number, news));
        let told = tell.clone();
        let spawned = std::thread::Builder::new().name("sound-check".into()).spawn(move || {
            tell(match check.run(&order, &tell) {
                Ok(news) => news,
                Err((direction, error)) => CheckNews::Failed(direction, error),
            });
        });
        if let Err(error) = spawned {
            told(CheckNews::Failed(Direction::Output, DeviceError::Backend(error.to_string())));
        }
    }

    /// What runs ends at once.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Check {
    settings: SoundSettings,
    levels: Arc<Levels>,
    stop: Arc<AtomicBool>,
}

type Fault = (Direction, DeviceError);

impl Check {
    fn run(&self, order: &CheckOrder, tell: &impl Fn(CheckNews)) -> Result<CheckNews, Fault> {
        if !order.record {
            self.play(order.output.clone(), &test_sound())?;
            return Ok(CheckNews::Done);
        }
        let mut voice = self.record(order.input.clone())?;
        if self.stopped() {
            return Ok(CheckNews::Done);
        }
        if voice.iter().all(|sample| *sample == 0.0) {
            return Ok(CheckNews::Silent);
        }
        // As others would hear it.
        let mut processing = Processing::new(order.processing);
        for block in voice.as_chunks_mut::<BLOCK>().0 {
            processing.process(block);
        }
        tell(CheckNews::PlayingBack);
        self.play(order.output.clone(), &voice)?;
        Ok(CheckNews::Done)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn record(&self, name: Option<String>) -> Result<Zeroizing<Vec<f32>>, Fault> {
        let fault = |error| (Direction::Input, error);
        let lost = Arc::new(AtomicBool::new(false));
        let mut capture = Capture::open(&self.device(name), telling(&lost)).map_err(fault)?;
        // What is read at once is never so long that the memory has to grow, which would leave a copy behind.
        let mut voice = Zeroizing::new(Vec::with_capacity(2 * LENGTH));
        let mut last = Instant::now();
        while voice.len() < LENGTH && !self.stopped() {
            let known = voice.len();
            if capture.read(&mut voice) > 0 {
                last = Instant::now();
                self.levels.set_own(level(&voice[known..]).meter);
            } else if lost.load(Ordering::Relaxed) {
                self.levels.set_own(0);
                return Err(fault(DeviceError::NoMicrophone));
            } else if last.elapsed() > PATIENCE {
                break;
            }
            std::thread::park_timeout(LOOK);
        }
        drop(capture);
        self.levels.set_own(0);
        let length = voice.len().min(LENGTH);
        voice[length..].fill(0.0);
        voice.truncate(length);
        Ok(voice)
    }

    fn play(&self, name: Option<String>, samples: &[f32]) -> Result<(), Fault> {
        let fault = |error| (Direction::Output, error);
        let lost = Arc::new(AtomicBool::new(false));
        let mut playback = Playback::open(&self.device(name), telling(&lost)).map_err(fault)?;
        let silence = vec![0.0; AFTER];
        let deadline = Instant::now() + time_of(samples.len() + AFTER, SAMPLE_RATE) + PATIENCE;
        let mut rest = samples;
        let mut after = &silence[..];
        while !(rest.is_empty() && after.is_empty()) {
            if self.stopped() {
                rest = &[];
            }
            let taken = playback.write(rest);
            rest = &rest[taken..];
            if rest.is_empty() {
                let taken = playback.write(after);
                after = &after[taken..];
            }
            if lost.load(Ordering::Relaxed) || Instant::now() > deadline {
                return Err(fault(DeviceError::NoOutput));
            }
            std::thread::park_timeout(LOOK);
        }
        playback.rest();
        Ok(())
    }

    fn device(&self, name: Option<String>) -> OpenSettings {
        OpenSettings { host: self.settings.host, name, buffer: self.settings.buffer }
    }
}

fn telling(lost: &Arc<AtomicBool>) -> impl Fn(StreamEvent) + Send + 'static {
    let lost = lost.clone();
    move |event| {
        if matches!(event, StreamEvent::Gone | StreamEvent::Invalidated | StreamEvent::PermissionDenied) {
            lost.store(true, Ordering::Relaxed);
        }
    }
}
