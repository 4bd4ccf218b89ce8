//! One pair: the handshake with one other member, and the ordered ctl channel over relay first and data channel later.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use pushtalk_e2ee::{Initiation, PairContext, Session, respond};
use pushtalk_protocol::{Ctl, MemberPublic, Pid, Reader, Writer};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::identity::Identity;

/// A handshake that is not done by then is begun anew.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(5);
/// Messages that may arrive ahead of their turn while the channel moves from relay to data channel.
const MOST_EARLY: usize = 64;
/// Messages kept for sending again over the data channel.
const MOST_COPIES: usize = 256;

const FIRST: u8 = 1;
const SECOND: u8 = 2;
const TRANSPORT: u8 = 3;

/// Which way a message came or goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through the server.
    Relay,
    /// Straight, over the peer connection.
    Channel,
}

/// What a message made happen.
pub(crate) enum PairEvent {
    /// A new session has proved itself; what hung on an older one is over.
    Proved,
    /// The other one said this.
    Said(Ctl),
    /// The other one speaks another version.
    OtherVersion(u8),
}

/// Bytes to be sent.
pub(crate) struct Parcel {
    pub(crate) way: Way,
    pub(crate) bytes: Bytes,
}

/// The session with one member, as far as it has come.
pub(crate) struct Pair {
    context: PairContext,
    peer: MemberPublic,
    /// Last handshake counter: used by us as initiator, seen by us as responder.
    counter: Option<u64>,
    initiation: Option<Initiation>,
    /// As responder: answered, but the other side has not proved itself yet.
    unproved: Option<Session>,
    channel: Option<Channel>,
    retry_at: Option<Duration>,
}

/// A proved session and the order of its messages.
struct Channel {
    session: Session,
    way: Way,
    /// What went over the relay, to be sent again over the data channel: the relay may die with it undelivered, and
    /// the receiver drops what it has by its number.
    copies: Vec<Bytes>,
    early: BTreeMap<u64, Bytes>,
}

impl Pair {
    pub(crate) fn new(identity: &Identity, peer_pid: Pid, peer: MemberPublic) -> Self {
        let context = PairContext {
            room_id: identity.room_id,
            epoch: identity.epoch,
            me: identity.pid,
            peer: peer_pid,
        };
        Self { context, peer, counter: None, initiation: None, unproved: None, channel: None, retry_at: None }
    }

    /// The smaller pid begins; so there is no glare.
    pub(crate) fn is_initiator(&self) -> bool {
        self.context.is_initiator()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.retry_at
    }

    /// Begins a handshake at once, as initiator; a responder waits for the other one.
    pub(crate) fn begin(
        &mut self,
        now: Duration,
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) {
        self.retry_at = None;
        if !self.is_initiator() {
            return;
        }
        let counter = self.counter.map_or(1, |c| c + 1);
        self.counter = Some(counter);
        let mut rng = rng;
        match Initiation::start(
            self.context,
            &identity.member_key,
            &self.peer,
            &identity.psk,
            counter,
            &mut rng,
        ) {
            Ok((initiation, message)) => {
                self.initiation = Some(initiation);
                self.retry_at = Some(now + HANDSHAKE_PATIENCE);
                out.push(Parcel::relay(FIRST, &message));
            }
            Err(_) => tracing::warn!("a handshake could not be begun"),
        }
    }

    /// Begins anew when a handshake was not answered. Gives true when it did.
    pub(crate) fn handle_timeout(
        &mut self,
        now: Duration,
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) -> bool {
        let due = self.retry_at.is_some_and(|at| at <= now);
        if due {
            self.begin(now, identity, rng, out);
        }
        due
    }

    /// Plans a new handshake, as initiator.
    pub(crate) fn begin_at(&mut self, at: Duration) {
        if self.is_initiator() {
            self.retry_at = Some(at);
        }
    }

