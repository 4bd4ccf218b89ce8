//! Two meshes in one process, joined by hand instead of by a server; for tests.

use std::{future::Future, sync::mpsc as std_mpsc, time::Duration};

use pushtalk_e2ee::{MediaKey, SealKey, SealedFrame};
use pushtalk_protocol::{Pid, Sdp, SecretBytes};
use tokio::sync::{RwLock, mpsc};

use crate::{Mesh, MeshConfig, MeshEvent, ReceivedFrame, Role};

/// Tests share one process: who counts its sockets must be alone.
pub(crate) static PROCESS: RwLock<()> = RwLock::const_new(());

/// Far more than anything here takes; reached only when something is broken.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("did not happen in time")
}

pub(crate) fn pid(n: u8) -> Pid {
    Pid::new([n; Pid::LEN])
}

/// Both sides know it; the mesh does not.
pub(crate) fn media_key() -> MediaKey {
    SecretBytes::new([7; 32]).into()
}

/// What is in a frame of a test: 80 bytes that name it.
pub(crate) fn plain(n: u32) -> Vec<u8> {
    [n.to_be_bytes(); 20].concat()
}

/// A frame of its own key.
pub(crate) fn sealed(n: u32) -> SealedFrame {
    SealKey::new(media_key(), 1).seal(&plain(n)).unwrap()
}

pub(crate) fn config() -> MeshConfig {
    MeshConfig { loopback: true, ..MeshConfig::default() }
}

pub(crate) struct Side {
    pub(crate) mesh: Mesh,
    pub(crate) events: mpsc::Receiver<MeshEvent>,
    pub(crate) frames: std_mpsc::Receiver<ReceivedFrame>,
}

impl Side {
    pub(crate) fn new(config: MeshConfig) -> Self {
        let (events, events_rx) = mpsc::channel(64);
        let (frames, frames_rx) = std_mpsc::sync_channel(4096);
        let mesh = Mesh::new(config, events, move |frame| {
            let _ = frames.try_send(frame);
        });
        Self { mesh, events: events_rx, frames: frames_rx }
    }

    pub(crate) async fn next(&mut self) -> MeshEvent {
        soon(self.events.recv()).await.expect("the mesh lives")
    }

    /// The next event that is no candidate; an offer would be one too many.
    pub(crate) async fn outcome_before_any_offer(&mut self) -> MeshEvent {
        loop {
            match self.next().await {
                MeshEvent::Candidate { .. } => {}
                other => return other,
            }
        }
    }

    /// The next event that is no signaling, and no mere step on the way.
    pub(crate) async fn outcome(&mut self) -> MeshEvent {
        loop {
            match self.next().await {
                MeshEvent::Description { .. } | MeshEvent::Candidate { .. } | MeshEvent::Reached { .. } => {}
                other => return other,
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Ana,
    Ben,
}

/// Both sides call the pair by the same pid. Ana offers.
pub(crate) struct Rig {
    pub(crate) ana: Side,
    pub(crate) ben: Side,
    pub(crate) on_the_way: fn(Sdp) -> Sdp,
}

impl Rig {
    pub(crate) fn new(config: MeshConfig) -> Self {
        Self { ana: Side::new(config.clone()), ben: Side::new(config), on_the_way: |sdp| sdp }
    }

    pub(crate) fn open(&self, peer: Pid) {
        self.ana.mesh.open(peer, Role::Offerer).unwrap();
        self.ben.mesh.open(peer, Role::Answerer).unwrap();
    }

    /// Carries signaling until something else happens.
    pub(crate) async fn step(&mut self) -> (Who, MeshEvent) {
        soon(async {
            loop {
                let (who, event, to) = tokio::select! {
                    Some(event) = self.ana.events.recv() => (Who::Ana, event, &self.ben.mesh),
                    Some(event) = self.ben.events.recv() => (Who::Ben, event, &self.ana.mesh),
                };
                match event {
                    MeshEvent::Description { peer, sdp } => {
                        let _ = to.remote_description(peer, (self.on_the_way)(sdp));
                    }
                    MeshEvent::Candidate { peer, candidate } => {
                        let _ = to.remote_candidate(peer, candidate);
                    }
                    MeshEvent::Reached { .. } => {}
                    other => return (who, other),
                }
            }
        })
        .await
    }

    /// Until messages flow both ways on `pairs` pairs.
    pub(crate) async fn ready(&mut self, pairs: usize) {
        let (mut connected, mut open) = (0, 0);
        while open < 2 * pairs {
            match self.step().await.1 {
                MeshEvent::Connected { .. } => connected += 1,
                MeshEvent::CtlOpen { .. } => open += 1,
                other => panic!("{other:?} before the pairs were ready"),
            }
        }
        assert_eq!(connected, 2 * pairs);
    }

    pub(crate) async fn connected(config: MeshConfig, peer: Pid) -> Self {
        let mut rig = Self::new(config);
        rig.open(peer);
        rig.ready(1).await;
        rig
    }
}
