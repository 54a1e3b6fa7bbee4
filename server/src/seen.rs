//! What the gate sees pass or stops and no policy names: counted in memory, and written to the database every so
//! often by [`Ledger::write`].
//!
//! Kept are the site, what it is, and the day's count: no page address and nothing about a visitor.

use crate::store::seen::Sighting;
use crate::store::{Store, StoreError};
use avow_shared::id::{DAY_MS, Millis, SiteId};
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
    /// A pasted snippet of an older policy, by that policy's version.
    Snippet,
}

impl Kind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Cookie => "cookie",
            Self::Script => "script",
            Self::Handler => "handler",
            Self::Snippet => "snippet",
        }
    }
}

type Key = (SiteId, Kind, String, String);

/// The counts of all sites. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<HashMap<Key, (String, i64)>>>);

/// The counts of one site.
#[derive(Clone, Debug)]
pub struct Seen {
    site: SiteId,
    ledger: Ledger,
}

impl Ledger {
    /// Where a site is counted.
    pub fn of(&self, site: SiteId) -> Seen {
        Seen { site, ledger: self.clone() }
    }

    /// Moves what was counted to the database. What could not be written is lost: it is seen again.
    pub async fn write(&self, store: &Store, now: Millis) -> Result<(), StoreError> {
        let sightings = self.drain();
        if sightings.is_empty() {
            return Ok(());
        }
        store.add_seen(&sightings, now.0 / DAY_MS).await
    }

    /// Takes everything out.
    pub fn drain(&self) -> Vec<Sighting> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let sighting = |((site, kind, value, place), (sample, count)): (Key, (String, i64))| Sighting {
            site: site.as_str().to_owned(),
            kind: kind.as_str().to_owned(),
            value,
            place,
            sample,
            count,
        };
        counts.into_iter().map(sighting).collect()
    }
}

impl Seen {
    /// Counts a name.
    pub fn note(&self, kind: Kind, value: &str, place: &str) {
        self.count(kind, value, place, "");
    }

    /// Counts inline code; `code` is cut to its start.
    pub fn note_code(&self, kind: Kind, hash: &str, place: &str, code: &str) {
        let words: Vec<&str> = code.split_whitespace().take(SAMPLE).collect();
        let sample: String = words.join(" ").chars().filter(|c| !c.is_control()).take(SAMPLE).collect();
        self.count(kind, hash, place, &sample);
    }

    fn count(&self, kind: Kind, value: &str, place: &str, sample: &str) {
        let is_name = |text: &str| text.len() <= LONGEST && text.chars().all(|c| !c.is_control());
        if value.is_empty() || !is_name(value) || !is_name(place) {
            return;
        }
        let mut counts = self.ledger.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = counts.len() >= MOST;
        let key = (self.site.clone(), kind, value.to_owned(), place.to_owned());
        match counts.get_mut(&key) {
            Some((_, count)) => *count = count.saturating_add(1),
            None if full => metrics::counter!("avow_gate_seen_lost_total").increment(1),
            None => {
                counts.insert(key, (sample.to_owned(), 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ledger: &Ledger) -> Seen {
        ledger.of(SiteId::parse("site").expect("a site"))
    }

    #[test]
    fn what_is_seen_is_counted_within_bounds() {
        let ledger = Ledger::default();
        seen(&ledger).note(Kind::Cookie, "_x", "set-cookie");
        seen(&ledger).note(Kind::Cookie, "_x", "set-cookie");
        seen(&ledger).note(Kind::Cookie, &"x".repeat(LONGEST + 1), "set-cookie");
        seen(&ledger).note(Kind::Cookie, "a\u{7}", "set-cookie");
        seen(&ledger).note_code(Kind::Script, "hash", "script", &"word  \n".repeat(100));
        let mut all = ledger.drain();
        all.sort_by_key(|sighting| sighting.kind.clone());
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].value.as_str(), all[0].count), ("_x", 2));
        assert_eq!(all[1].sample.len(), SAMPLE);
        for number in 0..MOST + 10 {
            seen(&ledger).note(Kind::Host, &number.to_string(), "img");
        }
        assert_eq!(ledger.drain().len(), MOST);
        assert!(ledger.drain().is_empty());
    }
}
