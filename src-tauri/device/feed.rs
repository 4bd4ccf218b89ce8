//! What the device callbacks do: copy samples between the device and a ring.
//!
//! No lock, no allocation, no log, no resampling; the only arithmetic is the change of the sample format. The thread at
//! the other end of the ring is woken: one atomic exchange, and a call of the system if it sleeps. The functions know
//! nothing of cpal's streams, so that a test can call them and prove it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Instant;

use cpal::{FromSample, Sample};
use rtrb::{Consumer, Producer};

use crate::stamp::Stamp;

/// Wakes the thread at the other end of a ring.
pub(crate) type Wake = Box<dyn Fn() + Send>;

/// Wakes this thread.
pub(crate) fn waking(thread: &Thread) -> Wake {
    let thread = thread.clone();
    Box::new(move || thread.unpark())
}

/// Counted by the callbacks, read from anywhere.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Device frames that went through the ring.
    pub(crate) frames: AtomicU64,
    /// Input: device frames that found the ring full. Output: device frames of silence put in within speech.
    pub(crate) missed: AtomicU64,
    /// How often that happened, and how often the system reported it of its own.
    pub(crate) xruns: AtomicU64,
    /// Device frames that a callback takes or gives at once: the most of late.
    pub(crate) period: AtomicU64,
    /// The thread at the other end of the ring is woken when a whole frame waits (input), or when no more than this does
    /// (output). In device frames.
    pub(crate) wake_at: AtomicU64,
    /// Output only: the count of `frames` at which silence is no fault.
    pub(crate) rest_at: AtomicU64,
    /// Output only: nothing is to be played, so nobody is woken.
    pub(crate) resting: AtomicBool,
}

/// The most frames of a callback, of late: a sound server asks for several buffers at once now and then.
#[derive(Default)]
struct Period {
    most: u64,
    next: u64,
    callbacks: u32,
}

impl Period {
    /// What was the most may be forgotten after twice as many callbacks.
    const LATE: u32 = 16;

    fn after(&mut self, frames: u64) -> u64 {
        self.most = self.most.max(frames);
        self.next = self.next.max(frames);
        self.callbacks += 1;
        if self.callbacks == Self::LATE {
            *self = Self { most: self.next, next: 0, callbacks: 0 };
        }
        self.most
    }
}

/// What a callback has besides its ring: whom to tell what.
pub(crate) struct Desk {
    stamps: Producer<Stamp>,
    channels: usize,
    counters: Arc<Counters>,
    wake: Wake,
    period: Period,
}

impl Desk {
    /// `wake` is called by the rule of `Counters::wake_at`.
    pub(crate) fn new(stamps: Producer<Stamp>, channels: u16, counters: Arc<Counters>, wake: Wake) -> Self {
        Self { stamps, channels: usize::from(channels).max(1), counters, wake, period: Period::default() }
    }

    fn stamp(&mut self, frame: u64, at: Instant) {
        // Without room it is left out: those that wait are hardly older.
        let _ = self.stamps.push(Stamp { frame, at });
    }

    /// A callback has had so many frames.
    fn done(&mut self, frames: usize) {
        self.counters.period.store(self.period.after(frames as u64), Ordering::Relaxed);
    }
}

/// From the device into the ring.
pub(crate) struct Intake {
    ring: Producer<f32>,
    desk: Desk,
    /// Device frames put into the ring.
    taken: u64,
}

impl Intake {
    pub(crate) fn new(ring: Producer<f32>, desk: Desk) -> Self {
        Self { ring, desk, taken: 0 }
    }

    /// The input callback. `data` is interleaved; its first frame was in the air at `captured`. What does not fit is lost
    /// and counted.
    pub(crate) fn take<T>(&mut self, data: &[T], captured: Instant)
    where
        T: Copy,
        f32: FromSample<T>,
    {
        let frames = data.len() / self.desk.channels;
        let fit = frames.min(self.ring.slots() / self.desk.channels);
        if let Ok(mut chunk) = self.ring.write_chunk(fit * self.desk.channels) {
            let (head, tail) = chunk.as_mut_slices();
            for (slot, sample) in head.iter_mut().chain(tail).zip(data) {
                *slot = f32::from_sample_(*sample);
            }
            chunk.commit_all();
        }
        if fit > 0 {
            self.desk.stamp(self.taken, captured);
        }
        self.taken += fit as u64;
        self.desk.counters.frames.store(self.taken, Ordering::Relaxed);
        if fit < frames {
            self.desk.counters.missed.fetch_add((frames - fit) as u64, Ordering::Relaxed);
            self.desk.counters.xruns.fetch_add(1, Ordering::Relaxed);
        }
        self.desk.done(frames);
        let waiting = (self.ring.buffer().capacity() - self.ring.slots()) / self.desk.channels;
        if waiting as u64 >= self.desk.counters.wake_at.load(Ordering::Relaxed) {
            (self.desk.wake)();
        }
    }
}

