//! All pairs of this device, and the calls on them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use bytes::Bytes;
use pushtalk_protocol::{Candidate, Pid, Sdp, SdpKind};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc, watch},
};

use crate::{
    LinkStats, MeshConfig, MeshError, MeshEvent, ReceivedFrame, Role, VoiceSender,
    event::LONGEST_CTL,
    life::{AT_ONCE, Command, Life},
    link::Link,
    pair::{Course, Pair, Pairs, Path, Site},
};

const COMMANDS: usize = 128;
const CTL: usize = 256;

/// The connections of this device. Calls never wait; dropping it closes everything and tells nobody here.
pub struct Mesh {
    site: Arc<Site>,
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
        let (voice, pairs, links) = (Arc::new(voice), Pairs::default(), Arc::default());
        let vpn = AtomicBool::new(config.vpn);
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let stun = Mutex::default();
        let site = Arc::new(Site { config, events, voice, vpn, stun, pairs, links, turns });
        Self { site, runtime: Handle::current() }
    }

    /// Chooses whether paths that are made from now on may go through tunnels.
    pub fn use_vpn(&self, on: bool) {
        self.site.vpn.store(on, Relaxed);
    }

    /// On paths that are made from now on, this server is asked from which address this device is seen; none where nobody is.
    pub fn use_stun(&self, server: Option<SocketAddr>) {
        *self.site.stun.lock().unwrap_or_else(PoisonError::into_inner) = server;
    }

    /// Starts a pair: binds sockets, and as `Offerer` tells the offer.
    ///
    /// # Errors
    ///
    /// `StillOpen` until the `Failed` or `Closed` of the last pair with this peer is in the channel.
    pub fn open(&self, peer: Pid, role: Role) -> Result<(), MeshError> {
        let mut pairs = self.site.pairs.lock();
        if pairs.contains_key(&peer) {
            return Err(MeshError::StillOpen);
        }
        let others = being_made(&pairs);
        let link = Arc::new(Link::new());
        self.site.links.insert(peer, Arc::clone(&link));
        let pair = pairs.entry(peer).or_insert(Pair::new(role, link));
        self.begin(peer, pair, 0, false, others);
        Ok(())
    }

    /// As `Offerer`: makes another path next to the one in use, over the addresses that this machine has now; `thorough`
    /// tries TCP as well, and link-local addresses of IPv6. `CtlOpen` tells when it is in use; if it comes to nothing, the
    /// one before goes on. One that was being made is given up.
    ///
    /// # Errors
    ///
    /// `NoPair`; `NotOfferer`; `Full` while earlier ones are being closed.
    pub fn restart(&self, peer: Pid, thorough: bool) -> Result<(), MeshError> {
        let mut pairs = self.site.pairs.lock();
        let others = being_made(&pairs);
        let pair = pairs.get_mut(&peer).ok_or(MeshError::NoPair)?;
        if pair.role != Role::Offerer {
            return Err(MeshError::NotOfferer);
        }
        let path = pair.next();
        pair.takes(path)?;
        self.begin(peer, pair, path, thorough, others);
        Ok(())
    }

    fn begin(&self, peer: Pid, pair: &mut Pair, path: u32, thorough: bool, others: usize) {
        let (commands, commands_rx) = mpsc::channel(COMMANDS);
        let (ctl, ctl_rx) = mpsc::channel(CTL);
        let (course, course_rx) = watch::channel(Course::Open);
        let life = Life {
            site: Arc::clone(&self.site),
            peer,
            path,
            role: pair.role,
            thorough,
            others,
            link: Arc::clone(&pair.link),
            commands: commands_rx,
            ctl: ctl_rx,
            course: course_rx,
        };
        pair.begin(path, Path { commands, ctl, course });
        self.runtime.spawn(life.run());
    }

    /// Takes the peer's description; an offer of a new path begins that one here too. What cannot be read fails the path.
    ///
    /// # Errors
    ///
    /// `NoPair` without such a path, `Full`.
    pub fn remote_description(&self, peer: Pid, sdp: Sdp) -> Result<(), MeshError> {
        {
            let mut pairs = self.site.pairs.lock();
            let others = being_made(&pairs);
            let pair = pairs.get_mut(&peer).ok_or(MeshError::NoPair)?;
            if pair.role == Role::Answerer && sdp.kind == SdpKind::Offer && pair.path(sdp.path).is_none() {
                pair.takes(sdp.path)?;
                self.begin(peer, pair, sdp.path, sdp.text.contains(" tcptype "), others);
            }
        }
        self.command(peer, sdp.path, Command::Description(sdp))
    }

    /// Takes a candidate of the peer, or an empty text at their end; before its description too. What cannot be read
    /// fails the path.
    ///
    /// # Errors
    ///
    /// `NoPair`, `Full`.
    pub fn remote_candidate(&self, peer: Pid, candidate: Candidate) -> Result<(), MeshError> {
        self.command(peer, candidate.path, Command::Candidate(candidate))
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
        let pairs = self.site.pairs.lock();
        let pair = pairs.get(&peer).ok_or(MeshError::NoPair)?;
        pair.used().ok_or(MeshError::NotOpen)?.ctl.try_send(message).map_err(refused)
    }

    /// Ends a pair. From the return of this call no frame goes to the peer and none comes from it, but one that is just
    /// passing on another thread; `Closed` follows when its sockets are gone.
    pub fn close(&self, peer: Pid) {
        if let Some(pair) = self.site.pairs.lock().get_mut(&peer) {
            pair.close(Course::Closing);
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
        VoiceSender { links: Arc::clone(&self.site.links) }
    }

    /// Counters of a pair; none when there is no such pair.
    pub fn stats(&self, peer: Pid) -> Option<LinkStats> {
        self.site.links.get(peer).map(|link| link.stats())
    }

    #[cfg(test)]
    pub(crate) fn links(&self) -> &crate::link::Links {
        &self.site.links
    }

    fn command(&self, peer: Pid, path: u32, command: Command) -> Result<(), MeshError> {
        let pairs = self.site.pairs.lock();
        let path = pairs.get(&peer).and_then(|pair| pair.path(path)).ok_or(MeshError::NoPair)?;
        path.commands.try_send(command).map_err(refused)
    }

    fn silence(&self) -> Vec<watch::Sender<Course>> {
        let mut pairs = self.site.pairs.lock();
        pairs
            .values_mut()
            .flat_map(|pair| {
                pair.close(Course::Silent);
                pair.courses().collect::<Vec<_>>()
            })
            .collect()
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        self.silence();
    }
}

/// How many pairs are not up yet.
fn being_made(pairs: &HashMap<Pid, Pair>) -> usize {
    pairs.values().filter(|pair| pair.is_being_made()).count()
}

fn refused<T>(error: mpsc::error::TrySendError<T>) -> MeshError {
    match error {
        mpsc::error::TrySendError::Full(_) => MeshError::Full,
        mpsc::error::TrySendError::Closed(_) => MeshError::NoPair,
    }
}
