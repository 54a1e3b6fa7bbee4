//! Each site's log: records are appended to it in one order.

pub mod sequencer;
