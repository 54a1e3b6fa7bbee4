//! Runs the vectors of `testdata/`, natively and in WebAssembly alike: they answer canonical JSON.
//!
//! Read next: `vectors/decisions.rs` (the engine), `vectors/log.rs` (the log, signatures and receipts).

pub mod decisions;
pub mod log;
