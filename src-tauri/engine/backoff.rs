//! How long to wait before something is tried again: longer each time, and not all at the same moment.

use std::time::Duration;

use rand::CryptoRng;

/// The shortest and the longest pause.
#[derive(Clone, Copy)]
pub(crate) struct Pauses(pub(crate) Duration, pub(crate) Duration);

/// For what is on the network.
pub(crate) const NETWORK: Pauses = Pauses(Duration::from_millis(500), Duration::from_secs(10));

impl Pauses {
    /// After so many tries that came to nothing: twice as long each time.
    pub(crate) fn after(self, tries: u32) -> Duration {
        self.0.saturating_mul(2_u32.saturating_pow(tries)).min(self.1)
    }
}

/// Up to half as long again, or half as short, by chance.
pub(crate) fn jittered(pause: Duration, rng: &mut dyn CryptoRng) -> Duration {
    pause.mul_f64(0.5 + f64::from(rng.next_u32()) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let millis = [0, 1, 2, 3, 4, 5, 60].map(|tries| NETWORK.after(tries).as_millis());
        assert_eq!(millis, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    }

    #[test]
    fn no_two_wait_equally_long_and_none_far_from_what_it_should() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut waits: Vec<_> = (0..100).map(|_| jittered(Duration::from_secs(4), &mut rng)).collect();
        waits.sort_unstable();
        waits.dedup();
        assert_eq!(waits.len(), 100);
        assert!(waits[0] < Duration::from_millis(2_300) && waits[0] >= Duration::from_secs(2));
        assert!(waits[99] > Duration::from_millis(5_700) && waits[99] <= Duration::from_secs(6));
    }
}
