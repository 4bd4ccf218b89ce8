//! How loud each member is heard at this device: in memory only, as long as the room lasts.

use pushtalk_protocol::Pid;

use crate::brain::{ListenOrder, Output};
use crate::inside::Inside;

/// The most, in percent.
const MOST: u16 = 200;

/// How loud one member is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Volume {
    pub(crate) percent: u16,
    pub(crate) muted: bool,
}

impl Default for Volume {
    fn default() -> Self {
        Self { percent: 100, muted: false }
    }
}

impl Volume {
    fn gain(self) -> f32 {
        if self.muted { 0.0 } else { f32::from(self.percent) / 100.0 }
    }
}

impl Inside {
    /// How loud this member is heard; of one who comes back, as loud as before.
    pub(crate) fn volume(&self, peer: &Pid) -> Volume {
        self.sounding.volumes.get(peer).copied().unwrap_or_default()
    }

    /// Changes it for who is here.
    pub(crate) fn set_volume(&mut self, peer: Pid, change: impl FnOnce(&mut Volume), out: &mut Vec<Output>) {
        let volume = self.sounding.volumes.entry(peer).or_default();
        change(volume);
        volume.percent = volume.percent.min(MOST);
        self.tell_volume(peer, out);
    }

    /// Tells the listen thread, which knows nothing of a member that has just come.
    pub(crate) fn tell_volume(&self, peer: Pid, out: &mut Vec<Output>) {
        let chosen = self.sounding.volumes.get(&peer);
        if self.deafened.is_some() || chosen.is_some() {
            out.push(Output::Listen(ListenOrder::Volume(peer, self.gain(&peer))));
        }
    }

    /// How loud a member is now: 1.0 for as it comes.
    pub(crate) fn gain(&self, peer: &Pid) -> f32 {
        if self.deafened.is_some() { 0.0 } else { self.volume(peer).gain() }
    }
}
