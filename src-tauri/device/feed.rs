//! What the device callbacks do: copy samples between the device and a ring.
//!
//! No lock, no allocation, no log, no resampling; the only arithmetic is the change of the sample format. The
//! functions know nothing of cpal's streams, so that a test can call them and prove it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cpal::{FromSample, Sample};
use rtrb::{Consumer, Producer};

/// Counted by the callbacks, read from anywhere.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Device frames that went through the ring.
    pub(crate) frames: AtomicU64,
    /// Input: device frames that found the ring full. Output: device frames of silence put in within speech.
    pub(crate) missed: AtomicU64,
    /// How often that happened, and how often the system reported it of its own.
    pub(crate) xruns: AtomicU64,
    /// Output only: the count of `frames` at which silence is no fault.
    pub(crate) rest_at: AtomicU64,
}

/// From the device into the ring.
pub(crate) struct Intake {
    ring: Producer<f32>,
    channels: usize,
    counters: Arc<Counters>,
}

impl Intake {
    pub(crate) fn new(ring: Producer<f32>, channels: usize, counters: Arc<Counters>) -> Self {
        Self { ring, channels: channels.max(1), counters }
    }

    /// The input callback. `data` is interleaved. What does not fit is lost and counted.
    pub(crate) fn take<T>(&mut self, data: &[T])
    where
        T: Copy,
        f32: FromSample<T>,
    {
        let frames = data.len() / self.channels;
        let fit = frames.min(self.ring.slots() / self.channels);
        if let Ok(mut chunk) = self.ring.write_chunk(fit * self.channels) {
            let (head, tail) = chunk.as_mut_slices();
            for (slot, sample) in head.iter_mut().chain(tail).zip(data) {
                *slot = f32::from_sample_(*sample);
            }
            chunk.commit_all();
        }
        self.counters.frames.fetch_add(fit as u64, Ordering::Relaxed);
        if fit < frames {
            self.counters.missed.fetch_add((frames - fit) as u64, Ordering::Relaxed);
            self.counters.xruns.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// From the ring to the device.
pub(crate) struct Outlet {
    ring: Consumer<f32>,
    channels: usize,
    counters: Arc<Counters>,
    /// Device frames played.
    played: u64,
    /// Frames of silence since the ring ran dry.
    dry: u64,
}

impl Outlet {
    pub(crate) fn new(ring: Consumer<f32>, channels: usize, counters: Arc<Counters>) -> Self {
        Self { ring, channels: channels.max(1), counters, played: 0, dry: 0 }
    }

    /// The output callback. `out` is interleaved and wholly written.
    pub(crate) fn fill<T>(&mut self, out: &mut [T])
    where
        T: Sample + FromSample<f32>,
    {
        let frames = out.len() / self.channels;
        let ready = frames.min(self.ring.slots() / self.channels);
        let (sound, silence) = out.split_at_mut(ready * self.channels);
        if let Ok(chunk) = self.ring.read_chunk(sound.len()) {
            let (head, tail) = chunk.as_slices();
            for (slot, sample) in sound.iter_mut().zip(head.iter().chain(tail)) {
                *slot = T::from_sample_(*sample);
            }
            chunk.commit_all();
        }
        silence.fill(T::EQUILIBRIUM);
        self.count(ready as u64, (frames - ready) as u64);
    }

    /// Silence is a fault only when more follows, so it is judged when the next sample is played: before the first
    /// and after the last nothing is counted.
    fn count(&mut self, ready: u64, missing: u64) {
        if ready > 0 {
            let rested = self.counters.rest_at.load(Ordering::Acquire) == self.played;
            if self.dry > 0 && self.played > 0 && !rested {
                self.counters.missed.fetch_add(self.dry, Ordering::Relaxed);
                self.counters.xruns.fetch_add(1, Ordering::Relaxed);
            }
            self.dry = 0;
            self.played += ready;
            self.counters.frames.store(self.played, Ordering::Relaxed);
        }
        self.dry += missing;
    }
}

#[cfg(test)]
mod tests {
    use assert_no_alloc::{AllocDisabler, assert_no_alloc};
    use rtrb::RingBuffer;

    use super::*;

    #[global_allocator]
    static WATCHED: AllocDisabler = AllocDisabler;

    fn intake(capacity: usize, channels: usize) -> (Intake, Consumer<f32>, Arc<Counters>) {
        let (producer, consumer) = RingBuffer::new(capacity);
        let counters = Arc::new(Counters::default());
        (Intake::new(producer, channels, counters.clone()), consumer, counters)
    }

    fn outlet(capacity: usize, channels: usize) -> (Producer<f32>, Outlet, Arc<Counters>) {
        let (producer, consumer) = RingBuffer::new(capacity);
        let counters = Arc::new(Counters::default());
        (producer, Outlet::new(consumer, channels, counters.clone()), counters)
    }

    fn seen(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }

    #[test]
    fn the_input_callback_allocates_nothing_even_when_the_ring_is_full() {
        let (mut intake, _consumer, counters) = intake(960, 2);
        let (floats, shorts) = ([0.5_f32; 480], [1_i16; 480]);
        assert_no_alloc(|| {
            for _ in 0..4 {
                intake.take(&floats);
                intake.take(&shorts);
            }
        });
        assert_eq!(seen(&counters.frames), 480);
        assert_eq!(seen(&counters.missed), 8 * 240 - 480);
        assert_eq!(seen(&counters.xruns), 6);
    }

    #[test]
    fn the_output_callback_allocates_nothing_even_when_the_ring_is_empty() {
        let (mut producer, mut outlet, _) = outlet(960, 2);
        producer.push_entire_slice(&[0.25; 700]).unwrap();
        let (mut floats, mut shorts) = ([9.0_f32; 480], [9_i16; 480]);
        assert_no_alloc(|| {
            outlet.fill(&mut floats);
            outlet.fill(&mut shorts);
            outlet.fill(&mut shorts);
        });
        assert!(floats.iter().all(|s| *s == 0.25));
        assert!(shorts.iter().all(|s| *s == 0));
    }

    #[test]
    fn samples_come_through_in_order_and_in_the_scale_of_one() {
        let (mut intake, mut consumer, _) = intake(64, 1);
        intake.take(&[i16::MIN, 0, 16384]);
        intake.take(&[128_u8, 0]);
        let mut got = [9.0; 5];
        consumer.pop_entire_slice(&mut got).unwrap();
        assert_eq!(got, [-1.0, 0.0, 0.5, 0.0, -1.0]);

        let (mut producer, mut outlet, _) = outlet(64, 1);
        producer.push_entire_slice(&[-1.0, 0.5]).unwrap();
        let mut out = [7_u8; 3];
        outlet.fill(&mut out);
        assert_eq!(out, [0, 192, 128], "silence of an unsigned format is its middle");
    }

    #[test]
    fn a_frame_that_does_not_fit_is_never_cut_in_two() {
        let (mut intake, mut consumer, _) = intake(5, 2);
        intake.take(&[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(consumer.slots(), 4);
        consumer.pop_entire_slice(&mut [0.0; 4]).unwrap();
        intake.take(&[7.0_f32, 8.0]);
        assert_eq!(consumer.pop(), Ok(7.0));
    }

    #[test]
    fn silence_counts_as_an_underrun_only_within_what_is_said() {
        let (mut producer, mut outlet, counters) = outlet(64, 1);
        let mut out = [0.0_f32; 4];

        outlet.fill(&mut out);
        assert_eq!(seen(&counters.xruns), 0, "nothing was written yet");

        producer.push_entire_slice(&[1.0; 6]).unwrap();
        outlet.fill(&mut out);
        outlet.fill(&mut out);
        outlet.fill(&mut out);
        assert_eq!(seen(&counters.xruns), 0, "nothing follows yet");

        producer.push_entire_slice(&[1.0; 4]).unwrap();
        outlet.fill(&mut out);
        assert_eq!((seen(&counters.xruns), seen(&counters.missed)), (1, 6), "a gap of six frames");

        counters.rest_at.store(10, Ordering::Release);
        outlet.fill(&mut out);
        producer.push_entire_slice(&[1.0; 4]).unwrap();
        outlet.fill(&mut out);
        assert_eq!(seen(&counters.xruns), 1, "the writer said that it rests");

        outlet.fill(&mut out);
        producer.push_entire_slice(&[1.0; 4]).unwrap();
        outlet.fill(&mut out);
        assert_eq!(seen(&counters.xruns), 2, "a rest counts once");
    }
}
