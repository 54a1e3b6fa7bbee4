//! What is wrong with a policy file: rule, place and reason, in the file's order.

use super::texts::changes_order;
use std::fmt;
use std::ops::Range;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The rule's id: stable, for searching the documentation.
    pub rule: &'static str,
    /// What is wrong and why it matters, in a sentence.
    pub reason: String,
}

/// All faults of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    file: String,
    faults: Vec<Fault>,
}

impl Faults {
    /// The faults, in the file's order.
    pub fn as_slice(&self) -> &[Fault] {
        &self.faults
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            let Fault { line, column, rule, reason } = fault;
            write!(f, "{}:{line}:{column}: [{rule}] {reason}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Collects faults while a file is checked.
#[derive(Debug)]
pub struct Collector<'a> {
    source: &'a str,
    found: Vec<(usize, &'static str, String)>,
}

impl<'a> Collector<'a> {
    /// Nothing found yet in this source.
    pub fn new(source: &'a str) -> Self {
        Self { source, found: Vec::new() }
    }

    /// Notes a fault at the start of these bytes.
    pub fn add(&mut self, span: &Range<usize>, rule: &'static str, reason: impl Into<String>) {
        self.found.push((span.start, rule, visible(&reason.into())));
    }

    /// True while nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// `Ok` if nothing was found; `file` is the name to report.
    pub fn finish(mut self, file: &str) -> Result<(), Faults> {
        if self.found.is_empty() {
            return Ok(());
        }
        // Stable: faults of one place stay in the order in which they were found.
        self.found.sort_by_key(|(at, ..)| *at);
        let faults = self
            .found
            .into_iter()
            .map(|(at, rule, reason)| {
                let (line, column) = place(self.source, at);
                Fault { line, column, rule, reason }
            })
            .collect();
        Err(Faults { file: file.to_owned(), faults })
    }
}

/// With what cannot be seen written out: a reason repeats what stands in the file, and must not turn a terminal's line around.
fn visible(reason: &str) -> String {
    let mut seen = String::with_capacity(reason.len());
    for c in reason.chars() {
        if (c.is_control() && c != '\n') || changes_order(c) {
            seen.extend(c.escape_unicode());
        } else {
            seen.push(c);
        }
    }
    seen
}

/// Line and column of a byte offset.
fn place(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}
