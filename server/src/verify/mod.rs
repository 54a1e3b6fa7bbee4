//! What somebody with a public key and nothing else can check: receipts, proofs and whole logs.
//!
//! Read in this order: [`report`] (what is said of it), [`proof`], [`receipt`], [`log`] (every tile of a log) and
//! [`remote`] (how they are fetched). What this is *not*: it opens no database and believes no server.

pub mod log;
pub mod proof;
pub mod receipt;
pub mod remote;
pub mod report;

pub use report::{Report, Unreadable};
