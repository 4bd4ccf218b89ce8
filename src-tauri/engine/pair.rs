//! One pair: the handshake with one other member, and the ordered ctl channel over relay first and data channel later.

mod renewal;

use std::time::Duration;

use bytes::Bytes;
use pushtalk_e2ee::{Initiation, PairContext, PairPsk, Session, respond};
use pushtalk_protocol::{Ctl, Epoch, MemberPublic, Pid, Reader, Writer};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::channel::Channel;
use crate::identity::Identity;

/// A handshake that is not done by then is begun anew.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(5);

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
#[expect(clippy::large_enum_variant, reason = "a few at a time, on their way from one function to the next")]
pub(crate) enum PairEvent {
    /// A new session has proved itself; what hung on an older one is over.
    Proved,
    /// The other one said this.
    Said(Ctl),
    /// The session has keys that nobody can work out from those before; new media keys are due.
    Renewed,
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
    me: Pid,
    peer_pid: Pid,
    peer: MemberPublic,
    /// Handshakes begun since the last session: every second one is for the epoch before, if that one still counts.
    tries: u32,
    /// Last handshake counter: used by us as initiator, seen by us as responder.
    counter: Option<u64>,
    initiation: Option<(Initiation, Epoch)>,
    /// As responder: answered, but the other side has not proved itself yet.
    unproved: Option<(Session, Epoch)>,
    channel: Option<Channel>,
    retry_at: Option<Duration>,
}

impl Pair {
    pub(crate) fn new(identity: &Identity, peer_pid: Pid, peer: MemberPublic) -> Self {
        Self {
            me: identity.pid,
            peer_pid,
            peer,
            tries: 0,
            counter: None,
            initiation: None,
            unproved: None,
            channel: None,
            retry_at: None,
        }
    }

    fn context(&self, identity: &Identity, epoch: Epoch) -> PairContext {
        PairContext { room_id: identity.room_id, epoch, me: self.me, peer: self.peer_pid }
    }

    /// The epoch of the session, if there is one.
    pub(crate) fn epoch(&self) -> Option<Epoch> {
        self.channel.as_ref().map(|channel| channel.epoch)
    }

    /// Names the pair's session; the same on both sides.
    pub(crate) fn handshake_hash(&self) -> Option<[u8; 64]> {
        self.channel.as_ref().map(|channel| channel.session.handshake_hash())
    }

    /// The smaller pid begins; so there is no glare.
    pub(crate) fn is_initiator(&self) -> bool {
        self.me < self.peer_pid
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
        // Who was away when the epoch began can only be met in the one before, and learns of the new one there.
        let before = identity.before(now, &self.peer_pid).filter(|_| self.tries % 2 == 1);
        let (epoch, psk) = before.unwrap_or((identity.epoch, &identity.psk));
        self.tries += 1;
        if let Some((initiation, message)) = self.start(identity, epoch, psk, rng) {
            self.initiation = Some((initiation, epoch));
            self.retry_at = Some(now + HANDSHAKE_PATIENCE);
            out.push(Parcel::relay(FIRST, &message));
        }
    }

