//! The channel strip of the microphone: what is done to its samples before they are encoded.

use pushtalk_audio::{BLOCK, Processing, ProcessingSettings};

/// Processing as the person wants it.
pub(crate) struct Strip {
    processing: Processing,
    wanted: ProcessingSettings,
}

impl Strip {
    /// Changes nothing yet.
    pub(crate) fn new() -> Self {
        Self { processing: Processing::off(), wanted: ProcessingSettings::off() }
    }

    /// From the next frame on, or from the end of the spurt on.
    pub(crate) fn want(&mut self, settings: ProcessingSettings) {
        self.wanted = settings;
    }

    /// Makes what is wanted so, but not amid a spurt: other processing has another delay, which would click, and has
    /// to learn noise and loudness anew.
    pub(crate) fn settle(&mut self, in_spurt: bool) {
        if !in_spurt && self.wanted != self.processing.settings() {
            self.processing = Processing::new(self.wanted);
        }
    }

    /// By how many samples what comes out is behind what goes in.
    pub(crate) fn delay(&self) -> usize {
        self.processing.delay()
    }

    /// Cleans whole blocks in place.
    pub(crate) fn process(&mut self, samples: &mut [f32]) {
        for block in samples.as_chunks_mut::<BLOCK>().0 {
            self.processing.process(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rumble() -> Vec<f32> {
        (0..48_000).map(|n| 0.3 * (n as f32 / 48_000.0 * 30.0 * std::f32::consts::TAU).sin()).collect()
    }

    fn loudest(samples: &[f32]) -> f32 {
        samples[24_000..].iter().fold(0.0, |most, sample| sample.abs().max(most))
    }

    #[test]
    fn a_switch_takes_effect_with_the_next_frame_and_in_a_spurt_after_it() {
        let mut strip = Strip::new();
        let high_pass = ProcessingSettings { high_pass: true, ..ProcessingSettings::off() };
        let mut samples = rumble();
        strip.want(high_pass);
        strip.settle(true);
        strip.process(&mut samples);
        assert_eq!(samples, rumble());
        strip.settle(false);
        strip.process(&mut samples);
        assert!(loudest(&samples) < 0.1, "{}", loudest(&samples));
        strip.want(ProcessingSettings::off());
        strip.settle(false);
        samples = rumble();
        strip.process(&mut samples);
        assert_eq!(samples, rumble());
    }

    #[test]
    fn within_a_spurt_the_delay_never_changes() {
        let mut strip = Strip::new();
        for settings in [ProcessingSettings::on(), ProcessingSettings::off(), ProcessingSettings::on()] {
            let before = strip.delay();
            strip.want(settings);
            strip.settle(true);
            assert_eq!(strip.delay(), before);
            strip.settle(false);
            assert_eq!(strip.delay(), Processing::new(settings).delay());
        }
    }
}
