//! The jitter buffer of one talker: packets in as they come, 10 ms of sound out whenever asked.
//!
//! Spurts come first. Between spurts there is silence, never concealment, and the delay may be chosen anew; inside one,
//! whatever arrives is played in order unless something later has been played already. A frame that is missing when its
//! time comes is recovered from the packet behind it, or concealed if that is not there; if it then does come, it is
//! played all the same and the spurt runs that much later. Delay beyond what the path needs is worked off by taking
//! single periods out of the voice. No clock, no IO, no allocation after [`JitterBuffer::new`].

use std::time::Duration;

use crate::arrival::Arrivals;
use crate::playout::Playout;
use crate::slots::{CAPACITY, Put, Slots, unwrap_sequence, unwrap_timestamp};
use crate::{AudioError, BLOCK, FrameLength};

/// A jump of the sequence number this far is another stream, not loss.
const WINDOW: i64 = 1024;

/// After this long without a packet, a sequence number from the past is another stream too.
const ANCIENT: Duration = Duration::from_secs(1);

/// How long voice may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JitterConfig {
    /// A spurt begins this long after its first frame arrived, or up to 2.5 ms before that.
    pub least_delay: Duration,
    /// However uneven the arrivals, no more than this is held on purpose.
    pub most_delay: Duration,
}

impl JitterConfig {
    /// For a local network: 5 to 300 ms.
    pub const fn lan() -> Self {
        Self { least_delay: Duration::from_millis(5), most_delay: Duration::from_millis(300) }
    }

    /// For the internet: 20 to 300 ms.
    pub const fn wide() -> Self {
        Self { least_delay: Duration::from_millis(20), most_delay: Duration::from_millis(300) }
    }
}

/// One frame as it came out of its seal.
#[derive(Debug, Clone, Copy)]
pub struct VoiceFrame<'a> {
    /// It begins a spurt: the encoder was reset before it.
    pub first: bool,
    /// It ends a spurt. Several frames in a row may say so; each is played if it comes in time.
    pub last: bool,
    /// An Opus packet of 10 or 20 ms, at most 320 bytes.
    pub opus: &'a [u8],
}

/// What the 10 ms that were pulled are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulled {
    /// Voice as it was sent.
    Normal,
    /// At least part of it was recovered from the packet behind the lost one.
    Fec,
    /// At least part of it was made up.
    Plc,
    /// Nobody speaks.
    Silence,
    /// Voice with one period left out, to work off delay.
    Faster,
    /// Voice with one period put in, to gain delay.
    Slower,
}

/// What happened since the buffer was made. Counters only grow, except `lost`, which shrinks when a packet that was
/// given up comes after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterStats {
    /// How long the sound now played has been held, against the fastest packet of its spurt. Keeps its last value
    /// between spurts.
    pub buffer: Duration,
    /// How long it should be held.
    pub target: Duration,
    /// How unevenly packets arrive (RFC 3550 section 6.4.1).
    pub jitter: Duration,
    /// Packets pushed, good or not.
    pub received: u64,
    /// Packets that were passed over and have not come since.
    pub lost: u64,
    /// Packets that came after their time: played with more delay if nothing behind them had been played, else dropped.
    pub late: u64,
    /// Packets that had come before.
    pub duplicate: u64,
    /// Packets that are no Opus of 10 or 20 ms.
    pub unplayable: u64,
    /// Good packets that were not played: too late, or too many at once.
    pub dropped: u64,
    /// Packets played.
    pub played: u64,
    /// Lost packets recovered from the one behind.
    pub recovered: u64,
    /// Spurts that began to play.
    pub spurts: u64,
    /// Blocks of 10 ms that were made up, `waited_blocks` included.
    pub concealed_blocks: u64,
    /// Blocks made up for a packet that then came and was played: so much was the delay raised.
    pub waited_blocks: u64,
    /// Blocks pulled that were not silence.
    pub played_blocks: u64,
    /// Samples left out to work off delay.
    pub shortened_samples: u64,
    /// Samples put in to gain delay.
    pub lengthened_samples: u64,
}

/// What both sides of the buffer, the arriving and the playing one, have to do with.
pub(crate) struct Inbox {
    pub(crate) slots: Slots,
    pub(crate) arrivals: Arrivals,
    pub(crate) stats: JitterStats,
}

/// Holds the packets of one talker until they are due and makes even sound of them.
pub struct JitterBuffer {
    inbox: Inbox,
    playout: Playout,
    /// Sequence, timestamp and arrival of the packet that was furthest, unwrapped.
    latest: Option<(i64, i64, Duration)>,
}

impl JitterBuffer {
    /// An empty buffer for one talker; all memory it will ever need is taken here, about 100 KiB.
    ///
    /// # Errors
    /// [`AudioError::Codec`] when no decoder can be had.
    pub fn new(config: JitterConfig) -> Result<Self, AudioError> {
        Ok(Self {
            inbox: Inbox {
                slots: Slots::new(),
                arrivals: Arrivals::new(to_samples(config.least_delay), to_samples(config.most_delay)),
                stats: JitterStats { target: config.least_delay, ..JitterStats::default() },
            },
            playout: Playout::new()?,
            latest: None,
        })
    }

