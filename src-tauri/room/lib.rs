//! The brain of a room: who is in it and who holds the floor; no clock, no IO.
//!
//! Every member runs one [`Room`]. [`Room::handle`] takes what happened and gives what is to be done; timers are data,
//! time is a `Duration` since any fixed start. One of the members is the *arbiter*, who gives the floor: the host if it
//! is connected, else the connected member with the smallest pid. In an *open* room nobody is asked, nor by who
//! *whispers* to a few. Apart from the
//! floor, [`Rosters`] compares what the members say about whom they reach.
//!
//! Invariants: a [`Turn`] is made nowhere else, and in radio mode at most one of a room is live that is for everybody; after `Output::Keep`
//! comes exactly one of `Begin` and `Drop`; nobody waits for an answer longer than five seconds. The network may delay, but between
//! two members it keeps order; what it loses it loses together with the session, which is an `Input::Down`.
#![warn(missing_docs)]

mod answer;
#[cfg(test)]
mod any_tests;
mod arbiter;
mod button;
#[cfg(test)]
mod host_tests;
mod input;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod limit_tests;
mod microphone;
mod open;
#[cfg(test)]
mod open_tests;
mod queue;
#[cfg(test)]
mod queue_tests;
mod room;
#[cfg(test)]
mod room_tests;
mod roster;
#[cfg(test)]
mod roster_tests;
#[cfg(test)]
mod simulation;
mod succession;
#[cfg(test)]
mod table;
#[cfg(test)]
mod takeover_tests;
mod turn;
mod view;
mod whisper;
#[cfg(test)]
mod whisper_tests;
#[cfg(test)]
mod world;

pub use input::{Input, Microphone, Output, RoomConfig};
pub use room::Room;
pub use roster::{Differences, Rosters};
pub use turn::{Audience, Turn};
pub use view::{Floor, LinkState, MemberView, RevokedWhy, RoomView, Situation, Talker};
