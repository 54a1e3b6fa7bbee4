//! Exports records, page by page: memory does not grow with their number.
//!
//! NDJSON has everything that is needed to check a record (its canonical bytes, salt and commitment); CSV is
//! for a spreadsheet and has the record's fields in columns, with the same proof fields at the end.

use avow_shared::id::{Millis, RecordId, SiteId, hex};
use avow_shared::record::Record;
use avow_shared::reference;
use avow_verify::bundle::table;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde_json::{Value, json};

use crate::error::{Error, Kind};
use crate::store::records::{Filter, StoredRecord};
use crate::store::{Store, StoreError};

/// Records in one page: about half a megabyte.
const PAGE: u32 = 500;

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RFC 4180, with a line of names.
    Csv,
    /// One JSON object on each line.
    Ndjson,
}

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

/// The columns of a CSV export that follow those of a bundle's table.
const MORE_COLUMNS: [&str; 4] = ["current", "commitment", "salt", "record"];

/// An export under way.
#[derive(Debug)]
pub struct Export {
    store: Store,
    site: SiteId,
    filter: Filter,
    format: Format,
    /// The last leaf that was written.
    after: i64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Records,
    End,
}

/// Reads what a person gives as a record: its id or its reference code. `None` if there is no such record.
async fn find(store: &Store, site: &SiteId, text: &str) -> Result<Option<RecordId>, Error> {
    if let Some(id) = RecordId::parse(text) {
        return Ok(Some(id));
    }
    let (first, last) = reference::range(text)
        .ok_or_else(|| Error::new(Kind::Invalid, "a record is named by its id or its reference code"))?;
    let found = store.records_between(site, &first, &last, 1).await?;
    Ok(found.first().map(|record| record.id))
}

/// Reads a moment: a date (its first millisecond, UTC) or a time as in RFC 3339.
fn moment(text: &str) -> Result<Millis, Error> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    DateTime::parse_from_rfc3339(&whole)
        .map(|time| Millis(time.timestamp_millis()))
        .map_err(|_| Error::new(Kind::Invalid, "a time is written 2026-01-31 or 2026-01-31T09:00:00Z"))
}

/// Which records somebody wants, as they wrote it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Selection {
    /// Records of this day or time and later (2026-01-31 or 2026-01-31T09:00:00Z)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Records before this day or time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Answers to this policy version only
    #[arg(long, value_name = "NUMBER")]
    pub version: Option<u32>,
    /// One record: its id or its reference code
    #[arg(long, value_name = "ID|CODE")]
    pub record: Option<String>,
}

impl Selection {
    /// Reads it; a record that is not there is `NotFound`.
    pub async fn read(&self, store: &Store, site: &SiteId) -> Result<Filter, Error> {
        let record = match &self.record {
            Some(text) => Some(find(store, site, text).await?.ok_or_else(|| Error::plain(Kind::NotFound))?),
            None => None,
        };
        Ok(Filter {
            from: self.from.as_deref().map(moment).transpose()?,
            to: self.to.as_deref().map(moment).transpose()?,
            version: self.version,
            record,
        })
    }
}

impl Export {
    /// Prepares the export of a site that exists.
    pub async fn start(store: &Store, site: &SiteId, filter: Filter, format: Format) -> Result<Self, Error> {
        if store.current_policy_number(site).await?.is_none() {
            return Err(Error::plain(Kind::UnknownSite));
        }
        Ok(Self { store: store.clone(), site: site.clone(), filter, format, after: -1, state: State::Head })
    }

    /// The next bytes, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.state == State::Head {
            self.state = State::Records;
            if self.format == Format::Csv {
                return Ok(Some(table::to_csv([table::COLUMNS.iter().chain(&MORE_COLUMNS)])));
            }
        }
        if self.state == State::End {
            return Ok(None);
        }
        let page = self.store.export_page(&self.site, &self.filter, self.after, PAGE).await?;
        let Some(last) = page.last() else {
            self.state = State::End;
            return Ok(None);
        };
        self.after = last.leaf_index;
        match self.format {
            Format::Csv => {
                let rows: Vec<_> = page.iter().map(row).collect::<Result<_, _>>()?;
                Ok(Some(table::to_csv(rows)))
            }
            Format::Ndjson => {
                let mut text = String::with_capacity(page.len() * 1024);
                for record in &page {
                    text.push_str(&line(record).to_string());
                    text.push('\n');
                }
                Ok(Some(text.into_bytes()))
            }
        }
    }
}

/// A record as one line of NDJSON; `record` is the text whose bytes were committed to.
fn line(stored: &StoredRecord) -> Value {
    json!({
        "leaf_index": stored.leaf_index,
        "id": stored.id.to_text(),
        "reference": reference::code(&stored.id),
        "event": stored.event,
        "current": stored.current,
        "server_time": stored.server_time.0,
        "record": stored.record,
        "salt": URL_SAFE_NO_PAD.encode(stored.salt),
        "commitment": hex(&stored.commitment),
    })
}

fn row(stored: &StoredRecord) -> Result<Vec<String>, StoreError> {
    const WRONG: StoreError = StoreError::Corrupt("a record that is not of schema 1");
    let record = Record::from_canonical(&stored.record).map_err(|_| WRONG)?;
    let leaf = u64::try_from(stored.leaf_index).map_err(|_| WRONG)?;
    let mut row = table::cells(leaf, &record).ok_or(WRONG)?.to_vec();
    row.extend([
        stored.current.to_string(),
        hex(&stored.commitment),
        hex(&stored.salt),
        stored.record.clone(),
    ]);
    Ok(row)
}

#[cfg(test)]
mod tests;
