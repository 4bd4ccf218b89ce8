//! An open microphone.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cpal::traits::DeviceTrait;
use cpal::{FromSample, InputStreamTimestamp, SampleFormat, SizedSample, StreamConfig};
use pushtalk_audio::{Resampler, time_of};
use rtrb::{Consumer, RingBuffer};
use zeroize::Zeroize;

use crate::error::{DeviceError, StreamEvent};
use crate::feed::{Counters, Desk, Intake, waking};
use crate::open::{OpenSettings, Opened, Reporter, StreamShape, open};
use crate::roster::Direction;
use crate::stamp::Stamps;
use crate::{RATE, open};

/// How much the ring holds while nobody reads, in milliseconds.
const RING: usize = 300;

/// A microphone that is open as long as this value lives.
///
/// Open, read and drop it on one thread, which is unparked when samples have come. What has been read, and what is
/// left when the value is dropped, is wiped from the ring.
pub struct Capture {
    /// Dropped first: after that nobody writes into the ring.
    stream: Option<cpal::Stream>,
    reporter: Reporter,
    name: String,
    shape: StreamShape,
    ring: Consumer<f32>,
    stamps: Stamps,
    /// Device frames read.
    taken: u64,
    counters: Arc<Counters>,
    resampler: Resampler,
    mono: Vec<f32>,
}

impl Capture {
    /// Opens the microphone and starts it; from here on the system shows that it is in use.
    ///
    /// `events` is called on a thread of the sound system: it must be quick and must not drop the stream.
    /// Waits for the sound server, at most six seconds.
    ///
    /// # Errors
    /// Any [`DeviceError`] but [`DeviceError::NoOutput`].
    pub fn open(
        settings: &OpenSettings,
        events: impl Fn(StreamEvent) + Send + 'static,
    ) -> Result<Self, DeviceError> {
        let counters = Arc::new(Counters::default());
        let reporter = Reporter::new(events, counters.clone());
        let (counted, reported) = (counters.clone(), reporter.clone());
        let reader = std::thread::current();
        let opened = open(settings, Direction::Input, move |device, config, format, shape| {
            let (producer, consumer) = RingBuffer::new(shape.slots(RING));
            let (stamp, stamps) = Stamps::new();
            let desk = Desk::new(stamp, shape.channels, counted.clone(), waking(&reader));
            let intake = Intake::new(producer, desk);
            Ok((attach(device, config, format, intake, reported.clone())?, (consumer, stamps)))
        })?;
        let Opened { stream, name, shape, ring: (ring, stamps), .. } = opened;
        tracing::info!(
            rate = shape.rate,
            channels = shape.channels,
            buffer = shape.buffer,
            "microphone opened"
        );
        let resampler = Resampler::new(shape.rate, RATE)?;
        let mono = Vec::with_capacity(shape.slots(RING) / usize::from(shape.channels.max(1)));
        Ok(Self {
            stream: Some(stream),
            reporter,
            name,
            shape,
            ring,
            stamps,
            taken: 0,
            counters,
            resampler,
            mono,
        })
    }

    /// Appends all that was captured since the last call, as 48 kHz mono. Returns how many samples that were.
    pub fn read(&mut self, out: &mut Vec<f32>) -> usize {
        let before = out.len();
        let channels = usize::from(self.shape.channels.max(1));
        let ready = self.ring.slots() / channels * channels;
        if let Ok(mut chunk) = self.ring.read_chunk(ready) {
            let (head, tail) = chunk.as_mut_slices();
            self.mono.clear();
            downmix(head, tail, channels, &mut self.mono);
            head.zeroize();
            tail.zeroize();
            chunk.commit_all();
            self.taken += (ready / channels) as u64;
            self.resampler.process(&self.mono, |samples| out.extend_from_slice(samples));
            self.mono.zeroize();
        }
        out.len() - before
    }

    /// The thread is woken when so many samples of 48 kHz wait, not before; at first whenever any have come.
    pub fn wake_at(&mut self, samples: usize) {
        self.counters.wake_at.store(self.shape.frames(samples), Ordering::Relaxed);
    }

