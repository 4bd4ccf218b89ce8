//! Links, codes and addresses.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| pushtalk_fuzz::probes::invitation(data));
