//! What must be true at every moment of every run, whoever runs the server and whatever the network does.
//!
//! The world knows who everybody really is; no client does. What a client shows, sends, opens and plays is compared with
//! that. A breach panics, with the seed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_engine::face::{MemberLink, RoomView, Stage, View};
use pushtalk_protocol::{Pid, Sdp};

use super::World;

/// Begins the message of a breach by which somebody was taken for somebody else.
pub const WRONG_PARTNER: &str = "wrong partner";

/// What the world knows of everybody.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) known: BTreeMap<Pid, Known>,
    /// Who has proved itself to whom: the first one's own brain opened a peer connection to the second one.
    pub(super) opened: BTreeSet<(Pid, Pid)>,
    /// Who shows whom as ready.
    ready: BTreeSet<(Pid, Pid)>,
    /// Frames that a mouth sealed and no ear has taken yet.
    pub(super) sealed: HashSet<(Pid, Pid, Vec<u8>)>,
    /// Descriptions that a device made, from one for another.
    pub(super) described: BTreeSet<(Pid, Pid, String)>,
}

/// Who somebody is.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) who: usize,
    pub(super) name: String,
    /// True for who made a room, and for whom it was handed over to.
    pub(super) host: bool,
}

impl World {
    /// After everything that happened to this person.
    pub(super) fn check(&mut self, who: usize) {
        let Some(View { stage: Stage::Room(room), .. }) = self.people[who].mind.view(self.now) else {
            return;
        };
        let Some(own) = self.people[who].pid else { return self.breach("in a room without a place in it") };
        let mut ready = BTreeSet::new();
        for member in room.members.iter().filter(|m| !m.me && m.link == MemberLink::Ready) {
            let Some(peer) = pid_of(&member.id) else { return self.breach("a member without a pid") };
            let Some(known) = self.ledger.known.get(&peer).cloned() else {
                return self.breach(&format!("{WRONG_PARTNER}: {who} is ready for a ghost"));
            };
            if known.who == who || !self.ledger.opened.contains(&(peer, own)) {
                return self.breach(&format!(
                    "{WRONG_PARTNER}: {who} is ready for {}, who never proved itself to it",
                    known.who
                ));
            }
            if member.name != known.name {
                return self
                    .breach(&format!("{WRONG_PARTNER}: {who} takes {} for {}", known.name, member.name));
            }
            if member.host && !known.host {
                return self.breach(&format!("{WRONG_PARTNER}: {who} takes {} for the host", known.who));
            }
            ready.insert((own, peer));
        }
        self.tally.pairs += ready.difference(&self.ledger.ready).count() as u64;
        self.ledger.ready.retain(|(of, _)| *of != own);
        self.ledger.ready.extend(ready);
    }

    /// Voice goes to exactly those who are shown as ready at that moment, and a whisper to those of them whom it is shown to
    /// be for.
    pub(super) fn check_listeners(&self, who: usize, listeners: &BTreeSet<Pid>) {
        let shown: BTreeSet<Pid> = self.room_of(who).map(|room| shown_to_hear(&room)).unwrap_or_default();
        if *listeners != shown {
            let (sent, shown) = (listeners.len(), shown.len());
            self.breach(&format!("{who} talks to {sent}, shows {shown}, and they are not the same"));
        }
    }

    /// A frame was opened: its talker's mouth made it for this listener, and nobody has taken it before.
    pub(super) fn check_heard(&mut self, from: Pid, to: Pid, bytes: &[u8]) {
        if !self.ledger.sealed.remove(&(from, to, bytes.to_vec())) {
            self.breach("a voice was taken that was not said, or not to this one, or once before");
        }
    }

    /// A description is used: the other device made it for this one.
    pub(super) fn check_description(&self, own: Pid, peer: Pid, sdp: &Sdp) {
        if !self.ledger.described.contains(&(peer, own, sdp.text.clone())) {
            self.breach("a description was taken that the other one did not make");
        }
    }

    pub(super) fn breach(&self, what: &str) {
        panic!("{what} (seed {}, at {:?})", self.seed, self.now);
    }
}

/// The members that are shown as ready.
pub fn shown_as_ready(room: &RoomView) -> BTreeSet<Pid> {
    let ready = room.members.iter().filter(|m| m.link == MemberLink::Ready);
    ready.filter_map(|m| pid_of(&m.id)).collect()
}

/// Those who hear what is said, by what is shown.
fn shown_to_hear(room: &RoomView) -> BTreeSet<Pid> {
    let ready = shown_as_ready(room);
    let whispering: BTreeSet<Pid> = room.whispering.iter().filter_map(|id| pid_of(id)).collect();
    if whispering.is_empty() { ready } else { ready.intersection(&whispering).copied().collect() }
}

/// The pid behind `MemberView::id`.
pub fn pid_of(id: &str) -> Option<Pid> {
    Pid::try_from(BASE64_URL_SAFE_NO_PAD.decode(id).ok()?.as_slice()).ok()
}
