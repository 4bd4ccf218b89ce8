//! Whether a microphone gives all that it hears: some sound servers throw away what does not fit into a small buffer at once,
//! as where a headset sends its sound in larger pieces. Such a one needs a larger buffer.

use std::time::Duration;

use pushtalk_audio::SAMPLE_RATE;

/// Looked at in such spans.
const SPAN: Duration = Duration::from_millis(500);
/// So many spans in which too little came, one after the other: one alone is a machine that stood still for a moment.
const SPANS: u32 = 2;
/// Clocks differ by much less.
const ENOUGH: f64 = 0.9;

/// Watches one open microphone.
pub(crate) struct Whole {
    since: Duration,
    samples: usize,
    heard: bool,
    poor: u32,
}

impl Whole {
    /// A microphone that was opened at `now`.
    pub(crate) fn new(now: Duration) -> Self {
        Self { since: now, samples: 0, heard: false, poor: 0 }
    }

    /// Takes how many samples of 48 kHz came since the last call. True when that is too few for too long. One that gives
    /// nothing at all is muted or asleep: with another buffer it would give no more.
    pub(crate) fn takes(&mut self, now: Duration, samples: usize) -> bool {
        if !self.heard && samples > 0 {
            // What was in the device at the start counts for no time.
            (self.heard, self.since, self.samples, self.poor) = (true, now, 0, 0);
            return false;
        }
        self.samples += samples;
        let span = now.saturating_sub(self.since);
        if span < SPAN {
            return false;
        }
        let wanted = span.as_secs_f64() * f64::from(SAMPLE_RATE) * ENOUGH;
        let poor = self.samples > 0 && (self.samples as f64) < wanted;
        self.poor = if poor { self.poor + 1 } else { 0 };
        (self.since, self.samples) = (now, 0);
        self.poor >= SPANS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A microphone that gives `samples` every `pause` ms; when it was found to give too little.
    fn found(samples: usize, pause: u64, for_ms: u64) -> Option<u64> {
        let mut whole = Whole::new(Duration::ZERO);
        (1..=for_ms / pause).map(|n| n * pause).find(|at| whole.takes(Duration::from_millis(*at), samples))
    }

    #[test]
    fn a_microphone_that_gives_all_is_left_alone_however_it_comes() {
        for (samples, pause) in [(48, 1), (240, 5), (480, 10), (4_800, 100), (14_400, 300), (470, 10)] {
            assert_eq!(found(samples, pause, 60_000), None, "{samples} every {pause} ms");
        }
    }

    #[test]
    fn one_that_gives_too_little_is_found_after_a_second() {
        for (samples, pause) in [(240, 10), (400, 10), (100, 100)] {
            let at = found(samples, pause, 60_000).unwrap();
            assert!((1_000..=1_300).contains(&at), "{samples} every {pause} ms: {at}");
        }
    }

    #[test]
    fn one_that_gives_nothing_or_begins_late_or_falls_asleep_is_left_alone() {
        assert_eq!(found(0, 10, 60_000), None);
        let mut whole = Whole::new(Duration::ZERO);
        for n in 1..2_000 {
            let samples = if (220..1_000).contains(&n) { 480 } else { 0 };
            assert!(!whole.takes(Duration::from_millis(10 * n), samples), "{n}");
        }
    }

    #[test]
    fn a_moment_in_which_the_machine_stands_still_is_forgiven() {
        let mut whole = Whole::new(Duration::ZERO);
        for n in (1..3_000).filter(|n| n % 300 > 30) {
            assert!(!whole.takes(Duration::from_millis(10 * n), 480), "{n}");
        }
    }
}
