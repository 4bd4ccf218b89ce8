//! Token buckets: so much at once, and so much a second after that.

use std::collections::BTreeMap;
use std::time::Duration;

/// What one may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// In a second, on average.
    pub a_second: f64,
}

impl Rate {
    /// So much at once, and so much in a minute after that.
    pub const fn a_minute(burst: u32, a_minute: u32) -> Self {
        Self { burst, a_second: a_minute as f64 / 60.0 }
    }

    /// So much at once, and so much in a second after that.
    pub const fn a_second(burst: u32, a_second: u32) -> Self {
        Self { burst, a_second: a_second as f64 }
    }
}

/// What is left of it. May be overdrawn: who has done too much already waits for longer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    level: f64,
    at: Duration,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(now: Duration, rate: Rate) -> Self {
        Self { rate, level: rate.burst.into(), at: now }
    }

    /// Takes so much, whether or not it is there.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn take(&mut self, now: Duration, count: u32) {
        self.refill(now);
        self.level -= f64::from(count);
    }

    /// Takes one if there is one.
    pub(crate) fn try_take(&mut self, now: Duration) -> bool {
        self.refill(now);
        let is_there = self.level >= 1.0;
        if is_there {
            self.level -= 1.0;
        }
        is_there
    }

    /// How long until it is not overdrawn any more; none when it is not.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn wait(&mut self, now: Duration) -> Option<Duration> {
        self.refill(now);
        (self.level < 0.0).then(|| until(-self.level, self.rate))
    }

    /// When it will be as if nobody had ever taken from it.
    fn full_at(&self) -> Duration {
        self.at + until(f64::from(self.rate.burst) - self.level, self.rate)
    }

    fn refill(&mut self, now: Duration) {
        let past = now.saturating_sub(self.at).as_secs_f64();
        self.level = (self.level + past * self.rate.a_second).min(self.rate.burst.into());
        self.at = self.at.max(now);
    }
}

/// An hour where the rate is nothing, or next to it.
fn until(missing: f64, rate: Rate) -> Duration {
    let most = Duration::from_secs(3600);
    Duration::try_from_secs_f64(missing / rate.a_second).map_or(most, |wait| wait.min(most))
}

/// A bucket for each of those who take; who has not for a while is forgotten. When there are too many, all others
/// share one.
pub(crate) struct Buckets<K> {
    rate: Option<Rate>,
    most: usize,
    each: BTreeMap<K, Bucket>,
    others: Option<Bucket>,
}

impl<K: Ord> Buckets<K> {
    /// Without a rate nothing is counted.
    pub(crate) fn new(rate: Option<Rate>, most: usize) -> Self {
        Self { rate, most, each: BTreeMap::new(), others: None }
    }

    /// Takes one for this one if there is one.
    pub(crate) fn try_take(&mut self, now: Duration, who: K) -> bool {
        let Some(rate) = self.rate else { return true };
        let new = || Bucket::new(now, rate);
        let bucket = if self.each.contains_key(&who) || self.each.len() < self.most {
            self.each.entry(who).or_insert_with(new)
        } else {
            self.others.get_or_insert_with(new)
        };
        bucket.try_take(now)
    }

    /// When somebody can be forgotten next.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.each.values().chain(&self.others).map(Bucket::full_at).min()
    }

    /// Forgets those whose buckets are full.
    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        self.each.retain(|_, bucket| bucket.full_at() > now);
        self.others = self.others.filter(|bucket| bucket.full_at() > now);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.each.is_empty() && self.others.is_none()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate::a_second(10, 5);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn so_much_at_once_and_then_as_fast_as_it_comes() {
        let mut bucket = Bucket::new(ms(0), RATE);
        assert_eq!((0..20).filter(|_| bucket.try_take(ms(1))).count(), 10);
        assert_eq!((0..20).filter(|_| bucket.try_take(ms(1001))).count(), 5);
        // It is never fuller than full.
        assert_eq!((0..20).filter(|_| bucket.try_take(ms(60_000))).count(), 10);
    }

    #[test]
    fn who_has_taken_too_much_waits_until_it_is_paid_back() {
        let mut bucket = Bucket::new(ms(0), RATE);
        bucket.take(ms(0), 10);
        assert_eq!(bucket.wait(ms(0)), None);
        bucket.take(ms(0), 5);
        assert_eq!(bucket.wait(ms(0)), Some(ms(1000)));
        assert_eq!(bucket.wait(ms(400)), Some(ms(600)));
        assert_eq!(bucket.wait(ms(1000)), None);
    }

    #[test]
    fn who_has_not_taken_for_a_while_is_forgotten_and_too_many_share_one() {
        let mut buckets = Buckets::new(Some(RATE), 2);
        for who in 0..2 {
            assert!(buckets.try_take(ms(0), who));
        }
        assert_eq!((2..40).filter(|who| buckets.try_take(ms(0), *who)).count(), 10);
        // Those who were there before are not hurt.
        assert!(buckets.try_take(ms(0), 1));
        assert_eq!(buckets.poll_timeout(), Some(ms(200)));
        buckets.handle_timeout(ms(200));
        assert_eq!(buckets.each.keys().collect::<Vec<_>>(), [&1]);
        buckets.handle_timeout(ms(2000));
        assert!(buckets.is_empty());
        assert_eq!(buckets.poll_timeout(), None);
    }

    #[test]
    fn a_rate_of_nothing_never_comes_back_and_breaks_nothing() {
        let mut bucket = Bucket::new(ms(0), Rate::a_second(1, 0));
        assert!(bucket.try_take(ms(0)));
        assert!(!bucket.try_take(ms(3_600_000)));
        bucket.take(ms(3_600_000), u32::MAX);
        assert_eq!(bucket.wait(ms(3_600_000)), Some(Duration::from_secs(3600)));
    }

    proptest! {
        #[test]
        fn over_any_time_nobody_takes_more_than_the_rate(
            tries in prop::collection::vec(0_u64..500, 1..200), burst in 1_u32..20, a_second in 1_u32..50,
        ) {
            let mut bucket = Bucket::new(ms(0), Rate::a_second(burst, a_second));
            let (mut now, mut taken) = (0, Vec::new());
            for pause in tries {
                now += pause;
                if bucket.try_take(ms(now)) {
                    taken.push(now);
                }
            }
            for (i, first) in taken.iter().enumerate() {
                for (j, last) in taken.iter().enumerate().skip(i) {
                    let most = f64::from(burst) + f64::from(a_second) * (last - first) as f64 / 1000.0;
                    prop_assert!((j - i + 1) as f64 <= most + 1e-6);
                }
            }
        }
    }
}
