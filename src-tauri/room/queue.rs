//! Those who wait for the floor, at the arbiter: first come, first served.

use std::collections::VecDeque;
use std::time::Duration;

use pushtalk_protocol::{FloorMessage, Pid};

use crate::room::Room;

/// Who waits, in order. Each member is in it once at most, so it is bounded by their number.
#[derive(Default)]
pub(crate) struct Queue(VecDeque<Waiting>);

struct Waiting {
    pid: Pid,
    spurt: u32,
    /// The place that it was told last; 0 for none.
    told: u16,
}

impl Queue {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Silently.
    pub(crate) fn remove(&mut self, who: Pid) {
        self.0.retain(|waiting| waiting.pid != who);
    }

    #[cfg(test)]
    pub(crate) fn pids(&self) -> Vec<Pid> {
        self.0.iter().map(|waiting| waiting.pid).collect()
    }
}

impl Room {
    /// A request waits behind those who wait already; who asks twice is told its place again.
    pub(crate) fn queue_up(&mut self, now: Duration, who: Pid, spurt: u32) {
        let mut waiting = self.queue.0.iter_mut();
        match waiting.find(|waiting| waiting.pid == who && waiting.spurt == spurt) {
            Some(waiting) => waiting.told = 0,
            None => {
                self.queue.remove(who);
                self.queue.0.push_back(Waiting { pid: who, spurt, told: 0 });
            }
        }
        self.tell_places(now);
    }

    /// A member does not wait any more: not with this press, or not at all.
    pub(crate) fn unqueue(&mut self, now: Duration, who: Pid, spurt: Option<u32>) {
        let over = |waiting: &Waiting| waiting.pid == who && spurt.is_none_or(|spurt| waiting.spurt == spurt);
        let before = self.queue.0.len();
        self.queue.0.retain(|waiting| !over(waiting));
        if self.queue.0.len() != before {
            self.tell_places(now);
        }
    }

    /// Whose turn it is now that the floor is free. It waits no longer.
    pub(crate) fn next(&mut self) -> Option<(Pid, u32)> {
        if let Some(spurt) = self.preempting.take() {
            return Some((self.me, spurt));
        }
        // Who was stopped by the limit is not among those who wait: it was refused.
        self.queue.0.pop_front().map(|waiting| (waiting.pid, waiting.spurt))
    }

    /// Tells its place to each one whose place has changed.
    pub(crate) fn tell_places(&mut self, now: Duration) {
        // One by one: an answer to ourselves may change the queue.
        while let Some((pid, spurt, place)) = self.untold() {
            let n = self.count();
            self.answer(now, pid, FloorMessage::Queued { n, spurt, place });
        }
    }

    /// The first who does not know its place; from now on it does.
    fn untold(&mut self) -> Option<(Pid, u32, u16)> {
        self.queue.0.iter_mut().zip(1..).find(|(waiting, place)| waiting.told != *place).map(
            |(waiting, place)| {
                waiting.told = place;
                (waiting.pid, waiting.spurt, place)
            },
        )
    }
}
