//! What was seen of a vector: requested, executed, stored.

use std::collections::BTreeMap;
use std::fmt;

use crate::vectors::Vector;

/// One cell of the matrix. Shown as `R`, `X`, `K` in this order, or as nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// A third party got a request, a connection or a datagram.
    pub requested: bool,
    /// Its code ran.
    pub executed: bool,
    /// Something is on the device.
    pub stored: bool,
}

impl Cell {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let cell =
            Self { requested: text.contains('R'), executed: text.contains('X'), stored: text.contains('K') };
        (cell.to_string() == text).then_some(cell)
    }

    /// Whether this is a leak of that vector: of the storage vectors only what is stored counts, since a request
    /// to the site itself is none.
    pub fn leaks(self, vector: &Vector) -> bool {
        if vector.is_control() {
            return false;
        }
        if vector.id.starts_with("s_") { self.stored } else { self != Self::default() }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (seen, letter) in [(self.requested, "R"), (self.executed, "X"), (self.stored, "K")] {
            if seen {
                f.write_str(letter)?;
            }
        }
        Ok(())
    }
}

/// Cells by vector; a vector without one was blocked.
pub type Cells = BTreeMap<String, Cell>;
