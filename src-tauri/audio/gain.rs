//! A volume that moves without clicks.

use crate::BLOCK;

/// Samples that a change takes: 20 ms.
const RAMP: usize = 960;

/// A gain that is on its way to another, or there.
#[derive(Debug, Clone)]
pub struct Gain {
    now: f32,
    target: f32,
    left: usize,
}

impl Gain {
    /// A gain that rests.
    pub const fn new(gain: f32) -> Self {
        Self { now: gain, target: gain, left: 0 }
    }

    /// From here on it moves, and is at `gain` after 20 ms.
    pub fn set(&mut self, gain: f32) {
        if gain != self.target {
            (self.target, self.left) = (gain, RAMP);
        }
    }

    /// Nobody hears it now: it is where it was to be.
    pub fn settle(&mut self) {
        (self.now, self.left) = (self.target, 0);
    }

    /// Turns samples up or down, in place.
    pub fn apply(&mut self, samples: &mut [f32]) {
        for sample in samples {
            *sample *= self.step();
        }
    }

    /// Adds a block, turned up or down, to others: any number may be added, [`Limiter`](crate::Limiter) brings the sum
    /// back.
    pub fn mix(&mut self, into: &mut [f32; BLOCK], from: &[f32; BLOCK]) {
        for (sum, sample) in into.iter_mut().zip(from) {
            *sum += self.step() * sample;
        }
    }

    fn step(&mut self) -> f32 {
        match self.left {
            0 => {}
            1 => self.settle(),
            left => {
                self.now += (self.target - self.now) / left as f32;
                self.left -= 1;
            }
        }
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_moves_in_small_steps_and_arrives_after_20_ms() {
        let mut gain = Gain::new(1.0);
        gain.set(0.1);
        let mut out = [1.0; RAMP];
        gain.apply(&mut out);
        assert!(out.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.002 && pair[1] < pair[0]));
        assert!((out[RAMP / 2] - 0.55).abs() < 0.01);
        assert_eq!(out[RAMP - 1], 0.1);
        let mut block = [0.5; BLOCK];
        gain.mix(&mut block, &[1.0; BLOCK]);
        assert_eq!(block, [0.6; BLOCK]);
    }

    #[test]
    fn a_change_on_the_way_goes_on_from_where_it_is() {
        let mut gain = Gain::new(0.0);
        gain.set(2.0);
        gain.apply(&mut [0.0; 300]);
        gain.set(0.0);
        let mut out = [1.0; RAMP];
        gain.apply(&mut out);
        assert!(out[0] < 0.63 && out[0] > 0.6, "{}", out[0]);
        assert_eq!(out[RAMP - 1], 0.0);
    }

    #[test]
    fn a_change_that_nobody_hears_needs_no_time() {
        let mut gain = Gain::new(1.0);
        gain.set(0.0);
        gain.settle();
        let mut out = [1.0; 4];
        gain.apply(&mut out);
        assert_eq!(out, [0.0; 4]);
    }
}
