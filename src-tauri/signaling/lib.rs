//! Bringing members together: the signaling server, its client, and the pure lobby.
//!
//! `lobby` is the server's brain without IO; `server` puts it behind Socket.IO over TLS; `client` speaks to it. What
//! passes through is sealed: nothing here can open it.

pub mod addresses;
pub mod client;
#[cfg(all(test, feature = "server"))]
mod live_tests;
pub mod lobby;
#[cfg(test)]
mod lobby_tests;
mod packet;
#[cfg(feature = "server")]
pub mod server;
mod text64;
mod trust;
