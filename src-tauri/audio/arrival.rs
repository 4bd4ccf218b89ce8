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

/// The fastest packet is looked for among this many of the last, and up to twice as many: one to four seconds of talk.
const RECENT: u32 = 100;

/// What is beyond this, in samples, is as far away as this.
const MOST_TRANSIT: i64 = i64::MAX / 1024;

/// The fastest way that the last packets of one spurt took. It gets longer or shorter in time where clocks differ, and at
/// once where a talker's clock stood still, as that of a microphone does which loses sound.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fastest {
    /// Of the [`RECENT`] packets before those counted now.
    before: i64,
    now: i64,
    counted: u32,
}

impl Fastest {
    pub(crate) fn of(transit: i64) -> Self {
        Self { before: transit, now: transit, counted: 1 }
    }

    /// A packet took this long, in samples.
    pub(crate) fn note(&mut self, transit: i64) {
        if self.counted >= RECENT {
            *self = Self { before: self.now, now: transit, counted: 0 };
        }
        self.now = self.now.min(transit);
        self.counted += 1;
    }

    /// In samples.
    pub(crate) fn transit(self) -> i64 {
        self.before.min(self.now)
    }
}

/// The bucket of what is this late, in samples.
fn bucket(late: i64) -> usize {
    usize::try_from(late.max(0) / BUCKET).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The buckets of the packets that were compared with a fastest one which may turn out to be gone for good. Then they
/// were not as late as was thought.
struct Recent {
    buckets: [u8; 2 * RECENT as usize],
    /// How many there are, and where the next one goes.
    kept: usize,
    next: usize,
}

impl Recent {
    const fn new() -> Self {
        Self { buckets: [0; 2 * RECENT as usize], kept: 0, next: 0 }
    }

    fn push(&mut self, bucket: usize) {
        self.buckets[self.next] = bucket as u8;
        self.next = (self.next + 1) % self.buckets.len();
        self.kept = (self.kept + 1).min(self.buckets.len());
    }

    /// Moves what they weigh by as many buckets.
    fn were_earlier(&mut self, earlier: i64, weights: &mut [f32; BUCKETS]) {
        let earlier = usize::try_from(earlier).unwrap_or(BUCKETS);
        let mut weight = 1.0;
        for age in 1..=self.kept {
            let length = self.buckets.len();
            let one = &mut self.buckets[(self.next + length - age) % length];
            let (was, is) = (usize::from(*one), usize::from(*one).saturating_sub(earlier));
            weights[was] = (weights[was] - weight).max(0.0);
            weights[is] += weight;
            *one = is as u8;
            weight *= KEEP;
        }
    }
}

/// The arrivals of one talker, remembered across spurts.
pub(crate) struct Arrivals {
    buckets: [f32; BUCKETS],
    least: i64,
    most: i64,
    fastest: Option<Fastest>,
    recent: Recent,
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
            recent: Recent::new(),
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
        self.recent = Recent::new();
        self.last = None;
    }

    /// A packet arrived with this transit, in samples.
    pub(crate) fn note(&mut self, transit: i64) {
        let transit = transit.clamp(-MOST_TRANSIT, MOST_TRANSIT);
        let Some(fastest) = &mut self.fastest else {
            self.fastest = Some(Fastest::of(transit));
            return;
        };
        let before = fastest.transit();
        fastest.note(transit);
        let now = fastest.transit();
        let later = now.saturating_sub(before) / BUCKET;
        if later > 0 {
            self.recent.were_earlier(later, &mut self.buckets);
        }
        let relative = transit.saturating_sub(before.max(now));
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
        self.recent.push(bucket(relative));
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
        self.buckets[bucket(late)] += weight;
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

    #[test]
    fn a_clock_that_stood_still_is_late_for_seconds_not_for_minutes() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for _ in 0..500 {
            arrivals.note(0);
        }
        for _ in 1..2 * RECENT {
            arrivals.note(200 * MS);
        }
        arrivals.note(200 * MS);
        assert_eq!(arrivals.target(480), 10 * MS);
    }

    #[test]
    fn what_was_late_is_remembered_though_the_fastest_is_another() {
        let mut arrivals = Arrivals::new(10 * MS, 300 * MS);
        for n in 0..2 * i64::from(RECENT) {
            arrivals.note(if n % 10 == 0 { 42 * MS } else { 0 });
        }
        for n in 0..2 * i64::from(RECENT) {
            arrivals.note(if n % 10 == 0 { 242 * MS } else { 200 * MS });
        }
        assert_eq!(arrivals.target(480), 45 * MS);
    }

    #[test]
    fn the_fastest_is_one_of_the_last_packets() {
        let mut fastest = Fastest::of(7);
        for n in 1..RECENT {
            fastest.note(i64::from(100 + n));
        }
        assert_eq!(fastest.transit(), 7);
        for _ in 0..RECENT {
            fastest.note(300);
        }
        assert_eq!(fastest.transit(), 7);
        fastest.note(300);
        assert_eq!(fastest.transit(), 300);
        fastest.note(40);
        assert_eq!(fastest.transit(), 40);
    }
}
