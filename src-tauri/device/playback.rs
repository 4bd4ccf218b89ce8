//! An open loudspeaker.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cpal::traits::DeviceTrait;
use cpal::{FromSample, OutputStreamTimestamp, SampleFormat, SizedSample, StreamConfig};
use pushtalk_audio::{Resampler, time_of};
use rtrb::{Producer, RingBuffer};

use crate::cushion::Cushion;
use crate::error::{DeviceError, StreamEvent};
use crate::feed::{Counters, Desk, Outlet, waking};
use crate::open::{OpenSettings, Opened, Reporter, StreamShape, open};
use crate::roster::Direction;
use crate::stamp::Stamps;
use crate::{RATE, open};

/// How much the ring can hold, in milliseconds. The writer keeps it nearly empty: what waits here is delay.
const RING: usize = 500;
/// Voice goes to the first two channels of a device, which are left and right; not to the centre, the back or the bass.
const VOICED: usize = 2;
/// A change of rate may give a few frames more than the proportion says.
const ROUNDING: usize = 64;

/// A loudspeaker that is open as long as this value lives. Open, write and drop it on one thread, which is unparked
/// when so many samples were taken that it is hungry, unless it rests.
pub struct Playback {
    /// Dropped first: after that nobody reads from the ring.
    stream: Option<cpal::Stream>,
    reporter: Reporter,
    name: String,
    label: String,
    shape: StreamShape,
    ring: Producer<f32>,
    stamps: Stamps,
    counters: Arc<Counters>,
    resampler: Resampler,
    converted: Vec<f32>,
    /// Device frames written.
    written: u64,
    cushion: Cushion,
}

impl Playback {
    /// Opens the loudspeaker and starts it; until something is written it plays silence.
    ///
    /// `events` is called on a thread of the sound system: it must be quick and must not drop the stream.
    /// Waits for the sound server, at most six seconds.
    ///
    /// # Errors
    /// Any [`DeviceError`] but [`DeviceError::NoMicrophone`].
    pub fn open(
        settings: &OpenSettings,
        events: impl Fn(StreamEvent) + Send + 'static,
    ) -> Result<Self, DeviceError> {
        let counters = Arc::new(Counters::default());
        let reporter = Reporter::new(events, counters.clone());
        let (counted, reported) = (counters.clone(), reporter.clone());
        let writer = std::thread::current();
        let opened = open(settings, Direction::Output, move |device, config, format, shape| {
            let (producer, consumer) = RingBuffer::new(shape.slots(RING));
            let (stamp, stamps) = Stamps::new();
            let desk = Desk::new(stamp, shape.channels, counted.clone(), waking(&writer));
            let outlet = Outlet::new(consumer, desk);
            Ok((attach(device, config, format, outlet, reported.clone())?, (producer, stamps)))
        })?;
        let Opened { stream, name, label, shape, ring: (ring, stamps) } = opened;
        tracing::info!(
            rate = shape.rate,
            channels = shape.channels,
            buffer = shape.buffer,
            "loudspeaker opened"
        );
        let resampler = Resampler::new(RATE, shape.rate)?;
        let converted = Vec::with_capacity(shape.slots(RING) / usize::from(shape.channels.max(1)));
        Ok(Self {
            stream: Some(stream),
            reporter,
            name,
            label,
            shape,
            ring,
            stamps,
            counters,
            resampler,
            converted,
            written: 0,
            cushion: Cushion::new(),
        })
    }

    /// Whether something should be written now: the ring holds less than the device takes at once, with a cushion that
    /// grows when that was too little.
    pub fn is_hungry(&mut self) -> bool {
        let missed = self.counters.missed.load(Ordering::Relaxed);
        let cushion = self.cushion.after(missed, self.shape.samples(self.written) as u64);
        let least = self.period() + cushion;
        // So many frames left after a callback that the next one might find too few.
        self.counters.wake_at.store(self.shape.frames(least).saturating_sub(1), Ordering::Relaxed);
        self.queued() < least
    }

    /// Samples of 48 kHz that the device takes at once.
    pub fn period(&self) -> usize {
        let frames = match self.counters.period.load(Ordering::Relaxed) {
            0 => u64::from(self.shape.buffer.unwrap_or(0)),
            frames => frames,
        };
        self.shape.samples(frames)
    }

    /// Queues samples of 48 kHz mono. Returns how many were taken; those beyond [`Playback::free`] are not.
    pub fn write(&mut self, samples: &[f32]) -> usize {
        let taken = &samples[..samples.len().min(self.free())];
        self.converted.clear();
        let converted = &mut self.converted;
        self.resampler.process(taken, |samples| converted.extend_from_slice(samples));
        let channels = usize::from(self.shape.channels.max(1));
        let fit = self.converted.len().min(self.ring.slots() / channels);
        if let Ok(mut chunk) = self.ring.write_chunk(fit * channels) {
            let (head, tail) = chunk.as_mut_slices();
            upmix(&self.converted, channels, head.iter_mut().chain(tail));
            chunk.commit_all();
            self.written += fit as u64;
        }
        taken.len()
    }

