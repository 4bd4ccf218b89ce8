//! What a pair does about its signaling and the state of its connection.

use std::time::Duration;

use pushtalk_protocol::{Sdp, SdpKind};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use webrtc::peer_connection::{RTCIceConnectionState, RTCPeerConnectionState};

use crate::{
    FailWhy, MeshConfig, MeshEvent, Role,
    connection::{Connection, News, Situation},
    link::Link,
    pair::{Command, End, Teller, UNPROVED, UNREADABLE},
};

/// Host candidates come at once; those that do not are told later.
const GATHER: Duration = Duration::from_millis(250);
/// How many candidates of the peer are taken. Each is tried from each address of this machine, so a peer that names many
/// would make this machine send a lot to wherever it likes.
const REMOTE_CANDIDATES: usize = 48;
const LONGEST_SDP: usize = 16 * 1024;
const LONGEST_CANDIDATE: usize = 512;
const MEASURE: Duration = Duration::from_secs(2);

/// Until the pair ends.
pub(crate) struct Control<'a> {
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

impl<'a> Control<'a> {
    pub(crate) fn new(
        connection: &'a Connection,
        teller: &'a Teller<'a>,
        link: &'a Link,
        config: &'a MeshConfig,
        role: Role,
    ) -> Self {
        Self {
            connection,
            teller,
            link,
            config,
            role,
            early: Vec::new(),
            candidates: 0,
            described: false,
            gathered_told: false,
        }
    }

    pub(crate) async fn run(
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
                                    self.connection.nudge().await;
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
                    return End::Failed(match dtls_by {
                        None => FailWhy::Ice,
                        Some(_) if self.connection.is_described().await == Some(false) => FailWhy::Dtls,
                        Some(_) => FailWhy::DtlsTimeout,
                    });
                }
                _ = measure.tick(), if connected => {
                    if !self.connection.alive().await {
                        return UNREADABLE;
                    }
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
        self.candidates += sdp.text.matches("a=candidate:").count();
        if sdp.kind != expected
            || self.described
            || sdp.text.len() > LONGEST_SDP
            || self.candidates > REMOTE_CANDIDATES
        {
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
        // Names that only multicast DNS knows, and TCP, are of no use here.
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
