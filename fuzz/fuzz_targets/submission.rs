//! `cargo +nightly fuzz run submission`: see `tests/inputs/src/lib.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| avow_inputs::submission(input));
