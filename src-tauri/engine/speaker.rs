//! What goes to the loudspeaker: the voices, turned down while we talk, and the cues over them.

use pushtalk_audio::{BLOCK, Cue, Cues, Gain, Limiter};

/// Voices while we talk: -20 dB.
const DUCKED: f32 = 0.1;

/// The last stage before the device.
pub(crate) struct Speaker {
    voices: Gain,
    cues: Cues,
    limiter: Limiter,
}

impl Speaker {
    pub(crate) fn new() -> Self {
        Self { voices: Gain::new(1.0), cues: Cues::new(), limiter: Limiter::new() }
    }

    /// Voices are turned down, or no longer.
    pub(crate) fn duck(&mut self, on: bool) {
        self.voices.set(if on { DUCKED } else { 1.0 });
    }

    /// This one is heard from the next block on.
    pub(crate) fn cue(&mut self, cue: Cue, gain: f32) {
        self.cues.play(cue, gain);
    }

    /// Makes of the mixed voices, if there are `any`, what is played. Gives true when that is more than silence.
    pub(crate) fn finish(&mut self, any: bool, block: &mut [f32; BLOCK]) -> bool {
        if any {
            self.voices.apply(block);
        } else {
            self.voices.settle();
        }
        let cued = self.cues.mix(block);
        self.limiter.limit(block);
        any || cued
    }

    /// The room is left: nothing of it is heard any more.
    pub(crate) fn stop(&mut self) {
        self.cues.stop();
        self.duck(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(speaker: &mut Speaker) -> [f32; BLOCK] {
        let mut block = [0.5; BLOCK];
        assert!(speaker.finish(true, &mut block));
        block
    }

    #[test]
    fn voices_go_down_by_20_db_and_back_without_a_jump() {
        let mut speaker = Speaker::new();
        let mut before = voice(&mut speaker)[BLOCK - 1];
        assert_eq!(before, 0.5);
        for (on, end) in [(true, 0.05), (false, 0.5)] {
            speaker.duck(on);
            for sample in [voice(&mut speaker), voice(&mut speaker)].concat() {
                assert!((sample - before).abs() < 0.001, "{before} {sample}");
                before = sample;
            }
            assert_eq!(before, end);
        }
    }

    #[test]
    fn cues_are_heard_over_ducked_voices_and_over_silence() {
        let loudest = |ducked| {
            let mut speaker = Speaker::new();
            speaker.duck(ducked);
            speaker.cue(Cue::Free, 1.0);
            let mut blocks = Vec::new();
            let mut block = [0.0; BLOCK];
            while speaker.finish(false, &mut block) {
                blocks.extend(std::mem::replace(&mut block, [0.0; BLOCK]));
            }
            assert!(blocks.len() >= 9 * BLOCK);
            blocks.iter().fold(0.0f32, |most, sample| most.max(sample.abs()))
        };
        assert_eq!((loudest(true) * 100.0).round(), 20.0);
        assert_eq!(loudest(true), loudest(false));
    }

    #[test]
    fn voices_and_cues_together_do_not_clip() {
        let mut speaker = Speaker::new();
        (0..4).for_each(|_| speaker.cue(Cue::Busy, 1.0));
        for _ in 0..20 {
            let mut block = [0.89; BLOCK];
            speaker.finish(true, &mut block);
            assert!(block.iter().all(|sample| sample.abs() <= 1.0));
        }
    }

    #[test]
    fn silence_is_told_so_that_the_device_can_rest() {
        let mut speaker = Speaker::new();
        let mut block = [0.0; BLOCK];
        assert!(!speaker.finish(false, &mut block));
        speaker.cue(Cue::Permit, 0.5);
        assert!(speaker.finish(false, &mut block));
        speaker.stop();
        assert!(!speaker.finish(false, &mut [0.0; BLOCK]));
    }
}
