//! Each site's log: records are appended to it in one order.

mod reply;
pub mod sequencer;
