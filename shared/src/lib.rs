//! The consent model, the one decision engine, and the bytes that are committed.
//!
//! Compiled into the server and into the browser module, so both give the same answers.
//! No I/O, no clock, no randomness: every function is a function of its arguments.
//! What this is *not*: it does not parse policy files (`server/src/policy`), store anything, speak HTTP
//! or touch a page.
//!
//! Read in this order: [`category`] and [`basis`] (the law's words), [`regime`], [`policy`], [`decision`],
//! [`engine`] (must we ask, what may run), [`cookie`] (what stays on the device), [`submission`] (what the
//! browser sends), [`record`] and [`commitment`] (what is kept and proved), [`entry`] and [`merkle`] (the log),
//! and, with the feature `proof`, `note`, `checkpoint`, `proof_file`, `receipt` and `tile` (what others check);
//! with `jws`, `jws` and `jcs` (signed receipts).

#![warn(missing_docs)]

pub mod act;
#[cfg(feature = "proof")]
pub mod base64;
pub mod basis;
pub mod category;
#[cfg(feature = "proof")]
pub mod checkpoint;
pub mod commitment;
pub mod cookie;
pub mod decision;
pub mod engine;
pub mod entry;
pub mod fields;
pub mod id;
#[cfg(feature = "jws")]
pub mod jcs;
pub mod json;
#[cfg(feature = "jws")]
pub mod jws;
pub mod law;
pub mod merkle;
#[cfg(feature = "proof")]
pub mod note;
pub mod policy;
#[cfg(feature = "proof")]
pub mod proof_file;
pub mod radix;
#[cfg(feature = "proof")]
pub mod receipt;
pub mod record;
pub mod reference;
pub mod regime;
mod sha256;
pub mod signals;
pub mod submission;
#[cfg(feature = "proof")]
pub mod tile;
#[cfg(feature = "vectors")]
pub mod vectors;