/// From the ring to the device.
pub(crate) struct Outlet {
    ring: Consumer<f32>,
    desk: Desk,
    /// Device frames played.
    played: u64,
    /// Frames of silence since the ring ran dry.
    dry: u64,
}

impl Outlet {
    pub(crate) fn new(ring: Consumer<f32>, desk: Desk) -> Self {
        Self { ring, desk, played: 0, dry: 0 }
    }

    /// The output callback. `out` is interleaved and wholly written; its first frame will be in the air at `played`.
    pub(crate) fn fill<T>(&mut self, out: &mut [T], played: Instant)
    where
        T: Sample + FromSample<f32>,
    {
        let frames = out.len() / self.desk.channels;
        let ready = frames.min(self.ring.slots() / self.desk.channels);
        let (sound, silence) = out.split_at_mut(ready * self.desk.channels);
        if let Ok(chunk) = self.ring.read_chunk(sound.len()) {
            let (head, tail) = chunk.as_slices();
            for (slot, sample) in sound.iter_mut().zip(head.iter().chain(tail)) {
                *slot = T::from_sample_(*sample);
            }
            chunk.commit_all();
        }
        silence.fill(T::EQUILIBRIUM);
        self.desk.stamp(self.played, played);
        self.count(ready as u64, (frames - ready) as u64);
        self.desk.done(frames);
        let waiting = (self.ring.slots() / self.desk.channels) as u64;
        let hungry = waiting <= self.desk.counters.wake_at.load(Ordering::Relaxed);
        if hungry && !self.desk.counters.resting.load(Ordering::Acquire) {
            (self.desk.wake)();
        }
    }

    /// Silence is a fault only when more follows, so it is judged when the next sample is played: before the first
    /// and after the last nothing is counted.
    fn count(&mut self, ready: u64, missing: u64) {
        if ready > 0 {
            let rested = self.desk.counters.rest_at.load(Ordering::Acquire) == self.played;
            if self.dry > 0 && self.played > 0 && !rested {
                self.desk.counters.missed.fetch_add(self.dry, Ordering::Relaxed);
                self.desk.counters.xruns.fetch_add(1, Ordering::Relaxed);
            }
            self.dry = 0;
            self.played += ready;
            self.desk.counters.frames.store(self.played, Ordering::Relaxed);
        }
        self.dry += missing;
    }
}

#[cfg(test)]
mod tests {
    use assert_no_alloc::{AllocDisabler, assert_no_alloc};
    use rtrb::RingBuffer;

    use std::time::Duration;

    use super::*;
    use crate::stamp::Stamps;

    #[global_allocator]
    static WATCHED: AllocDisabler = AllocDisabler;

    fn nobody() -> Wake {
        Box::new(|| ())
    }

    fn desk(channels: u16, counters: &Arc<Counters>, wake: Wake) -> Desk {
        Desk::new(Stamps::new().0, channels, counters.clone(), wake)
    }

    fn intake(capacity: usize, channels: u16) -> (Intake, Consumer<f32>, Arc<Counters>) {
        let (producer, consumer) = RingBuffer::new(capacity);
        let counters = Arc::default();
        (
            Intake::new(producer, desk(channels, &counters, waking(&std::thread::current()))),
            consumer,
            counters,
        )
    }

