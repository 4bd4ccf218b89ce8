//! The vocabulary of PushTalk: names, codes, invitations and the messages that travel.
//!
//! Pure: no clock, no randomness, no IO. Everything that comes from outside is read by a function that ends in a
//! value or a typed error, never in a panic.
#![warn(missing_docs)]

mod code;
mod ctl;
#[cfg(test)]
mod ctl_tests;
mod emoji;
mod floor;
mod ids;
mod invitation;
mod name;
mod pin;
mod place;
mod rekey;
mod report;
mod secret;
mod signal;
mod statement;
mod wire;

pub use code::{CodeError, LinkPassword, Nameplate, RoomCode, SpokenPassword};
pub use ctl::{
    Candidate, Capabilities, Ctl, DoorState, Hello, Mode, Roster, Sas, Sdp, SdpKind, Settings, Status,
};
pub use emoji::{EMOJI, Emoji};
pub use floor::{DeniedReason, FloorMessage, RevokedReason};
pub use ids::{
    CertificateHash, Challenge, Epoch, HostPublic, JoinPublic, LobbyId, MemberPublic, Pid, RoomId,
    SeatPublic, Signature,
};
pub use invitation::{Invitation, InvitationError, ServerAddress};
pub use name::{DisplayName, NameError};
pub use pin::{Pin, PinError};
pub use place::Place;
pub use rekey::Rekey;
pub use report::Report;
pub use secret::SecretBytes;
pub use signal::{
    Create, Created, Empty, HelloAck, HelloRequest, Join, Joined, LobbyClose, LobbyMessage, LobbyOpen,
    LobbyOpened, MemberJoined, MemberLeft, Refusal, RefusalCode, Relay, Relayed, Restore, Resume, RoomClosed,
    RoomCloses, Rotate, event,
};
pub use statement::{MOST_MEMBERS, SignedStatement, Statement, StatementKind};
pub use wire::{Reader, WireError, Writer};

/// The only version there is: the first byte of everything that travels.
pub const VERSION: u8 = 1;
