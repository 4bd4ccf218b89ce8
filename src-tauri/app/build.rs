//! Checks the configuration and embeds it.

fn main() {}
