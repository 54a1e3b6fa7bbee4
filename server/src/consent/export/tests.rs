//! Exports hold every record once, can be checked, and cannot run formulas. On both databases.

use avow_shared::commitment::commitment;
use avow_shared::record::PurposeDecision;

use super::*;
use crate::store::append::NewRecord;
use crate::testing::{HASH, NOW, databases, id, publish, record, site};

async fn all(mut export: Export) -> String {
    let mut text = Vec::new();
    while let Some(bytes) = export.next().await.expect("the store answers") {
        text.extend(bytes);
    }
    String::from_utf8(text).expect("exports are text")
}

/// More records than one page holds, one of which begins its language like a formula.
async fn filled(store: &Store) -> u16 {
    publish(store, 0, HASH, NOW).await;
    let count = u16::try_from(PAGE).expect("a small page") * 2 + 3;
    let frozen = include_str!("../../../../shared/testdata/record-1.json").trim_end();
    let frozen = Record::from_canonical(frozen).expect("the frozen record");
    let batch: Vec<NewRecord> = (0..count)
        .map(|n| {
            let mut random = [0; 10];
            random[..2].copy_from_slice(&n.to_be_bytes());
            let locale = if n == 7 { "=1+1" } else { "en" };
            let answer = |purpose: &str, granted| PurposeDecision {
                purpose: purpose.to_owned(),
                granted,
                ..frozen.decisions[0].clone()
            };
            let canonical = Record {
                id: RecordId::from_parts(NOW, random).to_text(),
                server_time: Millis(NOW.0 + i64::from(n)),
                decisions: vec![answer("analytics", true), answer("ads", false)],
                locale: locale.to_owned(),
                ..frozen.clone()
            }
            .to_canonical();
            NewRecord {
                id: RecordId::from_parts(NOW, random),
                server_time: Millis(NOW.0 + i64::from(n)),
                commitment: commitment(&[3; 32], canonical.as_bytes()),
                salt: [3; 32],
                record: canonical,
                ..record(1)
            }
        })
        .collect();
    store.append(&batch).await.expect("a batch is appended");
    count
}

#[tokio::test]
async fn every_record_is_there_once_and_its_commitment_can_be_recomputed() {
    for database in databases().await {
        let store = &database.store;
        let count = filled(store).await;
        let export = Export::start(store, &site(), Filter::default(), Format::Ndjson).await.expect("a site");
        let text = all(export).await;
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
        assert_eq!(lines.len(), usize::from(count));
        for (n, line) in lines.iter().enumerate() {
            assert_eq!(line["leaf_index"], n);
            let salt = URL_SAFE_NO_PAD.decode(line["salt"].as_str().expect("text")).expect("base64url");
            let salt: [u8; 32] = salt.try_into().expect("32 bytes");
            let record = line["record"].as_str().expect("text");
            assert_eq!(line["commitment"], hex(&commitment(&salt, record.as_bytes())));
        }
    }
}

#[tokio::test]
async fn a_spreadsheet_sees_text_and_the_columns_have_names() {
    for database in databases().await {
        let store = &database.store;
        let count = filled(store).await;
        let export = Export::start(store, &site(), Filter::default(), Format::Csv).await.expect("a site");
        let text = all(export).await;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().expect("a first line").clone();
        let column =
            |name: &str| names.iter().position(|other| other == name).expect("a column of that name");
        let rows: Vec<_> = reader.records().collect::<Result<_, _>>().expect("RFC 4180");
        assert_eq!(rows.len(), usize::from(count));
        assert_eq!(&rows[7][column("locale")], "'=1+1");
        assert_eq!(&rows[8][column("locale")], "en");
        assert_eq!((&rows[0][column("granted")], &rows[0][column("refused")]), ("analytics", "ads"));
        assert_eq!(&rows[0][column("server_time")], "2026-01-01T00:00:00.000Z");
    }
}

#[tokio::test]
async fn filters_keep_what_they_say() {
    for database in databases().await {
        let store = &database.store;
        filled(store).await;
        let count = async |filter: Filter| {
            let export = Export::start(store, &site(), filter, Format::Ndjson).await.expect("a site");
            all(export).await.lines().count()
        };
        let from = Some(Millis(NOW.0 + 10));
        let to = Some(Millis(NOW.0 + 15));
        assert_eq!(count(Filter { from, to, ..Filter::default() }).await, 5);
        assert_eq!(count(Filter { version: Some(2), ..Filter::default() }).await, 0);
        let mut random = [0; 10];
        random[..2].copy_from_slice(&42_u16.to_be_bytes());
        let wanted = RecordId::from_parts(NOW, random);
        assert_eq!(count(Filter { record: Some(wanted), ..Filter::default() }).await, 1);
        let by_code = find(store, &site(), &reference::code(&wanted).to_lowercase()).await.expect("a code");
        assert_eq!(by_code, Some(wanted));
        assert_eq!(find(store, &site(), &reference::code(&id(200))).await.expect("a code"), None);
        assert!(find(store, &site(), "Jane Doe").await.is_err(), "there is no name to search by");
    }
}

#[test]
fn days_and_times_are_read_and_nothing_else() {
    assert_eq!(moment("2026-01-01").expect("a day"), NOW);
    assert_eq!(moment("2026-01-01T01:00:00+01:00").expect("a time"), NOW);
    for wrong in ["", "2026-13-01", "01/02/2026", "2026-01-01 00:00"] {
        assert!(moment(wrong).is_err(), "{wrong}");
    }
}
