//! Peer connections: sealed frames and messages between devices over WebRTC.
//!
//! A [`Mesh`] holds one connection for each peer, and a second one while the addresses of this machine change: a `sendonly` and a `recvonly` audio section (Opus, one frame a
//! packet) and a data channel for messages. What it carries is sealed before it comes here; no key ever does.
//! Nobody but the peers is contacted, and the STUN server where one is named: no other STUN, no TURN, no multicast DNS.
#![warn(missing_docs)]

mod connection;
mod control;
mod event;
mod interfaces;
mod life;
mod link;
mod mesh;
mod pair;
#[cfg(test)]
mod path_tests;
#[cfg(test)]
mod rig;
mod scoped;
mod sockets;
mod tap;
#[cfg(test)]
mod tests;

pub use event::{
    FailWhy, LinkStats, MeshConfig, MeshError, MeshEvent, ReceivedFrame, Role, RtpStamp, Transport,
};
pub use interfaces::Addresses;
pub use link::VoiceSender;
pub use mesh::Mesh;
