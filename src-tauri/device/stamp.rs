//! When frames of a device are in the air, as its callbacks learn it and others read it.

use std::time::Instant;

use pushtalk_audio::time_of;
use rtrb::{Consumer, Producer, RingBuffer};

/// Stamps that may wait to be read; a callback that finds no room leaves its own out.
const WAITING: usize = 64;

/// When a frame of the device is, or was, in the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Counted from the start of the stream, without those that were lost and without silence that was put in.
    pub(crate) frame: u64,
    pub(crate) at: Instant,
}

/// The reading end: keeps the newest stamp.
pub(crate) struct Stamps {
    waiting: Consumer<Stamp>,
    last: Option<Stamp>,
}

impl Stamps {
    /// With the end for the callback.
    pub(crate) fn new() -> (Producer<Stamp>, Self) {
        let (producer, waiting) = RingBuffer::new(WAITING);
        (producer, Self { waiting, last: None })
    }

    /// When this frame of a stream of that rate is in the air, by the newest stamp; none before the first.
    pub(crate) fn time_of(&mut self, frame: u64, rate: u32) -> Option<Instant> {
        while let Ok(stamp) = self.waiting.pop() {
            self.last = Some(stamp);
        }
        let Stamp { frame: known, at } = self.last?;
        let apart = |frames: u64| time_of(usize::try_from(frames).unwrap_or(usize::MAX), rate);
        match frame.checked_sub(known) {
            Some(later) => Some(at + apart(later)),
            None => at.checked_sub(apart(known - frame)),
        }
    }

    /// What was learnt so far says nothing of what comes.
    pub(crate) fn forget(&mut self) {
        while self.waiting.pop().is_ok() {}
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_time_of_any_frame_follows_from_the_newest_stamp() {
        let (mut told, mut stamps) = Stamps::new();
        assert_eq!(stamps.time_of(0, 1000), None);
        let start = Instant::now();
        told.push(Stamp { frame: 0, at: start }).unwrap();
        told.push(Stamp { frame: 10, at: start + ms(11) }).unwrap();
        assert_eq!(stamps.time_of(34, 1000), Some(start + ms(35)));
        assert_eq!(stamps.time_of(4, 1000), Some(start + ms(5)));
    }

    #[test]
    fn what_was_told_before_a_rest_is_forgotten() {
        let (mut told, mut stamps) = Stamps::new();
        let start = Instant::now();
        for frame in 0..100 {
            let _ = told.push(Stamp { frame, at: start });
        }
        stamps.forget();
        assert_eq!(stamps.time_of(0, 1000), None);
        told.push(Stamp { frame: 100, at: start + ms(7) }).unwrap();
        assert_eq!(stamps.time_of(100, 1000), Some(start + ms(7)));
    }
}
