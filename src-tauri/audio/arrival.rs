//! How unevenly packets arrive, from which follows how long to hold them.

/// Width of a bucket in samples: 5 ms.
const BUCKET: i64 = 240;

/// Buckets up to 300 ms, the last for all that is later.
const BUCKETS: usize = 61;

/// What one packet takes away from the memory of those before: half is forgotten after 700 packets.
const KEEP: f32 = 0.999;

/// The memory begins as if this many packets had been on time.
const PRIOR: f32 = 20.0;

/// The share of packets that is to be in time.
const IN_TIME: f32 = 0.95;

/// What running dry once weighs: if it happens more often than every 320 packets, more is held.
const WAIT_WEIGHT: f32 = 16.0;

/// How much one packet weighs in the loss rate.
const LOSS_STEP: f32 = 1.0 / 200.0;

/// Above this loss one frame more is held, so that the redundancy in the next packet is there when needed. A single
/// lost packet is above it for the 180 packets that follow.
const LOSSY: f32 = 0.002;

/// The fastest path may get slower by this much a packet, in 1/256 samples: 0.1 % at 10 ms, more than any two clocks differ.
const DRIFT: i64 = 128;

/// What is beyond this, in samples, is as far away as this.
const MOST_TRANSIT: i64 = i64::MAX / 1024;

/// The fastest way that packets of one spurt took. Clocks that differ make it shorter or longer in time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fastest {
    /// In 1/256 samples.
    transit: i64,
}

impl Fastest {
    pub(crate) fn of(transit: i64) -> Self {
        Self { transit: transit.saturating_mul(256) }
    }

    /// A packet took this long, in samples.
    pub(crate) fn note(&mut self, transit: i64) {
        self.transit = Self::of(transit).transit.min(self.transit.saturating_add(DRIFT));
    }

    /// In samples.
    pub(crate) fn transit(self) -> i64 {
        self.transit.div_euclid(256)
    }
}

/// The arrivals of one talker, remembered across spurts.
pub(crate) struct Arrivals {
    buckets: [f32; BUCKETS],
    least: i64,
    most: i64,
    fastest: Option<Fastest>,
    loss: f32,
    /// The percentile wanted, in samples.
    late: i64,
    /// In 1/16 samples, and the transit it was last compared with.
    jitter: i64,
    last: Option<i64>,
}

impl Arrivals {
    pub(crate) fn new(least: i64, most: i64) -> Self {
        let mut buckets = [0.0; BUCKETS];
        buckets[0] = PRIOR;
        Self {
            buckets,
            least,
            most: most.max(least),
            fastest: None,
            loss: 0.0,
            late: BUCKET,
            jitter: 0,
            last: None,
        }
    }

    pub(crate) fn set_limits(&mut self, least: i64, most: i64) {
        self.least = least;
        self.most = most.max(least);
    }

    /// A spurt begins: what is "on time" is measured anew, for its frames may have waited for the floor.
    pub(crate) fn begin_spurt(&mut self) {
        self.fastest = None;
        self.last = None;
    }

    /// A packet arrived with this transit, in samples.
    pub(crate) fn note(&mut self, transit: i64) {
        let transit = transit.clamp(-MOST_TRANSIT, MOST_TRANSIT);
        let Some(fastest) = &mut self.fastest else {
            self.fastest = Some(Fastest::of(transit));
            return;
        };
        let relative = transit.saturating_sub(fastest.transit());
        fastest.note(transit);
        // Frames that waited for the floor come ever faster than the one before; they say nothing about the path.
        if relative < -BUCKET {
            return;
        }
        if let Some(last) = self.last.replace(transit) {
            self.jitter += transit.saturating_sub(last).saturating_abs() - (self.jitter + 8) / 16;
        }
        for weight in &mut self.buckets {
            *weight *= KEEP;
        }
        self.weigh(relative, 1.0);
    }

    /// Interarrival jitter in samples (RFC 3550 section 6.4.1 and appendix A.8).
    pub(crate) fn jitter(&self) -> i64 {
        self.jitter / 16
    }

    /// The sound ran dry, and was then held for `delay` samples. Counts as much as several late packets, for a reason
    /// on this side, such as uneven pulls, shows in no arrival.
    pub(crate) fn note_wait(&mut self, delay: i64) {
        self.weigh(delay, WAIT_WEIGHT);
    }

    /// A frame was played, or given up.
    pub(crate) fn note_fate(&mut self, lost: bool) {
        self.loss += LOSS_STEP * (f32::from(u8::from(lost)) - self.loss);
    }

    /// One that was given up has come after all: it was late, which no redundancy helps against.
    pub(crate) fn note_found(&mut self) {
        self.loss = (self.loss - LOSS_STEP).max(0.0);
    }

    /// How long a frame of `samples` samples is to be held, in samples.
    pub(crate) fn target(&self, samples: i64) -> i64 {
        let for_fec = if self.loss > LOSSY { samples } else { 0 };
        (self.late.max(self.least) + for_fec).clamp(self.least, self.most)
    }

    fn weigh(&mut self, late: i64, weight: f32) {
        let bucket = usize::try_from(late.max(0) / BUCKET).unwrap_or(BUCKETS).min(BUCKETS - 1);
        self.buckets[bucket] += weight;
        self.late = self.percentile();
    }

    fn percentile(&self) -> i64 {
        let wanted = IN_TIME * self.buckets.iter().sum::<f32>();
        let mut sum = 0.0;
        for (n, weight) in self.buckets.iter().enumerate() {
            sum += weight;
            if sum >= wanted {
                return (n as i64 + 1) * BUCKET;
            }
        }
        BUCKETS as i64 * BUCKET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 48;

    #[test]
    fn on_a_quiet_path_the_least_delay_is_held() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for n in 0..1000 {
            arrivals.note(7_000_000 + (n % 3) * MS);
        }
        assert_eq!(arrivals.target(480), 10 * MS);
    }

    #[test]
    fn jitter_is_the_mean_step_from_one_transit_to_the_next() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for n in 0..400 {
            arrivals.note((n % 2) * 8 * MS);
        }
        assert!((arrivals.jitter() - 8 * MS).abs() <= 2, "{}", arrivals.jitter());
    }

    #[test]
    fn the_delay_covers_nineteen_of_twenty_packets() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for n in 0..2000 {
            arrivals.note(if n % 10 == 0 { 42 * MS } else { 0 });
        }
        assert_eq!(arrivals.target(480), 45 * MS);
    }

    #[test]
    fn frames_that_waited_for_the_floor_do_not_count_as_jitter() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for _ in 0..20 {
            arrivals.begin_spurt();
            for n in 0..100 {
                arrivals.note((200 - 10 * n).max(0) * MS);
            }
        }
        assert_eq!(arrivals.target(480), 10 * MS);
    }

    #[test]
    fn loss_adds_one_frame_until_it_is_over() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for n in 0..500 {
            arrivals.note_fate(n % 20 == 0);
        }
        assert_eq!(arrivals.target(480), 20 * MS);
        for _ in 0..1000 {
            arrivals.note_fate(false);
        }
        assert_eq!(arrivals.target(480), 10 * MS);
    }

    #[test]
    fn one_lost_packet_in_a_hundred_is_enough_to_hold_one_frame_more() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for n in 0..1000 {
            arrivals.note_fate(n % 100 == 0);
            assert_eq!(arrivals.target(480), 20 * MS);
        }
    }

    #[test]
    fn clocks_that_differ_are_no_jitter() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for n in 0..3000 {
            arrivals.note(n * 480 / 5000);
        }
        assert_eq!(arrivals.target(480), 10 * MS);
    }
}
