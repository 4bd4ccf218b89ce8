//! The headless client, for machines without a window and for tests.

fn main() {}
