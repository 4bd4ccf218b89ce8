//! The probes of the tests, for the fuzzers.

#[path = "../probe_events.rs"]
pub mod probe_events;
#[path = "../probe_jitter.rs"]
pub mod probe_jitter;
#[path = "../probe_strangers.rs"]
pub mod probe_strangers;
#[path = "../probes.rs"]
pub mod probes;
