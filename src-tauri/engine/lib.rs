//! The composition: one control loop, the talk and listen threads, and the faces it shows.

pub mod face;
#[cfg(test)]
mod face_contract;
