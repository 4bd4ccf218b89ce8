//! What the scenarios and the benches share: rigs, worlds and drivers.
pub mod window;
