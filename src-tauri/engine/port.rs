//! A port: one way for sound into or out of this machine, with the device that it has and what is tried when it has none.
//!
//! Which device: the chosen one when it is there, else the system's default. Without clock and without devices: it is told
//! what happened and says what is to be opened; the voice threads do it. Every order to open has a number, and its
//! answer carries it, so an answer that is overtaken counts for nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_device::{DeviceError, DeviceInfo, Direction};

use crate::backoff::Pauses;

/// A port that has lost its device works all the same when it has another one by then.
const MOMENT: Duration = Duration::from_secs(1);
/// Shortest and longest wait between two tries.
const PAUSES: Pauses = Pauses(Duration::from_millis(250), Duration::from_secs(5));
/// A device that goes sooner than this after it was opened counts as one that could not be opened.
const STEADY: Duration = Duration::from_secs(5);

/// What is to be done, or has come of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Open this device, or the system's default, in place of what is open.
    Open(Plug),
    /// It works from now on.
    Works {
        /// Exact name of the device.
        device: String,
        /// The device that should be there, or was, and is not.
        instead_of: Option<String>,
    },
    /// This device went, and nothing took its place.
    Gone(String),
    /// Nothing could be opened.
    Fails(DeviceError),
}

/// An order to open a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plug {
    /// The answer carries it.
    pub attempt: u32,
    /// Its exact name; none for the system's default.
    pub name: Option<String>,
}

/// What became of an order to open, or of the device that was opened by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlugNews {
    /// It is open; with the exact name of the device.
    Opened(String),
    /// It could not be opened, or the system takes it away for good.
    Failed(DeviceError),
    /// It was open, and is so no longer.
    Lost,
}

pub(crate) struct Port {
    direction: Direction,
    chosen: Option<String>,
    state: State,
    attempt: u32,
    /// Rounds without success, one after the other.
    fails: u32,
    /// True when the chosen device is there and could not be opened: it is left alone until it has been away.
    refused: bool,
    /// The default device that was moved to last.
    followed: Option<String>,
    /// The device that went, and when; until there is another one.
    gone: Option<(String, Duration)>,
    /// True when it has been told that nothing works.
    told: bool,
    /// The devices of this direction at the last look.
    known: Option<Vec<DeviceInfo>>,
    /// What all that were ever listed are called, by their exact names.
    labels: BTreeMap<String, String>,
}

enum State {
    Closed,
    Opening {
        name: Option<String>,
    },
    Open {
        device: String,
        since: Duration,
        /// It was in the list.
        seen: bool,
    },
    /// Nothing could be opened; it is tried again then.
    Waiting {
        at: Duration,
    },
    /// The system does not allow it: only a person can change that.
    Blocked,
}

impl Port {
    pub(crate) fn new(direction: Direction) -> Self {
        Self {
            direction,
            chosen: None,
            state: State::Closed,
            attempt: 0,
            fails: 0,
            refused: false,
            followed: None,
            gone: None,
            told: false,
            known: None,
            labels: BTreeMap::new(),
        }
    }

    /// The exact name of the device that is open.
    pub(crate) fn device(&self) -> Option<&str> {
        match &self.state {
            State::Open { device, .. } => Some(device),
            _ => None,
        }
    }

    /// The device that is open, as far as it is in the list.
    pub(crate) fn info(&self) -> Option<&DeviceInfo> {
        find(self.known.as_deref()?, self.device()?)
    }

    /// True for the number of the last order.
    pub(crate) fn is_current(&self, attempt: u32) -> bool {
        attempt == self.attempt
    }

