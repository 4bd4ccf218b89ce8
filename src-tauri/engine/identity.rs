//! Who we are in one room: keys and names that live as long as our stay.

use pushtalk_e2ee::{HostKey, MemberKey, PairPsk, RoomSecret, SeatKey, ServerIdentity};
use pushtalk_protocol::{
    DisplayName, Epoch, HostPublic, LinkPassword, Nameplate, Pid, RoomId, SpokenPassword,
};

/// Our side of a room. Holds secrets: never cloned, printed or sent.
pub(crate) struct Identity {
    pub(crate) room_id: RoomId,
    pub(crate) host_public: HostPublic,
    pub(crate) epoch: Epoch,
    pub(crate) pid: Pid,
    pub(crate) member_key: MemberKey,
    pub(crate) secret: RoomSecret,
    pub(crate) psk: PairPsk,
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

impl Identity {
    /// What a link holds. Derived from the room secret, so every member can answer the door, and a new epoch changes it.
    pub(crate) fn link_password(&self) -> LinkPassword {
        self.secret.link_password(self.room_id, self.epoch)
    }

    /// What is said aloud.
    pub(crate) fn spoken_password(&self) -> SpokenPassword {
        self.secret.spoken_password(self.room_id, self.epoch)
    }
}
