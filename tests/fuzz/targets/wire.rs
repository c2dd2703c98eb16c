//! See `countersign_tls::fuzzing::wire`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| countersign_tls::fuzzing::wire(data));
