//! Tests in real browsers. All tests of an engine share one browser; the engines run side by side.
//!
//! Filters and flags are those of `cargo test`: `cargo test -p avow-tests --test browser -- firefox::refuse`.

mod harness;
mod selftest;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut suite = harness::Suite::default();
    selftest::add(&mut suite);
    suite.run()
}
