//! Reads what a site's log consists of: heads, tiles, entries, manifests, published checkpoints.

use super::tree::{self, Tree, leaf_of};
use super::{Result, Store, StoreError};
use avow_shared::id::{Millis, SiteId};
use avow_shared::merkle::Hash;

/// One stretch of a site's log under one name.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Epoch {
    /// From 1.
    pub epoch: i64,
    /// What it is called.
    pub origin: String,
}

/// A leaf as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LeafRow {
    /// Which leaf of the site.
    pub leaf_index: i64,
    /// The kind's byte.
    pub kind: i64,
    /// The 32 bytes that stand for the content.
    pub commitment: Vec<u8>,
}

/// What an entry stands for that is no record.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Manifest {
    /// Which leaf of the site.
    pub leaf_index: i64,
    /// The kind's byte.
    pub kind: i64,
    /// What it is about.
    pub name: String,
    /// Canonical JSON.
    pub manifest: String,
}

/// A head as published.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Published {
    /// Leaves.
    pub size: i64,
    /// The signed note.
    pub note: String,
    /// Milliseconds UTC.
    pub published_at: i64,
}

/// The head of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleHead {
    /// Leaves.
    pub size: u64,
    /// Root.
    pub root: Hash,
}

/// Leaves read at once while a tree is built.
const PAGE: u32 = 10_000;

