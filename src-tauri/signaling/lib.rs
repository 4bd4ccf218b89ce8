//! Bringing members together: the signaling server, its client, and the pure lobby.
//!
//! `lobby` is the server's brain without IO; `server` puts it behind Socket.IO over TLS; `client` speaks to it. What
//! passes through is sealed: nothing here can open it.

pub mod addresses;
pub mod argument;
#[cfg(feature = "server")]
mod ask;
#[cfg(feature = "server")]
mod between;
mod bucket;
#[cfg(feature = "server")]
mod certificate;
pub mod client;
mod dial;
pub mod discovery;
#[cfg(feature = "server")]
mod entrance;
#[cfg(feature = "server")]
mod errands;
#[cfg(feature = "server")]
mod gate;
mod knock;
#[cfg(feature = "server")]
mod letter;
mod limits;
mod line;
pub mod lobby;
#[cfg(feature = "server")]
mod moving;
#[cfg(feature = "server")]
mod nodes;
mod packet;
mod proxied;
mod restoring;
mod room_life;
mod rotation;
mod seat;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
mod stun;
#[cfg(feature = "server")]
mod switchboard;
#[cfg(feature = "server")]
mod tether;
mod text64;
mod trust;

// Two attributes: what only tests have is known to clippy by the first.
#[cfg(test)]
#[cfg(feature = "server")]
mod argument_tests;
#[cfg(test)]
#[cfg(feature = "server")]
mod bench;
#[cfg(test)]
#[cfg(feature = "server")]
mod live_tests;
#[cfg(test)]
mod lobby_orders;
#[cfg(test)]
mod lobby_tests;
#[cfg(test)]
mod lobby_world;
#[cfg(test)]
#[cfg(feature = "server")]
mod polling_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod restoring_tests;
#[cfg(test)]
mod rotation_tests;
#[cfg(test)]
#[cfg(feature = "server")]
mod rough_tests;
#[cfg(test)]
mod seat_tests;
#[cfg(test)]
#[cfg(feature = "server")]
mod standing_tests;
