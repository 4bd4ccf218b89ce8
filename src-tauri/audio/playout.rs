//! The playing side of a jitter buffer: what comes next, and what to do when it is not there.

use crate::arrival::Fastest;
use crate::codec::carries_fec;
use crate::jitter::{Inbox, Pulled, to_duration};
use crate::pace::Pace;
use crate::slots::CAPACITY;
use crate::stretch::MOST_LAG;
use crate::voice::{Voice, worse};
use crate::{AudioError, BLOCK};

const BLOCK_SAMPLES: i64 = BLOCK as i64;

/// A spurt may begin this much before its time: half of the 5 ms from one pull to the next while there is silence.
const NEAR_ENOUGH: i64 = BLOCK_SAMPLES / 4;

/// What stretching looks at: a block to play, and as much for the search beyond the longest period.
const LOOK: usize = BLOCK + MOST_LAG;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between spurts.
    Idle,
    /// Inside a spurt of which nothing came for too long.
    Paused,
    Playing,
}

pub(crate) struct Playout {
    voice: Voice,
    phase: Phase,
    /// Nothing is known of the sequence numbers before the next.
    fresh: bool,
    /// The sequence number to be played next; all below have been played or given up.
    next: i64,
    /// Below this the time to play has passed once.
    missed: i64,
    /// Where the next spurt begins, as far as is known.
    boundary: Option<i64>,
    /// Media time of the first sample taken last; none when it was silence or made up.
    head: Option<i64>,
    /// Media time at which the queue of decoded sound ends.
    media_time: i64,
    fastest: Fastest,
    frame_samples: i64,
    /// Samples concealed while waiting for `next`.
    waited: i64,
    ending: bool,
    pace: Pace,
}