    fn start(
        &mut self,
        identity: &Identity,
        epoch: Epoch,
        psk: &PairPsk,
        rng: &mut dyn CryptoRng,
    ) -> Option<(Initiation, Vec<u8>)> {
        let counter = self.counter.map_or(1, |c| c + 1);
        self.counter = Some(counter);
        let (context, mut rng) = (self.context(identity, epoch), rng);
        let started = Initiation::start(context, &identity.member_key, &self.peer, psk, counter, &mut rng);
        if started.is_err() {
            tracing::warn!("a handshake could not be begun");
        }
        started.ok()
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

    /// Nobody is there to answer: no handshake is begun until `begin` or `begin_at`.
    pub(crate) fn rest(&mut self) {
        (self.retry_at, self.initiation) = (None, None);
    }

    /// The peer connection is gone: what is said next goes over the relay.
    pub(crate) fn channel_closed(&mut self) {
        if let Some(channel) = &mut self.channel {
            (channel.way, channel.both) = (Way::Relay, false);
        }
    }

    /// A data channel is open, the first one or one that takes the place of another: what the other side may not have is
    /// sent again, and all that follows goes this way alone.
    pub(crate) fn channel_opened(&mut self, out: &mut Vec<Parcel>) {
        if let Some(channel) = &mut self.channel {
            (channel.way, channel.both) = (Way::Channel, false);
            out.extend(channel.copies().map(|bytes| Parcel { way: Way::Channel, bytes }));
        }
    }

    /// The data channel may be dead: what the other side may not have is sent again over the relay, and all that follows
    /// goes both ways.
    pub(crate) fn go_both_ways(&mut self, out: &mut Vec<Parcel>) {
        if let Some(channel) = &mut self.channel {
            channel.both = true;
            out.extend(channel.copies().map(|bytes| Parcel { way: Way::Relay, bytes }));
        }
    }

    /// The data channel lives after all.
    pub(crate) fn go_one_way(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.both = false;
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
        let ping = if let Ctl::Ping { token } = message { Some(*token) } else { None };
        channel.keep(n, &bytes, ping);
        if channel.both && channel.way == Way::Channel {
            out.push(Parcel { way: Way::Relay, bytes: bytes.clone() });
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
                self.answer(now, reader.rest(), identity, rng, out);
                Vec::new()
            }
            (Ok(SECOND), Way::Relay) => self.finish(now, reader.rest()),
            (Ok(TRANSPORT), _) => match reader.u64() {
                Ok(n) => self.open(now, way, n, bytes.slice_ref(reader.rest()), identity, rng, out),
                Err(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn answer(
        &mut self,
        now: Duration,
        message: &[u8],
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) {
        let now_and_before = [Some((identity.epoch, &identity.psk)), identity.before(now, &self.peer_pid)];
        for (epoch, psk) in now_and_before.into_iter().flatten() {
            if let Some((session, message)) = self.respond(message, identity, epoch, psk, rng) {
                self.unproved = Some((session, epoch));
                out.push(Parcel::relay(SECOND, &message));
                return;
            }
        }
    }

    fn respond(
        &mut self,
        message: &[u8],
        identity: &Identity,
        epoch: Epoch,
        psk: &PairPsk,
        rng: &mut dyn CryptoRng,
    ) -> Option<(Session, Vec<u8>)> {
        let (context, mut rng) = (self.context(identity, epoch), rng);
        let key = &identity.member_key;
        match respond(context, key, &self.peer, psk, message, self.counter, &mut rng) {
            Ok((session, counter, message)) => {
                self.counter = Some(counter);
                Some((session, message))
            }
            Err(_) => {
                tracing::debug!("a handshake was refused");
                None
            }
        }
    }

    fn finish(&mut self, now: Duration, message: &[u8]) -> Vec<PairEvent> {
        let Some((initiation, epoch)) = self.initiation.take() else { return Vec::new() };
        match initiation.finish(message) {
            Ok(session) => {
                (self.retry_at, self.tries) = (None, 0);
                self.channel = Some(Channel::new(session, epoch));
                vec![PairEvent::Proved]
            }
            Err(_) => {
                tracing::debug!("the answer to a handshake was refused");
                self.retry_at = Some(now + HANDSHAKE_PATIENCE);
                Vec::new()
            }
        }
    }

    /// Opens what has its turn now. A step of a handshake is taken before the next message is opened: that one may
    /// have its keys.
    #[expect(
        clippy::too_many_arguments,
        reason = "one message has a way, a number, a time and places to answer to"
    )]
    fn open(
        &mut self,
        now: Duration,
        way: Way,
        n: u64,
        ciphertext: Bytes,
        identity: &Identity,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Parcel>,
    ) -> Vec<PairEvent> {
        let mut events = Vec::new();
        let mut opened = None;
        if let Some((mut session, epoch)) = self.unproved.take() {
            match session.open(n, &ciphertext) {
                Ok(plaintext) => {
                    events.push(PairEvent::Proved);
                    self.channel = Some(Channel::new(session, epoch));
                    opened = Some(plaintext);
                }
                Err(_) => self.unproved = Some((session, epoch)),
            }
        }
        if opened.is_none() {
            opened = self.channel.as_mut().and_then(|channel| channel.open(way, n, ciphertext));
        }
        while let Some(plaintext) = opened {
            match self.channel.as_mut().and_then(|channel| channel.decode(plaintext)) {
                Some(Ctl::Rekey(rekey)) => {
                    let renewed = self.rekeyed(now, rekey, identity, rng, out);
                    events.extend(renewed.then_some(PairEvent::Renewed));
                }
                Some(message) => events.push(PairEvent::Said(message)),
                None => {}
            }
            opened = self.channel.as_mut().and_then(Channel::open_early);
        }
        events
    }
}

impl Parcel {
    fn relay(kind: u8, message: &[u8]) -> Self {
        Self { way: Way::Relay, bytes: Writer::versioned().u8(kind).raw(message).finish().into() }
    }
}
