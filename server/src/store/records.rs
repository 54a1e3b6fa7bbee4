//! Reads records: by id, by reference code, by predecessor, and page by page for exports.

use super::{Result, Store, StoreError};
use avow_shared::id::{Millis, RecordId, SiteId};

/// A record as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its id.
    pub id: RecordId,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// SHA-256 of the submission it came from.
    pub body_hash: [u8; 32],
    /// The policy version that was answered.
    pub policy_version: u32,
    /// What happened: `given`, …
    pub event: String,
    /// Place in the visitor's chain.
    pub chain: u32,
    /// The server's clock.
    pub server_time: Millis,
    /// The visitor's clock.
    pub client_time: Millis,
    /// The canonical record.
    pub record: String,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// What stands for it in the log.
    pub commitment: [u8; 32],
    /// Where in the site's log.
    pub leaf_index: i64,
    /// True if no later record of the visitor follows it.
    pub current: bool,
}

/// Which records an export holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Server time at or after this.
    pub from: Option<Millis>,
    /// Server time before this.
    pub to: Option<Millis>,
    /// Answers to this policy version.
    pub version: Option<u32>,
    /// This record only.
    pub record: Option<RecordId>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Vec<u8>,
    secret_hash: Vec<u8>,
    body_hash: Vec<u8>,
    policy_version: i64,
    event: String,
    chain: i64,
    server_time: i64,
    client_time: i64,
    record: String,
    salt: Vec<u8>,
    commitment: Vec<u8>,
    leaf_index: i64,
    followed: i64,
}

impl TryFrom<Row> for StoredRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        fn hash(bytes: Vec<u8>) -> Result<[u8; 32]> {
            bytes.try_into().map_err(|_| StoreError::Corrupt("a hash of another length"))
        }
        fn number(value: i64) -> Result<u32> {
            u32::try_from(value).map_err(|_| StoreError::Corrupt("a number out of range"))
        }
        Ok(Self {
            id: record_id(row.id)?,
            secret_hash: hash(row.secret_hash)?,
            body_hash: hash(row.body_hash)?,
            policy_version: number(row.policy_version)?,
            event: row.event,
            chain: number(row.chain)?,
            server_time: Millis(row.server_time),
            client_time: Millis(row.client_time),
            record: row.record,
            salt: hash(row.salt)?,
            commitment: hash(row.commitment)?,
            leaf_index: row.leaf_index,
            current: row.followed == 0,
        })
    }
}

pub(super) fn record_id(bytes: Vec<u8>) -> Result<RecordId> {
    bytes.try_into().ok().and_then(RecordId::from_bytes).ok_or(StoreError::Corrupt("a record's id"))
}

// A record that names this one as its predecessor counts only if it showed this one's secret.
macro_rules! select_record {
    ($rest:literal) => {
        concat!(
            "SELECT id, secret_hash, body_hash, policy_version, event, chain, server_time, client_time, record, \
             salt, commitment, leaf_index, CAST(CASE WHEN EXISTS (SELECT 1 FROM records AS later \
             WHERE later.site = records.site AND later.previous_id = records.id \
             AND later.previous_secret_hash = records.secret_hash) THEN 1 ELSE 0 END AS BIGINT) AS followed \
             FROM records ",
            $rest
        )
    };
}

impl Store {
    /// The record of that id.
    pub async fn record(&self, site: &SiteId, id: &RecordId) -> Result<Option<StoredRecord>> {
        const SQL: &str = select_record!("WHERE site = $1 AND id = $2");
        let row: Option<Row> = on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(&id.as_bytes()[..]).fetch_optional(pool).await
        })?;
        row.map(TryInto::try_into).transpose()
    }

    /// The records with ids from `first` to `last`, at most `limit`: what a reference code stands for.
    pub async fn records_between(
        &self,
        site: &SiteId,
        first: &RecordId,
        last: &RecordId,
        limit: u32,
    ) -> Result<Vec<StoredRecord>> {
        const SQL: &str = select_record!(
            "WHERE site = $1 AND id >= $2 AND id <= $3 AND event <> 'erased' ORDER BY id LIMIT $4"
        );
        let rows: Vec<Row> = on!(self, read, pool => {
            sqlx::query_as(SQL)
                .bind(site.as_str())
                .bind(&first.as_bytes()[..])
                .bind(&last.as_bytes()[..])
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await
        })?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// One page of an export: at most `limit` records after leaf `after` (-1: from the start), in the log's
    /// order. An empty page is the end.
    pub async fn export_page(
        &self,
        site: &SiteId,
        filter: &Filter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<StoredRecord>> {
        // A record is found by its id and not by walking the whole log.
        const ONE: &str =
            select_record!("WHERE site = $1 AND id = $2 AND leaf_index > $3 AND event <> 'erased'");
        const MANY: &str = select_record!(
            "WHERE site = $1 AND leaf_index > $2 AND server_time >= $3 AND server_time < $4 \
             AND policy_version >= $5 AND policy_version <= $6 AND event <> 'erased' ORDER BY leaf_index LIMIT $7"
        );
        let from = filter.from.map_or(i64::MIN, |from| from.0);
        let to = filter.to.map_or(i64::MAX, |to| to.0);
        let (least, most) = filter.version.map_or((0, i64::MAX), |one| (i64::from(one), i64::from(one)));
        let rows: Vec<Row> = if let Some(id) = filter.record {
            on!(self, read, pool => {
                sqlx::query_as(ONE)
                    .bind(site.as_str())
                    .bind(&id.as_bytes()[..])
                    .bind(after)
                    .fetch_all(pool)
                    .await
            })?
        } else {
            on!(self, read, pool => {
                sqlx::query_as(MANY)
                    .bind(site.as_str())
                    .bind(after)
                    .bind(from)
                    .bind(to)
                    .bind(least)
                    .bind(most)
                    .bind(i64::from(limit))
                    .fetch_all(pool)
                    .await
            })?
        };
        let records = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<StoredRecord>>>()?;
        Ok(records
            .into_iter()
            .filter(|record| {
                let time = record.server_time.0;
                filter.record.is_none()
                    || (time >= from
                        && time < to
                        && (least..=most).contains(&i64::from(record.policy_version)))
            })
            .collect())
    }

    /// How many leaves a site's log has.
    pub async fn log_size(&self, site: &SiteId) -> Result<i64> {
        const SQL: &str = "SELECT size FROM log_heads WHERE site = $1";
        let size: Option<i64> = on!(self, read, pool => {
            sqlx::query_scalar(SQL).bind(site.as_str()).fetch_optional(pool).await
        })?;
        Ok(size.unwrap_or(0))
    }

    /// The commitments of a site's leaves from `first` on, at most `limit`, in order.
    pub async fn leaves(&self, site: &SiteId, first: i64, limit: u32) -> Result<Vec<(i64, Vec<u8>)>> {
        const SQL: &str = "SELECT leaf_index, commitment FROM leaves \
            WHERE site = $1 AND leaf_index >= $2 ORDER BY leaf_index LIMIT $3";
        Ok(on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(first).bind(i64::from(limit)).fetch_all(pool).await
        })?)
    }
}
