//! What a stranger checks with `avow verify`: receipts, proofs and whole logs; and that other libraries agree.
//!
//! Read next: `built.rs` (a log made by the tests), `receipts.rs` and `logs.rs`, `jose.rs` (tokens under Node.js).

mod built;
mod command;
mod files;
mod jose;
mod logs;
mod receipts;
