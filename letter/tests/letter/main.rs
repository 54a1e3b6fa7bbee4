//! Letters, read by programs that are not ours.

mod hard;
mod poppler;
mod reading;
mod sample;
