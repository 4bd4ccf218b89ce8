//! A proved session with one member, and the order of its messages.

use std::collections::BTreeMap;

use bytes::Bytes;
use pushtalk_e2ee::{Initiation, Session};
use pushtalk_protocol::{Ctl, Epoch};
use zeroize::Zeroizing;

use crate::pair::Way;

/// Messages that may arrive ahead of their turn while the channel moves from relay to data channel.
const MOST_EARLY: usize = 64;

/// A proved session and the order of its messages.
pub(crate) struct Channel {
    pub(crate) session: Session,
    /// Whose key the session is mixed with.
    pub(crate) epoch: Epoch,
    pub(crate) rekeying: Rekeying,
    pub(crate) way: Way,
    /// What went over the relay, to be sent again over the data channel: the relay may die with it undelivered, and
    /// the receiver drops what it has by its number.
    pub(crate) copies: Vec<Bytes>,
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
            copies: Vec::new(),
            early: BTreeMap::new(),
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
                if matches!(message, Ctl::MediaKey { .. }) {
                    self.session.rekey_receiving();
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
