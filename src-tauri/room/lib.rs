//! The brain of a room: who is in it and who holds the floor; no clock, no IO.
//!
//! `Room::handle` takes what happened and gives what is to be done; timers are data. Time is a `Duration` since any
//! fixed start. Every member runs one of these; the arbiter among them is the host if it is connected, else the member
//! with the smallest pid.
#![warn(missing_docs)]

mod arbiter;
mod room;
#[cfg(test)]
mod room_tests;
#[cfg(test)]
mod simulation;
mod turn;
mod view;

pub use room::{Input, Microphone, Output, Room, RoomConfig};
pub use turn::Turn;
pub use view::{Floor, RevokedWhy, RoomView, Situation};
