//! What is done to a microphone before it is sent.

use std::time::Duration;

use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, HighPassFilter, MaxProcessingRate, NoiseSuppression,
    Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig, high_pass_filter};

use crate::{BLOCK, SAMPLE_RATE};

/// Which parts of the processing are on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessingSettings {
    /// Rumble and offset are taken out, without delay. Noise suppression and echo cancelling do it in any case.
    pub high_pass: bool,
    /// Steady noise is lowered. Delays the sound by 7 ms.
    pub noise_suppression: bool,
    /// A quiet voice is raised, a loud one lowered. No delay, but some memory is allocated for each block.
    pub gain_control: bool,
    /// What the loudspeaker played is taken out; see [`Processing::hear`]. Delays the sound by 9 ms, and allocates some
    /// memory for each block.
    pub echo_cancelling: bool,
}

impl ProcessingSettings {
    /// Everything on that needs nothing but the microphone.
    pub const fn on() -> Self {
        Self { high_pass: true, noise_suppression: true, gain_control: true, echo_cancelling: false }
    }

    /// Everything off.
    pub const fn off() -> Self {
        Self { high_pass: false, noise_suppression: false, gain_control: false, echo_cancelling: false }
    }

    /// Whether the sound is split into bands, which delays it.
    const fn is_banded(self) -> bool {
        self.noise_suppression || self.echo_cancelling
    }
}

/// Cleans the sound of one microphone, 10 ms at a time.
pub struct Processing {
    settings: ProcessingSettings,
    high_pass: Option<HighPass>,
    // Boxed: the state is large.
    chain: Option<Box<Chain>>,
}

/// The high-pass alone: in the chain it would split the sound into bands for nothing.
struct HighPass {
    filter: high_pass_filter::HighPassFilter,
    channel: [Vec<f32>; 1],
}

struct Chain {
    sonora: AudioProcessing,
    clean: [f32; BLOCK],
    /// What would be played is not wanted back.
    played: [f32; BLOCK],
}

/// Samples by which splitting into three bands and merging them delays.
const BANDS: usize = 46;
/// The overlap of the noise suppression: 96 samples at 16 kHz.
const OVERLAP: usize = 288;
/// The blocks of the echo canceller and the overlap of its filter: twice 64 samples at 16 kHz.
const FRAMING: usize = 384;

impl Processing {
    /// Processing with these parts on.
    pub fn new(settings: ProcessingSettings) -> Self {
        let banded = settings.is_banded();
        let high_pass = (settings.high_pass && !banded).then(|| HighPass {
            filter: high_pass_filter::HighPassFilter::new(SAMPLE_RATE as i32, 1),
            channel: [vec![0.0; BLOCK]],
        });
        let chain = (banded || settings.gain_control).then(|| Box::new(Chain::new(settings)));
        Self { settings, high_pass, chain }
    }

    /// Processing that changes nothing.
    pub const fn off() -> Self {
        Self { settings: ProcessingSettings::off(), high_pass: None, chain: None }
    }

    /// Which parts are on.
    pub const fn settings(&self) -> ProcessingSettings {
        self.settings
    }

    /// By how many samples what comes out is behind what goes in.
    pub const fn delay(&self) -> usize {
        let ProcessingSettings { noise_suppression, echo_cancelling, .. } = self.settings;
        (if self.settings.is_banded() { BANDS } else { 0 })
            + (if noise_suppression { OVERLAP } else { 0 })
            + (if echo_cancelling { FRAMING } else { 0 })
    }

    /// Takes a block of what the loudspeaker plays, in order and without gaps, before the block of the microphone in
    /// which its echo may be. Of no use without echo cancelling.
    pub fn hear(&mut self, played: &[f32; BLOCK]) {
        if let (true, Some(chain)) = (self.settings.echo_cancelling, &mut self.chain) {
            // Blocks have the one format that it takes.
            let _ = chain.sonora.process_render_f32(&[played.as_slice()], &mut [chain.played.as_mut_slice()]);
        }
    }

    /// How much later than the next block of the microphone the last block that was heard is in the air: from there the
    /// canceller begins to look for the echo. Longer than half a second counts as that.
    pub fn set_echo_delay(&mut self, delay: Duration) {
        if let (true, Some(chain)) = (self.settings.echo_cancelling, &mut self.chain) {
            let delay = i32::try_from(delay.as_millis()).unwrap_or(i32::MAX);
            // It says so when it has brought the value into its range.
            let _ = chain.sonora.set_stream_delay_ms(delay);
        }
    }

    /// Cleans a block in place. A block that cannot be processed stays as it is.
    pub fn process(&mut self, block: &mut [f32; BLOCK]) {
        if let Some(HighPass { filter, channel }) = &mut self.high_pass {
            channel[0].copy_from_slice(block);
            filter.process_channels(channel);
            block.copy_from_slice(&channel[0]);
        }
        let Some(chain) = &mut self.chain else { return };
        if chain.sonora.process_capture_f32(&[block.as_slice()], &mut [chain.clean.as_mut_slice()]).is_ok() {
            block.copy_from_slice(&chain.clean);
        }
    }
}

impl Chain {
    fn new(settings: ProcessingSettings) -> Self {
        let config = Config {
            pipeline: Pipeline {
                maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
                ..Pipeline::default()
            },
            high_pass_filter: (settings.high_pass && settings.is_banded()).then(HighPassFilter::default),
            echo_canceller: settings.echo_cancelling.then(EchoCanceller::default),
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
        Self { sonora, clean: [0.0; BLOCK], played: [0.0; BLOCK] }
    }
}
