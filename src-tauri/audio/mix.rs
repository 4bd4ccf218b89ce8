//! The sum of several talkers, made into a sound that does not clip.

use crate::BLOCK;

/// The limiter keeps peaks here: -1 dBFS.
const CEILING: f32 = 0.89;

/// Above this single samples are bent; only what the limiter was too slow for gets here.
const KNEE: f32 = 0.9;

/// The gain comes down within 1 ms …
const ATTACK: usize = 48;

/// … and goes back up by at most this much a block, about 20 dB a second.
const RELEASE: f32 = 1.023;

/// Turns the sum of talkers down as long as it is too loud. Sound below -1 dBFS passes unchanged.
#[derive(Debug, Clone)]
pub struct Limiter {
    gain: f32,
}

impl Limiter {
    /// A limiter at rest.
    pub const fn new() -> Self {
        Self { gain: 1.0 }
    }

    /// Brings a block to at most 1.0 in amplitude.
    pub fn limit(&mut self, block: &mut [f32; BLOCK]) {
        let peak = block.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        let wanted = if peak > CEILING { CEILING / peak } else { 1.0 };
        let next = wanted.min(self.gain * RELEASE).min(1.0);
        if self.gain == 1.0 && next == 1.0 {
            return;
        }
        let over = if next < self.gain { ATTACK } else { BLOCK };
        let from = self.gain;
        for (n, sample) in block.iter_mut().enumerate() {
            *sample = bend(*sample * (from + (next - from) * ((n + 1) as f32 / over as f32).min(1.0)));
        }
        self.gain = next;
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

/// The identity up to the knee, then ever flatter towards 1.
fn bend(sample: f32) -> f32 {
    let loud = sample.abs();
    if loud <= KNEE {
        return sample;
    }
    let room = 1.0 - KNEE;
    (KNEE + room * ((loud - KNEE) / room).tanh()).copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Gain;
    use crate::tone::{amplitude_at, sine, speech};

    fn blocks(samples: &[f32]) -> impl Iterator<Item = [f32; BLOCK]> + '_ {
        samples.chunks_exact(BLOCK).map(|chunk| chunk.try_into().unwrap())
    }

    #[test]
    fn one_talker_passes_unchanged() {
        let mut limiter = Limiter::new();
        for block in blocks(&sine(440.0, 0.85, 48_000, 48_000)) {
            let mut mixed = [0.0; BLOCK];
            Gain::new(1.0).mix(&mut mixed, &block);
            limiter.limit(&mut mixed);
            assert_eq!(mixed, block);
        }
    }

    #[test]
    fn twenty_talkers_at_once_never_clip() {
        let mut limiter = Limiter::new();
        let voice = speech(48_000 * 2);
        for n in 0..100 {
            let mut mixed = [0.0; BLOCK];
            for talker in 0..20 {
                let at = (n * BLOCK + talker * 3333) % (voice.len() - BLOCK);
                Gain::new(1.0).mix(&mut mixed, voice[at..at + BLOCK].first_chunk().unwrap());
            }
            limiter.limit(&mut mixed);
            assert!(mixed.iter().all(|s| s.abs() <= 1.0));
        }
    }

    #[test]
    fn what_is_too_loud_is_turned_down_and_not_distorted() {
        let mut limiter = Limiter::new();
        let mut out = Vec::new();
        for mut block in blocks(&sine(500.0, 4.0, 48_000, 48_000)) {
            limiter.limit(&mut block);
            out.extend_from_slice(&block);
        }
        let steady = &out[4800..];
        let fundamental = amplitude_at(steady, 500.0, 48_000);
        assert!((fundamental - 0.89).abs() < 0.02, "{fundamental}");
        assert!(amplitude_at(steady, 1500.0, 48_000) < 0.01 * fundamental);
    }

    #[test]
    fn after_a_shout_the_gain_comes_back() {
        let mut limiter = Limiter::new();
        limiter.limit(&mut [3.0; BLOCK]);
        let mut block = [0.0; BLOCK];
        for _ in 0..100 {
            block = [0.5; BLOCK];
            limiter.limit(&mut block);
        }
        assert_eq!(block, [0.5; BLOCK]);
    }
}
