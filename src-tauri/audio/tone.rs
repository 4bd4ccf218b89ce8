//! Sounds for tests: made of arithmetic, the same on every machine.

use std::f32::consts::TAU;

use crate::SAMPLE_RATE;

/// A sine of `hz` at `amplitude`, `samples` long, at `rate`.
pub(crate) fn sine(hz: f32, amplitude: f32, samples: usize, rate: u32) -> Vec<f32> {
    (0..samples)
        .map(|n| {
            amplitude * (f64::from(hz) * n as f64 / f64::from(rate) * std::f64::consts::TAU).sin() as f32
        })
        .collect()
}

/// Reproducible white noise in -1 to 1.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next_bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn sample(&mut self) -> f32 {
        (self.next_bits() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// An even number in `0..below`.
    pub(crate) fn below(&mut self, below: u64) -> u64 {
        (self.next_bits() >> 11) % below.max(1)
    }
}

/// Something like speech: a gliding voice with three formants in syllables of 200 ms, with a breath of noise.
pub(crate) fn speech(samples: usize) -> Vec<f32> {
    voice(samples, 1.0, 7)
}

/// The same, with everything so much higher, and in a rhythm that much quicker.
pub(crate) fn voice(samples: usize, higher: f32, seed: u64) -> Vec<f32> {
    let rate = SAMPLE_RATE as f32;
    let mut noise = Noise::new(seed);
    let mut phase = 0.0f32;
    let mut resonators = [(600.0, 80.0), (1300.0, 100.0), (2600.0, 150.0)]
        .map(|(hz, width)| Resonator::new(higher * hz, width));
    (0..samples)
        .map(|n| {
            let t = higher * n as f32 / rate;
            let pitch = 120.0 + 30.0 * (TAU * 0.7 * t).sin();
            phase += higher * pitch / rate;
            let pulse = if phase >= 1.0 {
                phase -= 1.0;
                1.0
            } else {
                0.0
            };
            let syllable = (0.5 - 0.5 * (TAU * 5.0 * t).cos()).powf(0.5);
            let excitation = pulse + 0.003 * noise.sample();
            let voice: f32 = resonators.iter_mut().map(|r| r.step(excitation)).sum();
            (voice * syllable).clamp(-0.9, 0.9)
        })
        .collect()
}

struct Resonator {
    a1: f32,
    a2: f32,
    gain: f32,
    y1: f32,
    y2: f32,
}

impl Resonator {
    fn new(hz: f32, width: f32) -> Self {
        let rate = SAMPLE_RATE as f32;
        let r = (-std::f32::consts::PI * width / rate).exp();
        let a1 = 2.0 * r * (TAU * hz / rate).cos();
        Self { a1, a2: -r * r, gain: 1.0 - r, y1: 0.0, y2: 0.0 }
    }

    fn step(&mut self, x: f32) -> f32 {
        let y = self.gain * x * 8.0 + self.a1 * self.y1 + self.a2 * self.y2;
        self.y2 = self.y1;
        self.y1 = y;
        y
    }
}

/// How far `heard` is from `said`, in dB: signal to noise, higher is nearer.
pub(crate) fn snr_db(said: &[f32], heard: &[f32]) -> f32 {
    let signal: f32 = said.iter().map(|s| s * s).sum();
    let noise: f32 = said.iter().zip(heard).map(|(s, h)| (s - h) * (s - h)).sum();
    10.0 * (signal / noise.max(1e-12)).log10()
}

/// The amplitude of the component at `hz` (a single Fourier bin under a Hann window).
pub(crate) fn amplitude_at(samples: &[f32], hz: f32, rate: u32) -> f32 {
    let (mut re, mut im, mut weight) = (0.0f64, 0.0f64, 0.0f64);
    let step = std::f64::consts::TAU / samples.len() as f64;
    for (n, &s) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (step * n as f64).cos();
        let angle = std::f64::consts::TAU * f64::from(hz) * n as f64 / f64::from(rate);
        re += window * f64::from(s) * angle.cos();
        im += window * f64::from(s) * angle.sin();
        weight += window;
    }
    (2.0 * (re * re + im * im).sqrt() / weight) as f32
}

pub(crate) fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}
