//! A pair: the paths to one peer, one after the other, and which of them is in use.
//!
//! A path is a whole connection. Where the addresses of a machine have changed a second one is made next to the first,
//! which goes on until the second is open: the library could restart ICE on new sockets only by closing the old ones first.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};

use bytes::Bytes;
use pushtalk_protocol::Pid;
use tokio::sync::{Semaphore, mpsc, watch};
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

use crate::{
    FailWhy, MeshConfig, MeshError, MeshEvent, Role,
    life::Command,
    link::{Link, Links},
    tap::Voice,
};

/// Paths of one pair at a time: in use, being made, and those that are just being closed. Addresses change several times in
/// a second while a cable is plugged in, at both ends.
const MOST_PATHS: usize = 12;

/// Where a path is heading.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Course {
    Open,
    /// Another one is in use instead: it ends soon.
    Replaced,
    Closing,
    /// The whole mesh ends; nobody listens any more.
    Silent,
}

/// How a path ends, and at last the pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Closed,
    Failed(FailWhy),
}

/// What all pairs share.
pub(crate) struct Site {
    pub(crate) config: MeshConfig,
    pub(crate) events: mpsc::Sender<MeshEvent>,
    pub(crate) voice: Voice,
    pub(crate) vpn: AtomicBool,
    /// Who tells this device from which address it is seen.
    pub(crate) stun: Mutex<Option<SocketAddr>>,
    pub(crate) pairs: Pairs,
    pub(crate) links: Arc<Links>,
    /// To begin paths.
    pub(crate) turns: Arc<Semaphore>,
}

impl Site {
    pub(crate) fn stun(&self) -> Option<SocketAddr> {
        *self.stun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The living pairs.
#[derive(Default)]
pub(crate) struct Pairs(Mutex<HashMap<Pid, Pair>>);

impl Pairs {
    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<Pid, Pair>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A path is about to close its connection.
    pub(crate) fn ending(&self, peer: Pid, path: u32) {
        if let Some(pair) = self.lock().get_mut(&peer) {
            pair.path_ending(path);
        }
    }
}

/// What a mesh holds of a living pair.
pub(crate) struct Pair {
    pub(crate) role: Role,
    pub(crate) link: Arc<Link>,
    paths: BTreeMap<u32, Path>,
    /// Frames and messages take this one.
    used: Option<u32>,
    newest: u32,
    /// Why all of it ends.
    end: Option<End>,
}

/// What a pair holds of a path.
pub(crate) struct Path {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) ctl: mpsc::Sender<Bytes>,
    pub(crate) course: watch::Sender<Course>,
}

impl Pair {
    pub(crate) fn new(role: Role, link: Arc<Link>) -> Self {
        Self { role, link, paths: BTreeMap::new(), used: None, newest: 0, end: None }
    }

    /// The number of the next path.
    pub(crate) fn next(&self) -> u32 {
        if self.paths.is_empty() { self.newest } else { self.newest.saturating_add(1) }
    }

    /// Whether a path of this number can begin.
    pub(crate) fn takes(&self, path: u32) -> Result<(), MeshError> {
        match path {
            _ if self.end.is_some() => Err(MeshError::NoPair),
            path if path < self.next() => Err(MeshError::NoPair),
            _ if self.paths.len() >= MOST_PATHS => Err(MeshError::Full),
            _ => Ok(()),
        }
    }

    /// A path begins; one that was being made before is given up.
    pub(crate) fn begin(&mut self, number: u32, path: Path) {
        for (_, older) in self.paths.iter().filter(|(older, _)| Some(**older) != self.used) {
            older.head_for(Course::Closing);
        }
        self.newest = number;
        self.paths.insert(number, path);
    }

    pub(crate) fn path(&self, path: u32) -> Option<&Path> {
        self.paths.get(&path)
    }

    /// The path that messages take.
    pub(crate) fn used(&self) -> Option<&Path> {
        self.used.filter(|_| self.end.is_none()).and_then(|used| self.paths.get(&used))
    }

    /// Whether its newest path is there and not in use yet.
    pub(crate) fn is_being_made(&self) -> bool {
        self.used != Some(self.newest) && self.paths.contains_key(&self.newest)
    }

    /// Whether none was begun after it.
    pub(crate) fn is_newest(&self, path: u32) -> bool {
        self.newest == path
    }

    pub(crate) fn uses(&self, path: u32) -> bool {
        self.used == Some(path)
    }

    /// Messages flow on a path: from now on all takes this one. False when there is a newer one already.
    pub(crate) fn path_opened(&mut self, path: u32, track: Arc<TrackLocalStaticRTP>) -> bool {
        if self.end.is_some() || self.used.is_some_and(|used| used > path) {
            return false;
        }
        self.used = Some(path);
        self.link.moved(path, track);
        for older in self.paths.range(..path).map(|(_, older)| older) {
            older.head_for(Course::Replaced);
        }
        true
    }

    fn path_ending(&mut self, path: u32) {
        if self.paths.len() <= 1 {
            self.link.end();
        } else if self.uses(path) {
            self.link.pause();
        }
    }

    /// A path is gone. Gives how the pair ends when it was the last.
    pub(crate) fn path_ended(&mut self, path: u32, end: End) -> Option<End> {
        self.paths.remove(&path);
        if self.uses(path) {
            self.used = None;
        }
        let last = self.paths.is_empty();
        if last {
            self.link.end();
        }
        last.then(|| self.end.unwrap_or(end))
    }

    /// Ends the pair: from now on no frame goes out or comes in.
    pub(crate) fn close(&mut self, course: Course) {
        self.end.get_or_insert(End::Closed);
        self.link.end();
        self.paths.values().for_each(|path| path.head_for(course));
    }

    pub(crate) fn courses(&self) -> impl Iterator<Item = watch::Sender<Course>> {
        self.paths.values().map(|path| path.course.clone())
    }
}

impl Path {
    fn head_for(&self, course: Course) {
        self.course.send_if_modified(|now| {
            let further = course > *now;
            if further {
                *now = course;
            }
            further
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> Path {
        Path { commands: mpsc::channel(1).0, ctl: mpsc::channel(1).0, course: watch::channel(Course::Open).0 }
    }

    #[test]
    fn a_pair_is_being_made_until_its_newest_path_is_in_use_or_gone() {
        let mut pair = Pair::new(Role::Offerer, Arc::new(Link::new()));
        pair.begin(0, path());
        assert!(pair.is_being_made());
        pair.used = Some(0);
        assert!(!pair.is_being_made());
        pair.begin(1, path());
        assert!(pair.is_being_made());
        assert_eq!(pair.path_ended(1, End::Failed(FailWhy::Ice)), None);
        assert!(!pair.is_being_made());
    }
}
