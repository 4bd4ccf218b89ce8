//! Chirps: sounds that survive a voice codec and are found again to the sample.
//!
//! A chirp is as low and as slow as a voice: it sweeps two octaves in 30 ms. What changes faster is coded by Opus, in the
//! mode that carries redundancy, so far from what it was that it is no longer known. It is found by its correlation with the sweep and with the
//! same sweep a quarter of a wave later, so the phase, which each chirp has at random, does not matter; divided by the
//! energy around it, so neither does the volume.

use std::f64::consts::TAU;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::RATE;

/// Samples of one chirp: 30 ms.
pub const CHIRP: usize = 1440;
/// The band it sweeps, in Hz.
const BAND: (f64, f64) = (200.0, 1000.0);
/// Fading in and out, in samples.
const RAMP: usize = 200;
/// Likeness from which something is a chirp; noise and speech stay below 0.3. Half a chirp has 0.7.
const ALIKE: f64 = 0.4;
/// Below this energy a window is silence (-70 dB).
const SILENT: f64 = CHIRP as f64 * 1e-7;
/// Samples handled at once.
const BLOCK: usize = 16_384;

/// A series of chirps.
#[derive(Clone, Debug)]
pub struct Train {
    /// 48 kHz mono.
    pub samples: Vec<f32>,
    /// Where each chirp begins, in samples.
    pub starts: Vec<usize>,
}

impl Train {
    /// `count` chirps, one every `every` samples, each with a phase of its own. The first begins at 0.
    pub fn new(seed: u64, count: usize, every: usize, volume: f32) -> Self {
        let every = every.max(CHIRP);
        let mut random = SmallRng::seed_from_u64(seed);
        let starts: Vec<usize> = (0..count).map(|index| index * every).collect();
        let mut samples = vec![0.0; count * every];
        for start in &starts {
            let phase = random.random_range(0.0..TAU);
            for (slot, sample) in samples[*start..].iter_mut().zip(chirp(phase)) {
                *slot = sample as f32 * volume;
            }
        }
        Self { samples, starts }
    }
}

/// How long a chirp took. Negative when it was heard before it was said, which is never right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delay {
    /// In samples of 48 kHz.
    pub samples: i64,
}

impl Delay {
    /// In milliseconds.
    pub fn ms(self) -> f64 {
        self.samples as f64 * 1000.0 / f64::from(RATE)
    }
}

/// The delays of those chirps that were heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// How many were said.
    pub said: usize,
    /// How many were heard.
    pub heard: usize,
    /// Half of them took no longer, in milliseconds.
    pub p50: f64,
    /// All but one of twenty took no longer, in milliseconds.
    pub p95: f64,
    /// The longest, in milliseconds.
    pub max: f64,
    /// The shortest, in milliseconds.
    pub min: f64,
}

impl Spread {
    /// None when nothing was heard.
    pub fn of(delays: &[Option<Delay>]) -> Option<Self> {
        let mut heard: Vec<f64> = delays.iter().flatten().map(|delay| delay.ms()).collect();
        heard.sort_by(f64::total_cmp);
        let at = |share: f64| heard.get((heard.len() as f64 * share).ceil().max(1.0) as usize - 1).copied();
        Some(Self {
            said: delays.len(),
            heard: heard.len(),
            p50: at(0.5)?,
            p95: at(0.95)?,
            max: at(1.0)?,
            min: at(0.0)?,
        })
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { said, heard, p50, p95, max, min } = self;
        write!(
            f,
            "{heard} of {said} heard, p50 {p50:.1} ms, p95 {p95:.1} ms, min {min:.1} ms, max {max:.1} ms"
        )
    }
}

/// For each chirp in `said`, in order, how long it took until `heard`; none when it never was.
///
/// A chirp belongs to the last one said before it, so the time between two must be longer than the longest delay.
pub fn find_chirps(said: &[f32], heard: &[f32]) -> Vec<Option<Delay>> {
    pair(said, heard).0
}

/// Where in `heard` there are chirps that nobody said, in samples.
pub fn strays(said: &[f32], heard: &[f32]) -> Vec<usize> {
    pair(said, heard).1
}