    /// The peer connection is gone: what is said next goes over the relay.
    pub(crate) fn channel_closed(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.way = Way::Relay;
        }
    }

    /// The data channel is open: what went over the relay is sent again, and all that follows goes this way.
    pub(crate) fn channel_opened(&mut self, out: &mut Vec<Parcel>) {
        if let Some(channel) = &mut self.channel {
            channel.way = Way::Channel;
            out.extend(channel.copies.drain(..).map(|bytes| Parcel { way: Way::Channel, bytes }));
        }
    }

    /// Seals a message. Gives false when there is no session or it is used up.
    pub(crate) fn say(&mut self, message: &Ctl, out: &mut Vec<Parcel>) -> bool {
        let Some(channel) = &mut self.channel else { return false };
        let plaintext = Zeroizing::new(message.encode());
        let Ok((n, ciphertext)) = channel.session.seal(&plaintext) else { return false };
        if matches!(message, Ctl::MediaKey { .. }) {
            channel.session.rekey_sending();
        }
        let bytes = Bytes::from(Writer::versioned().u8(TRANSPORT).u64(n).raw(&ciphertext).finish());
        if channel.way == Way::Relay && channel.copies.len() < MOST_COPIES {
            channel.copies.push(bytes.clone());
        }
        out.push(Parcel { way: channel.way, bytes });
        true
    }

    /// Takes bytes that came from the other member, or from somebody who would like to be it.
    pub(crate) fn hear(
        &mut self,
        now: Duration,
        way: Way,
        bytes: &Bytes,
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) -> Vec<PairEvent> {
        let mut reader = match Reader::versioned(bytes) {
            Ok(reader) => reader,
            Err(pushtalk_protocol::WireError::Version { theirs }) => {
                return vec![PairEvent::OtherVersion(theirs)];
            }
            Err(_) => return Vec::new(),
        };
        match (reader.u8(), way) {
            (Ok(FIRST), Way::Relay) if !self.is_initiator() => {
                self.answer(reader.rest(), identity, rng, out);
                Vec::new()
            }
            (Ok(SECOND), Way::Relay) => self.finish(now, reader.rest()),
            (Ok(TRANSPORT), _) => match reader.u64() {
                Ok(n) => self.open(n, bytes.slice_ref(reader.rest())),
                Err(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn answer(
        &mut self,
        message: &[u8],
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) {
        let mut rng = rng;
        let answer = respond(
            self.context,
            &identity.member_key,
            &self.peer,
            &identity.psk,
            message,
            self.counter,
            &mut rng,
        );
        match answer {
            Ok((session, counter, message)) => {
                self.counter = Some(counter);
                self.unproved = Some(session);
                out.push(Parcel::relay(SECOND, &message));
            }
            Err(_) => tracing::debug!("a handshake was refused"),
        }
    }

    fn finish(&mut self, now: Duration, message: &[u8]) -> Vec<PairEvent> {
        let Some(initiation) = self.initiation.take() else { return Vec::new() };
        match initiation.finish(message) {
            Ok(session) => {
                self.retry_at = None;
                self.channel = Some(Channel::new(session));
                vec![PairEvent::Proved]
            }
            Err(_) => {
                tracing::debug!("the answer to a handshake was refused");
                self.retry_at = Some(now + HANDSHAKE_PATIENCE);
                Vec::new()
            }
        }
    }

    fn open(&mut self, n: u64, ciphertext: Bytes) -> Vec<PairEvent> {
        let mut events = Vec::new();
        if let Some(mut session) = self.unproved.take() {
            match session.open(n, &ciphertext) {
                Ok(plaintext) => {
                    events.push(PairEvent::Proved);
                    let mut channel = Channel::new(session);
                    channel.decode(plaintext, &mut events);
                    self.channel = Some(channel);
                    return events;
                }
                Err(_) => self.unproved = Some(session),
            }
        }
        if let Some(channel) = &mut self.channel {
            channel.open(n, ciphertext, &mut events);
        }
        events
    }
}

impl Channel {
    fn new(session: Session) -> Self {
        Self { session, way: Way::Relay, copies: Vec::new(), early: BTreeMap::new() }
    }

    /// In order, each once: an old number is a copy, a later one waits for its turn.
    fn open(&mut self, n: u64, ciphertext: Bytes, events: &mut Vec<PairEvent>) {
        let expected = self.session.expected();
        if n > expected {
            if self.early.len() < MOST_EARLY {
                self.early.insert(n, ciphertext);
            }
            return;
        }
        if n < expected {
            return;
        }
        let Ok(plaintext) = self.session.open(n, &ciphertext) else {
            tracing::debug!("a message did not open");
            return;
        };
        self.decode(plaintext, events);
        while let Some(next) = self.early.remove(&self.session.expected()) {
            let Ok(plaintext) = self.session.open(self.session.expected(), &next) else { break };
            self.decode(plaintext, events);
        }
    }

    fn decode(&mut self, plaintext: Vec<u8>, events: &mut Vec<PairEvent>) {
        let plaintext = Zeroizing::new(plaintext);
        match Ctl::decode(&plaintext) {
            Ok(message) => {
                if matches!(message, Ctl::MediaKey { .. }) {
                    self.session.rekey_receiving();
                }
                events.push(PairEvent::Said(message));
            }
            Err(error) => tracing::warn!(%error, "a member said something unreadable"),
        }
    }
}

impl Parcel {
    fn relay(kind: u8, message: &[u8]) -> Self {
        Self { way: Way::Relay, bytes: Writer::versioned().u8(kind).raw(message).finish().into() }
    }
}
