//! The way of one pair's voice frames out of this machine: a short queue that loses the oldest.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use pushtalk_e2ee::SealedFrame;
use pushtalk_protocol::Pid;
use rtc::rtp;
use webrtc::media_stream::track_local::{TrackLocal as _, static_rtp::TrackLocalStaticRTP};

use crate::{LinkStats, RtpStamp, Transport};

/// Frames that may wait for the connection: all that was kept before the floor was granted comes at once, and none of
/// it may be lost. Later ones push the oldest out.
const WAITING: usize = 640;
/// A frame that has waited for so long is of no use any more.
const STALE: Duration = Duration::from_millis(200);
/// Packets that the connection may hold and has not put on the wire. Without this limit its own queue (256) would hold
/// seconds of old sound while the socket is stuck.
const ON_THE_WAY: usize = 4;
/// A packet that the connection refused never leaves it; after this long it is forgotten.
const FORGET: Duration = Duration::from_millis(250);
const HEADER: u64 = 12;
const UDP: u8 = 1;
const TCP: u8 = 2;
const NO_PAYLOAD_TYPE: u8 = u8::MAX;

/// Hands frames to the connections; for the talk thread.
#[derive(Clone)]
pub struct VoiceSender {
    pub(crate) links: Arc<Links>,
}

impl VoiceSender {
    /// Puts a frame on its way to `peer`, on the calling thread and without waiting. False when the pair is not
    /// connected. A full queue loses its oldest frame, which is counted.
    pub fn send(&self, peer: Pid, frame: SealedFrame, stamp: RtpStamp) -> bool {
        match self.links.get(peer) {
            Some(link) => link.send(Instant::now(), frame, stamp),
            None => false,
        }
    }
}

/// The links of all pairs.
#[derive(Default)]
pub(crate) struct Links(RwLock<HashMap<Pid, Arc<Link>>>);

impl Links {
    pub(crate) fn get(&self, peer: Pid) -> Option<Arc<Link>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&peer).cloned()
    }

    pub(crate) fn insert(&self, peer: Pid, link: Arc<Link>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(peer, link);
    }

    pub(crate) fn remove(&self, peer: Pid) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&peer);
    }
}

/// The voice path of one pair.
pub(crate) struct Link {
    outbox: Mutex<Outbox>,
    payload_type: AtomicU8,
    ended: AtomicBool,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    packets_sent: AtomicU64,
    packets_received: AtomicU64,
    dropped: AtomicU64,
    round_trip_ns: AtomicU64,
    transport: AtomicU8,
    pub(crate) ssrc: u32,
}

