//! A proved session with one member, and the order of its messages.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use pushtalk_e2ee::{Initiation, Session};
use pushtalk_protocol::{Ctl, Epoch};
use zeroize::Zeroizing;

use crate::pair::Way;

/// Messages that may arrive ahead of their turn while the channel moves from relay to data channel.
const MOST_EARLY: usize = 64;

/// Messages kept for sending again over another way.
const MOST_COPIES: usize = 256;
/// Pings whose places are known; one is sent each second.
const PINGS: usize = 8;

/// A proved session and the order of its messages.
pub(crate) struct Channel {
    pub(crate) session: Session,
    /// Whose key the session is mixed with.
    pub(crate) epoch: Epoch,
    pub(crate) rekeying: Rekeying,
    pub(crate) way: Way,
    /// Whether what goes over the data channel goes over the relay too: the data channel may be dead.
    pub(crate) both: bool,
    /// What the other one may not have, by number, to be sent again over another way: the one that it went may die with
    /// it undelivered, and the receiver drops what it has by its number.
    copies: VecDeque<(u64, Bytes)>,
    /// Token and number of pings that are not answered yet.
    pings: VecDeque<(u32, u64)>,
    pub(crate) early: BTreeMap<u64, (Way, Bytes)>,
}

/// A handshake inside the session, as far as it has come.
pub(crate) enum Rekeying {
    None,
    /// As initiator: begun.
    Asked(Box<Initiation>, Epoch),
    /// As responder: answered; what we say has its new keys already.
    Answered(Epoch),
    /// As responder: begun by the other one for an epoch that has not begun here.
    Early(Epoch, Vec<u8>),
}

impl Channel {
    pub(crate) fn new(session: Session, epoch: Epoch) -> Self {
        Self {
            session,
            epoch,
            rekeying: Rekeying::None,
            way: Way::Relay,
            both: false,
            copies: VecDeque::new(),
            pings: VecDeque::new(),
            early: BTreeMap::new(),
        }
    }

    /// Keeps a copy of what is sent.
    pub(crate) fn keep(&mut self, n: u64, bytes: &Bytes, ping: Option<u32>) {
        if self.copies.len() < MOST_COPIES {
            self.copies.push_back((n, bytes.clone()));
        }
        if let Some(token) = ping {
            if self.pings.len() >= PINGS {
                self.pings.pop_front();
            }
            self.pings.push_back((token, n));
        }
    }

    /// What the other one may not have.
    pub(crate) fn copies(&self) -> impl Iterator<Item = Bytes> {
        self.copies.iter().map(|(_, bytes)| bytes.clone())
    }

    /// A ping was answered: messages are taken in order, so the other one has all that was said before it.
    fn answered(&mut self, token: u32) {
        if let Some((_, answered)) = self.pings.iter().find(|(sent, _)| *sent == token).copied() {
            self.pings.retain(|(_, n)| *n > answered);
            self.copies.retain(|(n, _)| *n > answered);
        }
    }

    /// In order, each once: an old number is a copy, a later one waits for its turn.
    pub(crate) fn open(&mut self, way: Way, n: u64, ciphertext: Bytes) -> Option<Vec<u8>> {
        let expected = self.session.expected();
        if n > expected {
            self.wait(way, n, ciphertext);
            return None;
        }
        if n < expected {
            return None;
        }
        let opened = self.session.open(n, &ciphertext).ok();
        if opened.is_none() {
            tracing::debug!("a message did not open");
        }
        opened
    }

    /// What came straight is never pushed out by what the server said.
    pub(crate) fn wait(&mut self, way: Way, n: u64, ciphertext: Bytes) {
        if way == Way::Relay && matches!(self.early.get(&n), Some((Way::Channel, _))) {
            return;
        }
        if self.early.len() >= MOST_EARLY && !self.early.contains_key(&n) {
            let relayed = self.early.iter().rev().find(|(_, (way, _))| *way == Way::Relay).map(|(n, _)| *n);
            match (way, relayed) {
                (Way::Channel, Some(relayed)) => drop(self.early.remove(&relayed)),
                _ => return,
            }
        }
        self.early.insert(n, (way, ciphertext));
    }

    /// The next message, if it is there already.
    pub(crate) fn open_early(&mut self) -> Option<Vec<u8>> {
        let expected = self.session.expected();
        let (_, next) = self.early.remove(&expected)?;
        self.session.open(expected, &next).ok()
    }

    pub(crate) fn decode(&mut self, plaintext: Vec<u8>) -> Option<Ctl> {
        let plaintext = Zeroizing::new(plaintext);
        match Ctl::decode(&plaintext) {
            Ok(message) => {
                match message {
                    Ctl::MediaKey { .. } => self.session.rekey_receiving(),
                    Ctl::Pong { token, .. } => self.answered(token),
                    _ => {}
                }
                Some(message)
            }
            Err(error) => {
                tracing::warn!(%error, "a member said something unreadable");
                None
            }
        }
    }
}
