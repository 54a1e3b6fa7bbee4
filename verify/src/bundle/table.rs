//! `records.csv`: the records for a spreadsheet (RFC 4180, with a line of names).
//!
//! Everything in it follows from the records, so that it can be checked as well. A cell that a spreadsheet would run
//! as a formula begins with an apostrophe (OWASP, CSV injection).

use crate::moment::rfc3339;
use avow_shared::id::RecordId;
use avow_shared::record::Record;
use avow_shared::reference;
use std::borrow::Cow;

/// The columns.
pub const COLUMNS: [&str; 18] = [
    "leaf_index",
    "reference",
    "id",
    "server_time",
    "client_time",
    "event",
    "chain",
    "policy_version",
    "policy_sha256",
    "granted",
    "refused",
    "locale",
    "regime",
    "surface",
    "control",
    "input",
    "gpc",
    "dnt",
];

/// A record's cells, as they are before anything is escaped; `None` if its id is not that of a record.
pub fn cells(leaf: u64, record: &Record) -> Option<[String; COLUMNS.len()]> {
    let purposes = |granted: bool| {
        let answers = record.decisions.iter().filter(|decision| decision.granted == granted);
        answers.map(|decision| decision.purpose.as_str()).collect::<Vec<_>>().join(" ")
    };
    Some([
        leaf.to_string(),
        reference::code(&RecordId::parse(&record.id)?),
        record.id.clone(),
        rfc3339(record.server_time),
        rfc3339(record.client_time),
        record.event.as_str().to_owned(),
        record.chain.to_string(),
        record.policy_version.to_string(),
        record.policy_sha256.clone(),
        purposes(true),
        purposes(false),
        record.locale.clone(),
        record.regime.clone(),
        record.surface.as_str().to_owned(),
        record.control.as_str().to_owned(),
        record.input.as_str().to_owned(),
        record.signals.gpc.to_string(),
        record.signals.dnt.to_string(),
    ])
}

/// Rows as bytes, each with its end of line; they must be of one length.
pub fn to_csv<R: IntoIterator<Item: AsRef<str>>>(rows: impl IntoIterator<Item = R>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        // Most rows are shorter: a buffer of the usual size is cleared for longer than it is written.
        .buffer_capacity(1024)
        .from_writer(Vec::new());
    for row in rows {
        for cell in row {
            writer.write_field(unformula(cell.as_ref()).as_ref()).expect("memory takes every byte");
        }
        writer.write_record(None::<&[u8]>).expect("rows are of one length, and memory takes every byte");
    }
    writer.into_inner().expect("memory takes every byte")
}

/// The line of names.
pub fn head() -> Vec<u8> {
    to_csv([COLUMNS])
}

/// A spreadsheet must take the cell as text, whatever a visitor's browser put into it.
fn unformula(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = include_str!("../../../shared/testdata/record-1.json");

    #[test]
    fn a_record_has_a_cell_for_each_column() {
        let mut record = Record::from_canonical(RECORD.trim_end()).expect("the frozen record");
        record.locale = "=cmd".to_owned();
        let row = to_csv(cells(7, &record));
        let row = String::from_utf8(row).expect("text");
        assert!(row.starts_with("7,") && row.ends_with("\r\n") && row.contains(",'=cmd,"), "{row}");
        assert_eq!(row.matches(',').count(), COLUMNS.len() - 1, "{row}");
        record.id = "nobody".to_owned();
        assert_eq!(cells(7, &record), None);
    }

    #[test]
    fn cells_that_begin_like_formulas_are_defused_and_others_kept() {
        for (cell, safe) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(unformula(cell), safe);
        }
    }
}
