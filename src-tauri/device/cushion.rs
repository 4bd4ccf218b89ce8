//! How much more than one buffer waits for the loudspeaker, because this machine is not always in time.

/// It grows by so many samples of 48 kHz each time the device found too little: 2.5 ms.
const STEP: usize = 120;
/// And not beyond 20 ms.
const MOST: usize = 960;
/// After so many samples without a gap it shrinks again: one minute.
const PATIENCE: u64 = 60 * 48_000;
/// Each time that was wrong, it waits twice as long: an hour at most.
const MOST_PATIENCE: u64 = 64 * PATIENCE;

/// Delay against gaps: nothing more than needed, and what was learnt at the price of a gap is kept for long.
pub(crate) struct Cushion {
    size: usize,
    missed: u64,
    /// Count of samples at which it may shrink.
    shrink_at: u64,
    patience: u64,
    /// It has shrunk since it last grew.
    shrunk: bool,
}

impl Cushion {
    pub(crate) fn new() -> Self {
        Self { size: 0, missed: 0, shrink_at: 0, patience: PATIENCE, shrunk: false }
    }

    /// Its size in samples after so many were missed, of all that were written.
    pub(crate) fn after(&mut self, missed: u64, written: u64) -> usize {
        if missed > self.missed {
            self.missed = missed;
            if self.shrunk {
                self.patience = (2 * self.patience).min(MOST_PATIENCE);
            }
            self.shrunk = false;
            self.size = (self.size + STEP).min(MOST);
            self.shrink_at = written + self.patience;
        } else if self.size > 0 && written >= self.shrink_at {
            self.shrunk = true;
            self.size -= STEP;
            self.shrink_at = written + self.patience;
        }
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gap_makes_it_larger_up_to_twenty_milliseconds() {
        let mut cushion = Cushion::new();
        assert_eq!(cushion.after(0, 1000), 0);
        assert_eq!(cushion.after(5, 2000), 120);
        assert_eq!(cushion.after(5, 3000), 120);
        for gap in 6..30 {
            cushion.after(gap, 4000);
        }
        assert_eq!(cushion.after(29, 5000), 960);
    }

    #[test]
    fn it_shrinks_after_a_minute_without_a_gap_and_later_when_that_was_wrong() {
        let mut cushion = Cushion::new();
        cushion.after(1, 0);
        assert_eq!(cushion.after(1, PATIENCE - 1), 120);
        assert_eq!(cushion.after(1, PATIENCE), 0);
        assert_eq!(cushion.after(2, PATIENCE), 120, "it was needed");
        assert_eq!(cushion.after(2, 2 * PATIENCE), 120);
        assert_eq!(cushion.after(2, 3 * PATIENCE), 0);
    }
}
