//! Reads nodes of a log's tree out of the tiles and leaves that hold them, and makes proofs of them.

use crate::store::tree::perfect_root;
use crate::store::{Store, StoreError};
use avow_shared::entry::{self, Kind};
use avow_shared::id::SiteId;
use avow_shared::merkle::{self, Hash, NodeId};
use avow_shared::tile::{HEIGHT, Tile, WIDTH};
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};

const MISSING: StoreError = StoreError::Corrupt("a log with nodes missing");

/// Proof that leaf `index` is under the head of that size.
pub async fn inclusion(store: &Store, site: &SiteId, index: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    let nodes = read(store, site, size, &merkle::inclusion_nodes(index, size)).await?;
    let proof = merkle::inclusion_proof(index, size, |node| nodes.get(&node).copied().ok_or(MISSING))?;
    proof.ok_or(MISSING)
}

/// Proof that the head of one size begins with that of an older one.
pub async fn consistency(store: &Store, site: &SiteId, old: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    let nodes = read(store, site, size, &merkle::consistency_nodes(old, size)).await?;
    let proof = merkle::consistency_proof(old, size, |node| nodes.get(&node).copied().ok_or(MISSING))?;
    proof.ok_or(MISSING)
}

/// The hashes of a tile; its width says how many.
pub async fn tile(store: &Store, site: &SiteId, tile: Tile) -> Result<Vec<Hash>, StoreError> {
    if tile.is_full() {
        let hashes = store.tile(site, tile.level, tile.index).await?.ok_or(MISSING)?;
        let hashes: Vec<Hash> = hashes.as_chunks::<32>().0.to_vec();
        return if hashes.len() == usize::from(tile.width) { Ok(hashes) } else { Err(MISSING) };
    }
    let first = tile.index * WIDTH;
    let end = first + u64::from(tile.width);
    let hashes = if tile.level == 0 {
        let place = |index| 0_i64.saturating_add_unsigned(index);
        store.leaf_hashes(site, place(first), place(end)).await?
    } else {
        store.tile_roots(site, tile.level - 1, (first, end)).await?
    };
    if hashes.len() == usize::from(tile.width) { Ok(hashes) } else { Err(MISSING) }
}

/// The bytes of `count` entries from `first` on.
pub async fn entries(
    store: &Store,
    site: &SiteId,
    first: u64,
    count: u64,
) -> Result<Vec<[u8; entry::LEN]>, StoreError> {
    let place = |index| 0_i64.saturating_add_unsigned(index);
    let rows = store.leaf_rows(site, place(first), place(first + count)).await?;
    if u64::try_from(rows.len()) != Ok(count) {
        return Err(MISSING);
    }
    rows.into_iter()
        .map(|row| {
            let kind = u8::try_from(row.kind).ok().and_then(Kind::from_byte).ok_or(MISSING)?;
            let content = row.commitment.try_into().map_err(|_| MISSING)?;
            Ok(entry::bytes(kind, &content))
        })
        .collect()
}

/// Those nodes of the tree as it was with `size` leaves; each tile is read once.
async fn read(
    store: &Store,
    site: &SiteId,
    size: u64,
    nodes: &[NodeId],
) -> Result<BTreeMap<NodeId, Hash>, StoreError> {
    let tiles: BTreeSet<(u8, u64)> = nodes.iter().map(|node| Tile::of(*node)).collect();
    // Side by side: they are few, and each waits for the database.
    let reads = tiles.into_iter().map(async |(level, index)| {
        let place = Tile::at(level, index, size).ok_or(MISSING)?;
        Ok::<_, StoreError>(((level, index), tile(store, site, place).await?))
    });
    let hashes: BTreeMap<(u8, u64), Vec<Hash>> = try_join_all(reads).await?.into_iter().collect();
    nodes
        .iter()
        .map(|node| {
            let place = node.level % HEIGHT;
            let tile = hashes.get(&Tile::of(*node)).ok_or(MISSING)?;
            let start = usize::try_from((node.index << place) % WIDTH).map_err(|_| MISSING)?;
            let hashes = tile.get(start..start + (1 << place)).ok_or(MISSING)?;
            Ok((*node, perfect_root(hashes)))
        })
        .collect()
}