fn pair(said: &[f32], heard: &[f32]) -> (Vec<Option<Delay>>, Vec<usize>) {
    let said = positions(said);
    let mut delays = vec![None; said.len()];
    let mut strays = Vec::new();
    for at in positions(heard) {
        let slot = said.partition_point(|start| *start <= at).checked_sub(1).and_then(|index| {
            let delay: &mut Option<Delay> = delays.get_mut(index)?;
            delay.is_none().then_some((delay, said.get(index)?))
        });
        match slot {
            Some((delay, start)) => *delay = Some(Delay { samples: at as i64 - *start as i64 }),
            None => strays.push(at),
        }
    }
    (delays, strays)
}

/// Where chirps begin in `signal`, in samples.
pub fn positions(signal: &[f32]) -> Vec<usize> {
    let likeness = likeness(signal);
    let mut found: Vec<usize> = Vec::new();
    for (at, value) in likeness.iter().enumerate().filter(|(_, value)| **value >= ALIKE) {
        match found.last_mut() {
            // The same chirp, or the two halves of one that has a gap: its best place counts.
            Some(last) if at - *last < CHIRP => {
                if *value > likeness[*last] {
                    *last = at;
                }
            }
            _ => found.push(at),
        }
    }
    found
}

/// For each place, how much the 30 ms from there are like a chirp: 0 to 1.
fn likeness(signal: &[f32]) -> Vec<f64> {
    let Some(places) = (signal.len() + 1).checked_sub(CHIRP) else { return Vec::new() };
    let correlated = [0.0, TAU / 4.0].map(|phase| correlate(signal, &chirp(phase)));
    let norm: f64 = chirp(0.0).iter().map(|sample| sample * sample).sum();
    let mut energy: f64 = signal[..CHIRP].iter().map(|s| f64::from(*s).powi(2)).sum();
    let mut all = Vec::with_capacity(places);
    for at in 0..places {
        let power = correlated[0][at].powi(2) + correlated[1][at].powi(2);
        all.push(if energy > SILENT { (power / (energy * norm)).sqrt() } else { 0.0 });
        if let Some(next) = signal.get(at + CHIRP) {
            energy = (energy + f64::from(*next).powi(2) - f64::from(signal[at]).powi(2)).max(0.0);
        }
    }
    all
}

/// The correlation of `signal` with `pattern` at each place, by overlap-save.
fn correlate(signal: &[f32], pattern: &[f64]) -> Vec<f64> {
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(BLOCK), planner.plan_fft_inverse(BLOCK));
    let spectrum = |samples: &mut [f64]| {
        let mut spectrum = forward.make_output_vec();
        // Fails only for buffers of a wrong length.
        drop(forward.process(samples, &mut spectrum));
        spectrum
    };
    let mut padded = vec![0.0; BLOCK];
    padded[..pattern.len()].copy_from_slice(pattern);
    let wanted: Vec<Complex<f64>> = spectrum(&mut padded).iter().map(Complex::conj).collect();
    let step = BLOCK - pattern.len() + 1;
    let mut all = Vec::with_capacity(signal.len());
    for start in (0..signal.len()).step_by(step) {
        let mut block: Vec<f64> = signal[start..].iter().take(BLOCK).map(|s| f64::from(*s)).collect();
        block.resize(BLOCK, 0.0);
        let mut product = spectrum(&mut block);
        for (have, want) in product.iter_mut().zip(&wanted) {
            *have *= want;
        }
        drop(inverse.process(&mut product, &mut block));
        all.extend(block[..step].iter().map(|value| value / BLOCK as f64));
    }
    all
}

/// One chirp of full volume.
fn chirp(phase: f64) -> Vec<f64> {
    let length = CHIRP as f64 / f64::from(RATE);
    let sample = |index: usize| {
        let time = index as f64 / f64::from(RATE);
        let turns = BAND.0 * time + (BAND.1 - BAND.0) * time * time / (2.0 * length);
        let edge = (index.min(CHIRP - 1 - index) as f64 + 0.5) / RAMP as f64;
        let fade = if edge < 1.0 { 0.5 - 0.5 * (edge * TAU / 2.0).cos() } else { 1.0 };
        fade * (TAU * turns + phase).sin()
    };
    (0..CHIRP).map(sample).collect()
}
