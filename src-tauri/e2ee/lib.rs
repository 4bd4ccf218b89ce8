//! Keys and sealing: the only place of cryptography.
//!
//! Pure: no clock, no source of randomness, no IO. Randomness and time are arguments. Secrets have no `Clone`, `Debug`,
//! `Display` or `Serialize` and are wiped when they are dropped. Rights are values and phases consume each other: who
//! holds a `Session` has finished a handshake, who holds an `Admission` has proved the password, and a `SealedFrame`
//! comes from a `SealKey` only.
#![warn(missing_docs)]

mod aead;
mod cpace;
mod derive;
mod door;
mod error;
mod frame;
mod handshake;
mod header;
mod history;
mod joiner;
mod keys;
mod noise;
mod open;
mod open_keys;
mod proofs;
mod refusal;
mod responder;
mod room_secret;
mod sas;
mod seal;
mod server_identity;
mod session;
mod sframe;
mod window;
mod words;
mod x25519;

// Its allocator watches in debug builds only.
#[cfg(all(test, debug_assertions))]
mod allocation;
#[cfg(test)]
mod header_vectors;
#[cfg(test)]
mod rfc9605;
#[cfg(test)]
mod secrecy;

pub use door::{Admission, Knock, PasswordKind};
pub use error::{CryptoError, DoorError, Exhausted, FrameError, SessionError};
pub use frame::VoicePlaintext;
pub use handshake::{Initiation, PairContext, respond};
pub use header::FrameId;
pub use history::{History, verify_history, verify_restore};
pub use joiner::{Joiner, JoinerProved};
pub use keys::{HostKey, JoinKey, MemberKey, SeatKey, pid, room_id};
pub use open::{OpenKey, Opened};
pub use open_keys::OpenKeys;
pub use proofs::{verify_create, verify_host_proof, verify_join, verify_resume, verify_statement};
pub use refusal::DoorRefusal;
pub use responder::Responder;
pub use room_secret::{PairPsk, RoomSecret};
pub use sas::{SasCode, SasCommitter, SasContext, SasResponder};
pub use seal::{SealKey, SealedFrame};
pub use server_identity::ServerIdentity;
pub use session::Session;
pub use sframe::MediaKey;
