//! `cargo +nightly fuzz run bundle`: see `tests/inputs/src/lib.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| avow_inputs::bundle(input));