    /// Other limits from now on, for example when the path changed; what was learnt stays.
    pub fn set_config(&mut self, config: JitterConfig) {
        self.inbox.arrivals.set_limits(to_samples(config.least_delay), to_samples(config.most_delay));
    }

    /// Takes a packet. `sequence` and `timestamp` are those of RTP, the timestamp on the 48 kHz clock of the talker;
    /// `arrival` is on the clock of [`pull`](Self::pull). Any packet may come at any time; bad ones are counted.
    pub fn push(&mut self, sequence: u16, timestamp: u32, arrival: Duration, frame: VoiceFrame<'_>) {
        self.inbox.stats.received += 1;
        let Ok(length) = FrameLength::of_packet(frame.opus) else {
            self.inbox.stats.unplayable += 1;
            return;
        };
        let (sequence, timestamp) = self.unwrap(sequence, timestamp, arrival, frame.first);
        if self.playout.ignores(sequence, frame.first, frame.last) {
            self.inbox.stats.dropped += 1;
            return;
        }
        while sequence >= self.playout.next() + CAPACITY {
            self.playout.drop_oldest(&mut self.inbox);
        }

        let transit = to_samples(arrival).saturating_sub(timestamp);
        let next = self.playout.next();
        let put = self.inbox.slots.put(sequence, next, |packet| {
            packet.timestamp = timestamp;
            packet.transit = transit;
            packet.first = frame.first;
            packet.last = frame.last;
            packet.samples = length.samples() as i64;
            packet.set_opus(frame.opus);
        });
        match put {
            Put::Kept => {
                if frame.first || self.playout.is_idle() && self.inbox.slots.waiting() == 1 {
                    self.inbox.arrivals.begin_spurt();
                }
                self.playout.arrived(sequence, transit, frame.first);
                if self.playout.missed(sequence) {
                    self.inbox.stats.late += 1;
                }
            }
            Put::Duplicate => {
                self.inbox.stats.duplicate += 1;
                return;
            }
            Put::GivenUp => {
                self.inbox.stats.lost = self.inbox.stats.lost.saturating_sub(1);
                self.inbox.stats.late += 1;
                self.inbox.stats.dropped += 1;
                self.inbox.arrivals.note_found();
            }
            Put::Passed => {
                self.inbox.stats.late += 1;
                self.inbox.stats.dropped += 1;
            }
        }
        self.inbox.arrivals.note(transit);
    }

    /// Gives the next 10 ms at the time `now`. Always writes all of `out`; to be called every 10 ms, or also sooner while
    /// it gives silence.
    pub fn pull(&mut self, now: Duration, out: &mut [f32; BLOCK]) -> Pulled {
        let pulled = self.playout.pull(to_samples(now), &mut self.inbox, out);
        if pulled != Pulled::Silence {
            self.inbox.stats.played_blocks += 1;
        }
        pulled
    }

    /// Counters and delays as of now.
    pub fn stats(&self) -> JitterStats {
        let target = self.inbox.arrivals.target(self.playout.frame_samples());
        let jitter = to_duration(self.inbox.arrivals.jitter());
        JitterStats { target: to_duration(target), jitter, ..self.inbox.stats }
    }

    /// Timestamp, as pushed, of the first sample that was pulled last; none when that was silence or made up.
    pub fn playing(&self) -> Option<u32> {
        self.playout.head().map(|head| head as u32)
    }

    /// Whether a spurt is being played: from its first block to its last, not while packets merely wait.
    pub fn is_speaking(&self) -> bool {
        self.playout.is_playing()
    }

    fn unwrap(&mut self, sequence: u16, timestamp: u32, arrival: Duration, first: bool) -> (i64, i64) {
        let Some((near, near_time, near_arrival)) = self.latest else {
            return self.begin_stream(sequence, timestamp, arrival);
        };
        let extended = unwrap_sequence(near, sequence);
        let jump = extended - near;
        let ancient = jump < -CAPACITY && arrival.saturating_sub(near_arrival) > ANCIENT;
        if jump > WINDOW || ancient || (jump < -WINDOW && first) {
            return self.begin_stream(sequence, timestamp, arrival);
        }
        let time = unwrap_timestamp(near_time, timestamp);
        if jump > 0 {
            self.latest = Some((extended, time, arrival));
        }
        (extended, time)
    }

    /// Nothing known of the numbers before fits these.
    fn begin_stream(&mut self, sequence: u16, timestamp: u32, arrival: Duration) -> (i64, i64) {
        let (sequence, timestamp) = (i64::from(sequence), i64::from(timestamp));
        self.latest = Some((sequence, timestamp, arrival));
        self.inbox.stats.dropped += self.inbox.slots.waiting() as u64;
        self.inbox.slots.clear();
        self.inbox.arrivals.begin_spurt();
        self.playout.begin_stream(sequence);
        (sequence, timestamp)
    }
}

/// In samples at 48 kHz, rounded down.
fn to_samples(time: Duration) -> i64 {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX / 48_000);
    seconds.saturating_mul(48_000).saturating_add(i64::from(time.subsec_nanos()) * 48 / 1_000_000)
}

pub(crate) fn to_duration(samples: i64) -> Duration {
    crate::time_of(usize::try_from(samples).unwrap_or(0), crate::SAMPLE_RATE)
}
