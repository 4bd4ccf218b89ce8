//! A stream of samples at one rate made into one at another.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Async, FixedAsync, Resampler as _, SincInterpolationParameters, WindowFunction};

use crate::AudioError;

/// Chunks of this part of a second, 1 ms: so much is held back at most.
const CHUNKS: u32 = 1000;

/// Taps of the filter at the lower of the two rates: half of them are the delay.
const TAPS: f64 = 96.0;

/// What a device may run at, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=384_000;

/// Converts mono sound between two sample rates as it comes. No allocation after [`Resampler::new`]. The
/// delay is about 2.1 ms at 44.1 kHz and above, 4 ms at 16 kHz, 7 ms at 8 kHz; sound up to seven eighths of what the
/// lower rate can hold is kept. Equal rates pass untouched and at once.
pub struct Resampler {
    converter: Option<Converter>,
}

struct Converter {
    sinc: Async<f32>,
    input: Box<[f32]>,
    filled: usize,
    output: Box<[f32]>,
    from: u32,
    to: u32,
}

impl Resampler {
    /// A converter from `from_hz` to `to_hz`.
    ///
    /// # Errors
    /// [`AudioError::Rate`] when a rate is outside 8 to 384 kHz.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, AudioError> {
        if !RATES.contains(&from_hz) || !RATES.contains(&to_hz) {
            return Err(AudioError::Rate);
        }
        if from_hz == to_hz {
            return Ok(Self { converter: None });
        }
        let (from, to) = (f64::from(from_hz), f64::from(to_hz));
        let taps = (TAPS * (from / to).max(1.0)).ceil() as usize;
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::Blackman);
        let chunk = (from_hz / CHUNKS) as usize;
        let sinc = Async::new_sinc(to / from, 1.0, &parameters, chunk, 1, FixedAsync::Input)
            .map_err(|_| AudioError::Rate)?;
        let output = vec![0.0; sinc.output_frames_max()].into_boxed_slice();
        let input = vec![0.0; chunk].into_boxed_slice();
        Ok(Self { converter: Some(Converter { sinc, input, filled: 0, output, from: from_hz, to: to_hz }) })
    }

    /// Takes any number of samples and hands what can be made of them to `out`, in order, in pieces of any length.
    /// Over time `to_hz / from_hz` samples come out for each that goes in.
    pub fn process(&mut self, input: &[f32], mut out: impl FnMut(&[f32])) {
        match &mut self.converter {
            None if input.is_empty() => {}
            None => out(input),
            Some(converter) => converter.process(input, &mut out),
        }
    }

    /// The most samples that come out for `input` samples in, for those who need the room beforehand.
    pub fn output_max(&self, input: usize) -> usize {
        match &self.converter {
            None => input,
            Some(converter) => (input / converter.input.len() + 1) * converter.output.len(),
        }
    }

    /// By how many samples, at the rate of the output, a sound comes out later than it went in: at the most.
    pub fn delay(&self) -> usize {
        self.converter.as_ref().map_or(0, |converter| {
            let held = converter.input.len() as u64 * u64::from(converter.to) / u64::from(converter.from);
            converter.sinc.output_delay() + held as usize
        })
    }

    /// Forgets the sound so far.
    pub fn reset(&mut self) {
        if let Some(converter) = &mut self.converter {
            converter.sinc.reset();
            converter.filled = 0;
        }
    }
}

impl Converter {
    fn process(&mut self, mut input: &[f32], out: &mut impl FnMut(&[f32])) {
        while !input.is_empty() {
            let free = &mut self.input[self.filled..];
            let (now, later) = input.split_at(free.len().min(input.len()));
            free[..now.len()].copy_from_slice(now);
            self.filled += now.len();
            input = later;
            if self.filled == self.input.len() {
                self.filled = 0;
                out(self.convert());
            }
        }
    }

