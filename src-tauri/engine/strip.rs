//! The channel strip of the microphone: what is done to its samples before they are encoded, and whether they are a voice.

use std::time::Duration;

use pushtalk_audio::{
    BLOCK, Gate, GateChange, Level, Processing, ProcessingSettings, SAMPLE_RATE, level, time_of,
};

use crate::echo::EchoReference;
use crate::preroll::PreRoll;

/// Processing as the person wants it, the echo canceller's reference, and the gate of voice-activated talking.
pub(crate) struct Strip {
    processing: Processing,
    wanted: ProcessingSettings,
    reference: EchoReference,
    /// When the last block of it is in the air.
    heard: Duration,
    voice: Option<Voice>,
}

/// Voice-activated talking.
struct Voice {
    gate: Gate,
    before: PreRoll,
}

impl Strip {
    /// Changes nothing yet.
    pub(crate) fn new(reference: EchoReference) -> Self {
        Self {
            processing: Processing::off(),
            wanted: ProcessingSettings::off(),
            reference,
            heard: Duration::ZERO,
            voice: None,
        }
    }

    /// From the next frame on, or from the end of the spurt on.
    pub(crate) fn want(&mut self, settings: ProcessingSettings) {
        self.wanted = settings;
    }

    /// Makes what is wanted so, but not amid a spurt: other processing has another delay, which would click, and has
    /// to learn noise, loudness and room anew. What is played is told only as long as the microphone is `open`.
    pub(crate) fn settle(&mut self, open: bool, in_spurt: bool) {
        if !in_spurt && self.wanted != self.processing.settings() {
            self.processing = Processing::new(self.wanted);
        }
        self.reference.want(open && self.processing.settings().echo_cancelling);
    }

    /// Opens a gate for voices from this level on, in dBFS, or changes it; none to leave it to the button. Gives true
    /// when a gate was open that is no more.
    pub(crate) fn gate(&mut self, threshold: Option<f32>) -> bool {
        match (threshold, &mut self.voice) {
            (Some(threshold), Some(voice)) => voice.gate.set_threshold(threshold),
            (Some(threshold), none) => {
                *none = Some(Voice { gate: Gate::new(threshold), before: PreRoll::new() });
            }
            (None, voice) => return voice.take().is_some_and(|voice| voice.gate.is_open()),
        }
        false
    }

    /// The microphone is closed: nothing of it is kept. Gives true when the gate was open.
    pub(crate) fn close(&mut self) -> bool {
        self.reference.want(false);
        let Some(Voice { gate, before }) = &mut self.voice else { return false };
        before.forget();
        gate.close()
    }

    /// By how many samples what comes out is behind what goes in.
    pub(crate) fn delay(&self) -> usize {
        self.processing.delay()
    }

