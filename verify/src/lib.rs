//! What somebody with a public key and nothing else can check: receipts, proofs and bundles.
//!
//! No network, no database and no clock: what is checked is given, and the same code runs wherever it is compiled.
//! Read in this order: [`report`] (what is said of it), [`proof`], [`receipt`], [`bundle`] (its format, which the
//! server writes by, and its check). What this is *not*: it fetches nothing and believes no server; whole logs are
//! fetched and checked by `avow verify log` in `server/src/verify`.

#![warn(missing_docs)]

pub mod bundle;
mod moment;
pub mod proof;
pub mod receipt;
pub mod report;

pub use moment::rfc3339;
pub use report::{Finding, Report};
