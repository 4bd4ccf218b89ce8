//! The life of one path: the task that owns its connection, from building it to closing it.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use pushtalk_protocol::{Candidate, Pid, Sdp};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot, watch},
    time::{sleep, timeout},
};
use webrtc::{data_channel::DataChannelEvent, media_stream::track_local::static_rtp::TrackLocalStaticRTP};

use crate::{
    FailWhy, MeshEvent, Role,
    connection::{Connection, News, Ways},
    control::Control,
    event::LONGEST_CTL,
    interfaces::{self, Wanted},
    link::Link,
    pair::{Course, End, Site},
};

/// A path that another one has taken the place of is kept so long: the peer takes the new one a moment later, and what it
/// has sent till then is still to come.
const LINGER: Duration = Duration::from_secs(1);

/// What was said right before the end is on its way by then. The library throws away what it has not sent when it closes.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// Nor does the end wait for longer, when a peer takes nothing.
const LAST_WORDS_WITHIN: Duration = Duration::from_millis(300);

/// Paths that this side begins at a time: a whole room that comes in at once would otherwise be so slow that each path is
/// given up, and tried again, before it comes to be.
pub(crate) const AT_ONCE: usize = 6;
/// A path that has not come to be for so long no longer keeps others waiting: its peer may be unreachable.
const TURN: Duration = Duration::from_secs(3);

pub(crate) const UNREADABLE: End = End::Failed(FailWhy::Other);
pub(crate) const UNPROVED: End = End::Failed(FailWhy::Dtls);

/// What the other side said.
pub(crate) enum Command {
    Description(Sdp),
    Candidate(Candidate),
}

/// The right to make a connection, until it is made; none is needed for an answer.
type Turn = Option<OwnedSemaphorePermit>;

/// What the task of a path owns.
pub(crate) struct Life {
    pub(crate) site: Arc<Site>,
    pub(crate) peer: Pid,
    /// Which of the pair's paths.
    pub(crate) path: u32,
    pub(crate) role: Role,
    /// Whether TCP is tried too, and link-local addresses.
    pub(crate) thorough: bool,
    /// As it was when this path was asked for.
    pub(crate) others: usize,
    pub(crate) link: Arc<Link>,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) ctl: mpsc::Receiver<Bytes>,
    pub(crate) course: watch::Receiver<Course>,
}

impl Life {
    pub(crate) async fn run(mut self) {
        let Some(turn) = self.turn().await else { return self.finish(End::Closed).await };
        let local = interfaces::addresses(Wanted {
            loopback: self.site.config.loopback,
            vpn: self.site.vpn.load(Relaxed),
            all: self.thorough,
        });
        // Never cancelled: a connection that is dropped half built keeps its driver.
        let built = Connection::build(
            &self.site.config,
            local,
            Ways { tcp: self.thorough, stun: self.site.stun() },
            self.others,
            self.peer,
            &self.link,
            Arc::clone(&self.site.voice),
        )
        .await;
        let end = match built {
            Ok((connection, news)) => {
                let (mut course, mut place) = (self.course.clone(), self.course.clone());
                let replaced = async move {
                    if place.wait_for(|course| *course == Course::Replaced).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                    sleep(LINGER).await;
                };
                let end = tokio::select! {
                    biased;
                    _ = course.wait_for(|course| matches!(course, Course::Closing | Course::Silent)) => End::Closed,
                    () = replaced => End::Closed,
                    end = AssertUnwindSafe(self.drive(&connection, news, turn)).catch_unwind() => {
                        // What a peer sends must not be able to end more than its pair.
                        end.unwrap_or(UNREADABLE)
                    }
                };
                self.site.pairs.ending(self.peer, self.path);
                // Of a mesh that is dropped nobody waits for the end.
                if *self.course.borrow() == Course::Closing && self.is_used() {
                    let _ = timeout(LAST_WORDS_WITHIN, self.last_words(&connection)).await;
                }
                connection.close().await;
                end
            }
            Err(_) => {
                tracing::warn!("a connection could not be built");
                UNREADABLE
            }
        };
        self.finish(end).await;
    }

    fn is_used(&self) -> bool {
        self.site.pairs.lock().get(&self.peer).is_some_and(|pair| pair.uses(self.path))
    }

    /// What waits to be said is said.
    async fn last_words(&mut self, connection: &Connection) {
        while let Ok(message) = self.ctl.try_recv() {
            if connection.send_ctl(message).await.is_err() {
                return;
            }
        }
        sleep(LAST_WORDS).await;
    }

