//! The shelf of a jitter buffer: packets in the order of their sequence, each at most once.

use crate::MAX_FRAME_BYTES;

/// How many packets there is room for: 2.56 s of 10 ms frames.
pub(crate) const CAPACITY: i64 = 256;

/// A packet on the shelf.
#[derive(Clone)]
pub(crate) struct Packet {
    /// Media time of its first sample, in samples, unwrapped.
    pub(crate) timestamp: i64,
    /// Arrival minus timestamp, in samples: only differences mean anything.
    pub(crate) transit: i64,
    /// It begins a spurt.
    pub(crate) first: bool,
    /// It ends a spurt.
    pub(crate) last: bool,
    /// Samples it carries.
    pub(crate) samples: i64,
    bytes: usize,
    opus: [u8; MAX_FRAME_BYTES],
}

impl Packet {
    pub(crate) fn new(timestamp: i64, transit: i64, samples: i64) -> Self {
        Self { timestamp, transit, first: false, last: false, samples, bytes: 0, opus: [0; MAX_FRAME_BYTES] }
    }

    pub(crate) fn opus(&self) -> &[u8] {
        &self.opus[..self.bytes]
    }

    pub(crate) fn set_opus(&mut self, opus: &[u8]) {
        self.bytes = opus.len().min(MAX_FRAME_BYTES);
        self.opus[..self.bytes].copy_from_slice(&opus[..self.bytes]);
    }
}

/// What is known of one sequence number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Waiting,
    Spent,
    GivenUp,
}

/// What became of a packet that was put on the shelf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Put {
    Kept,
    Duplicate,
    /// Its time has passed, and it had been counted as lost.
    GivenUp,
    /// Its time has passed.
    Passed,
}

/// A ring of packets; the sequence number picks the place.
pub(crate) struct Slots {
    // Apart from the packets, so that a search touches little memory.
    marks: Box<[(i64, Mark)]>,
    packets: Box<[Packet]>,
    waiting: usize,
    highest: i64,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self {
            marks: vec![(i64::MIN, Mark::Spent); CAPACITY as usize].into_boxed_slice(),
            packets: vec![Packet::new(0, 0, 0); CAPACITY as usize].into_boxed_slice(),
            waiting: 0,
            highest: i64::MIN,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.marks.fill((i64::MIN, Mark::Spent));
        self.waiting = 0;
        self.highest = i64::MIN;
    }

    /// Puts a packet that belongs at `sequence`, when the next to play is `next`. The caller has seen to it that
    /// `sequence < next + CAPACITY`.
    pub(crate) fn put(&mut self, sequence: i64, next: i64, fill: impl FnOnce(&mut Packet)) -> Put {
        let place = place(sequence);
        let (known, mark) = self.marks[place];
        if known == sequence {
            if mark != Mark::GivenUp {
                return Put::Duplicate;
            }
            self.marks[place].1 = Mark::Spent;
            return Put::GivenUp;
        }
        if sequence < next {
            if known < sequence {
                self.marks[place] = (sequence, Mark::Spent);
            }
            return Put::Passed;
        }
        self.marks[place] = (sequence, Mark::Waiting);
        fill(&mut self.packets[place]);
        self.waiting += 1;
        self.highest = self.highest.max(sequence);
        Put::Kept
    }

    /// The packet waiting at `sequence`.
    pub(crate) fn get(&self, sequence: i64) -> Option<&Packet> {
        let place = place(sequence);
        (self.marks[place] == (sequence, Mark::Waiting)).then(|| &self.packets[place])
    }

    /// `sequence` has been played.
    pub(crate) fn spend(&mut self, sequence: i64) {
        self.retire(sequence, Mark::Spent);
    }

    /// `sequence` did not come in time; true when it is not there indeed.
    pub(crate) fn give_up(&mut self, sequence: i64) -> bool {
        let was_there = self.get(sequence).is_some();
        self.retire(sequence, if was_there { Mark::Spent } else { Mark::GivenUp });
        !was_there
    }

    fn retire(&mut self, sequence: i64, mark: Mark) {
        if self.get(sequence).is_some() {
            self.waiting -= 1;
        }
        self.marks[place(sequence)] = (sequence, mark);
    }

    /// How many packets wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// The lowest sequence number from `from` on at which a packet waits.
    pub(crate) fn first_waiting(&self, from: i64) -> Option<i64> {
        self.find(from, |_| true)
    }

    /// The lowest sequence number from `from` on at which a packet waits that begins a spurt.
    pub(crate) fn first_of_spurt(&self, from: i64) -> Option<i64> {
        self.find(from, |packet| packet.first)
    }

    fn find(&self, from: i64, wanted: impl Fn(&Packet) -> bool) -> Option<i64> {
        if self.waiting == 0 {
            return None;
        }
        (from..=self.highest.min(from + CAPACITY - 1))
            .find(|&sequence| self.get(sequence).is_some_and(&wanted))
    }
}

fn place(sequence: i64) -> usize {
    sequence.rem_euclid(CAPACITY) as usize
}

/// Continues a 16-bit sequence number from the nearest one known (RFC 3550 appendix A.1).
pub(crate) fn unwrap_sequence(near: i64, sequence: u16) -> i64 {
    near + i64::from(sequence.wrapping_sub(near as u16) as i16)
}

/// Continues a 32-bit timestamp from the nearest one known.
pub(crate) fn unwrap_timestamp(near: i64, timestamp: u32) -> i64 {
    near + i64::from(timestamp.wrapping_sub(near as u32) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(slots: &mut Slots, sequence: i64, next: i64) -> Put {
        slots.put(sequence, next, |packet| packet.set_opus(&[sequence as u8]))
    }

    #[test]
    fn a_packet_is_kept_once() {
        let mut slots = Slots::new();
        assert_eq!(put(&mut slots, 5, 3), Put::Kept);
        assert_eq!(put(&mut slots, 5, 3), Put::Duplicate);
        slots.spend(5);
        assert_eq!(put(&mut slots, 5, 6), Put::Duplicate);
        assert_eq!(slots.waiting(), 0);
    }

    #[test]
    fn a_packet_that_was_given_up_is_told_apart() {
        let mut slots = Slots::new();
        assert!(slots.give_up(4));
        assert_eq!(put(&mut slots, 4, 5), Put::GivenUp);
        assert_eq!(put(&mut slots, 4, 5), Put::Duplicate);
        assert_eq!(put(&mut slots, 3, 5), Put::Passed);
    }

    #[test]
    fn the_next_waiting_is_found_past_gaps() {
        let mut slots = Slots::new();
        put(&mut slots, 10, 0);
        put(&mut slots, 200, 0);
        assert_eq!(slots.first_waiting(0), Some(10));
        assert_eq!(slots.first_waiting(11), Some(200));
        assert_eq!(slots.first_waiting(201), None);
        assert_eq!(slots.first_of_spurt(0), None);
    }

    #[test]
    fn counters_go_on_over_their_end() {
        assert_eq!(unwrap_sequence(65_535, 0), 65_536);
        assert_eq!(unwrap_sequence(65_536, 65_535), 65_535);
        assert_eq!(unwrap_sequence(0, 65_535), -1);
        assert_eq!(unwrap_timestamp(i64::from(u32::MAX), 479), i64::from(u32::MAX) + 480);
    }
}
