//! The life of one pair: the task that owns its connection, from building it to closing it.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use pushtalk_protocol::{Pid, Sdp};
use tokio::sync::{mpsc, watch};
use webrtc::data_channel::DataChannelEvent;

use crate::{
    FailWhy, MeshConfig, MeshEvent, Role,
    connection::{Connection, News},
    control::Control,
    event::LONGEST_CTL,
    interfaces,
    link::{Link, Links},
    tap::Voice,
};

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
    /// Pairs that were not up when this one began.
    pub(crate) others: usize,
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
pub(crate) enum End {
    Closed,
    Failed(FailWhy),
}

pub(crate) const UNREADABLE: End = End::Failed(FailWhy::Other);
pub(crate) const UNPROVED: End = End::Failed(FailWhy::Dtls);

impl Life {
    pub(crate) async fn run(mut self) {
        let addresses = interfaces::addresses(self.config.loopback);
        // Never cancelled: a connection that is dropped half built keeps its driver.
        let built = Connection::build(
            &self.config,
            addresses,
            self.others,
            self.peer,
            &self.link,
            Arc::clone(&self.voice),
        )
        .await;
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
        let control = Control::new(connection, &teller, &self.link, &self.config, self.role);
        tokio::select! {
            end = control.run(&mut self.commands, news, proved) => end,
            end = read_ctl(connection, &teller, proof, &self.ctl_open) => end,
            end = write_ctl(connection, &mut self.ctl) => end,
        }
    }
}

/// Tells the mesh's owner, who may be slow.
pub(crate) struct Teller<'a> {
    pub(crate) peer: Pid,
    events: &'a mpsc::Sender<MeshEvent>,
}

impl Teller<'_> {
    /// When nobody listens the mesh is about to end, which ends the pair.
    pub(crate) async fn tell(&self, event: MeshEvent) {
        let _ = self.events.send(event).await;
    }
}

/// "My channel is open." The library loses what arrives before the channel is open on its own side, so the first to open
/// must not begin to talk: each side says this when it opens and once more when it first hears it. From then on both are
/// open and nothing is lost. It is no message of the session's: those begin with a version, never with 0.
const HERE: &[u8] = b"\0here";

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
                if connection.send_ctl(Bytes::from_static(HERE)).await.is_err() {
                    return UNREADABLE;
                }
            }
            DataChannelEvent::OnMessage(message) if message.data[..] == *HERE => {
                if open.load(Relaxed) {
                    continue;
                }
                if proof.wait_for(|proved| *proved).await.is_err()
                    || connection.send_ctl(Bytes::from_static(HERE)).await.is_err()
                {
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