    /// Waits until this path may begin; none when it is to end instead. Who answers follows the other one's turns.
    async fn turn(&mut self) -> Option<Turn> {
        if self.role == Role::Answerer {
            return Some(None);
        }
        let turns = Arc::clone(&self.site.turns);
        tokio::select! {
            biased;
            _ = self.course.wait_for(|course| *course != Course::Open) => None,
            turn = turns.acquire_owned() => turn.ok().map(Some),
        }
    }

    /// The pair leaves the mesh in the same instant in which its last event is in the channel.
    async fn finish(mut self, end: End) {
        let (peer, site) = (self.peer, Arc::clone(&self.site));
        let place = tokio::select! {
            biased;
            _ = self.course.wait_for(|course| *course == Course::Silent) => None,
            place = site.events.reserve() => place.ok(),
        };
        let mut pairs = site.pairs.lock();
        let Some(end) = pairs.get_mut(&peer).and_then(|pair| pair.path_ended(self.path, end)) else { return };
        pairs.remove(&peer);
        site.links.remove(peer);
        let last = match end {
            End::Closed => MeshEvent::Closed { peer },
            End::Failed(why) => {
                tracing::info!(?why, "a pair failed");
                MeshEvent::Failed { peer, why }
            }
        };
        if let Some(place) = place {
            place.send(last);
        }
    }

    async fn drive(&mut self, connection: &Connection, news: News, turn: Turn) -> End {
        let (proved, proof) = watch::channel(false);
        let (open, opened) = oneshot::channel();
        let takes_its_turn = async move {
            let _ = timeout(TURN, opened).await;
            drop(turn);
            std::future::pending().await
        };
        let teller = Teller { peer: self.peer, path: self.path, site: &self.site };
        let control = Control::new(connection, &teller, &self.link, self.role, self.thorough);
        tokio::select! {
            end = control.run(&mut self.commands, news, proved) => end,
            end = read_ctl(connection, &teller, proof, open) => end,
            end = write_ctl(connection, &mut self.ctl) => end,
            end = takes_its_turn => end,
        }
    }
}

/// Tells the mesh's owner, who may be slow.
pub(crate) struct Teller<'a> {
    pub(crate) peer: Pid,
    pub(crate) path: u32,
    pub(crate) site: &'a Site,
}

impl Teller<'_> {
    /// When nobody listens the mesh is about to end, which ends the pair.
    pub(crate) async fn tell(&self, event: MeshEvent) {
        let _ = self.site.events.send(event).await;
    }

    /// Messages flow on this path. False when a newer one is in use already.
    fn opened(&self, track: Arc<TrackLocalStaticRTP>) -> bool {
        let mut pairs = self.site.pairs.lock();
        pairs.get_mut(&self.peer).is_some_and(|pair| pair.path_opened(self.path, track))
    }

    /// Whether no other path has been begun in its place.
    pub(crate) fn is_newest(&self) -> bool {
        self.site.pairs.lock().get(&self.peer).is_some_and(|pair| pair.is_newest(self.path))
    }

    /// Whether frames and messages take this path.
    pub(crate) fn in_use(&self) -> bool {
        self.site.pairs.lock().get(&self.peer).is_some_and(|pair| pair.uses(self.path))
    }
}

/// "My channel is open." The library loses what arrives before the channel is open on its own side, so the first to open
/// must not begin to talk: each side says this when it opens and once more when it first hears it. From then on both are
/// open and nothing is lost. It is no message of the session's: those begin with a version, never with 0.
const HERE: &[u8] = b"\0here";

/// The peer ends the pair in order by ending the channel. `opened` goes when both sides are open.
async fn read_ctl(
    connection: &Connection,
    teller: &Teller<'_>,
    mut proof: watch::Receiver<bool>,
    opened: oneshot::Sender<()>,
) -> End {
    let (peer, mut opened) = (teller.peer, Some(opened));
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
                if opened.is_none() {
                    continue;
                }
                if proof.wait_for(|proved| *proved).await.is_err()
                    || connection.send_ctl(Bytes::from_static(HERE)).await.is_err()
                {
                    return UNREADABLE;
                }
                opened = None;
                if teller.opened(connection.track()) {
                    teller.tell(MeshEvent::CtlOpen { peer }).await;
                }
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
