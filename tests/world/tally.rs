//! What was counted in hostile runs.

use std::ops::AddAssign;

/// Counts of one run, or of many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Runs.
    pub runs: u64,
    /// Times that somebody became ready for somebody.
    pub pairs: u64,
    /// Messages and frames that were changed, invented, repeated, held back or led astray.
    pub tampered: u64,
    /// Frames that left a device.
    pub sent: u64,
    /// Frames that an ear took.
    pub accepted: u64,
    /// Frames that an ear refused.
    pub rejected: u64,
}

impl Tally {
    /// Names of the counts, in the order of `row`.
    pub const COLUMNS: [&str; 6] = ["runs", "pairs", "tampered", "sent", "accepted", "rejected"];

    /// The counts.
    pub fn row(&self) -> [u64; 6] {
        let Self { runs, pairs, tampered, sent, accepted, rejected } = *self;
        [runs, pairs, tampered, sent, accepted, rejected]
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.pairs += other.pairs;
        self.tampered += other.tampered;
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
    }
}
