//! The lookout: when the list of devices is looked at.

use std::time::Duration;

use pushtalk_device::{DeviceInfo, Direction};

use crate::face;

/// Systems do not tell when a device comes or goes, so the list is looked at this often while it matters.
const EVERY: Duration = Duration::from_secs(2);

/// What is known of the devices of this machine.
#[derive(Default)]
pub(crate) struct Lookout {
    known: Vec<DeviceInfo>,
    /// True while a person looks at the list.
    pub(crate) watched: bool,
    /// True while an answer is waited for.
    asked: bool,
    next: Duration,
}

impl Lookout {
    /// When to look, if it matters: in a room, or while a person looks at the list.
    pub(crate) fn poll_timeout(&self, in_room: bool) -> Option<Duration> {
        ((in_room || self.watched) && !self.asked).then_some(self.next)
    }

    /// True when it is to be looked now; the answer comes by `seen`.
    pub(crate) fn look(&mut self, now: Duration, in_room: bool) -> bool {
        let due = self.poll_timeout(in_room).is_some_and(|at| now >= at);
        self.asked |= due;
        due
    }

    /// True when it is to be looked though it is not the time.
    pub(crate) fn look_at_once(&mut self) -> bool {
        !std::mem::replace(&mut self.asked, true)
    }

    /// What there is; none where the system did not answer.
    pub(crate) fn seen(&mut self, now: Duration, devices: Option<Vec<DeviceInfo>>) -> &[DeviceInfo] {
        self.asked = false;
        self.next = now + EVERY;
        if let Some(devices) = devices {
            self.known = devices;
        }
        &self.known
    }

    pub(crate) fn view(&self) -> face::Devices {
        let names = |direction| {
            let all = self.known.iter().filter(|info| info.direction == direction);
            all.map(|info| info.name.clone()).collect()
        };
        face::Devices { inputs: names(Direction::Input), outputs: names(Direction::Output) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_looks_every_two_seconds_in_a_room_or_while_somebody_watches_and_never_twice_at_once() {
        let mut lookout = Lookout::default();
        assert_eq!(lookout.poll_timeout(false), None);
        assert!(!lookout.look(ms(0), false), "at home nobody needs to know");
        assert!(lookout.look(ms(0), true));
        assert!(!lookout.look(ms(9_000), true), "the first answer has not come yet");
        assert!(!lookout.look_at_once());
        lookout.seen(ms(9_000), Some(Vec::new()));
        assert_eq!(lookout.poll_timeout(true), Some(ms(11_000)));
        assert!(!lookout.look(ms(10_999), true));
        assert!(lookout.look(ms(11_000), true));
        lookout.seen(ms(11_000), None);
        lookout.watched = true;
        assert_eq!(lookout.poll_timeout(false), Some(ms(13_000)));
    }

    #[test]
    fn a_look_that_had_no_answer_changes_nothing() {
        let mic = DeviceInfo {
            name: "mic".into(),
            label: "Microphone".into(),
            direction: Direction::Input,
            is_default: true,
            bluetooth: false,
        };
        let mut lookout = Lookout::default();
        lookout.seen(ms(0), Some(vec![mic.clone()]));
        assert_eq!(lookout.seen(ms(2_000), None), [mic]);
        assert_eq!(lookout.view(), face::Devices { inputs: vec!["mic".into()], outputs: Vec::new() });
    }
}