struct Outbox {
    /// Present from `Connected` to the end.
    track: Option<Arc<TrackLocalStaticRTP>>,
    /// Whose track it is.
    path: u32,
    waiting: VecDeque<(Bytes, RtpStamp, Instant)>,
    on_the_way: usize,
    moved: Instant,
    sequence: u16,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            outbox: Mutex::new(Outbox {
                track: None,
                path: 0,
                waiting: VecDeque::new(),
                on_the_way: 0,
                moved: Instant::now(),
                sequence: rand::random(),
            }),
            payload_type: AtomicU8::new(NO_PAYLOAD_TYPE),
            ended: AtomicBool::new(false),
            bytes_sent: AtomicU64::new(0),
            bytes_received: AtomicU64::new(0),
            packets_sent: AtomicU64::new(0),
            packets_received: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            round_trip_ns: AtomicU64::new(0),
            transport: AtomicU8::new(0),
            ssrc: rand::random(),
        }
    }

    /// What negotiation gave; frames of any other type are not taken.
    pub(crate) fn negotiated(&self, payload_type: u8) {
        self.payload_type.store(payload_type, Relaxed);
    }

    /// Lets frames out, unless they have a way already.
    pub(crate) fn connected(&self, path: u32, track: Arc<TrackLocalStaticRTP>) {
        if self.outbox().track.is_none() {
            self.moved(path, track);
        }
    }

    /// From here on frames take this path.
    pub(crate) fn moved(&self, path: u32, track: Arc<TrackLocalStaticRTP>) {
        let mut outbox = self.outbox();
        if !self.ended.load(Relaxed) {
            (outbox.track, outbox.path, outbox.on_the_way) = (Some(track), path, 0);
        }
    }

    /// The way is gone, and another one may come.
    pub(crate) fn pause(&self) {
        self.outbox().track = None;
    }

    /// From here on not one more frame goes out or comes in.
    pub(crate) fn end(&self) {
        let mut outbox = self.outbox();
        self.ended.store(true, Relaxed);
        outbox.track = None;
        outbox.waiting.clear();
    }

    pub(crate) fn ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    fn send(&self, now: Instant, frame: SealedFrame, stamp: RtpStamp) -> bool {
        let mut outbox = self.outbox();
        if outbox.track.is_none() {
            return false;
        }
        while outbox.waiting.len() >= WAITING
            || outbox
                .waiting
                .front()
                .is_some_and(|(_, _, since)| now.saturating_duration_since(*since) > STALE)
        {
            outbox.waiting.pop_front();
            self.dropped.fetch_add(1, Relaxed);
        }
        outbox.waiting.push_back((frame.into_bytes(), stamp, now));
        if outbox.on_the_way >= ON_THE_WAY && outbox.moved.elapsed() > FORGET {
            outbox.on_the_way = 0;
        }
        self.pass(&mut outbox);
        true
    }

    /// A packet of ours is on the wire: there is room for the next.
    pub(crate) fn left(&self, payload: usize) {
        self.packets_sent.fetch_add(1, Relaxed);
        self.bytes_sent.fetch_add(HEADER + payload as u64, Relaxed);
        let mut outbox = self.outbox();
        outbox.on_the_way = outbox.on_the_way.saturating_sub(1);
        outbox.moved = Instant::now();
        self.pass(&mut outbox);
    }

    /// Whether a packet that came in is a frame of this pair; counts it.
    pub(crate) fn came(&self, packet: &rtp::Packet) -> bool {
        if self.ended() || packet.header.payload_type != self.payload_type.load(Relaxed) {
            return false;
        }
        self.packets_received.fetch_add(1, Relaxed);
        self.bytes_received.fetch_add(HEADER + packet.payload.len() as u64, Relaxed);
        true
    }

    /// Of the path in use alone.
    pub(crate) fn measured(&self, path: u32, round_trip: Option<Duration>, transport: Transport) {
        if self.outbox().path != path {
            return;
        }
        if let Some(round_trip) = round_trip {
            self.round_trip_ns.store(u64::try_from(round_trip.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        }
        self.transport.store(if transport == Transport::Udp { UDP } else { TCP }, Relaxed);
    }

    pub(crate) fn stats(&self) -> LinkStats {
        let round_trip_ns = self.round_trip_ns.load(Relaxed);
        LinkStats {
            bytes_sent: self.bytes_sent.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
            packets_sent: self.packets_sent.load(Relaxed),
            packets_received: self.packets_received.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            round_trip: (round_trip_ns > 0).then(|| Duration::from_nanos(round_trip_ns)),
            transport: match self.transport.load(Relaxed) {
                UDP => Some(Transport::Udp),
                TCP => Some(Transport::Tcp),
                _ => None,
            },
        }
    }

    /// Hands waiting frames to the connection, which only ever queues them; so one poll tells all, and the caller's
    /// thread needs no task in between.
    fn pass(&self, outbox: &mut Outbox) {
        let payload_type = self.payload_type.load(Relaxed);
        while outbox.on_the_way < ON_THE_WAY
            && let Some(track) = &outbox.track
            && let Some((frame, stamp, _)) = outbox.waiting.front()
        {
            let packet = rtp::Packet {
                header: rtp::Header {
                    version: 2,
                    marker: stamp.marker,
                    payload_type,
                    sequence_number: outbox.sequence,
                    timestamp: stamp.timestamp,
                    ssrc: self.ssrc,
                    ..Default::default()
                },
                payload: frame.clone(),
            };
            match track.write_rtp(packet).now_or_never() {
                Some(Ok(())) => {
                    outbox.waiting.pop_front();
                    outbox.sequence = outbox.sequence.wrapping_add(1);
                    outbox.on_the_way += 1;
                }
                // The connection is gone; its pair will notice.
                Some(Err(_)) => outbox.track = None,
                None => break,
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> u32 {
        self.outbox().path
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

    use super::*;
    use crate::rig::sealed;

    #[test]
    fn a_stuck_connection_costs_the_oldest_frames_and_they_are_counted() {
        let link = Link::new();
        let track = TrackLocalStaticRTP::new(webrtc::media_stream::MediaStreamTrack::new(
            String::new(),
            String::new(),
            String::new(),
            rtc::rtp_transceiver::rtp_sender::RtpCodecKind::Audio,
            Vec::new(),
        ));
        link.connected(0, Arc::new(track));
        {
            let mut outbox = link.outbox();
            outbox.on_the_way = ON_THE_WAY;
            outbox.moved = Instant::now() + Duration::from_secs(3600);
        }
        let start = Instant::now();
        let most = u32::try_from(WAITING).unwrap();
        for n in 0..most + 5 {
            assert!(link.send(start, sealed(n), RtpStamp { timestamp: n, marker: false }));
        }
        let kept =
            || -> Vec<_> { link.outbox().waiting.iter().map(|(_, stamp, _)| stamp.timestamp).collect() };
        assert_eq!(kept(), (5..most + 5).collect::<Vec<_>>());
        assert_eq!(link.stats().dropped, 5);
        link.send(start + STALE * 2, sealed(0), RtpStamp { timestamp: 7, marker: false });
        assert_eq!(kept(), [7], "what has waited too long is of no use");
    }
}