    /// How to call a device towards a person.
    pub(crate) fn label(&self, name: &str) -> String {
        self.labels.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// Opens this device, or the system's default, in place of what is open. A person asked for it, so what failed
    /// before is tried again.
    pub(crate) fn open(&mut self, chosen: Option<String>) -> Vec<Step> {
        self.chosen = chosen;
        (self.fails, self.refused, self.told) = (0, false, false);
        (self.followed, self.gone) = (None, None);
        vec![self.round()]
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Nothing is to be open any more; what is still on its way counts for nothing.
    pub(crate) fn close(&mut self) {
        (self.state, self.gone) = (State::Closed, None);
        self.attempt = self.attempt.wrapping_add(1);
    }

    pub(crate) fn news(&mut self, now: Duration, attempt: u32, news: PlugNews) -> Vec<Step> {
        if !self.is_current(attempt) {
            return Vec::new();
        }
        match news {
            PlugNews::Opened(device) => self.opened(now, device),
            PlugNews::Failed(DeviceError::PermissionDenied) => {
                (self.state, self.gone) = (State::Blocked, None);
                vec![Step::Fails(DeviceError::PermissionDenied)]
            }
            PlugNews::Failed(error) => self.failed(now, error),
            PlugNews::Lost => self.lost(now),
        }
    }

    /// All devices that there are now.
    pub(crate) fn listed(&mut self, now: Duration, all: &[DeviceInfo]) -> Vec<Step> {
        let all: Vec<_> = all.iter().filter(|info| info.direction == self.direction).cloned().collect();
        let changed = self.known.as_ref() != Some(&all);
        self.labels.extend(all.iter().map(|info| (info.name.clone(), info.label.clone())));
        let default = all.iter().find(|info| info.is_default).map(|info| info.name.clone());
        let chosen = self.chosen.as_deref().and_then(|name| find(&all, name)).map(|info| info.name.clone());
        let present = |device: &str| find(&all, device).is_some();
        self.refused &= chosen.is_some();
        let mut steps = Vec::new();
        match &mut self.state {
            State::Open { device, seen, .. } => {
                if present(device) {
                    *seen = true;
                    let wanted = if self.refused { None } else { chosen };
                    match (wanted, default) {
                        (Some(chosen), _) if chosen != *device => steps.push(self.plug(Some(chosen))),
                        // Once: where the system opens another one than it names, nothing would come to rest.
                        (None, Some(default))
                            if default != *device && self.followed.as_ref() != Some(&default) =>
                        {
                            self.followed = Some(default);
                            steps.push(self.plug(None));
                        }
                        _ => {}
                    }
                } else if *seen {
                    // Some sound servers move a stream to another device without a word.
                    self.known = Some(all);
                    return self.lost(now);
                }
            }
            State::Waiting { .. } if changed => {
                self.known = Some(all);
                return vec![self.round()];
            }
            State::Closed | State::Opening { .. } | State::Waiting { .. } | State::Blocked => {}
        }
        self.known = Some(all);
        steps
    }

    /// When `tick` is wanted.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let again = match self.state {
            State::Waiting { at } => Some(at),
            _ => None,
        };
        let patience = self.gone.as_ref().filter(|_| !self.told).map(|(_, since)| *since + MOMENT);
        [again, patience].into_iter().flatten().min()
    }

    pub(crate) fn tick(&mut self, now: Duration) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some((device, since)) = &self.gone
            && !self.told
            && now >= *since + MOMENT
        {
            steps.push(Step::Gone(device.clone()));
            self.told = true;
        }
        if matches!(self.state, State::Waiting { at } if now >= at) {
            steps.push(self.round());
        }
        steps
    }

    /// Tries the chosen device, then the default one. The list does not matter: it may be old, and not every device that
    /// can be opened is in it.
    fn round(&mut self) -> Step {
        let name = self.chosen.clone().filter(|_| !self.refused);
        self.plug(name)
    }

    fn plug(&mut self, name: Option<String>) -> Step {
        self.attempt = self.attempt.wrapping_add(1);
        self.state = State::Opening { name: name.clone() };
        Step::Open(Plug { attempt: self.attempt, name })
    }

    fn opened(&mut self, now: Duration, device: String) -> Vec<Step> {
        let known = self.known.as_deref().unwrap_or_default();
        let seen = find(known, &device).is_some();
        let is_it = |name: &str| name == device || find(known, name).is_some_and(|info| info.name == device);
        let missing = match (&self.chosen, self.gone.take()) {
            (Some(chosen), _) => Some(chosen.clone()),
            (None, gone) => gone.map(|(device, _)| device),
        };
        let instead_of = missing.filter(|name| !is_it(name));
        self.told = false;
        self.state = State::Open { device: device.clone(), since: now, seen };
        vec![Step::Works { device, instead_of }]
    }

    fn failed(&mut self, now: Duration, error: DeviceError) -> Vec<Step> {
        if let State::Opening { name: Some(name) } = &self.state {
            // Where it is not there the list is what is old.
            let listed = self.known.as_ref().is_some_and(|all| find(all, name).is_some());
            self.refused = listed && !matches!(error, DeviceError::NotFound { .. });
            return vec![self.plug(None)];
        }
        self.pause(now);
        // A person who has seen it work is told that the device is gone; nobody is told the same at every try.
        if self.gone.is_some() || std::mem::replace(&mut self.told, true) {
            return Vec::new();
        }
        vec![Step::Fails(error)]
    }

    fn lost(&mut self, now: Duration) -> Vec<Step> {
        let State::Open { device, since, .. } = &self.state else { return Vec::new() };
        let steady = now.saturating_sub(*since) >= STEADY;
        self.gone = Some((device.clone(), now));
        if steady {
            self.fails = 0;
        } else if self.fails > 0 {
            self.pause(now);
            return Vec::new();
        } else {
            self.fails = 1;
        }
        vec![self.round()]
    }

    fn pause(&mut self, now: Duration) {
        self.fails = self.fails.saturating_add(1);
        self.state = State::Waiting { at: now + PAUSES.after(self.fails - 1) };
    }
}

/// By its exact name, or by a description that only one has.
fn find<'a>(all: &'a [DeviceInfo], name: &str) -> Option<&'a DeviceInfo> {
    all.iter().find(|info| info.name == name).or_else(|| {
        let mut described = all.iter().filter(|info| info.label == name);
        let first = described.next()?;
        described.next().is_none().then_some(first)
    })
}

#[cfg(test)]
#[path = "port_tests.rs"]
mod tests;
