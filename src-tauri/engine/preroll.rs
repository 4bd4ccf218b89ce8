//! The last moments of a microphone that waits for a voice: overwritten, and wiped.

use pushtalk_audio::BLOCK;
use zeroize::{Zeroize, Zeroizing};

/// Blocks that are kept: 300 ms.
const KEPT: usize = 30;

/// A ring of the last blocks.
pub(crate) struct PreRoll {
    blocks: Box<[[f32; BLOCK]; KEPT]>,
    /// Where the next one goes.
    next: usize,
    /// How many there are.
    length: usize,
    /// So many of them belong to a voice.
    marked: usize,
}

impl PreRoll {
    pub(crate) fn new() -> Self {
        Self { blocks: Box::new([[0.0; BLOCK]; KEPT]), next: 0, length: 0, marked: 0 }
    }

    /// Keeps a block in place of the oldest one.
    pub(crate) fn push(&mut self, block: &[f32; BLOCK]) {
        self.blocks[self.next] = *block;
        self.next = (self.next + 1) % KEPT;
        self.length = (self.length + 1).min(KEPT);
        if self.marked > 0 {
            self.marked += 1;
        }
        // Nobody took it in time: its beginning is gone.
        if self.marked > KEPT {
            self.marked = 0;
        }
    }

    /// A voice began so many blocks ago, and goes on. It is taken before it is longer than what is kept, or not at all.
    pub(crate) fn mark(&mut self, blocks: usize) {
        self.marked = blocks.min(self.length);
    }

    /// What belongs to the voice, in order, in whole frames of so many samples; what does not fill one is left out at the
    /// beginning. Nothing is kept of it.
    pub(crate) fn take(&mut self, frame: usize) -> Zeroizing<Vec<f32>> {
        let whole = self.marked * BLOCK / frame.max(1) * frame / BLOCK;
        let mut samples = Zeroizing::new(Vec::with_capacity(KEPT * BLOCK));
        for back in (1..=whole).rev() {
            samples.extend_from_slice(&self.blocks[(self.next + KEPT - back) % KEPT]);
        }
        self.forget();
        samples
    }

    /// Wipes all.
    pub(crate) fn forget(&mut self) {
        if self.length > 0 {
            self.blocks.iter_mut().for_each(Zeroize::zeroize);
            (self.length, self.marked) = (0, 0);
        }
    }
}

impl Drop for PreRoll {
    fn drop(&mut self) {
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firsts(samples: &[f32]) -> Vec<f32> {
        samples.as_chunks::<BLOCK>().0.iter().map(|block| block[0]).collect()
    }

    #[test]
    fn what_was_marked_comes_out_with_all_that_followed_and_no_more_than_300_ms() {
        let mut ring = PreRoll::new();
        let mut n = 0.0;
        let mut push = |ring: &mut PreRoll, blocks: usize| {
            for _ in 0..blocks {
                n += 1.0;
                ring.push(&[n; BLOCK]);
            }
        };
        push(&mut ring, 40);
        assert!(ring.take(BLOCK).is_empty(), "no voice");
        push(&mut ring, 5);
        ring.mark(13);
        push(&mut ring, 2);
        assert_eq!(firsts(&ring.take(BLOCK)), [41.0, 42.0, 43.0, 44.0, 45.0, 46.0, 47.0]);
        push(&mut ring, 20);
        ring.mark(3);
        push(&mut ring, 2);
        assert_eq!(firsts(&ring.take(2 * BLOCK)), [66.0, 67.0, 68.0, 69.0]);
        push(&mut ring, 10);
        ring.mark(5);
        push(&mut ring, KEPT - 5);
        assert_eq!(firsts(&ring.take(BLOCK)).len(), KEPT);
        push(&mut ring, 10);
        ring.mark(5);
        push(&mut ring, KEPT - 4);
        assert!(ring.take(BLOCK).is_empty(), "too late");
    }

    #[test]
    fn nothing_is_left_of_what_is_forgotten() {
        let mut ring = PreRoll::new();
        ring.push(&[0.5; BLOCK]);
        ring.mark(1);
        ring.forget();
        assert!(ring.blocks.iter().flatten().all(|sample| *sample == 0.0));
        assert!(ring.take(BLOCK).is_empty());
    }
}
