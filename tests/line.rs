//! A line between a talker and a listener, in virtual time: it loses, delays and reorders packets as a seed says.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Every packet is at least so long on its way.
pub const LEAST_DELAY: Duration = Duration::from_millis(20);

/// What a line does to packets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairment {
    /// Share of the packets that never arrive, below 1.
    pub loss: f64,
    /// So many are lost in a row each time.
    pub burst: u32,
    /// Up to so much more time than the fastest packet each takes by chance; later ones may overtake.
    pub jitter: Duration,
}

/// One direction of a network path.
pub struct Line {
    impairment: Impairment,
    rng: StdRng,
    /// Packets of a burst that are still to be lost.
    losing: u32,
}

impl Line {
    /// A line on which nothing was sent yet.
    pub fn new(impairment: Impairment, seed: u64) -> Self {
        Self { impairment, rng: StdRng::seed_from_u64(seed), losing: 0 }
    }

    /// When a packet that is sent now arrives; none if never.
    pub fn carry(&mut self, now: Duration) -> Option<Duration> {
        let Impairment { loss, burst, jitter } = self.impairment;
        // Both are drawn for every packet, so that what is lost does not depend on the jitter.
        let (chance, late): (f64, f64) = (self.rng.random(), self.rng.random());
        // Between two bursts (1 - begins) / begins packets arrive on the average.
        let begins = loss / (loss + f64::from(burst) * (1.0 - loss));
        if self.losing == 0 && chance < begins {
            self.losing = burst;
        }
        if self.losing > 0 {
            self.losing -= 1;
            return None;
        }
        Some(now + LEAST_DELAY + jitter.mul_f64(late))
    }
}