    fn outlet(capacity: usize, channels: u16) -> (Producer<f32>, Outlet, Arc<Counters>) {
        let (producer, consumer) = RingBuffer::new(capacity);
        let counters = Arc::default();
        (
            producer,
            Outlet::new(consumer, desk(channels, &counters, waking(&std::thread::current()))),
            counters,
        )
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
                intake.take(&floats, Instant::now());
                intake.take(&shorts, Instant::now());
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
            outlet.fill(&mut floats, Instant::now());
            outlet.fill(&mut shorts, Instant::now());
            outlet.fill(&mut shorts, Instant::now());
        });
        assert!(floats.iter().all(|s| *s == 0.25));
        assert!(shorts.iter().all(|s| *s == 0));
    }

    #[test]
    fn the_writer_is_woken_for_each_buffer_that_was_taken_and_not_while_it_rests() {
        let (counters, wakes) = (Arc::new(Counters::default()), Arc::new(AtomicU64::new(0)));
        let counted = wakes.clone();
        let wake = Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let mut outlet = Outlet::new(RingBuffer::new(64).1, desk(2, &counters, wake));
        outlet.fill(&mut [0.0_f32; 8], Instant::now());
        assert_eq!((seen(&wakes), seen(&counters.period)), (1, 4));
        counters.resting.store(true, Ordering::Release);
        outlet.fill(&mut [0.0_f32; 8], Instant::now());
        assert_eq!(seen(&wakes), 1);
        counters.resting.store(false, Ordering::Release);
        outlet.fill(&mut [0.0_f32; 8], Instant::now());
        assert_eq!(seen(&wakes), 2);
    }

    #[test]
    fn the_first_frame_of_each_buffer_is_stamped_and_silence_that_is_put_in_makes_the_next_later() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let (stamp, mut stamps) = Stamps::new();
        let (ring, _heard) = RingBuffer::new(64);
        let mut intake = Intake::new(ring, Desk::new(stamp, 1, Arc::default(), nobody()));
        intake.take(&[0.0_f32; 10], start);
        intake.take(&[0.0_f32; 54], start + ms(13));
        intake.take(&[0.0_f32; 10], start + ms(99));
        assert_eq!(stamps.time_of(10, 1000), Some(start + ms(13)), "the third one found no room");

        let (stamp, mut stamps) = Stamps::new();
        let (mut writer, ring) = RingBuffer::new(64);
        let mut outlet = Outlet::new(ring, Desk::new(stamp, 1, Arc::default(), nobody()));
        writer.push_entire_slice(&[1.0; 4]).unwrap();
        for n in 0..3 {
            outlet.fill(&mut [0.0_f32; 4], start + ms(4 * n));
        }
        assert_eq!(stamps.time_of(4, 1000), Some(start + ms(8)));
    }

    #[test]
    fn a_buffer_that_was_once_larger_is_remembered_for_a_while() {
        let mut period = Period::default();
        assert_eq!(period.after(240), 240);
        assert_eq!(period.after(480), 480);
        assert!((0..30).all(|_| period.after(240) >= 240));
        assert_eq!(period.after(240), 240);
        assert_eq!((period.after(960), period.after(240)), (960, 960));
    }

    #[test]
    fn samples_come_through_in_order_and_in_the_scale_of_one() {
        let (mut intake, mut consumer, _) = intake(64, 1);
        intake.take(&[i16::MIN, 0, 16384], Instant::now());
        intake.take(&[128_u8, 0], Instant::now());
        let mut got = [9.0; 5];
        consumer.pop_entire_slice(&mut got).unwrap();
        assert_eq!(got, [-1.0, 0.0, 0.5, 0.0, -1.0]);

        let (mut producer, mut outlet, _) = outlet(64, 1);
        producer.push_entire_slice(&[-1.0, 0.5]).unwrap();
        let mut out = [7_u8; 3];
        outlet.fill(&mut out, Instant::now());
        assert_eq!(out, [0, 192, 128], "silence of an unsigned format is its middle");
    }

    #[test]
    fn a_frame_that_does_not_fit_is_never_cut_in_two() {
        let (mut intake, mut consumer, _) = intake(5, 2);
        intake.take(&[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0], Instant::now());
        assert_eq!(consumer.slots(), 4);
        consumer.pop_entire_slice(&mut [0.0; 4]).unwrap();
        intake.take(&[7.0_f32, 8.0], Instant::now());
        assert_eq!(consumer.pop(), Ok(7.0));
    }

    #[test]
    fn silence_counts_as_an_underrun_only_within_what_is_said() {
        let (mut producer, mut outlet, counters) = outlet(64, 1);
        let mut out = [0.0_f32; 4];

        outlet.fill(&mut out, Instant::now());
        assert_eq!(seen(&counters.xruns), 0, "nothing was written yet");

        producer.push_entire_slice(&[1.0; 6]).unwrap();
        outlet.fill(&mut out, Instant::now());
        outlet.fill(&mut out, Instant::now());
        outlet.fill(&mut out, Instant::now());
        assert_eq!(seen(&counters.xruns), 0, "nothing follows yet");

        producer.push_entire_slice(&[1.0; 4]).unwrap();
        outlet.fill(&mut out, Instant::now());
        assert_eq!((seen(&counters.xruns), seen(&counters.missed)), (1, 6), "a gap of six frames");

        counters.rest_at.store(10, Ordering::Release);
        outlet.fill(&mut out, Instant::now());
        producer.push_entire_slice(&[1.0; 4]).unwrap();
        outlet.fill(&mut out, Instant::now());
        assert_eq!(seen(&counters.xruns), 1, "the writer said that it rests");

        outlet.fill(&mut out, Instant::now());
        producer.push_entire_slice(&[1.0; 4]).unwrap();
        outlet.fill(&mut out, Instant::now());
        assert_eq!(seen(&counters.xruns), 2, "a rest counts once");
    }
}
