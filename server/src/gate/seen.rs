//! What the gate sees pass or stops and no policy names: counted in memory, and written to the database every so
//! often by [`Seen::drain`]'s caller.
//!
//! Kept are the site, what it is, and the day's count: no page address and nothing about a visitor.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Different things remembered between two drains; more are counted as lost.
const MOST: usize = 2_000;
/// Longest value. Longer ones are no names.
const LONGEST: usize = 200;
/// Characters of inline code that are kept to recognize it by.
const SAMPLE: usize = 40;

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Another host: `https://stats.example`.
    Host,
    /// A cookie's name.
    Cookie,
    /// An inline script, by its hash.
    Script,
    /// An event handler in markup, by its hash.
    Handler,
}

impl Kind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Cookie => "cookie",
            Self::Script => "script",
            Self::Handler => "handler",
        }
    }
}

/// One thing and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What it is.
    pub kind: Kind,
    /// The host, name or hash.
    pub value: String,
    /// Where it stood: a directive, an element, `set-cookie`.
    pub place: String,
    /// The start of inline code.
    pub sample: String,
    /// How often.
    pub count: u32,
}

type Key = (Kind, String, String);

/// The counts. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<HashMap<Key, (String, u32)>>>);

impl Seen {
    /// Counts a name.
    pub fn note(&self, kind: Kind, value: &str, place: &str) {
        self.count(kind, value, place, "");
    }

    /// Counts inline code; `code` is cut to its start.
    pub fn note_code(&self, kind: Kind, hash: &str, place: &str, code: &str) {
        let sample: String =
            code.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SAMPLE).collect();
        self.count(kind, hash, place, &sample);
    }

    fn count(&self, kind: Kind, value: &str, place: &str, sample: &str) {
        let printable = |text: &str| text.chars().all(|c| !c.is_control());
        if value.is_empty() || value.len() > LONGEST || !printable(value) {
            return;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = counts.len() >= MOST;
        let key = (kind, value.to_owned(), place.to_owned());
        match counts.get_mut(&key) {
            Some((_, count)) => *count = count.saturating_add(1),
            None if full => metrics::counter!("avow_gate_seen_lost_total").increment(1),
            None => {
                counts.insert(key, (sample.to_owned(), 1));
            }
        }
    }

    /// Takes everything out.
    pub fn drain(&self) -> Vec<Sighting> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        counts
            .into_iter()
            .map(|((kind, value, place), (sample, count))| Sighting { kind, value, place, sample, count })
            .collect()
    }
}
