//! What the scenarios and the benches share: rigs, worlds and drivers.

pub mod balancer;
pub mod binary;
pub mod canary;
pub mod client;
#[cfg(target_os = "linux")]
pub mod community;
pub mod gaps;
pub mod homes;
pub mod inventory;
pub mod line;
pub mod logs;
pub mod netns;
pub mod pair;
pub mod passage;
pub mod probe_events;
pub mod probe_jitter;
pub mod probe_strangers;
pub mod probes;
pub mod rig;
pub mod seeds;
#[cfg(target_os = "linux")]
pub mod siege;
pub mod standalone;
pub mod vectors;
pub mod window;
pub mod world;
