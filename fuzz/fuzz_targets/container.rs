//! `cargo +nightly fuzz run container`: see `tests/inputs/src/lib.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| avow_inputs::container(input));
