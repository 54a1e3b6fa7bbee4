//! Inclusion proofs, checked before they are handed out; and the tiles they lead through, kept.
//!
//! A tile of one width never changes within an epoch, so it is read and hashed once. Nothing rests on that: a proof
//! that does not lead from its leaf to its head is an error, whatever was kept.

use super::nodes::{self, MISSING, UnderTile};
use crate::store::{Store, StoreError};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::entry::{self, Kind};
use avow_shared::id::SiteId;
use avow_shared::merkle::{self, Hash};
use avow_shared::tile::Tile;
use moka::future::Cache;
use std::fmt;
use std::sync::Arc;

/// Tiles kept, of all logs: at most 16 KiB each. Those of upper levels are asked for by every proof of a log.
const TILES: u64 = 512;

/// A log by its origin, which is another in each epoch, and a tile of it.
type Key = (Arc<str>, Tile);

/// Makes inclusion proofs. Cheap to clone; clones share what is kept.
#[derive(Clone)]
pub struct Proofs {
    store: Store,
    tiles: Cache<Key, Arc<UnderTile>>,
}

impl Proofs {
    /// Nothing kept yet.
    pub fn new(store: Store) -> Self {
        Self { store, tiles: Cache::builder().max_capacity(TILES).build() }
    }

    /// Proof that the entry of that kind and content is leaf `index` under that head of the site's log.
    pub async fn inclusion(
        &self,
        site: &SiteId,
        head: &Checkpoint,
        index: u64,
        entry: (Kind, &Hash),
    ) -> Result<Vec<Hash>, StoreError> {
        match self.attempt(site, head, index, entry).await {
            // What was kept may be of a database that has been mended since.
            Err(StoreError::Corrupt(_)) => {
                self.tiles.invalidate_all();
                self.attempt(site, head, index, entry).await
            }
            done => done,
        }
    }

    async fn attempt(
        &self,
        site: &SiteId,
        head: &Checkpoint,
        index: u64,
        (kind, content): (Kind, &Hash),
    ) -> Result<Vec<Hash>, StoreError> {
        let log = Arc::from(head.origin.as_str());
        let wanted = merkle::inclusion_nodes(index, head.size);
        let nodes = nodes::read(head.size, &wanted, |tile| self.tile(site, &log, tile)).await?;
        let proof = merkle::inclusion_proof(index, head.size, |node| nodes.get(node))?.ok_or(MISSING)?;
        merkle::verify_inclusion(&entry::leaf_hash(kind, content), index, head.size, &head.root, &proof)
            .map_err(|_| StoreError::Corrupt("a log whose leaves do not lead to its head"))?;
        Ok(proof)
    }

    async fn tile(&self, site: &SiteId, log: &Arc<str>, tile: Tile) -> Result<Arc<UnderTile>, StoreError> {
        let key = (Arc::clone(log), tile);
        if let Some(known) = self.tiles.get(&key).await {
            return Ok(known);
        }
        let nodes = Arc::new(UnderTile::new(tile, nodes::tile(&self.store, site, tile).await?));
        self.tiles.insert(key, Arc::clone(&nodes)).await;
        Ok(nodes)
    }
}

impl fmt::Debug for Proofs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proofs")
    }
}
