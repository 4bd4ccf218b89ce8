//! What a test does to a world: broken lines, a dead server, words put into its mouth, and what moles do.

use pushtalk_engine::brain::{Input, ServerNews};
use pushtalk_mesh::{FailWhy, MeshEvent};
use pushtalk_protocol::{Ctl, Pid};
use pushtalk_signaling::client::ServerEvent;

use super::{Event, Mole, Told, World};

impl World {
    /// This person's connection to the server breaks; both ends learn of it.
    pub fn unplug(&mut self, who: usize) {
        if let Some((attempt, id)) = self.people[who].connection.take() {
            self.people[who].asked = None;
            let letters = self.server.disconnected(self.now, &mut self.rng, id, false);
            self.letters(letters);
            self.later(who, Input::Server(attempt, ServerNews::Push(ServerEvent::Gone)));
        }
    }

    /// The peer connection of two people breaks; both learn of it.
    pub fn sever(&mut self, one: usize, other: usize) {
        for (end, far) in [(one, other), (other, one)] {
            let Some(peer) = self.people[far].pid else { continue };
            if self.people[end].links.remove(&peer).is_some() {
                self.later(end, Input::Mesh(MeshEvent::Closed { peer }));
            }
        }
    }

    /// The DTLS handshake of two people does not end in time. False when both have not begun one.
    pub fn stalls(&mut self, one: usize, other: usize) -> bool {
        let (Some(a), Some(b)) = (self.people[one].pid, self.people[other].pid) else { return false };
        let ends = [(one, b), (other, a)];
        if !ends.iter().all(|(end, peer)| self.people[*end].links.contains_key(peer)) {
            return false;
        }
        for (end, peer) in ends {
            self.people[end].links.remove(&peer);
            self.later(end, Input::Mesh(MeshEvent::Failed { peer, why: FailWhy::Dtls }));
        }
        true
    }

    /// No peer connection comes to be between two people, and the one they have breaks.
    pub fn keep_apart(&mut self, one: usize, other: usize) {
        self.apart.extend([(one, other), (other, one)]);
        self.sever(one, other);
    }

    /// From now on nothing comes over the peer connection of two people, and nobody tells them.
    pub fn path_dies(&mut self, one: usize, other: usize) {
        self.dead.extend([(one, other), (other, one)]);
    }

    pub(super) fn is_dead(&self, who: usize, to: Pid) -> bool {
        self.who(to).is_some_and(|to| self.dead.contains(&(who, to)))
    }

    /// This person's machine has other addresses; true when its connection to the server hung on one that is gone.
    pub fn addresses_change(&mut self, who: usize, cut: bool) {
        if cut && self.people[who].connection.take().is_some() {
            self.people[who].asked = None;
            // The server does not know: what it relays is lost until the member is back.
        }
        self.give(who, Input::Addresses { cut, hosted: None });
    }

    /// They can reach each other again.
    pub fn let_together(&mut self, one: usize, other: usize) {
        self.apart.remove(&(one, other));
        self.apart.remove(&(other, one));
    }

    /// The server is no more, and nobody answers there from now on.
    pub fn server_dies(&mut self) {
        self.server.die();
        for who in 0..self.people.len() {
            if let Some((attempt, _)) = self.people[who].connection.take() {
                self.people[who].asked = None;
                self.later(who, Input::Server(attempt, ServerNews::Push(ServerEvent::Gone)));
            }
        }
    }

    /// The server is back where it was, and knows nothing any more.
    pub fn server_is_back(&mut self) {
        self.server.start_again();
    }

    /// This person's device has no network, until it has.
    pub fn goes_offline(&mut self, who: usize) {
        self.offline.insert(who);
        self.unplug(who);
        for other in (0..self.people.len()).filter(|other| *other != who) {
            self.path_dies(who, other);
            self.apart.extend([(who, other), (other, who)]);
        }
    }

    /// It has one again.
    pub fn is_online(&mut self, who: usize) {
        self.offline.remove(&who);
        self.apart.retain(|(one, other)| *one != who && *other != who);
        self.dead.retain(|(one, other)| *one != who && *other != who);
    }

    /// This person's device is gone, with all that ran on it: nobody is told.
    pub fn vanishes(&mut self, who: usize) {
        for other in (0..self.people.len()).filter(|other| *other != who) {
            self.path_dies(who, other);
            self.apart.extend([(who, other), (other, who)]);
        }
        self.people[who].connection = None;
        if self.server.runs_on(who) {
            self.server_dies();
        }
    }

    /// The mole that this one is.
    ///
    /// # Errors
    /// When it is none.
    pub fn mole_of(&mut self, who: usize) -> anyhow::Result<&mut Mole> {
        self.people[who].mind.mole().ok_or_else(|| anyhow::anyhow!("{who} is no mole"))
    }

    /// The mole says something to somebody, over its own session.
    ///
    /// # Errors
    /// When it has none.
    pub fn mole_says(&mut self, who: usize, to: Pid, message: &Ctl) -> anyhow::Result<()> {
        let output = self.mole_of(who)?.say(to, message);
        let output = output.ok_or_else(|| anyhow::anyhow!("seed {}: no session of the mole", self.seed))?;
        self.perform(who, output);
        Ok(())
    }

    /// The mole begins a handshake anew with everybody it can, with the keys that it has.
    ///
    /// # Errors
    /// When it is no mole.
    pub fn mole_calls_again(&mut self, who: usize, counter: u64) -> anyhow::Result<()> {
        let peers: Vec<Pid> = self.mole_of(who)?.ties.keys().copied().collect();
        for peer in peers {
            let person = &mut self.people[who];
            let again = person.mind.mole().and_then(|mole| mole.call_again(&mut person.dice, peer, counter));
            if let Some(output) = again {
                self.perform(who, output);
            }
        }
        Ok(())
    }

    /// The mole has made this frame with its own key: who opens it as the mole's is not deceived.
    pub fn vouch(&mut self, from: Pid, to: Pid, frame: &[u8]) {
        self.ledger.sealed.insert((from, to, frame.to_vec()));
    }

    /// The server says something to somebody, whatever the lobby thinks of it.
    pub fn server_tells(&mut self, who: usize, told: Told) {
        if let Some((_, id)) = self.people[who].connection {
            let at = self.in_order(usize::MAX, who);
            self.at(at, Event::Told(who, id, told));
        }
    }
}