    /// When the first sample that is written next will be in the air, as the system tells; none before it has told
    /// anything.
    pub fn played_at(&mut self) -> Option<Instant> {
        let at = self.stamps.time_of(self.written, self.shape.rate)?;
        Some(at + time_of(self.resampler.delay(), self.shape.rate))
    }

    /// Says that nothing follows for a while: the silence after what was written is no underrun, and the thread is not
    /// woken until [`resume`](Self::resume).
    pub fn rest(&mut self) {
        self.counters.rest_at.store(self.written, Ordering::Release);
        self.counters.resting.store(true, Ordering::Release);
    }

    /// Says that something is about to be written: the thread is woken again for each buffer that is taken.
    pub fn resume(&mut self) {
        // Nobody has read since the rest began, so those that wait are of then.
        self.stamps.forget();
        self.counters.resting.store(false, Ordering::Release);
    }

    /// Samples of 48 kHz that wait in the ring. The device holds one or two buffers more.
    pub fn queued(&self) -> usize {
        let slots = self.ring.buffer().capacity() - self.ring.slots();
        self.shape.samples((slots / usize::from(self.shape.channels.max(1))) as u64)
    }

    /// Samples of 48 kHz that can be written now.
    pub fn free(&self) -> usize {
        let frames = self.ring.slots() / usize::from(self.shape.channels.max(1));
        if self.shape.rate == RATE {
            frames
        } else {
            self.shape.samples(frames as u64).saturating_sub(ROUNDING)
        }
    }

    /// Frames played so far, at the rate of the device, without silence that was put in.
    pub fn frames(&self) -> u64 {
        self.counters.frames.load(Ordering::Relaxed)
    }

    /// Frames of silence put in between the first and the last that was written, at the rate of the device.
    pub fn missed(&self) -> u64 {
        self.counters.missed.load(Ordering::Relaxed)
    }

    /// How often that happened, here or in the system.
    pub fn underruns(&self) -> u64 {
        self.counters.xruns.load(Ordering::Relaxed)
    }

    /// The exact name of the device, which is news when none was asked for. A sound server may move the stream to
    /// another device without a word when this one is unplugged: when the name was in [`list`](crate::list) and has
    /// left it, treat the stream as [`StreamEvent::Gone`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the device is called for people.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the device got.
    pub fn shape(&self) -> StreamShape {
        self.shape
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        self.reporter.close();
        self.stream = None;
        tracing::info!("loudspeaker closed");
    }
}

fn upmix<'a>(mono: &[f32], channels: usize, slots: impl Iterator<Item = &'a mut f32>) {
    for (index, slot) in slots.enumerate() {
        let voiced = index % channels < VOICED;
        *slot = if voiced { mono.get(index / channels).copied().unwrap_or(0.0) } else { 0.0 };
    }
}

fn attach(
    device: &cpal::Device,
    config: StreamConfig,
    format: SampleFormat,
    outlet: Outlet,
    reporter: Reporter,
) -> Result<cpal::Stream, cpal::Error> {
    match format {
        SampleFormat::F32 => build::<f32>(device, config, outlet, reporter),
        SampleFormat::F64 => build::<f64>(device, config, outlet, reporter),
        SampleFormat::I8 => build::<i8>(device, config, outlet, reporter),
        SampleFormat::I16 => build::<i16>(device, config, outlet, reporter),
        SampleFormat::I24 => build::<cpal::I24>(device, config, outlet, reporter),
        SampleFormat::I32 => build::<i32>(device, config, outlet, reporter),
        SampleFormat::U8 => build::<u8>(device, config, outlet, reporter),
        SampleFormat::U16 => build::<u16>(device, config, outlet, reporter),
        SampleFormat::U24 => build::<cpal::U24>(device, config, outlet, reporter),
        SampleFormat::U32 => build::<u32>(device, config, outlet, reporter),
        _ => Err(open::unknown_format(format)),
    }
}

fn build<T>(
    device: &cpal::Device,
    config: StreamConfig,
    mut outlet: Outlet,
    reporter: Reporter,
) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample + FromSample<f32>,
{
    device.build_output_stream(
        config,
        move |data: &mut [T], info| {
            let OutputStreamTimestamp { callback, playback } = info.timestamp();
            outlet.fill(data, Instant::now() + playback.saturating_duration_since(callback));
        },
        move |error| reporter.report(&error),
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_goes_left_and_right_and_nowhere_else() {
        let mut slots = [9.0; 8];
        upmix(&[0.5, -0.5], 4, slots.iter_mut());
        assert_eq!(slots, [0.5, 0.5, 0.0, 0.0, -0.5, -0.5, 0.0, 0.0]);
        let mut slots = [9.0; 2];
        upmix(&[0.5, -0.5], 1, slots.iter_mut());
        assert_eq!(slots, [0.5, -0.5]);
    }
}