    /// When the first sample that the next [`read`](Self::read) gives was in the air, as the system tells; none before it
    /// has told anything.
    pub fn captured_at(&mut self) -> Option<Instant> {
        let at = self.stamps.time_of(self.taken, self.shape.rate)?;
        at.checked_sub(time_of(self.resampler.delay(), RATE))
    }

    /// Frames captured so far, at the rate of the device. A microphone that is open and does not count is dead.
    pub fn frames(&self) -> u64 {
        self.counters.frames.load(Ordering::Relaxed)
    }

    /// Frames lost because nobody read for longer than the ring lasts, at the rate of the device.
    pub fn lost(&self) -> u64 {
        self.counters.missed.load(Ordering::Relaxed)
    }

    /// How often frames were lost, here or in the system.
    pub fn overruns(&self) -> u64 {
        self.counters.xruns.load(Ordering::Relaxed)
    }

    /// The exact name of the device, which is news when none was asked for. A sound server may move the stream to
    /// another device without a word when this one is unplugged: when the name was in [`list`](crate::list) and has
    /// left it, treat the stream as [`StreamEvent::Gone`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the device got.
    pub fn shape(&self) -> StreamShape {
        self.shape
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.reporter.close();
        self.stream = None;
        if let Ok(mut chunk) = self.ring.read_chunk(self.ring.slots()) {
            let (head, tail) = chunk.as_mut_slices();
            head.zeroize();
            tail.zeroize();
            chunk.commit_all();
        }
        tracing::info!("microphone closed");
    }
}

/// The mean of all channels: it never clips, and a microphone that uses one side only is half as loud, which the gain
/// control makes up for. `head` and `tail` are the two parts of one run of frames, so a frame may lie across them.
fn downmix(head: &[f32], tail: &[f32], channels: usize, mono: &mut Vec<f32>) {
    if channels == 1 {
        mono.extend_from_slice(head);
        mono.extend_from_slice(tail);
        return;
    }
    let scale = 1.0 / channels as f32;
    let mut sum = 0.0;
    for (index, sample) in head.iter().chain(tail).enumerate() {
        sum += sample;
        if index % channels == channels - 1 {
            mono.push(sum * scale);
            sum = 0.0;
        }
    }
}

fn attach(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    intake: Intake,
    reporter: Reporter,
) -> Result<cpal::Stream, cpal::Error> {
    match format {
        SampleFormat::F32 => build::<f32>(device, config, intake, reporter),
        SampleFormat::F64 => build::<f64>(device, config, intake, reporter),
        SampleFormat::I8 => build::<i8>(device, config, intake, reporter),
        SampleFormat::I16 => build::<i16>(device, config, intake, reporter),
        SampleFormat::I24 => build::<cpal::I24>(device, config, intake, reporter),
        SampleFormat::I32 => build::<i32>(device, config, intake, reporter),
        SampleFormat::U8 => build::<u8>(device, config, intake, reporter),
        SampleFormat::U16 => build::<u16>(device, config, intake, reporter),
        SampleFormat::U24 => build::<cpal::U24>(device, config, intake, reporter),
        SampleFormat::U32 => build::<u32>(device, config, intake, reporter),
        _ => Err(open::unknown_format(format)),
    }
}

fn build<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut intake: Intake,
    reporter: Reporter,
) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    device.build_input_stream(
        config,
        move |data: &[T], info| {
            let InputStreamTimestamp { callback, capture } = info.timestamp();
            let now = Instant::now();
            intake.take(data, now.checked_sub(callback.saturating_duration_since(capture)).unwrap_or(now));
        },
        move |error| reporter.report(&error),
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_mixed_to_their_mean_even_across_the_end_of_the_ring() {
        let mut mono = Vec::new();
        downmix(&[1.0, 0.0, 0.5], &[0.5, -1.0, 1.0], 2, &mut mono);
        assert_eq!(mono, [0.5, 0.5, 0.0]);
        mono.clear();
        downmix(&[0.25], &[0.75], 1, &mut mono);
        assert_eq!(mono, [0.25, 0.75]);
    }
}
