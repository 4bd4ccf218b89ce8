//! A jitter buffer under any packets.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| pushtalk_fuzz::probe_jitter::jitter(data));
