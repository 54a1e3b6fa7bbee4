//! Decisions on their way to the server: kept on the device until it has them, sent under the same id.
//!
//! Pure: text in, text out. An id and its secret stay only as long as they must: until the server has
//! acknowledged, and for a grant while it lives ([`Link`]), so that its withdrawal can be tied to it.
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
/// Waits between tries, milliseconds; the last one repeats.
const WAITS_MS: [i64; 7] = [2_000, 5_000, 15_000, 60_000, 300_000, 1_800_000, 3_600_000];

/// Names a record and proves that it is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The record's id.
    pub id: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// Its place in the visitor's chain.
    pub chain: u32,
}

/// One decision that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The record that it will be.
    pub link: Link<'a>,
    /// How often it was sent.
    pub tries: i64,
    /// Not to be sent before this moment, milliseconds UTC.
    pub due: i64,
    /// The cookie's value that the server's seal will belong to, without a seal.
    pub cookie: &'a str,
    /// The request's body.
    pub body: &'a str,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The server has it.
    Kept,
    /// It may take it later; at the earliest after so many seconds, 0 if it did not say.
    Later(u32),
    /// It never will.
    Never,
}

impl Reply {
    /// Reads a status (0 if there was no answer) and the `Retry-After` header.
    pub fn of(status: u32, retry_after: u32) -> Self {
        match status {
            200..=299 => Self::Kept,
            400..=499 if !matches!(status, 408 | 425 | 429) => Self::Never,
            // Nothing came, or something in between spoke, or the server asks for patience.
            _ => Self::Later(retry_after),
        }
    }
}

/// The decisions that wait, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox<'a>(Vec<Entry<'a>>);

impl<'a> Outbox<'a> {
    /// Reads the stored text. Lines that are not whole are dropped: another program wrote them.
    pub fn parse(text: &'a str) -> Self {
        let mut entries = Vec::new();
        for line in text.split('\n') {
            if let Some(entry) = Entry::parse(line) {
                entries.push(entry);
            }
        }
        Self(entries)
    }

    /// The text to store; empty if there is nothing to keep.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for entry in &self.0 {
            for number in [entry.tries, entry.due, i64::from(entry.link.chain)] {
                let mut json = Writer::new();
                json.int(number);
                text.push_str(&json.finish());
                text.push(' ');
            }
            for field in [entry.link.id, entry.link.secret, entry.cookie, entry.body] {
                text.push_str(field);
                text.push(' ');
            }
            text.pop();
            text.push('\n');
        }
        text
    }

    /// Adds a decision.
    pub fn push(&mut self, entry: Entry<'a>) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.remove(0);
        }
        self.0.push(entry);
    }

    /// The newest decision that waits: the next one follows it.
    pub fn last(&self) -> Option<Link<'a>> {
        self.0.last().map(|entry| entry.link)
    }

    /// The cookie value of the waiting decision of that id.
    pub fn cookie_of(&self, id: &str) -> Option<&'a str> {
        self.0.iter().find(|entry| entry.link.id == id).map(|entry| entry.cookie)
    }

    /// Takes what is due, id and body, and leaves it leased. What is too old for the server goes.
    pub fn take_due(&mut self, now: Millis) -> Vec<(&'a str, &'a str)> {
        self.0
            .retain(|entry| RecordId::parse(entry.link.id).is_some_and(|id| now.0 - id.at().0 < MAX_AGE_MS));
        let mut due = Vec::new();
        for entry in &mut self.0 {
            // A due time far ahead comes from a clock that was set back since.
            if entry.due <= now.0 || entry.due > now.0 + DAY_MS {
                entry.due = now.0 + LEASE_MS;
                entry.tries += 1;
                due.push((entry.link.id, entry.body));
            }
        }
        due
    }

    /// Ends every lease: the page goes, and with it the answers to what was sent.
    pub fn release(&mut self, now: Millis) {
        for entry in &mut self.0 {
            entry.due = entry.due.min(now.0);
        }
    }

    /// Milliseconds until something is due, or `None` if nothing waits.
    pub fn next_in(&self, now: Millis) -> Option<i64> {
        self.0.iter().map(|entry| (entry.due - now.0).clamp(0, DAY_MS)).min()
    }

    /// Books a reply. What the server has, or will never take, is forgotten with its id.
    pub fn settle(&mut self, id: &str, reply: Reply, now: Millis) {
        let Reply::Later(asked) = reply else {
            self.0.retain(|entry| entry.link.id != id);
            return;
        };
        for entry in &mut self.0 {
            if entry.link.id == id {
                let step = usize::try_from(entry.tries - 1).unwrap_or_default().min(WAITS_MS.len() - 1);
                entry.due = now.0 + WAITS_MS[step].max(i64::from(asked.min(86_400)) * 1000);
            }
        }
    }
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.splitn(7, ' ');
        let mut next = || fields.next();
        let (tries, due, chain) = (int(next()?)?, int(next()?)?, int(next()?)?);
        let link = Link::new(next()?, next()?, chain)?;
        Some(Self { link, tries, due, cookie: next()?, body: next()? })
    }
}

impl<'a> Link<'a> {
    fn new(id: &'a str, secret: &'a str, chain: i64) -> Option<Self> {
        let chain = u32::try_from(chain).ok()?;
        let whole = RecordId::parse(id).is_some() && is_base64url(secret, SECRET_LEN);
        whole.then_some(Self { id, secret, chain })
    }

    /// Reads what [`Link::to_text`] wrote, or `None`.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('"');
        let (chain, id, secret) = (parts.nth(2)?, parts.nth(2)?, parts.nth(3)?);
        Self::new(id, secret, int(chain.strip_prefix(':')?.strip_suffix(',')?)?)
    }

    /// JSON with `chain`, `id` and `secret`.
    pub fn to_text(self) -> String {
        let mut json = Writer::new();
        json.object(|json| {
            json.key("chain").int(i64::from(self.chain));
            json.key("id").string(self.id);
            json.key("secret").string(self.secret);
        });
        json.finish()
    }
}

fn int(text: &str) -> Option<i64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests;
