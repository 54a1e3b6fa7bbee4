//! Words to lines: cleaning, the order of directions, line breaks, fonts.
//!
//! `clean.rs` makes one string of a text's runs, `directions.rs` orders it, `breaks.rs` finds where lines may end,
//! `lines.rs` makes them, `units.rs` is what is shaped at once.

mod breaks;
mod clean;
mod directions;
mod lines;
mod units;

pub(crate) use clean::{Prepared, one_line, prepare};
pub(crate) use lines::{Line, Piece, Shaped, lines, natural_width};
