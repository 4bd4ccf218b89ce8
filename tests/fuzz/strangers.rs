//! Who knows nothing, at the door and in a pair.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| pushtalk_fuzz::probe_strangers::strangers(data));
