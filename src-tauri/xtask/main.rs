//! The project's chores: run, test, bench.

fn main() {}
