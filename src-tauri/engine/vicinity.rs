//! Rooms on this network: listened for while somebody is in none, and told of while one is hosted here.

use pushtalk_protocol::{CertificateHash, Nameplate};
use pushtalk_signaling::discovery::{Beacon, Ears, Nearby};
use tokio::sync::watch;

/// What is told.
#[derive(Clone, PartialEq)]
pub(crate) struct Hosted {
    /// Of the room.
    pub(crate) nameplate: Nameplate,
    /// Of its server.
    pub(crate) port: u16,
    pub(crate) certificate: CertificateHash,
    /// Where it is told, and by whom it can be reached; none for everywhere.
    pub(crate) interface: Option<String>,
}

/// What is wanted, and what of it there is.
#[derive(Default)]
pub(crate) struct Vicinity {
    listens: bool,
    ears: Option<(Ears, watch::Receiver<Vec<Nearby>>)>,
    hosted: Option<Hosted>,
    beacon: Option<Beacon>,
}

impl Vicinity {
    /// From now on. What the system refuses is not tried again before it was not wanted for a while.
    pub(crate) fn want(&mut self, listens: bool, hosted: Option<Hosted>) {
        if self.listens != listens {
            self.listens = listens;
            self.ears = None;
            if listens {
                match Ears::open() {
                    Ok((ears, mut rooms)) => {
                        // What was there before is not known any more.
                        rooms.mark_changed();
                        self.ears = Some((ears, rooms));
                    }
                    Err(_) => tracing::warn!("rooms on this network are not found: no multicast DNS"),
                }
            }
        }
        if self.hosted != hosted {
            self.beacon = None;
            self.hosted = hosted;
            if let Some(Hosted { nameplate, port, certificate, interface }) = &self.hosted {
                match Beacon::light(*nameplate, *port, certificate, interface.as_deref()) {
                    Ok(beacon) => self.beacon = Some(beacon),
                    Err(_) => tracing::warn!("the room is not told of on this network: no multicast DNS"),
                }
            }
        }
    }

    /// True while multicast goes out or is listened to.
    pub(crate) fn is_in_use(&self) -> bool {
        self.ears.is_some() || self.beacon.is_some()
    }

    /// The rooms there are, when that has changed.
    pub(crate) async fn changed(&mut self) -> Vec<Nearby> {
        if let Some((_, rooms)) = &mut self.ears
            && rooms.changed().await.is_ok()
        {
            return rooms.borrow_and_update().clone();
        }
        std::future::pending().await
    }
}
