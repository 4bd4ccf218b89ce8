//! What the scenarios and the benches share: rigs, worlds and drivers.
pub mod rig;
pub mod binary;
pub mod window;
