//! Checks whole logs over the network. What needs no network is checked by `avow-verify`, in `verify/`.
//!
//! Read in this order: [`log`] (every tile of a log) and [`remote`] (how they are fetched). What this is *not*: it opens
//! no database and believes no server.

pub mod log;
pub mod remote;

/// What could not be fetched or opened, and why: nothing is said about whether it holds.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);
