//! The standalone signaling server.

fn main() {}