impl Store {
    /// The epochs of a site's log, the oldest first; none if there is no such site.
    pub async fn epochs(&self, site: &SiteId) -> Result<Vec<Epoch>> {
        const SQL: &str = "SELECT epoch, origin FROM log_epochs WHERE site = $1 ORDER BY epoch";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(site.as_str()).fetch_all(pool).await)?)
    }

    /// The tree of a site's present epoch, read from the database; its root is that of the head.
    pub async fn tree(&self, site: &SiteId) -> Result<Tree> {
        const HEAD: &str = "SELECT epoch, size, root FROM log_heads WHERE site = $1";
        let name = site.as_str();
        Ok(on!(self, read, pool => {
            let mut tx = pool.acquire().await?;
            let (epoch, size, root): (i64, i64, Option<Vec<u8>>) =
                sqlx::query_as(HEAD).bind(name).fetch_one(&mut *tx).await?;
            let root = tree::hash_of(root.ok_or(StoreError::Corrupt("a log whose tree was not built"))?)?;
            // Leaves are only ever added, so those of this head stay what they are.
            tree::read_tree!(tx, name, epoch, size, Some(root))
        }))
    }

    /// The tree as it was with `size` leaves, which must be there.
    pub async fn earlier_tree(&self, site: &SiteId, epoch: i64, size: u64) -> Result<Tree> {
        let (name, end) = (site.as_str(), tree::signed(size));
        Ok(on!(self, read, pool => {
            let mut tx = pool.acquire().await?;
            tree::read_tree!(tx, name, epoch, end, None)
        }))
    }

    /// A full tile: 256 hashes.
    pub async fn tile(&self, site: &SiteId, level: u8, index: u64) -> Result<Option<Vec<u8>>> {
        const SQL: &str = "SELECT hashes FROM log_tiles \
            WHERE site = $1 AND level = $2 AND tile_index = $3";
        Ok(on!(self, read, pool => {
            sqlx::query_scalar(SQL)
                .bind(site.as_str())
                .bind(i64::from(level))
                .bind(tree::signed(index))
                .fetch_optional(pool)
                .await
        })?)
    }

    /// The nodes above full tiles of a level, from tile `first` up to but not `end`, in order.
    pub async fn tile_roots(&self, site: &SiteId, level: u8, (first, end): (u64, u64)) -> Result<Vec<Hash>> {
        const SQL: &str = "SELECT root FROM log_tiles WHERE site = $1 AND level = $2 \
            AND tile_index >= $3 AND tile_index < $4 ORDER BY tile_index";
        let rows: Vec<Vec<u8>> = on!(self, read, pool => {
            sqlx::query_scalar(SQL)
                .bind(site.as_str())
                .bind(i64::from(level))
                .bind(tree::signed(first))
                .bind(tree::signed(end))
                .fetch_all(pool)
                .await
        })?;
        rows.into_iter().map(tree::hash_of).collect()
    }

    /// Leaves of a site from `first` up to but not `end`, in order.
    pub async fn leaf_rows(&self, site: &SiteId, first: i64, end: i64) -> Result<Vec<LeafRow>> {
        const SQL: &str = "SELECT leaf_index, kind, commitment FROM leaves \
            WHERE site = $1 AND leaf_index >= $2 AND leaf_index < $3 ORDER BY leaf_index";
        Ok(on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(first).bind(end).fetch_all(pool).await
        })?)
    }

    /// The hashes of those leaves; one that is missing is an error.
    pub async fn leaf_hashes(&self, site: &SiteId, first: i64, end: i64) -> Result<Vec<Hash>> {
        let rows = self.leaf_rows(site, first, end).await?;
        if !rows.iter().map(|row| row.leaf_index).eq(first..end) {
            return Err(StoreError::Corrupt("a log with leaves missing"));
        }
        rows.into_iter().map(|row| leaf_of(row.kind, row.commitment)).collect()
    }

    /// The manifests of a kind, in the log's order.
    pub async fn manifests(&self, site: &SiteId, kind: u8) -> Result<Vec<Manifest>> {
        const SQL: &str = "SELECT leaf_index, kind, name, manifest FROM manifests \
            WHERE site = $1 AND kind = $2 ORDER BY leaf_index";
        Ok(on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(i64::from(kind)).fetch_all(pool).await
        })?)
    }

    /// Publishes a head; false if one of that size is published already.
    pub async fn publish_checkpoint(
        &self,
        site: &SiteId,
        epoch: i64,
        size: u64,
        note: &str,
        now: Millis,
    ) -> Result<bool> {
        const SQL: &str = "INSERT INTO log_checkpoints (site, epoch, size, note, published_at) \
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (site, epoch, size) DO NOTHING";
        let written = on!(self, write, pool => {
            sqlx::query(SQL)
                .bind(site.as_str())
                .bind(epoch)
                .bind(tree::signed(size))
                .bind(note)
                .bind(now.0)
                .execute(pool)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(written == 1)
    }

    /// Adds signatures to a published head, unless somebody else has just done so.
    pub async fn sign_checkpoint(
        &self,
        site: &SiteId,
        epoch: i64,
        published: &Published,
        note: &str,
    ) -> Result<()> {
        const SQL: &str = "UPDATE log_checkpoints SET note = $5 \
            WHERE site = $1 AND epoch = $2 AND size = $3 AND note = $4";
        on!(self, write, pool => {
            sqlx::query(SQL)
                .bind(site.as_str())
                .bind(epoch)
                .bind(published.size)
                .bind(&published.note)
                .bind(note)
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// The newest published head of an epoch.
    pub async fn latest_checkpoint(&self, site: &SiteId, epoch: i64) -> Result<Option<Published>> {
        const SQL: &str = "SELECT size, note, published_at FROM log_checkpoints \
            WHERE site = $1 AND epoch = $2 ORDER BY size DESC LIMIT 1";
        Ok(on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(epoch).fetch_optional(pool).await
        })?)
    }

    /// Remembers the head of a bundle of the whole log.
    pub async fn remember_bundle(
        &self,
        site: &SiteId,
        epoch: i64,
        size: u64,
        root: &Hash,
        now: Millis,
    ) -> Result<()> {
        const SQL: &str = "INSERT INTO bundles (site, epoch, size, root, made_at) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (site, epoch, size) DO NOTHING";
        on!(self, write, pool => {
            sqlx::query(SQL)
                .bind(site.as_str())
                .bind(epoch)
                .bind(tree::signed(size))
                .bind(&root[..])
                .bind(now.0)
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// The head of the last bundle of an epoch's whole log.
    pub async fn last_bundle(&self, site: &SiteId, epoch: i64) -> Result<Option<BundleHead>> {
        const SQL: &str = "SELECT size, root FROM bundles \
            WHERE site = $1 AND epoch = $2 ORDER BY size DESC LIMIT 1";
        let row: Option<(i64, Vec<u8>)> = on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(epoch).fetch_optional(pool).await
        })?;
        row.map(|(size, root)| {
            let size = u64::try_from(size).map_err(|_| StoreError::Corrupt("a bundle's size"))?;
            Ok(BundleHead { size, root: tree::hash_of(root)? })
        })
        .transpose()
    }

    /// Builds the trees of logs that are older than their trees.
    pub(super) async fn build_trees(&self) -> Result<()> {
        const UNBUILT: &str = "SELECT site FROM log_heads WHERE root IS NULL ORDER BY site";
        let sites: Vec<String> = on!(self, read, pool => sqlx::query_scalar(UNBUILT).fetch_all(pool).await)?;
        for site in sites {
            self.build_tree(&site).await?;
        }
        Ok(())
    }

    async fn build_tree(&self, site: &str) -> Result<()> {
        const LEAVES: &str = "SELECT leaf_index, kind, commitment FROM leaves \
            WHERE site = $1 AND leaf_index >= $2 ORDER BY leaf_index LIMIT $3";
        const ROOT: &str = "UPDATE log_heads SET root = $2 WHERE site = $1";
        on!(self, transaction, tx => {
            let (epoch, size, root): (i64, i64, Option<Vec<u8>>) =
                sqlx::query_as(tree::LOCK_HEAD).bind(site).fetch_one(&mut *tx).await?;
            // Another node may have built it while this one waited for the lock.
            if root.is_none() {
                let mut tree = Tree::empty(epoch);
                while tree.next_leaf() < size {
                    let rows: Vec<LeafRow> = sqlx::query_as(LEAVES)
                        .bind(site)
                        .bind(tree.next_leaf())
                        .bind(i64::from(PAGE))
                        .fetch_all(&mut *tx)
                        .await?;
                    let mut full = Vec::new();
                    let before = tree.next_leaf();
                    for row in rows {
                        if row.leaf_index != tree.next_leaf() {
                            break;
                        }
                        tree.push(leaf_of(row.kind, row.commitment)?, &mut full);
                    }
                    if tree.next_leaf() == before {
                        return Err(StoreError::Corrupt("a log with leaves missing"));
                    }
                    tree::insert_tiles!(tx, site, full);
                }
                sqlx::query(ROOT).bind(site).bind(&tree.root()[..]).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }
}
