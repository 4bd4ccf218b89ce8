//! Digital silence: a microphone that is open and gives nothing but zeros, which no air does.
//!
//! It is muted by the system or by a switch of its own, or another program has it. Who talks into it is not heard.

use std::time::Duration;

/// A microphone from which nothing was ever heard is silent after so long.
const AT_FIRST: Duration = Duration::from_secs(1);
/// One that was heard: some are quiet by themselves while nobody speaks, and a breath between two sentences is none.
const LATER: Duration = Duration::from_secs(2);

/// Watches one open microphone.
pub(crate) struct Silence {
    heard: bool,
    since: Duration,
    silent: bool,
}

impl Silence {
    /// A microphone that was opened at `now`.
    pub(crate) fn new(now: Duration) -> Self {
        Self { heard: false, since: now, silent: false }
    }

    /// Takes what came since the last call, before any processing; nothing counts as silence. Gives what changed: true
    /// when it is silent from now on.
    pub(crate) fn hear(&mut self, now: Duration, samples: &[f32]) -> Option<bool> {
        if samples.iter().any(|sample| *sample != 0.0) {
            (self.heard, self.since) = (true, now);
            return std::mem::take(&mut self.silent).then_some(false);
        }
        let patience = if self.heard { LATER } else { AT_FIRST };
        let now_silent = now >= self.since + patience;
        (now_silent && !std::mem::replace(&mut self.silent, now_silent)).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn zeros_from_the_start_are_digital_silence_after_a_second_and_end_with_the_first_sample() {
        let mut silence = Silence::new(ms(500));
        assert_eq!(silence.hear(ms(1_000), &[0.0; 480]), None);
        assert_eq!(silence.hear(ms(1_499), &[0.0, -0.0]), None);
        assert_eq!(silence.hear(ms(1_500), &[0.0; 480]), Some(true));
        assert_eq!(silence.hear(ms(9_000), &[0.0; 480]), None, "it is told once");
        assert_eq!(silence.hear(ms(9_010), &[0.0, 1e-9, 0.0]), Some(false));
        assert_eq!(silence.hear(ms(9_020), &[0.5]), None);
    }

    #[test]
    fn a_microphone_that_gives_nothing_at_all_is_silent_too() {
        let mut silence = Silence::new(ms(0));
        assert_eq!(silence.hear(ms(999), &[]), None);
        assert_eq!(silence.hear(ms(1_000), &[]), Some(true));
    }

    #[test]
    fn a_pause_of_a_microphone_that_was_heard_is_not_silence_at_once() {
        let mut silence = Silence::new(ms(0));
        assert_eq!(silence.hear(ms(100), &[0.1]), None);
        assert_eq!(silence.hear(ms(2_099), &[0.0; 10]), None);
        assert_eq!(silence.hear(ms(2_100), &[0.0; 10]), Some(true));
    }

    #[test]
    fn the_quietest_of_all_sounds_is_no_digital_silence() {
        let mut silence = Silence::new(ms(0));
        for now in 0..100 {
            assert_eq!(silence.hear(ms(100 * now), &[0.0, f32::MIN_POSITIVE, 0.0]), None);
        }
    }
}
