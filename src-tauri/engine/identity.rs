//! Who we are in one room: keys and names that live as long as our stay.

use std::time::Duration;

use pushtalk_e2ee::{HostKey, MemberKey, PairPsk, RoomSecret, SeatKey, ServerIdentity};
use pushtalk_protocol::{
    DisplayName, Epoch, HostPublic, LinkPassword, Nameplate, Pid, RoomId, SpokenPassword,
};

/// Who is away for longer has lost its seat at the server.
const AWAY: Duration = Duration::from_secs(90);

/// Our side of a room. Holds secrets: never cloned, printed or sent.
pub(crate) struct Identity {
    pub(crate) room_id: RoomId,
    /// Who made the room: its id is that of this key.
    pub(crate) first_host: HostPublic,
    /// Who signs for the room now.
    pub(crate) host_public: HostPublic,
    pub(crate) epoch: Epoch,
    pub(crate) pid: Pid,
    pub(crate) member_key: MemberKey,
    pub(crate) secret: RoomSecret,
    pub(crate) psk: PairPsk,
    /// The epoch before, for those who were away when this one began.
    pub(crate) before: Option<Before>,
    /// Brings us back to our seat at the server.
    pub(crate) seat_key: SeatKey,
    /// With this we sign as host, if we are; else it waits for the room to be handed over to us.
    pub(crate) heir_key: HostKey,
    /// True for the host.
    pub(crate) hosting: bool,
    pub(crate) name: DisplayName,
    pub(crate) nameplate: Nameplate,
    /// What passwords and proofs are bound to.
    pub(crate) server: ServerIdentity,
}

/// The epoch before the present one, as long as somebody may come back from it.
pub(crate) struct Before {
    pub(crate) epoch: Epoch,
    pub(crate) psk: PairPsk,
    /// Those who were in the room when it ended; nobody else may be met in it.
    pub(crate) roster: Vec<Pid>,
    pub(crate) until: Duration,
}

impl Identity {
    /// The epoch before, for who was in it and stays.
    pub(crate) fn before(&self, now: Duration, peer: &Pid) -> Option<(Epoch, &PairPsk)> {
        let before =
            self.before.as_ref().filter(|b| now < b.until && b.roster.binary_search(peer).is_ok())?;
        Some((before.epoch, &before.psk))
    }

    /// The epoch before is over for good: its key is wiped.
    pub(crate) fn forget_before(&mut self, now: Duration) {
        self.before.take_if(|before| now >= before.until);
    }

    /// A new epoch with its secret; the one before counts a while for those in `roster`.
    pub(crate) fn enter(&mut self, now: Duration, epoch: Epoch, secret: RoomSecret, roster: Vec<Pid>) {
        let psk = std::mem::replace(&mut self.psk, secret.pair_psk(self.room_id, epoch));
        let until = now + AWAY;
        self.before = Some(Before { epoch: self.epoch, psk, roster, until });
        (self.epoch, self.secret) = (epoch, secret);
    }

    /// What a link holds. Derived from the room secret, so every member can answer the door, and a new epoch changes it.
    pub(crate) fn link_password(&self) -> LinkPassword {
        self.secret.link_password(self.room_id, self.epoch)
    }

    /// What is said aloud.
    pub(crate) fn spoken_password(&self) -> SpokenPassword {
        self.secret.spoken_password(self.room_id, self.epoch)
    }
}
