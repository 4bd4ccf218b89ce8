//! The life of one pair: a task that takes what the peer said and tells what happens.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use pushtalk_protocol::{Pid, Sdp, SdpKind};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use webrtc::{
    data_channel::DataChannelEvent,
    peer_connection::{RTCIceConnectionState, RTCPeerConnectionState},
};

use crate::{
    FailWhy, MeshConfig, MeshEvent, Role,
    connection::{Connection, News, Situation},
    event::LONGEST_CTL,
    interfaces,
    link::{Link, Links},
    tap::Voice,
};

/// Host candidates come at once; those that do not are told later.
const GATHER: Duration = Duration::from_millis(250);
/// How many candidates of the peer are taken, or kept until its description comes.
const REMOTE_CANDIDATES: usize = 64;
/// Longest description and candidate that are read.
const LONGEST_SDP: usize = 64 * 1024;
const LONGEST_CANDIDATE: usize = 512;
const MEASURE: Duration = Duration::from_secs(2);

/// What the other side said.
pub(crate) enum Command {
    Description(Sdp),
    Candidate(String),
}

/// Where a pair is heading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    Open,
    Closing,
    /// The whole mesh ends; nobody listens any more.
    Silent,
}

/// What a mesh holds of a living pair.
pub(crate) struct Pair {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) ctl: mpsc::Sender<Bytes>,
    pub(crate) ctl_open: Arc<AtomicBool>,
    pub(crate) course: watch::Sender<Course>,
    pub(crate) link: Arc<Link>,
}

/// The living pairs.
#[derive(Default)]
pub(crate) struct Pairs(Mutex<HashMap<Pid, Pair>>);

impl Pairs {
    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<Pid, Pair>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the task of a pair owns.
pub(crate) struct Life {
    pub(crate) peer: Pid,
    pub(crate) role: Role,
    pub(crate) config: MeshConfig,
    pub(crate) events: mpsc::Sender<MeshEvent>,
    pub(crate) voice: Voice,
    pub(crate) link: Arc<Link>,
    pub(crate) links: Arc<Links>,
    pub(crate) pairs: Arc<Pairs>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) ctl: mpsc::Receiver<Bytes>,
    pub(crate) ctl_open: Arc<AtomicBool>,
    pub(crate) course: watch::Receiver<Course>,
}

/// How a pair ends.
#[derive(Clone, Copy)]
enum End {
    Closed,
    Failed(FailWhy),
}

const UNREADABLE: End = End::Failed(FailWhy::Other);
const UNPROVED: End = End::Failed(FailWhy::Dtls);

impl Life {
    pub(crate) async fn run(mut self) {
        let addresses = interfaces::addresses(self.config.loopback);
        // Never cancelled: a connection that is dropped half built keeps its driver.
        let built =
            Connection::build(&self.config, addresses, self.peer, &self.link, Arc::clone(&self.voice)).await;
        let end = match built {
            Ok((connection, news)) => {
                let mut course = self.course.clone();
                let end = tokio::select! {
                    biased;
                    _ = course.wait_for(|course| *course != Course::Open) => End::Closed,
                    end = AssertUnwindSafe(self.drive(&connection, news)).catch_unwind() => {
                        // What a peer sends must not be able to end more than its pair.
                        end.unwrap_or(UNREADABLE)
                    }
                };
                self.link.end();
                connection.close().await;
                end
            }
            Err(_) => {
                tracing::warn!("a connection could not be built");
                UNREADABLE
            }
        };
        self.link.end();
        self.finish(end).await;
    }

    /// The pair leaves the mesh in the same instant in which its last event is in the channel.
    async fn finish(mut self, end: End) {
        let peer = self.peer;
        let last = match end {
            End::Closed => MeshEvent::Closed { peer },
            End::Failed(why) => {
                tracing::info!(?why, "a pair failed");
                MeshEvent::Failed { peer, why }
            }
        };
        let place = tokio::select! {
            biased;
            _ = self.course.wait_for(|course| *course == Course::Silent) => None,
            place = self.events.reserve() => place.ok(),
        };
        let mut pairs = self.pairs.lock();
        pairs.remove(&peer);
        self.links.remove(peer);
        if let Some(place) = place {
            place.send(last);
        }
    }

