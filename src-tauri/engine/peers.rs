//! Peer connections by the brain's wishes: one that is opened again waits until the one before is gone.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use pushtalk_mesh::{LinkStats, Mesh, MeshError, MeshEvent, Role};
use pushtalk_protocol::{Candidate, Pid, Sdp};

/// Wishes that wait for one connection to be gone.
const MOST_WAITING: usize = 64;

pub(crate) struct Peers {
    mesh: Mesh,
    /// Being closed; with what is wanted of the connection that comes after.
    closing: BTreeMap<Pid, Vec<Wish>>,
}

enum Wish {
    Open(Role),
    Description(Sdp),
    Candidate(Candidate),
    Restart(bool),
}

impl Peers {
    pub(crate) fn new(mesh: Mesh) -> Self {
        Self { mesh, closing: BTreeMap::new() }
    }

    pub(crate) fn open(&mut self, peer: Pid, role: Role) {
        self.wish(peer, Wish::Open(role));
    }

    pub(crate) fn description(&mut self, peer: Pid, sdp: Sdp) {
        self.wish(peer, Wish::Description(sdp));
    }

    pub(crate) fn candidate(&mut self, peer: Pid, candidate: Candidate) {
        self.wish(peer, Wish::Candidate(candidate));
    }

    pub(crate) fn use_vpn(&self, on: bool) {
        self.mesh.use_vpn(on);
    }

    pub(crate) fn use_stun(&self, server: Option<SocketAddr>) {
        self.mesh.use_stun(server);
    }

    pub(crate) fn restart(&mut self, peer: Pid, tcp: bool) {
        self.wish(peer, Wish::Restart(tcp));
    }

    pub(crate) fn send(&self, peer: Pid, bytes: Bytes) {
        log(self.mesh.send_ctl(peer, bytes));
    }

    pub(crate) fn close(&mut self, peer: Pid) {
        // Without a connection there will be no event that it is gone.
        if self.mesh.stats(peer).is_some() {
            self.closing.insert(peer, Vec::new());
            self.mesh.close(peer);
        }
    }

    pub(crate) async fn close_all(&mut self) {
        self.closing.clear();
        self.mesh.close_all().await;
    }

    pub(crate) fn stats(&self, peer: Pid) -> Option<LinkStats> {
        self.mesh.stats(peer)
    }

    /// Gives what the brain is to know: nothing of a connection that it has closed.
    pub(crate) fn news(&mut self, event: MeshEvent) -> Option<MeshEvent> {
        let peer = event.peer();
        if !self.closing.contains_key(&peer) {
            return Some(event);
        }
        if matches!(event, MeshEvent::Closed { .. } | MeshEvent::Failed { .. }) {
            for wish in self.closing.remove(&peer).unwrap_or_default() {
                self.wish(peer, wish);
            }
        }
        None
    }

    fn wish(&mut self, peer: Pid, wish: Wish) {
        if let Some(waiting) = self.closing.get_mut(&peer) {
            if waiting.len() < MOST_WAITING {
                waiting.push(wish);
            }
            return;
        }
        log(match wish {
            Wish::Open(role) => self.mesh.open(peer, role),
            Wish::Description(sdp) => self.mesh.remote_description(peer, sdp),
            Wish::Candidate(candidate) => self.mesh.remote_candidate(peer, candidate),
            Wish::Restart(tcp) => self.mesh.restart(peer, tcp),
        });
    }
}

fn log(result: Result<(), MeshError>) {
    if let Err(error) = result {
        tracing::debug!(%error, "a peer connection did not take a wish");
    }
}
