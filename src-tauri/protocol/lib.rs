//! The vocabulary of PushTalk: names, codes, invitations and the messages that travel.
//!
//! Pure: no clock, no randomness, no IO. Everything that comes from outside is read by a function that ends in a
//! value or a typed error, never in a panic.
#![warn(missing_docs)]

mod code;
mod ctl;
mod floor;
mod ids;
mod invitation;
mod name;
mod secret;
mod signal;
mod wire;

pub use code::{CodeError, LinkPassword, Nameplate, RoomCode, SpokenPassword};
pub use ctl::{Capabilities, Ctl, Hello, Mode, Sdp, SdpKind, Settings, Status};
pub use floor::{DeniedReason, FloorMessage, RevokedReason};
pub use ids::{
    CertificateHash, Challenge, Epoch, HostPublic, JoinPublic, LobbyId, MemberPublic, Pid, RoomId, Signature,
};
pub use invitation::{Invitation, InvitationError, ServerAddress};
pub use name::{DisplayName, NameError};
pub use secret::SecretBytes;
pub use signal::{
    Create, Created, Empty, HelloAck, HelloRequest, Join, Joined, LobbyClose, LobbyMessage, LobbyOpen,
    LobbyOpened, MemberJoined, MemberLeft, Refusal, RefusalCode, Relay, Relayed, RoomClosed, event,
};
pub use wire::{Reader, WireError, Writer};

/// The only version there is: the first byte of everything that travels.
pub const VERSION: u8 = 1;
