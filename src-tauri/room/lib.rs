//! The brain of a room: who is in it and who holds the floor; no clock, no IO.
