//! What a pair does about its signaling and the state of its connection.

use std::time::Duration;

use pushtalk_protocol::{Candidate, Sdp, SdpKind};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use webrtc::peer_connection::{RTCIceConnectionState, RTCPeerConnectionState};

use crate::{
    FailWhy, MeshEvent, Role,
    connection::{Connection, News, Situation},
    life::{Command, Teller, UNPROVED, UNREADABLE},
    link::Link,
    pair::End,
};

/// Host candidates come at once; those that do not are told later.
const GATHER: Duration = Duration::from_millis(250);
/// How many candidates of the peer are taken. Each is tried from each address of this machine, so a peer that names many
/// would make this machine send a lot to wherever it likes.
const REMOTE_CANDIDATES: usize = 48;
/// Candidates of a description that are dialled.
const DIALS: usize = 8;
const LONGEST_SDP: usize = 16 * 1024;
const LONGEST_CANDIDATE: usize = 512;
const MEASURE: Duration = Duration::from_secs(2);

/// Until the pair ends.
pub(crate) struct Control<'a> {
    connection: &'a Connection,
    teller: &'a Teller<'a>,
    link: &'a Link,
    role: Role,
    tcp: bool,
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
        role: Role,
        tcp: bool,
    ) -> Self {
        Self {
            connection,
            teller,
            link,
            role,
            tcp,
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
        let (peer, path) = (self.teller.peer, self.teller.path);
        let config = &self.teller.site.config;
        let connect_by = Instant::now() + config.connect_within;
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
                        Some(Command::Candidate(candidate)) => self.candidate(candidate.text).await,
                        None => return End::Closed,
                    };
                    if let Err(end) = taken {
                        return end;
                    }
                }
                Some(text) = news.candidates.recv() => {
                    let candidate = Candidate { path, text: self.connection.told(&text) };
                    self.teller.tell(MeshEvent::Candidate { peer, candidate }).await;
                }
                Ok(()) = news.situation.changed() => {
                    let now = *news.situation.borrow_and_update();
                    if let Some(end) = judge(now) {
                        return end;
                    }
                    if now.gathered && self.described && !self.gathered_told {
                        self.gathered_told = true;
                        let candidate = Candidate { path, text: String::new() };
                        self.teller.tell(MeshEvent::Candidate { peer, candidate }).await;
                    }
                    if dtls_by.is_none() && found_path(now.ice) {
                        dtls_by = Some(Instant::now() + config.dtls_within);
                        if self.teller.is_newest() {
                            self.teller.tell(MeshEvent::Reached { peer }).await;
                        }
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
                                    self.link.connected(path, self.connection.track());
                                    measure.reset_immediately();
                                }
                                self.teller.tell(MeshEvent::Connected { peer }).await;
                                proved.send_replace(true);
                            }
                            RTCPeerConnectionState::Disconnected if connected && self.teller.in_use() => {
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
                    if !self.connection.alive().await {
                        return UNREADABLE;
                    }
                    if let Some((round_trip, transport)) = self.connection.measure().await {
                        self.link.measured(path, round_trip, transport);
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
        let (sdp, dialled) = without_tcp(sdp);
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
        let dialled = dialled.into_iter().filter(|_| self.tcp).take(DIALS);
        for candidate in dialled.chain(std::mem::take(&mut self.early)) {
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
        // Names that only multicast DNS knows are of no use here.
        if self.candidates > REMOTE_CANDIDATES || of_no_use(&candidate) || !self.tcp && over_tcp(&candidate) {
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
        if let Some(sdp) = self.connection.description(self.teller.path, kind).await {
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

fn over_tcp(candidate: &str) -> bool {
    candidate.split_ascii_whitespace().nth(2).is_some_and(|it| it.eq_ignore_ascii_case("tcp"))
}

fn of_no_use(candidate: &str) -> bool {
    candidate.split_ascii_whitespace().nth(4).is_some_and(|address| address.ends_with(".local"))
}

/// The library dials a candidate only when it comes by itself.
fn without_tcp(sdp: Sdp) -> (Sdp, Vec<String>) {
    let mut dialled = Vec::new();
    if !sdp.text.contains(" tcptype ") {
        return (sdp, dialled);
    }
    let mut text = String::with_capacity(sdp.text.len());
    for line in sdp.text.lines() {
        match line.strip_prefix("a=").filter(|it| it.starts_with("candidate:") && over_tcp(it)) {
            Some(candidate) => dialled.push(candidate.to_owned()),
            None => text.extend([line, "\r\n"]),
        }
    }
    dialled.sort();
    dialled.dedup();
    (Sdp { text, ..sdp }, dialled)
}
