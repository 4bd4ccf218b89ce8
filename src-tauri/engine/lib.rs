//! The composition: one control loop, the talk and listen threads, and the faces it shows.