    /// One chunk. The sizes are right by construction; if the crate disagreed, the chunk would be lost.
    fn convert(&mut self) -> &[f32] {
        let frames = self.output.len();
        let Ok(input) = SequentialSlice::new(&self.input, 1, self.input.len()) else { return &[] };
        let Ok(mut output) = SequentialSlice::new_mut(&mut self.output, 1, frames) else { return &[] };
        let written =
            self.sinc.process_into_buffer(&input, &mut output, None).map_or(0, |(_, written)| written);
        &self.output[..written]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tone::{amplitude_at, rms, sine, snr_db};

    fn run(from: u32, to: u32, input: &[f32], pieces: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut heard = Vec::new();
        for piece in input.chunks(pieces) {
            let before = heard.len();
            resampler.process(piece, |out| heard.extend_from_slice(out));
            assert!(heard.len() - before <= resampler.output_max(piece.len()));
        }
        heard
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_tone_keeps_its_pitch_and_level(
            rate in prop::sample::select(vec![44_100u32, 16_000, 96_000]),
            up in any::<bool>(),
            hz in 100.0f32..6_900.0,
            pieces in 1usize..1000,
        ) {
            let (from, to) = if up { (rate, 48_000) } else { (48_000, rate) };
            let heard = run(from, to, &sine(hz, 0.5, from as usize / 2, from), pieces);
            let steady = &heard[heard.len() / 10..];
            let level = amplitude_at(steady, hz, to);
            prop_assert!((level - 0.5).abs() < 0.005, "{hz} Hz {from} to {to}: {level}");
            // Nothing else is in it: what is left without the tone is small.
            let noise = (rms(steady).powi(2) - 0.125).abs().sqrt();
            prop_assert!(noise < 0.05, "{noise}");
        }

        #[test]
        fn no_sample_is_lost_over_time(from in 8_000u32..=192_000, to in 8_000u32..=192_000, pieces in 1usize..2000) {
            let heard = run(from, to, &vec![0.1; from as usize], pieces).len() as f64;
            let slack = 2.0 * f64::from(to) / 1000.0 + 100.0 * (f64::from(to) / f64::from(from)).max(1.0);
            prop_assert!((heard - f64::from(to)).abs() <= slack, "{from} to {to}: {heard}");
        }
    }

    #[test]
    fn there_and_back_is_the_same_sound() {
        let said = sine(1000.0, 0.5, 48_000, 48_000);
        let heard = run(44_100, 48_000, &run(48_000, 44_100, &said, 480), 441);
        let (lag, snr) = (0..300)
            .map(|lag| (lag, snr_db(&said[4800 + lag..40_000], &heard[4800 + 2 * lag..40_000 + lag])))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        assert!(snr > 25.0, "{snr} dB at {lag}");
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_taken_out() {
        let heard = run(48_000, 16_000, &sine(9_500.0, 0.5, 48_000, 48_000), 480);
        assert!(rms(&heard[1600..]) < 0.001, "{}", rms(&heard[1600..]));
    }

    #[test]
    fn equal_rates_pass_untouched() {
        let said = sine(440.0, 0.3, 1000, 48_000);
        assert_eq!(run(48_000, 48_000, &said, 77), said);
        assert_eq!(Resampler::new(48_000, 48_000).unwrap().delay(), 0);
    }

    #[test]
    fn the_delay_is_a_few_milliseconds() {
        for (from, to, most) in
            [(44_100, 48_000, 2.2), (48_000, 44_100, 2.2), (96_000, 48_000, 2.2), (16_000, 48_000, 4.1)]
        {
            let resampler = Resampler::new(from, to).unwrap();
            let ms = resampler.delay() as f64 * 1000.0 / f64::from(to);
            assert!(ms <= most, "{from} to {to}: {ms} ms");
        }
    }

    #[test]
    fn absurd_rates_are_refused() {
        assert_eq!(Resampler::new(0, 48_000).err(), Some(AudioError::Rate));
        assert_eq!(Resampler::new(48_000, 1_000_000).err(), Some(AudioError::Rate));
    }
}