    /// Cleans whole blocks in place; the first sample was in the air at `captured`. What is not `taken` to be sent is
    /// kept for a moment where a voice may begin in it. Gives how loud all is, and what it does to the gate.
    pub(crate) fn process(
        &mut self,
        samples: &mut [f32],
        captured: Option<Duration>,
        taken: bool,
    ) -> (Level, Option<bool>) {
        let mut change = None;
        for (n, block) in samples.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
            let captured = captured.map(|at| at + time_of(n * BLOCK, SAMPLE_RATE));
            self.cancel(captured);
            self.processing.process(block);
            let Some(Voice { gate, before }) = &mut self.voice else { continue };
            if taken {
                before.forget();
            } else {
                before.push(block);
            }
            match gate.push(level(block).rms) {
                Some(GateChange::Opens { back }) => {
                    before.mark(back);
                    change = Some(true);
                }
                Some(GateChange::Closes) => change = Some(false),
                None => {}
            }
        }
        (level(samples), change)
    }

    /// What the voice that opened the gate began with, up to now, in whole frames of so many samples; empty when it was
    /// not the gate. It is kept no longer.
    pub(crate) fn begun(&mut self, frame: usize) -> zeroize::Zeroizing<Vec<f32>> {
        self.voice.as_mut().map(|voice| voice.before.take(frame)).unwrap_or_default()
    }

    /// Whatever was played before this block of the microphone is heard before it.
    fn cancel(&mut self, captured: Option<Duration>) {
        let mut block = [0.0; BLOCK];
        while let Some(at) = self.reference.take(&mut block) {
            self.processing.hear(&block);
            self.heard = at;
        }
        if let Some(captured) = captured {
            self.processing.set_echo_delay(self.heard.saturating_sub(captured));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use crate::echo;

    use super::*;

    fn strip() -> Strip {
        Strip::new(echo::reference().1)
    }

    fn sine(hz: f32, amplitude: f32, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| amplitude * (n as f32 / 48_000.0 * hz * TAU).sin()).collect()
    }

    fn process(strip: &mut Strip, mut samples: Vec<f32>, taken: bool) -> (Vec<f32>, Vec<bool>) {
        let frames = samples.chunks_exact_mut(960);
        let changes = frames.filter_map(|frame| strip.process(frame, None, taken).1).collect();
        (samples, changes)
    }

    #[test]
    fn a_switch_takes_effect_with_the_next_frame_and_in_a_spurt_after_it() {
        let mut strip = strip();
        let rumble = || sine(30.0, 0.3, 48_000);
        strip.want(ProcessingSettings { high_pass: true, ..ProcessingSettings::off() });
        strip.settle(true, true);
        assert_eq!(process(&mut strip, rumble(), true).0, rumble());
        strip.settle(true, false);
        let filtered = process(&mut strip, rumble(), true).0;
        assert!(filtered[24_000..].iter().all(|sample| sample.abs() < 0.1));
        strip.want(ProcessingSettings::off());
        strip.settle(true, false);
        assert_eq!(process(&mut strip, rumble(), true).0, rumble());
    }

    #[test]
    fn within_a_spurt_the_delay_never_changes() {
        let mut strip = strip();
        for settings in [ProcessingSettings::on(), ProcessingSettings::off(), ProcessingSettings::on()] {
            let before = strip.delay();
            strip.want(settings);
            strip.settle(true, true);
            assert_eq!(strip.delay(), before);
            strip.settle(true, false);
            assert_eq!(strip.delay(), Processing::new(settings).delay());
        }
    }

    #[test]
    fn what_is_played_is_wanted_as_long_as_an_open_microphone_may_hear_it() {
        let (source, reference) = echo::reference();
        let mut strip = Strip::new(reference);
        strip.want(ProcessingSettings { echo_cancelling: true, ..ProcessingSettings::off() });
        for (open, in_spurt, wanted) in
            [(true, true, false), (true, false, true), (false, false, false), (true, false, true)]
        {
            strip.settle(open, in_spurt);
            assert_eq!(source.is_wanted(), wanted);
        }
        assert!(!strip.close());
        assert!(!source.is_wanted());
    }

    #[test]
    fn what_the_loudspeaker_played_is_taken_out_of_the_microphone() {
        let (mut source, reference) = echo::reference();
        let mut strip = Strip::new(reference);
        strip.want(ProcessingSettings { echo_cancelling: true, ..ProcessingSettings::off() });
        strip.settle(true, false);
        let mut seed = 1u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let played: Vec<f32> = (0..48_000 * 4).map(|_| 0.2 * noise()).collect();
        // 30 ms later in the microphone, at half the height. The ring of the device is 10 ms ahead.
        let late = 30 * 48;
        let (mut before, mut after) = (0.0, 0.0);
        for (n, block) in played.as_chunks::<BLOCK>().0.iter().enumerate() {
            let now = Duration::from_millis(10) * u32::try_from(n).unwrap();
            source.tell(block, now + Duration::from_millis(10));
            let echo = |at: usize| (n * BLOCK + at).checked_sub(late).map_or(0.0, |at| 0.5 * played[at]);
            let mut heard: Vec<f32> = (0..BLOCK).map(echo).collect();
            if n >= 200 {
                before += heard.iter().map(|s| s * s).sum::<f32>();
            }
            strip.process(&mut heard, Some(now), true);
            if n >= 200 {
                after += heard.iter().map(|s| s * s).sum::<f32>();
            }
        }
        assert!(after < 0.01 * before, "{before} {after}");
    }

    #[test]
    fn a_voice_opens_the_gate_and_what_it_began_with_is_whole() {
        let mut strip = strip();
        let silence = || vec![0.0; 48_000];
        assert!(process(&mut strip, sine(300.0, 0.5, 9_600), false).1.is_empty(), "there is no gate");
        assert!(!strip.gate(Some(-40.0)));
        assert!(process(&mut strip, silence(), false).1.is_empty());
        let said = sine(300.0, 0.5, 9_600);
        let (_, changes) = process(&mut strip, said.clone(), false);
        assert_eq!(changes, [true]);
        let begun = strip.begun(960);
        assert!(begun.len() <= 14_400 && begun.len().is_multiple_of(960), "{}", begun.len());
        assert_eq!(begun[begun.len() - said.len()..], said);
        assert!(begun.len() > said.len());
        assert!(strip.begun(960).is_empty(), "only once");
        // What is sent is not kept: it would be said twice.
        assert!(process(&mut strip, said, true).1.is_empty());
        assert_eq!(process(&mut strip, silence(), true).1, [false]);
        assert!(strip.begun(960).is_empty());
        let again = sine(300.0, 0.5, 3_840);
        assert_eq!(process(&mut strip, again.clone(), false).1, [true]);
        assert_eq!(*strip.begun(960), again);
    }

    #[test]
    fn a_press_takes_nothing_from_before_it() {
        let mut strip = strip();
        strip.gate(Some(-10.0));
        process(&mut strip, sine(300.0, 0.1, 48_000), false);
        assert!(strip.begun(480).is_empty());
    }

    #[test]
    fn a_gate_that_is_taken_away_or_whose_microphone_closes_was_open() {
        let mut strip = strip();
        for end in [|strip: &mut Strip| strip.gate(None), |strip: &mut Strip| strip.close()] {
            strip.gate(Some(-40.0));
            process(&mut strip, vec![0.0; 48_000], false);
            assert!(!strip.close());
            process(&mut strip, sine(300.0, 0.5, 9_600), false);
            assert!(end(&mut strip));
            assert!(!strip.close() && strip.begun(480).is_empty());
        }
    }
}
