//! The talk key: all that can hold the talk button down, merged into one press at a time; no clock, no IO.
//!
//! A [`Hand`] is one thing that is down: a pointer on the button, a key, a pedal. [`Gate`] takes what hands do, from
//! whatever source and in whatever order, and gives presses and releases that alternate. Time is a `Duration` since any
//! fixed start; timers are data.
//!
//! Invariants: `Press` and `Release` alternate, beginning with `Press`, but that one to preempt may follow one to talk; the gate is closed whenever no hand holds it, it
//! is not latched and no release is delayed; nothing that a hand did stays longer than [`Settings::stuck_after`] without
//! being confirmed; [`Input::Away`] closes it at once, whatever holds it.
#![warn(missing_docs)]

mod chord;
mod gate;
#[cfg(test)]
mod gate_tests;
mod key;

pub use chord::{Change, Chord, Modifiers, UnknownChord, Watcher};
pub use gate::{Act, Gate, Hand, Input, LONGEST_RELEASE_DELAY, Output, Settings, Source};
pub use key::Key;
