//! Decoded sound that waits to be played: a queue whose gain moves without clicks.

use crate::stretch;
use crate::{AudioError, BLOCK};

/// Room in samples: what stretching looks at, one frame more, and one period put in.
const ROOM: usize = 4096;

/// Samples over which the gain rises, and over which a spurt that is cut off fades: 5 ms.
const RAMP: usize = 240;

/// A queue of samples.
pub(crate) struct Pcm {
    samples: Box<[f32]>,
    length: usize,
    gain: f32,
}

impl Pcm {
    pub(crate) fn new() -> Self {
        Self { samples: vec![0.0; ROOM].into_boxed_slice(), length: 0, gain: 1.0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Empties the queue; what comes next begins with this gain.
    pub(crate) fn restart(&mut self, gain: f32) {
        self.length = 0;
        self.gain = gain;
    }

    /// Appends what `decode` writes, with the gain moving to `gain`: up within 5 ms, down over all of it.
    pub(crate) fn append(
        &mut self,
        gain: f32,
        decode: impl FnOnce(&mut [f32]) -> Result<usize, AudioError>,
    ) -> Result<usize, AudioError> {
        let free = &mut self.samples[self.length..];
        let written = decode(free)?.min(free.len());
        let fresh = &mut free[..written];
        if self.gain != gain || gain != 1.0 {
            let over = if gain > self.gain { RAMP.min(written) } else { written };
            let from = self.gain;
            for (n, sample) in fresh.iter_mut().enumerate() {
                *sample *= from + (gain - from) * ((n + 1) as f32 / over as f32).min(1.0);
            }
            self.gain = gain;
        }
        self.length += written;
        Ok(written)
    }

    /// Takes the next 10 ms out. When there is less, or the sound ends with it, it fades and silence follows.
    pub(crate) fn take(&mut self, out: &mut [f32; BLOCK], ends: bool) {
        let taken = self.length.min(BLOCK);
        out[..taken].copy_from_slice(&self.samples[..taken]);
        out[taken..].fill(0.0);
        if ends || taken < BLOCK {
            let over = taken.min(RAMP);
            for (n, sample) in out[taken - over..taken].iter_mut().enumerate() {
                *sample *= 1.0 - (n + 1) as f32 / over as f32;
            }
        }
        self.samples.copy_within(taken..self.length, 0);
        self.length -= taken;
    }

    /// Takes up to `most` samples out of the sound, leaving a block at least, where it resembles itself by `likeness`.
    /// Returns how many.
    pub(crate) fn shorten(&mut self, most: usize, likeness: f32) -> Option<usize> {
        let most = most.min(self.length.checked_sub(BLOCK)?);
        let (lag, found) = stretch::best_lag(&self.samples[..self.length], most)?;
        if found < likeness {
            return None;
        }
        self.length = stretch::shorten(&mut self.samples[..self.length], lag);
        Some(lag)
    }

    /// Puts up to `most` samples into the sound, where it resembles itself by `likeness`. Returns how many.
    pub(crate) fn lengthen(&mut self, most: usize, likeness: f32) -> Option<usize> {
        let most = most.min(ROOM - self.length);
        let (lag, found) = stretch::best_lag(&self.samples[..self.length], most)?;
        if found < likeness {
            return None;
        }
        self.length = stretch::lengthen(&mut self.samples, self.length, lag);
        Some(lag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(pcm: &mut Pcm, gain: f32) {
        let ones = |room: &mut [f32]| {
            room[..BLOCK].fill(1.0);
            Ok(BLOCK)
        };
        assert_eq!(pcm.append(gain, ones), Ok(BLOCK));
    }

    #[test]
    fn the_gain_never_jumps() {
        let mut pcm = Pcm::new();
        pcm.restart(0.0);
        let mut before = 0.0;
        for gain in [1.0, 1.0, 0.5, 0.0, 0.0, 1.0] {
            append(&mut pcm, gain);
            let mut out = [0.0; BLOCK];
            pcm.take(&mut out, false);
            for sample in out {
                assert!((sample - before).abs() < 0.005);
                before = sample;
            }
            assert!((before - gain).abs() < 1e-6);
        }
    }

    #[test]
    fn what_is_not_there_is_silence_after_a_fade() {
        let mut pcm = Pcm::new();
        append(&mut pcm, 1.0);
        append(&mut pcm, 1.0);
        let (mut out, mut rest) = ([0.0; BLOCK], [7.0; BLOCK]);
        pcm.take(&mut out, true);
        assert_eq!((out[0], out[BLOCK - 1]), (1.0, 0.0));
        pcm.take(&mut out, false);
        pcm.take(&mut rest, false);
        assert_eq!(out, [1.0; BLOCK]);
        assert_eq!(rest, [0.0; BLOCK]);
    }
}
