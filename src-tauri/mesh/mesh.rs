//! All pairs of this device, and the calls on them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use bytes::Bytes;
use pushtalk_protocol::{Pid, Sdp};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};

use crate::{
    LinkStats, MeshConfig, MeshError, MeshEvent, ReceivedFrame, Role, VoiceSender,
    event::LONGEST_CTL,
    link::{Link, Links},
    pair::{Command, Course, Life, Pair, Pairs},
    tap::Voice,
};

const COMMANDS: usize = 128;
const CTL: usize = 256;

/// The connections of this device. Calls never wait; dropping it closes everything and tells nobody here.
pub struct Mesh {
    config: MeshConfig,
    events: mpsc::Sender<MeshEvent>,
    voice: Voice,
    pairs: Arc<Pairs>,
    links: Arc<Links>,
    runtime: Handle,
}

impl Mesh {
    /// A mesh without pairs. `voice` gets each frame on the task that reads the sockets: it must be quick and must not
    /// wait or panic; it may send.
    ///
    /// # Panics
    ///
    /// When called outside of a Tokio runtime (with IO and time enabled).
    pub fn new(
        config: MeshConfig,
        events: mpsc::Sender<MeshEvent>,
        voice: impl Fn(ReceivedFrame) + Send + Sync + 'static,
    ) -> Self {
        Self {
            config,
            events,
            voice: Arc::new(voice),
            pairs: Arc::default(),
            links: Arc::default(),
            runtime: Handle::current(),
        }
    }

    /// Starts a pair: binds sockets, and as `Offerer` tells the offer.
    ///
    /// # Errors
    ///
    /// `StillOpen` until the `Failed` or `Closed` of the last pair with this peer is in the channel.
    pub fn open(&self, peer: Pid, role: Role) -> Result<(), MeshError> {
        let mut pairs = self.pairs.lock();
        if pairs.contains_key(&peer) {
            return Err(MeshError::StillOpen);
        }
        let (commands, commands_rx) = mpsc::channel(COMMANDS);
        let (ctl, ctl_rx) = mpsc::channel(CTL);
        let (course, course_rx) = watch::channel(Course::Open);
        let link = Arc::new(Link::new());
        let ctl_open = Arc::new(AtomicBool::new(false));
        self.links.insert(peer, Arc::clone(&link));
        let others = pairs.values().filter(|pair| !pair.ctl_open.load(Relaxed)).count();
        let life = Life {
            peer,
            others,
            role,
            config: self.config.clone(),
            events: self.events.clone(),
            voice: Arc::clone(&self.voice),
            link: Arc::clone(&link),
            links: Arc::clone(&self.links),
            pairs: Arc::clone(&self.pairs),
            commands: commands_rx,
            ctl: ctl_rx,
            ctl_open: Arc::clone(&ctl_open),
            course: course_rx,
        };
        pairs.insert(peer, Pair { commands, ctl, ctl_open, course, link });
        self.runtime.spawn(life.run());
        Ok(())
    }

    /// Takes the peer's description. What cannot be read fails the pair.
    ///
    /// # Errors
    ///
    /// `NoPair`, `Full`.
    pub fn remote_description(&self, peer: Pid, sdp: Sdp) -> Result<(), MeshError> {
        self.command(peer, Command::Description(sdp))
    }

    /// Takes a candidate of the peer, or an empty text at their end; before its description too. What cannot be read
    /// fails the pair.
    ///
    /// # Errors
    ///
    /// `NoPair`, `Full`.
    pub fn remote_candidate(&self, peer: Pid, candidate: String) -> Result<(), MeshError> {
        self.command(peer, Command::Candidate(candidate))
    }

    /// Queues a message, which arrives in order or ends the pair.
    ///
    /// # Errors
    ///
    /// `NoPair`, `NotOpen` before `CtlOpen`, `TooLong` above 16 KiB, `Full` while 256 messages wait.
    pub fn send_ctl(&self, peer: Pid, message: Bytes) -> Result<(), MeshError> {
        if message.len() > LONGEST_CTL {
            return Err(MeshError::TooLong);
        }
        let pairs = self.pairs.lock();
        let pair = pairs.get(&peer).ok_or(MeshError::NoPair)?;
        if !pair.ctl_open.load(Relaxed) || *pair.course.borrow() != Course::Open {
            return Err(MeshError::NotOpen);
        }
        pair.ctl.try_send(message).map_err(refused)
    }

    /// Ends a pair. From the return of this call no frame goes to the peer and none comes from it, but one that is just
    /// passing on another thread; `Closed` follows when its sockets are gone.
    pub fn close(&self, peer: Pid) {
        if let Some(pair) = self.pairs.lock().get(&peer) {
            pair.head_for(Course::Closing);
        }
    }

    /// Ends all pairs and waits until their tasks and sockets are gone. No event follows.
    pub async fn close_all(&self) {
        for course in self.silence() {
            course.closed().await;
        }
    }

    /// For the talk thread.
    pub fn voice_sender(&self) -> VoiceSender {
        VoiceSender { links: Arc::clone(&self.links) }
    }

    /// Counters of a pair; none when there is no such pair.
    pub fn stats(&self, peer: Pid) -> Option<LinkStats> {
        self.links.get(peer).map(|link| link.stats())
    }

    #[cfg(test)]
    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    fn command(&self, peer: Pid, command: Command) -> Result<(), MeshError> {
        let pairs = self.pairs.lock();
        pairs.get(&peer).ok_or(MeshError::NoPair)?.commands.try_send(command).map_err(refused)
    }

    fn silence(&self) -> Vec<watch::Sender<Course>> {
        let pairs = self.pairs.lock();
        pairs
            .values()
            .map(|pair| {
                pair.head_for(Course::Silent);
                pair.course.clone()
            })
            .collect()
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        self.silence();
    }
}

impl Pair {
    fn head_for(&self, course: Course) {
        self.link.end();
        self.course.send_if_modified(|now| {
            let further = *now != course && *now != Course::Silent;
            if further {
                *now = course;
            }
            further
        });
    }
}

fn refused<T>(error: mpsc::error::TrySendError<T>) -> MeshError {
    match error {
        mpsc::error::TrySendError::Full(_) => MeshError::Full,
        mpsc::error::TrySendError::Closed(_) => MeshError::NoPair,
    }
}
