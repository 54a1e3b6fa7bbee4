//! Decisions on their way to the server: kept on the device until it has them, sent under the same id.
//!
//! Pure: text in, text out. An id and its secret stay only as long as they must: until the server has
//! acknowledged, and for a grant while it lives (`Link`), so that its withdrawal can be tied to it.
//! Two tabs may send the same entry; the server answers a repeat as it did the first, so the short lease
//! that [`Outbox::take_due`] puts on an entry only saves traffic.

use avow_shared::id::{DAY_MS, Millis, RecordId, is_base64url};
use avow_shared::json::Writer;
use avow_shared::submission::SECRET_LEN;

/// How long an entry is left alone after it was sent: longer than a request lives.
const LEASE_MS: i64 = 30_000;
/// The server takes nothing older.
const MAX_AGE_MS: i64 = 31 * DAY_MS;
/// More than a person decides in a month; the oldest gives way.
const MAX_ENTRIES: usize = 20;
/// Waits between tries, seconds; the last one repeats.
const WAITS: [i64; 7] = [2, 5, 15, 60, 300, 1800, 3600];

/// Names a record and proves that it is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The record's id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Its place in the visitor's chain.
    pub chain: u32,
}

/// One decision that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The record that it will be.
    pub link: Link,
    /// How often it was sent.
    pub tries: u8,
    /// Not to be sent before this moment.
    pub due: Millis,
    /// The cookie's value that the server's seal will belong to, without a seal.
    pub cookie: String,
    /// The request's body.
    pub body: String,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The server has it.
    Kept,
    /// It may take it later; at the earliest after so many seconds, if it said so.
    Later(Option<u32>),
    /// It never will.
    Never,
}

impl Reply {
    /// Reads a status (0 if there was no answer) and the `Retry-After` header.
    pub fn of(status: u16, retry_after: Option<u32>) -> Self {
        match status {
            200..=299 => Self::Kept,
            // Nothing came, or something in between spoke, or the server asks for patience.
            0..=199 | 300..=399 | 408 | 425 | 429 | 500..=599 => Self::Later(retry_after),
            _ => Self::Never,
        }
    }
}

/// The decisions that wait, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox(Vec<Entry>);

impl Outbox {
    /// Reads the stored text. Lines that are not whole are dropped: another program wrote them.
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(parse_entry).collect())
    }

    /// The text to store; empty if there is nothing to keep.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for entry in &self.0 {
            for number in [i64::from(entry.tries), entry.due.0, i64::from(entry.link.chain)] {
                push_int(&mut text, number);
            }
            for field in [&entry.link.id, &entry.link.secret, &entry.cookie] {
                text.push_str(field);
                text.push(' ');
            }
            text.push_str(&entry.body);
            text.push('\n');
        }
        text
    }

    /// Adds a decision, due at once.
    pub fn push(&mut self, entry: Entry) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.remove(0);
        }
        self.0.push(entry);
    }

    /// The newest decision that waits: the next one follows it.
    pub fn last(&self) -> Option<&Link> {
        self.0.last().map(|entry| &entry.link)
    }

    /// The waiting decision of that id.
    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.link.id == id)
    }

    /// Takes copies of what is due and leaves the entries leased. What is too old for the server goes.
    pub fn take_due(&mut self, now: Millis) -> Vec<Entry> {
        self.0
            .retain(|entry| RecordId::parse(&entry.link.id).is_some_and(|id| now.0 - id.at().0 < MAX_AGE_MS));
        let mut due = Vec::new();
        for entry in &mut self.0 {
            // A due time far ahead comes from a clock that was set back since.
            if entry.due <= now || entry.due.0 > now.0 + DAY_MS {
                entry.due = Millis(now.0 + LEASE_MS);
                entry.tries = entry.tries.saturating_add(1);
                due.push(entry.clone());
            }
        }
        due
    }

    /// Ends every lease.
    pub fn release(&mut self, now: Millis) {
        for entry in &mut self.0 {
            entry.due = now;
        }
    }

    /// Milliseconds until something is due, or `None` if nothing waits.
    pub fn next_in(&self, now: Millis) -> Option<i64> {
        self.0.iter().map(|entry| entry.due.0 - now.0).min().map(|wait| wait.clamp(0, DAY_MS))
    }

    /// Books a reply. What the server has, or will never take, is forgotten with its id.
    pub fn settle(&mut self, id: &str, reply: Reply, now: Millis) {
        let Some(at) = self.0.iter().position(|entry| entry.link.id == id) else { return };
        let Reply::Later(asked) = reply else {
            self.0.remove(at);
            return;
        };
        let entry = &mut self.0[at];
        let wait = WAITS[usize::from(entry.tries.saturating_sub(1)).min(WAITS.len() - 1)];
        let wait = wait.max(asked.map_or(0, |asked| i64::from(asked.min(86_400))));
        entry.due = Millis(now.0 + wait * 1000);
    }
}

impl Link {
    /// Reads what [`Link::to_text`] wrote, or `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('"');
        let (chain, id, secret) = (parts.nth(2)?, parts.nth(2)?, parts.nth(3)?);
        let chain = chain.strip_prefix(':')?.strip_suffix(',')?.parse().ok()?;
        Self { id: id.to_owned(), secret: secret.to_owned(), chain }.checked()
    }

    /// JSON with `chain`, `id` and `secret`.
    pub fn to_text(&self) -> String {
        let mut json = Writer::new();
        json.object(|json| {
            json.key("chain").int(i64::from(self.chain));
            json.key("id").string(&self.id);
            json.key("secret").string(&self.secret);
        });
        json.finish()
    }

    fn checked(self) -> Option<Self> {
        (RecordId::parse(&self.id).is_some() && is_base64url(&self.secret, SECRET_LEN)).then_some(self)
    }
}

fn push_int(text: &mut String, number: i64) {
    let mut json = Writer::new();
    json.int(number);
    text.push_str(&json.finish());
    text.push(' ');
}

fn parse_entry(line: &str) -> Option<Entry> {
    let mut fields = line.splitn(7, ' ');
    let tries = fields.next()?.parse().ok()?;
    let due = Millis(fields.next()?.parse().ok()?);
    let chain = fields.next()?.parse().ok()?;
    let (id, secret) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let link = Link { id, secret, chain }.checked()?;
    let (cookie, body) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    Some(Entry { link, tries, due, cookie, body })
}

#[cfg(test)]
mod tests;