    async fn drive(&mut self, connection: &Connection, news: News) -> End {
        let (proved, proof) = watch::channel(false);
        let teller = Teller { peer: self.peer, events: &self.events };
        let control = Control {
            connection,
            teller: &teller,
            link: &self.link,
            config: &self.config,
            role: self.role,
            early: Vec::new(),
            candidates: 0,
            described: false,
            gathered_told: false,
        };
        tokio::select! {
            end = control.run(&mut self.commands, news, proved) => end,
            end = read_ctl(connection, &teller, proof, &self.ctl_open) => end,
            end = write_ctl(connection, &mut self.ctl) => end,
        }
    }
}

/// Tells the mesh's owner, who may be slow.
struct Teller<'a> {
    peer: Pid,
    events: &'a mpsc::Sender<MeshEvent>,
}

impl Teller<'_> {
    /// When nobody listens the mesh is about to end, which ends the pair.
    async fn tell(&self, event: MeshEvent) {
        let _ = self.events.send(event).await;
    }
}

struct Control<'a> {
    connection: &'a Connection,
    teller: &'a Teller<'a>,
    link: &'a Link,
    config: &'a MeshConfig,
    role: Role,
    /// Candidates that came before the description.
    early: Vec<String>,
    candidates: usize,
    described: bool,
    /// Whether the peer knows that there are no more candidates.
    gathered_told: bool,
}

impl Control<'_> {
    async fn run(
        mut self,
        commands: &mut mpsc::Receiver<Command>,
        mut news: News,
        proved: watch::Sender<bool>,
    ) -> End {
        let peer = self.teller.peer;
        let connect_by = Instant::now() + self.config.connect_within;
        let mut dtls_by = None;
        let mut before = RTCPeerConnectionState::New;
        let mut measure = interval(MEASURE);
        measure.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if self.role == Role::Offerer {
            if self.connection.offer().await.is_err() {
                return UNREADABLE;
            }
            self.tell_description(SdpKind::Offer, &mut news).await;
        }
        loop {
            let connected = *proved.borrow();
            tokio::select! {
                command = commands.recv() => {
                    let taken = match command {
                        Some(Command::Description(sdp)) => self.describe(sdp, &mut news).await,
                        Some(Command::Candidate(candidate)) => self.candidate(candidate).await,
                        None => return End::Closed,
                    };
                    if let Err(end) = taken {
                        return end;
                    }
                }
                Some(candidate) = news.candidates.recv() => {
                    self.teller.tell(MeshEvent::Candidate { peer, candidate }).await;
                }
                Ok(()) = news.situation.changed() => {
                    let now = *news.situation.borrow_and_update();
                    if let Some(end) = judge(now) {
                        return end;
                    }
                    if now.gathered && self.described && !self.gathered_told {
                        self.gathered_told = true;
                        self.teller.tell(MeshEvent::Candidate { peer, candidate: String::new() }).await;
                    }
                    if dtls_by.is_none() && found_path(now.ice) {
                        dtls_by = Some(Instant::now() + self.config.dtls_within);
                    }
                    if now.peer != before {
                        before = now.peer;
                        match now.peer {
                            RTCPeerConnectionState::Connected => {
                                if !connected {
                                    if !self.connection.proved().await {
                                        return UNPROVED;
                                    }
                                    self.link.connected(self.connection.track());
                                }
                                self.teller.tell(MeshEvent::Connected { peer }).await;
                                proved.send_replace(true);
                            }
                            RTCPeerConnectionState::Disconnected if connected => {
                                self.teller.tell(MeshEvent::Disconnected { peer }).await;
                            }
                            _ => {}
                        }
                    }
                }
                () = sleep_until(dtls_by.unwrap_or(connect_by)), if !connected => {
                    return End::Failed(if dtls_by.is_some() { FailWhy::Dtls } else { FailWhy::Ice });
                }
                _ = measure.tick(), if connected => {
                    if let Some(round_trip) = self.connection.round_trip().await {
                        self.link.measured(round_trip);
                    }
                }
            }
        }
    }

    async fn describe(&mut self, sdp: Sdp, news: &mut News) -> Result<(), End> {
        let expected = match self.role {
            Role::Offerer => SdpKind::Answer,
            Role::Answerer => SdpKind::Offer,
        };
        if sdp.kind != expected || self.described || sdp.text.len() > LONGEST_SDP {
            return Err(UNREADABLE);
        }
        self.connection.take(sdp).await.map_err(|_| UNREADABLE)?;
        self.described = true;
        self.link.negotiated(self.connection.payload_type().await.map_err(|_| UNREADABLE)?);
        for candidate in std::mem::take(&mut self.early) {
            self.connection.candidate(candidate).await.map_err(|_| UNREADABLE)?;
        }
        if self.role == Role::Answerer {
            self.tell_description(SdpKind::Answer, news).await;
        }
        Ok(())
    }

    async fn candidate(&mut self, candidate: String) -> Result<(), End> {
        self.candidates += 1;
        if candidate.len() > LONGEST_CANDIDATE {
            return Err(UNREADABLE);
        }
        // More than any machine has; and names that only multicast DNS knows, or TCP, are of no use here.
        if self.candidates > REMOTE_CANDIDATES || of_no_use(&candidate) {
            return Ok(());
        }
        if self.described {
            self.connection.candidate(candidate).await.map_err(|_| UNREADABLE)
        } else {
            self.early.push(candidate);
            Ok(())
        }
    }

    /// Waits a moment for the candidates, so that one message holds them all.
    async fn tell_description(&mut self, kind: SdpKind, news: &mut News) {
        let gathered = timeout(GATHER, news.situation.wait_for(|now| now.gathered)).await.is_ok();
        while news.candidates.try_recv().is_ok() {}
        self.gathered_told = gathered;
        if let Some(sdp) = self.connection.description(kind).await {
            self.teller.tell(MeshEvent::Description { peer: self.teller.peer, sdp }).await;
        }
        // What was seen while waiting is looked at again.
        news.situation.mark_changed();
    }
}

