//! Reads a log with everything that stands beside it, for who recomputes it.

use super::{Result, Store, tree::signed};
use avow_shared::entry::Kind;
use avow_shared::id::{Millis, SiteId};
use std::collections::{HashMap, HashSet};

/// A leaf with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafWithRecord {
    /// Which leaf.
    pub leaf_index: i64,
    /// The kind's byte.
    pub kind: i64,
    /// The 32 bytes that stand for the content.
    pub commitment: Vec<u8>,
    /// The canonical record, if its row is there.
    pub record: Option<String>,
    /// Its salt.
    pub salt: Option<Vec<u8>>,
    /// Whether the row is that of an erased record.
    pub erased: bool,
    /// Whether the log says that the record of this leaf was erased.
    pub erasure: bool,
    /// The manifest of an entry that is no record.
    pub manifest: Option<String>,
}

impl LeafWithRecord {
    /// Whether it stands for a record whose row is gone.
    fn lacks_its_record(&self) -> bool {
        self.kind == i64::from(Kind::Record.byte()) && self.record.is_none()
    }
}

/// A full tile.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TileRow {
    /// The node above it.
    pub root: Vec<u8>,
    /// 256 hashes.
    pub hashes: Vec<u8>,
}

/// A log's head as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeadRow {
    /// Leaves.
    pub size: i64,
    /// Their root.
    pub root: Vec<u8>,
}

impl Store {
    /// The leaves from `first` on and before `end` that are there, in order.
    pub async fn leaves_with_records(
        &self,
        site: &SiteId,
        first: i64,
        end: i64,
    ) -> Result<Vec<LeafWithRecord>> {
        // Few columns, by their place: of a large log it is the rows that take the time.
        const ROWS: &str = "SELECT leaves.leaf_index, \
            leaves.kind * 2 + CASE WHEN records.event = 'erased' THEN 1 ELSE 0 END, leaves.commitment, \
            records.record, records.salt FROM leaves \
            LEFT JOIN records ON records.site = leaves.site AND records.leaf_index = leaves.leaf_index \
            WHERE leaves.site = $1 AND leaves.leaf_index >= $2 AND leaves.leaf_index < $3 \
            ORDER BY leaves.leaf_index";
        const MANIFESTS: &str = "SELECT leaf_index, manifest FROM manifests \
            WHERE site = $1 AND leaf_index >= $2 AND leaf_index < $3";
        // 3: an erasure, whose entry is named by the leaf.
        const ERASURES: &str = "SELECT leaves.leaf_index FROM leaves WHERE site = $1 \
            AND leaf_index >= $2 AND leaf_index < $3 AND kind = 1 AND EXISTS (SELECT 1 FROM manifests \
            WHERE manifests.site = leaves.site AND manifests.kind = 3 \
            AND manifests.name = CAST(leaves.leaf_index AS TEXT))";
        type Row = (i64, i64, Vec<u8>, Option<String>, Option<Vec<u8>>);
        let name = site.as_str();
        let rows: Vec<Row> = on!(self, read, pool => {
            sqlx::query_as(ROWS).bind(name).bind(first).bind(end).fetch_all(pool).await
        })?;
        let manifests: Vec<(i64, String)> = on!(self, read, pool => {
            sqlx::query_as(MANIFESTS).bind(name).bind(first).bind(end).fetch_all(pool).await
        })?;
        let mut manifests: HashMap<i64, String> = manifests.into_iter().collect();
        let mut leaves: Vec<LeafWithRecord> = rows
            .into_iter()
            .map(|(leaf_index, kind, commitment, record, salt)| LeafWithRecord {
                leaf_index,
                kind: kind >> 1,
                commitment,
                record,
                salt,
                erased: kind & 1 == 1,
                erasure: false,
                manifest: manifests.remove(&leaf_index),
            })
            .collect();
        if leaves.iter().any(LeafWithRecord::lacks_its_record) {
            let erased: Vec<i64> = on!(self, read, pool => {
                sqlx::query_scalar(ERASURES).bind(name).bind(first).bind(end).fetch_all(pool).await
            })?;
            let erased: HashSet<i64> = erased.into_iter().collect();
            for leaf in leaves.iter_mut().filter(|leaf| leaf.lacks_its_record()) {
                leaf.erasure = erased.contains(&leaf.leaf_index);
            }
        }
        Ok(leaves)
    }

    /// A leaf that a log of that size cannot have, if there is one.
    pub async fn leaf_outside(&self, site: &SiteId, size: i64) -> Result<Option<i64>> {
        const SQL: &str = "SELECT MIN(leaf_index) FROM leaves \
            WHERE site = $1 AND (leaf_index >= $2 OR leaf_index < 0)";
        Ok(on!(self, read, pool => {
            sqlx::query_scalar(SQL).bind(site.as_str()).bind(size).fetch_one(pool).await
        })?)
    }

    /// A full tile with the node above it.
    pub async fn tile_row(&self, site: &SiteId, level: u8, index: u64) -> Result<Option<TileRow>> {
        const SQL: &str =
            "SELECT root, hashes FROM log_tiles WHERE site = $1 AND level = $2 AND tile_index = $3";
        Ok(on!(self, read, pool => {
            sqlx::query_as(SQL)
                .bind(site.as_str())
                .bind(i64::from(level))
                .bind(signed(index))
                .fetch_optional(pool)
                .await
        })?)
    }

    /// The head of a site's log.
    pub async fn head(&self, site: &SiteId) -> Result<HeadRow> {
        const SQL: &str = "SELECT size, root FROM log_heads WHERE site = $1";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(site.as_str()).fetch_one(pool).await)?)
    }

    /// Size and note of every published head of a site, of all epochs.
    pub async fn checkpoints(&self, site: &SiteId) -> Result<Vec<(i64, String)>> {
        const SQL: &str = "SELECT size, note FROM log_checkpoints WHERE site = $1 ORDER BY epoch, size";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(site.as_str()).fetch_all(pool).await)?)
    }

    /// Begins the epoch after `present` under that name; `Conflict` if somebody else did.
    pub async fn begin_epoch(&self, site: &SiteId, present: i64, origin: &str, now: Millis) -> Result<()> {
        const EPOCH: &str =
            "INSERT INTO log_epochs (site, epoch, origin, created_at) VALUES ($1, $2, $3, $4)";
        const HEAD: &str = "UPDATE log_heads SET epoch = $2 WHERE site = $1 AND epoch = $3";
        on!(self, transaction, tx => {
            sqlx::query(EPOCH)
                .bind(site.as_str())
                .bind(present + 1)
                .bind(origin)
                .bind(now.0)
                .execute(&mut *tx)
                .await?;
            let moved = sqlx::query(HEAD)
                .bind(site.as_str())
                .bind(present + 1)
                .bind(present)
                .execute(&mut *tx)
                .await?;
            if moved.rows_affected() != 1 {
                return Err(super::StoreError::Conflict);
            }
        });
        Ok(())
    }
}