impl Playout {
    pub(crate) fn new() -> Result<Self, AudioError> {
        Ok(Self {
            voice: Voice::new()?,
            phase: Phase::Idle,
            fresh: true,
            next: 0,
            missed: 0,
            boundary: None,
            head: None,
            media_time: 0,
            fastest: Fastest::default(),
            frame_samples: BLOCK_SAMPLES,
            waited: 0,
            ending: false,
            pace: Pace::new(),
        })
    }

    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// Media time of the first sample taken last; none when it was silence or made up.
    pub(crate) fn head(&self) -> Option<i64> {
        self.head
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    pub(crate) fn is_playing(&self) -> bool {
        self.phase == Phase::Playing
    }

    pub(crate) fn frame_samples(&self) -> i64 {
        self.frame_samples
    }

    /// Whether the time of this packet had come before it did.
    pub(crate) fn missed(&self, sequence: i64) -> bool {
        sequence < self.missed
    }

    /// The numbers begin anew with this one; those just below may still come.
    pub(crate) fn begin_stream(&mut self, sequence: i64) {
        self.next = sequence - CAPACITY / 4;
        self.missed = self.next;
        self.fresh = true;
        self.phase = Phase::Idle;
        self.boundary = None;
        self.waited = 0;
        self.voice.begin(false);
    }

    /// A further "last" frame behind one that was played already says nothing new.
    pub(crate) fn ignores(&mut self, sequence: i64, first: bool, last: bool) -> bool {
        let trailing = self.phase == Phase::Idle && self.ending && sequence == self.next && last && !first;
        if trailing {
            self.next += 1;
        }
        trailing
    }

    /// A packet of this transit was put on the shelf.
    pub(crate) fn arrived(&mut self, sequence: i64, transit: i64, first: bool) {
        if first {
            // Nobody waited for what belongs to another spurt.
            self.missed = self.missed.min(sequence);
        }
        if self.phase == Phase::Idle {
            return;
        }
        if first {
            self.boundary = Some(self.boundary.map_or(sequence, |known| known.min(sequence)));
        } else if self.boundary.is_none_or(|boundary| sequence < boundary) {
            self.fastest.note(transit);
        }
    }

    /// Makes room: the oldest number gives way.
    pub(crate) fn drop_oldest(&mut self, inbox: &mut Inbox) {
        if !inbox.slots.give_up(self.next) {
            inbox.stats.dropped += 1;
        } else if !self.fresh {
            inbox.stats.lost += 1;
        }
        self.next += 1;
        self.waited = 0;
        if self.boundary.is_some_and(|boundary| boundary < self.next) {
            self.boundary = inbox.slots.first_of_spurt(self.next);
        }
    }

    pub(crate) fn pull(&mut self, now: i64, inbox: &mut Inbox, out: &mut [f32; BLOCK]) -> Pulled {
        // The second round is for a spurt that is due where another ended.
        for _ in 0..2 {
            if self.phase != Phase::Playing && !self.begin_if_due(now, inbox) {
                break;
            }
            let left = self.voice.len() as i64;
            let kind = self.fill(now, inbox);
            if self.voice.len() == 0 {
                continue;
            }
            let kind = if self.phase == Phase::Playing && kind == Pulled::Normal {
                self.stretch(now, left, inbox)
            } else {
                kind
            };
            inbox.stats.buffer = to_duration(self.delay(now));
            let head = self.media_time.saturating_sub(self.voice.len() as i64);
            self.head = (kind == Pulled::Normal).then_some(head);
            let ends = self.phase == Phase::Idle || self.ends_here(inbox);
            self.voice.take(out, ends);
            if ends {
                self.phase = Phase::Idle;
            }
            return kind;
        }
        self.head = None;
        out.fill(0.0);
        Pulled::Silence
    }

    /// How long what is played now has been held, against the fastest packet of the spurt.
    fn delay(&self, now: i64) -> i64 {
        now.saturating_sub(self.media_time.saturating_sub(self.voice.len() as i64))
            .saturating_sub(self.fastest.transit())
    }

    fn ends_here(&self, inbox: &Inbox) -> bool {
        self.ending && self.voice.len() <= BLOCK && !self.goes_on(inbox)
    }

    /// Whether the next packet is there and belongs to this spurt.
    fn goes_on(&self, inbox: &Inbox) -> bool {
        self.boundary != Some(self.next) && inbox.slots.get(self.next).is_some()
    }

    fn begin_if_due(&mut self, now: i64, inbox: &mut Inbox) -> bool {
        let Some(start) = inbox.slots.first_waiting(self.next) else { return false };
        let Some(packet) = inbox.slots.get(start) else { return false };
        let goes_on = self.phase == Phase::Paused && !packet.first;
        let whole = packet.first || (start == self.next && !self.fresh);
        let mut fastest = if goes_on { self.fastest } else { Fastest::of(packet.transit) };
        let boundary = inbox.slots.first_of_spurt(start + 1);
        let mut sequence = start + 1;
        while let Some(later) = inbox.slots.get(sequence).filter(|_| boundary != Some(sequence)) {
            // Those of a spurt that goes on are counted already.
            if !goes_on {
                fastest.note(later.transit);
            }
            sequence += 1;
        }
        // When the beginning is missing it is given the time to come after all.
        let (transit, least) =
            if whole || goes_on { (fastest.transit(), 0) } else { (packet.transit, BLOCK_SAMPLES) };
        let target = inbox.arrivals.target(packet.samples).max(least);
        let due = packet.timestamp.saturating_add(transit).saturating_add(target);
        if now.saturating_add(NEAR_ENOUGH) < due {
            return false;
        }

        let recover = !whole && carries_fec(packet.opus());
        self.media_time = packet.timestamp;
        self.frame_samples = packet.samples;
        if goes_on {
            self.voice.go_on();
        } else {
            inbox.stats.spurts += 1;
            self.waited = 0;
            self.voice.begin(!packet.first);
        }
        self.phase = Phase::Playing;
        self.fastest = fastest;
        self.boundary = boundary;
        self.ending = false;
        self.pace = Pace::new();
        if start > self.next {
            self.pass_over(start, inbox);
            if recover {
                self.recover(inbox);
            }
        }
        self.fresh = false;
        true
    }

    /// Decodes or makes up sound until there is a block of it, or the spurt is over.
    fn fill(&mut self, now: i64, inbox: &mut Inbox) -> Pulled {
        let mut kind = if self.voice.len() > 0 { self.voice.kind() } else { Pulled::Normal };
        while self.voice.len() < BLOCK && self.phase == Phase::Playing {
            if self.goes_on(inbox) {
                self.play(now, inbox);
            } else if self.ending {
                self.phase = Phase::Idle;
                break;
            } else if !self.bridge(inbox) {
                break;
            }
            kind = worse(kind, self.voice.kind());
        }
        kind
    }

    /// Decodes the next packet.
    fn play(&mut self, now: i64, inbox: &mut Inbox) {
        let Some(packet) = inbox.slots.get(self.next) else { return };
        let transit = packet.transit;
        let decoded = self.voice.play(packet.opus());
        self.media_time = packet.timestamp.saturating_add(packet.samples);
        self.ending = packet.last;
        self.frame_samples = packet.samples;
        if self.waited > 0 {
            inbox.stats.waited_blocks += (self.waited / BLOCK_SAMPLES).unsigned_abs();
            // When the path was late, its share of all packets says enough.
            let late =
                transit.saturating_sub(self.fastest.transit()) > inbox.arrivals.target(self.frame_samples);
            if !late && self.waited <= 2 * BLOCK_SAMPLES {
                inbox.arrivals.note_wait(self.delay(now));
            }
            self.waited = 0;
        }
        inbox.slots.spend(self.next);
        self.next += 1;
        if decoded {
            inbox.stats.played += 1;
        } else {
            inbox.stats.unplayable += 1;
            inbox.stats.concealed_blocks += 1;
        }
        inbox.arrivals.note_fate(!decoded);
    }

    /// The next packet is not there: recovers or makes up something in its place. False when the spurt is to stop.
    fn bridge(&mut self, inbox: &mut Inbox) -> bool {
        let later = inbox.slots.first_waiting(self.next);
        if later.is_some() && later == self.boundary {
            // The end was lost: another spurt is there.
            self.voice.fade_away();
            inbox.stats.concealed_blocks += 1;
            self.ending = true;
            return true;
        }
        if let Some(packet) = later.and_then(|later| inbox.slots.get(later)) {
            let later = later.unwrap_or(self.next);
            let missing = (later - self.next) * self.frame_samples - self.waited;
            if missing <= 0 {
                self.pass_over(later, inbox);
                return true;
            }
            if missing <= self.frame_samples && carries_fec(packet.opus()) {
                self.pass_over(later, inbox);
                self.recover(inbox);
                return true;
            }
        }
        if !self.voice.conceal() {
            self.phase = Phase::Paused;
            return false;
        }
        inbox.stats.concealed_blocks += 1;
        self.waited += BLOCK_SAMPLES;
        let passed = (self.waited + self.frame_samples - 1) / self.frame_samples;
        self.missed = self.missed.max(self.next + passed);
        true
    }

    /// Gives up all numbers before `until`.
    fn pass_over(&mut self, until: i64, inbox: &mut Inbox) {
        let missing = (until - self.next) * self.frame_samples;
        inbox.stats.waited_blocks += ((self.waited - missing).max(0) / BLOCK_SAMPLES).unsigned_abs();
        self.waited = 0;
        while self.next < until {
            if !self.fresh {
                inbox.slots.give_up(self.next);
                inbox.stats.lost += 1;
                inbox.arrivals.note_fate(true);
            }
            self.next += 1;
        }
    }

    /// Plays what the next packet knows of the one before it.
    fn recover(&mut self, inbox: &mut Inbox) {
        let Some(packet) = inbox.slots.get(self.next) else { return };
        if self.voice.recover(packet.opus()) {
            inbox.stats.recovered += 1;
            self.media_time = packet.timestamp;
        }
    }

    /// Leaves a period out or puts one in when the delay is far off. `left` samples had been left over from the block
    /// before: what goes beyond them takes a further packet, which then has to be there one packet sooner.
    fn stretch(&mut self, now: i64, left: i64, inbox: &mut Inbox) -> Pulled {
        let target = inbox.arrivals.target(self.frame_samples);
        let excess = self.delay(now) - target;
        let packets = (excess - left) / self.frame_samples;
        let spare = left + packets.max(0) * self.frame_samples;
        let Some(change) = self.pace.change(excess, target, spare) else { return Pulled::Normal };
        while change.faster && self.voice.len() < LOOK && self.goes_on(inbox) {
            self.play(now, inbox);
        }
        let lag = self.voice.stretch(change.faster, change.most, change.likeness);
        self.pace.done(lag.is_some(), excess);
        match lag {
            None => Pulled::Normal,
            Some(lag) if change.faster => {
                inbox.stats.shortened_samples += lag as u64;
                Pulled::Faster
            }
            Some(lag) => {
                inbox.stats.lengthened_samples += lag as u64;
                Pulled::Slower
            }
        }
    }
}
