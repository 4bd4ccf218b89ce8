//! A talker and a listener with somebody between them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| pushtalk_fuzz::probes::frame(data));