fn judge(now: Situation) -> Option<End> {
    if now.foreign_channel {
        return Some(UNREADABLE);
    }
    match now.peer {
        RTCPeerConnectionState::Failed => Some(End::Failed(FailWhy::Ice)),
        RTCPeerConnectionState::Closed => Some(End::Closed),
        _ => None,
    }
}

fn found_path(ice: RTCIceConnectionState) -> bool {
    matches!(ice, RTCIceConnectionState::Connected | RTCIceConnectionState::Completed)
}

fn of_no_use(candidate: &str) -> bool {
    let mut words = candidate.split_ascii_whitespace();
    words.nth(2).is_some_and(|transport| transport.eq_ignore_ascii_case("tcp"))
        || words.nth(1).is_some_and(|address| address.ends_with(".local"))
}

/// The peer ends the pair in order by ending the channel.
async fn read_ctl(
    connection: &Connection,
    teller: &Teller<'_>,
    mut proof: watch::Receiver<bool>,
    open: &AtomicBool,
) -> End {
    let peer = teller.peer;
    while let Some(event) = connection.next_ctl().await {
        match event {
            DataChannelEvent::OnOpen => {
                if proof.wait_for(|proved| *proved).await.is_err() {
                    return UNREADABLE;
                }
                open.store(true, Relaxed);
                teller.tell(MeshEvent::CtlOpen { peer }).await;
            }
            DataChannelEvent::OnMessage(message) => {
                if message.data.len() > LONGEST_CTL {
                    return UNREADABLE;
                }
                teller.tell(MeshEvent::Ctl { peer, message: message.data.freeze() }).await;
            }
            DataChannelEvent::OnClosing | DataChannelEvent::OnClose => {
                return if connection.proved().await { End::Closed } else { UNPROVED };
            }
            _ => {}
        }
    }
    UNREADABLE
}

async fn write_ctl(connection: &Connection, messages: &mut mpsc::Receiver<Bytes>) -> End {
    while let Some(message) = messages.recv().await {
        if connection.send_ctl(message).await.is_err() {
            return UNREADABLE;
        }
    }
    End::Closed
}
