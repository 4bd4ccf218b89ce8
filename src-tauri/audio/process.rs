//! What is done to a microphone before it is sent.

use sonora::config::{
    AdaptiveDigital, GainController2, HighPassFilter, MaxProcessingRate, NoiseSuppression, Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::{BLOCK, SAMPLE_RATE};

/// Which parts of the processing are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessingSettings {
    /// Rumble and offset are taken out. Delays the sound by less than 1 ms.
    pub high_pass: bool,
    /// Steady noise is lowered. Delays the sound by 7 ms.
    pub noise_suppression: bool,
    /// A quiet voice is raised, a loud one lowered. No delay, but some memory is allocated for each block.
    pub gain_control: bool,
}

impl ProcessingSettings {
    /// Everything on.
    pub const fn on() -> Self {
        Self { high_pass: true, noise_suppression: true, gain_control: true }
    }

    /// Everything off.
    pub const fn off() -> Self {
        Self { high_pass: false, noise_suppression: false, gain_control: false }
    }
}

/// Cleans the sound of one microphone, 10 ms at a time.
pub struct Processing {
    // Boxed: the state is large.
    chain: Option<Box<Chain>>,
}

struct Chain {
    sonora: AudioProcessing,
    clean: [f32; BLOCK],
    delay: usize,
}

/// Samples by which splitting into three bands and merging them delays.
const BANDS: usize = 46;
/// The overlap of the noise suppression: 96 samples at 16 kHz.
const OVERLAP: usize = 288;

impl Processing {
    /// Processing with these parts on.
    pub fn new(settings: ProcessingSettings) -> Self {
        if settings == ProcessingSettings::off() {
            return Self::off();
        }
        let config = Config {
            pipeline: Pipeline {
                maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
                ..Pipeline::default()
            },
            high_pass_filter: settings.high_pass.then(HighPassFilter::default),
            noise_suppression: settings.noise_suppression.then(NoiseSuppression::default),
            gain_controller2: settings.gain_control.then(|| GainController2 {
                adaptive_digital: Some(AdaptiveDigital::default()),
                ..GainController2::default()
            }),
            ..Config::default()
        };
        let mono = StreamConfig::new(SAMPLE_RATE, 1);
        let sonora =
            AudioProcessing::builder().config(config).capture_config(mono).render_config(mono).build();
        let delay = match settings {
            ProcessingSettings { noise_suppression: true, .. } => BANDS + OVERLAP,
            ProcessingSettings { high_pass: true, .. } => BANDS,
            _ => 0,
        };
        Self { chain: Some(Box::new(Chain { sonora, clean: [0.0; BLOCK], delay })) }
    }

    /// Processing that changes nothing.
    pub const fn off() -> Self {
        Self { chain: None }
    }

    /// Whether anything is on.
    pub const fn is_on(&self) -> bool {
        self.chain.is_some()
    }

    /// By how many samples what comes out is behind what goes in.
    pub fn delay(&self) -> usize {
        self.chain.as_ref().map_or(0, |chain| chain.delay)
    }

    /// Cleans a block in place. A block that cannot be processed stays as it is.
    pub fn process(&mut self, block: &mut [f32; BLOCK]) {
        let Some(chain) = &mut self.chain else { return };
        if chain.sonora.process_capture_f32(&[block.as_slice()], &mut [chain.clean.as_mut_slice()]).is_ok() {
            block.copy_from_slice(&chain.clean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::{Noise, amplitude_at, rms, sine, speech};

    fn run(settings: ProcessingSettings, samples: &[f32]) -> Vec<f32> {
        let mut processing = Processing::new(settings);
        samples
            .chunks_exact(BLOCK)
            .flat_map(|chunk| {
                let mut block: [f32; BLOCK] = chunk.try_into().unwrap();
                processing.process(&mut block);
                block
            })
            .collect()
    }

    #[test]
    fn off_changes_nothing() {
        let said = speech(48_000);
        assert_eq!(run(ProcessingSettings::off(), &said), said);
        assert!(!Processing::off().is_on());
    }

    #[test]
    fn sound_is_delayed_as_much_as_is_told() {
        let said = speech(48_000 * 2);
        for settings in [
            ProcessingSettings::on(),
            ProcessingSettings { noise_suppression: true, ..ProcessingSettings::off() },
            ProcessingSettings { high_pass: true, ..ProcessingSettings::off() },
            ProcessingSettings { gain_control: true, ..ProcessingSettings::off() },
        ] {
            let heard = run(settings, &said);
            let likeness = |lag: &usize| -> f32 {
                said[24_000..72_000].iter().zip(&heard[24_000 + lag..]).map(|(a, b)| a * b).sum()
            };
            let best = (0..1_000).max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap();
            let told = Processing::new(settings).delay();
            assert!(best.abs_diff(told) <= 24, "{settings:?}: told {told}, is {best}");
        }
    }

    #[test]
    fn rumble_goes_and_voice_stays() {
        let settings = ProcessingSettings { high_pass: true, ..ProcessingSettings::off() };
        let low = run(settings, &sine(30.0, 0.3, 96_000, 48_000));
        assert!(rms(&low[48_000..]) < 0.05, "{}", rms(&low[48_000..]));
        let voice = run(settings, &sine(1000.0, 0.3, 96_000, 48_000));
        assert!((amplitude_at(&voice[48_000..], 1000.0, 48_000) - 0.3).abs() < 0.02);
    }

    #[test]
    fn steady_noise_is_lowered() {
        let mut noise = Noise::new(5);
        let hiss: Vec<f32> = (0..48_000 * 3).map(|_| 0.02 * noise.sample()).collect();
        let settings = ProcessingSettings { noise_suppression: true, ..ProcessingSettings::off() };
        let heard = run(settings, &hiss);
        let (before, after) = (rms(&hiss[96_000..]), rms(&heard[96_000..]));
        assert!(after < 0.5 * before, "{before} to {after}");
    }

    #[test]
    fn a_quiet_voice_is_raised() {
        let quiet: Vec<f32> = speech(48_000 * 4).iter().map(|s| 0.05 * s).collect();
        let settings = ProcessingSettings { gain_control: true, ..ProcessingSettings::off() };
        let heard = run(settings, &quiet);
        assert!(rms(&heard[96_000..]) > 1.5 * rms(&quiet[96_000..]));
        assert!(heard.iter().all(|s| s.abs() <= 1.0));
    }
}
