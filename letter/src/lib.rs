//! One letter as a PDF: laid out, tagged for readers that cannot see it, and fit for an archive.
//!
//! What is in the letter is the caller's: this crate knows paper, type and reading order, has no I/O and no clock,
//! and answers the same letter with the same bytes. The file is checked against PDF/A-3a and PDF/UA-1 while it is
//! written; what breaks either is an error. Read in this order: [`Letter`] in `model.rs`, then `text.rs` (words to
//! lines), `layout.rs` (lines to pages), `export.rs` (pages to bytes).
//!
//! A letter may quote strangers. Their words are cleaned (`text/clean.rs`), can neither reorder nor overdraw what
//! stands beside them, and a character without a glyph is written as its code: `[U+6F22]`.

#![warn(missing_docs)]

mod export;
mod faces;
mod language;
mod layout;
mod model;
mod structure;
mod style;
mod text;

pub use export::Error;
pub use language::{Direction, Language};
pub use model::{Attachment, Block, Fact, Form, Letter, Relation, Run, Section, Table, Text};

/// The letter as a PDF file.
pub fn pdf(letter: &Letter) -> Result<Vec<u8>, Error> {
    export::write(letter, layout::lay_out(letter))
}
