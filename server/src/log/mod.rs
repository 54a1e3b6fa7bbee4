//! Each site's log: entries are appended in one order, and every head is signed before anything is acknowledged.
//!
//! Read in this order: `sequencer` (many requests, one commit), `logs` (which logs may be written, and what is
//! signed after a commit), [`signer`] (the only place that signs), [`proofs`] (what receipts carry), [`artefact`]
//! (entries for what was published), [`witness`] (asks others to cosign a head).
//! What this is *not*: it does not judge submissions (`consent`) and knows no SQL (`store`).

pub mod artefact;
mod logs;
pub mod nodes;
pub mod proofs;
pub mod publish;
mod reply;
pub mod sequencer;
pub mod signer;
pub mod start;
pub mod witness;

pub use logs::Logged;

#[cfg(test)]
mod tests;
