//! Threads that make sound go ahead of all others, as far as the system allows it.

use crate::RATE;

/// Asks the system to run this thread ahead of others: it works a little and often, and is late when it waits for a game
/// to give a core away. True when the system has granted it.
///
/// Windows: MMCSS. Apple: a time constraint. Linux: round-robin real time, by right or else from RealtimeKit over D-Bus.
pub fn hurry() -> bool {
    let granted = by_right() || audio_thread_priority::promote_current_thread_to_real_time(480, RATE).is_ok();
    if !granted {
        tracing::debug!("the system does not let a sound thread go first");
    }
    granted
}

#[cfg(target_os = "linux")]
fn by_right() -> bool {
    use thread_priority::{
        RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };

    /// Behind the sound server, which has more.
    const PRIORITY: u8 = 5;
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    PRIORITY.try_into().is_ok_and(|value| {
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(value), policy)
            .is_ok()
    })
}

#[cfg(not(target_os = "linux"))]
fn by_right() -> bool {
    false
}
