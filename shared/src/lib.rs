//! The consent model, the one decision engine, and the bytes that are committed.
//!
//! Compiled into the server and into the browser module, so both give the same answers.
//! No I/O, no clock, no randomness: every function is a function of its arguments.
//! What this is *not*: it does not parse policy files (`server/src/policy`), store anything, speak HTTP
//! or touch a page.
//!
//! Read in this order: [`category`] and [`basis`] (the law's words), [`regime`], [`policy`], [`decision`],
//! [`engine`] (must we ask, what may run), [`cookie`] (what stays on the device), [`submission`] (what the
//! browser sends), [`record`] and [`commitment`] (what is kept and proved).

#![warn(missing_docs)]

pub mod act;
pub mod basis;
pub mod category;
pub mod commitment;
pub mod cookie;
pub mod decision;
pub mod engine;
pub mod fields;
pub mod id;
pub mod json;
pub mod policy;
pub mod radix;
pub mod record;
pub mod reference;
pub mod regime;
pub mod signals;
pub mod submission;
#[cfg(feature = "vectors")]
pub mod vectors;
