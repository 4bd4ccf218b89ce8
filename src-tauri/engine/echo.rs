//! What the loudspeaker plays, on its way from the listen thread to the echo canceller: bounded, and nobody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pushtalk_audio::BLOCK;
use rtrb::{Consumer, Producer, RingBuffer};
use zeroize::Zeroize;

/// The least that is written to the device at once.
const HALF: usize = BLOCK / 2;
/// Halves that may wait: half a second.
const WAITING: usize = 100;

struct Half {
    samples: [f32; HALF],
    /// When its first sample is in the air, since any fixed start.
    at: Duration,
}

/// The listen thread's end.
pub(crate) struct EchoSource {
    ring: Producer<Half>,
    wanted: Arc<AtomicBool>,
}

/// The talk thread's end.
pub(crate) struct EchoReference {
    ring: Consumer<Half>,
    wanted: Arc<AtomicBool>,
}

/// Both ends. Nothing is wanted yet.
pub(crate) fn reference() -> (EchoSource, EchoReference) {
    let (producer, consumer) = RingBuffer::new(WAITING);
    let wanted = Arc::<AtomicBool>::default();
    (EchoSource { ring: producer, wanted: wanted.clone() }, EchoReference { ring: consumer, wanted })
}

impl EchoSource {
    /// Whether all that is played is to be told, silence too: the canceller needs it without gaps.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }

    /// Tells what was given to the device, in halves of a block, and when the first of it is in the air. What finds no
    /// room is left out.
    pub(crate) fn tell(&mut self, played: &[f32], at: Duration) {
        if !self.is_wanted() {
            return;
        }
        for (half, samples) in played.as_chunks::<HALF>().0.iter().enumerate() {
            let at = at + Duration::from_millis(5) * u32::try_from(half).unwrap_or(0);
            let _ = self.ring.push(Half { samples: *samples, at });
        }
    }
}

impl EchoReference {
    /// Whether it is to be told from now on. What waits is wiped when nobody asks for it any more.
    pub(crate) fn want(&mut self, on: bool) {
        if self.wanted.swap(on, Ordering::AcqRel) != on {
            while self.take(&mut [0.0; BLOCK]).is_some() {}
            let rest = self.ring.slots();
            self.wipe(rest, |_, _| {});
        }
    }

    /// The next whole block, and when its first sample is in the air; none as long as there is none.
    pub(crate) fn take(&mut self, block: &mut [f32; BLOCK]) -> Option<Duration> {
        if self.ring.slots() < 2 {
            return None;
        }
        let mut begins = None;
        self.wipe(2, |n, half| {
            block[n * HALF..(n + 1) * HALF].copy_from_slice(&half.samples);
            begins.get_or_insert(half.at);
        });
        begins
    }

    /// Takes so many out and leaves nothing of them in the ring.
    fn wipe(&mut self, halves: usize, mut see: impl FnMut(usize, &Half)) {
        if let Ok(mut chunk) = self.ring.read_chunk(halves) {
            let (head, tail) = chunk.as_mut_slices();
            for (n, half) in head.iter_mut().chain(tail).enumerate() {
                see(n, half);
                half.samples.zeroize();
            }
            chunk.commit_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn blocks_come_out_as_they_were_played_whatever_they_were_cut_into() {
        let (mut source, mut reference) = reference();
        reference.want(true);
        let played: Vec<f32> = (0..1200).map(|n| n as f32).collect();
        source.tell(&played[..240], ms(100));
        let mut block = [0.0; BLOCK];
        assert_eq!(reference.take(&mut block), None);
        source.tell(&played[240..720], ms(105));
        source.tell(&played[720..], ms(115));
        assert_eq!(reference.take(&mut block), Some(ms(100)));
        assert_eq!(block, played[..480]);
        assert_eq!(reference.take(&mut block), Some(ms(110)));
        assert_eq!(block, played[480..960]);
        assert_eq!(reference.take(&mut block), None);
    }

    #[test]
    fn nothing_is_told_unless_it_is_wanted_and_nothing_old_is_left() {
        let (mut source, mut reference) = reference();
        source.tell(&[0.5; BLOCK], ms(0));
        assert_eq!(reference.take(&mut [0.0; BLOCK]), None);
        reference.want(true);
        source.tell(&[0.5; BLOCK + HALF], ms(0));
        reference.want(false);
        assert_eq!(source.ring.slots(), WAITING);
        reference.want(true);
        source.tell(&[0.25; BLOCK], ms(50));
        assert_eq!(reference.take(&mut [0.0; BLOCK]), Some(ms(50)));
    }

    #[test]
    fn who_does_not_listen_holds_nobody_up() {
        let (mut source, mut reference) = reference();
        reference.want(true);
        for n in 0..100 {
            source.tell(&[0.5; BLOCK], ms(10 * n));
        }
        assert_eq!(reference.ring.slots(), WAITING);
        assert_eq!(reference.take(&mut [0.0; BLOCK]), Some(ms(0)));
    }
}
