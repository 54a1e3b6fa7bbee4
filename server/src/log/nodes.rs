//! Reads nodes of a log's tree out of the tiles and leaves that hold them; consistency proofs.

use crate::store::{Store, StoreError};
use avow_shared::entry::{self, Kind};
use avow_shared::id::SiteId;
use avow_shared::merkle::{self, Hash, NodeId, node_hash};
use avow_shared::tile::{HEIGHT, Tile, WIDTH};
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) const MISSING: StoreError = StoreError::Corrupt("a log with nodes missing");

/// Proof that the head of one size begins with that of an older one.
pub async fn consistency(store: &Store, site: &SiteId, old: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    let wanted = merkle::consistency_nodes(old, size);
    let under = async |place| Ok(Arc::new(UnderTile::new(place, tile(store, site, place).await?)));
    let nodes = read(size, &wanted, under).await?;
    merkle::consistency_proof(old, size, |node| nodes.get(node))?.ok_or(MISSING)
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

/// The nodes that a tile stands for: its own hashes, and every one that is over a power of two of them.
pub(super) struct UnderTile {
    tile: Tile,
    /// The hashes of the tile first; each following level has half as many.
    levels: Vec<Vec<Hash>>,
}

impl UnderTile {
    /// From the hashes of that tile.
    pub(super) fn new(tile: Tile, hashes: Vec<Hash>) -> Self {
        let over = |level: &Vec<Hash>| -> Option<Vec<Hash>> {
            let pairs = level.as_chunks::<2>().0;
            (!pairs.is_empty()).then(|| pairs.iter().map(|[left, right]| node_hash(left, right)).collect())
        };
        let levels = std::iter::successors(Some(hashes), over).take(usize::from(HEIGHT)).collect();
        Self { tile, levels }
    }

    fn get(&self, node: NodeId) -> Option<Hash> {
        let place = node.level.checked_sub(self.tile.level * HEIGHT)?;
        let first = self.tile.index << HEIGHT.checked_sub(place)?;
        let nth = usize::try_from(node.index.checked_sub(first)?).ok()?;
        self.levels.get(usize::from(place))?.get(nth).copied()
    }
}

/// The tiles that were asked for, of a tree of that size.
pub(super) struct Tiles {
    size: u64,
    tiles: BTreeMap<Tile, Arc<UnderTile>>,
}

impl Tiles {
    /// A node of that tree; an error if its tile was not asked for.
    pub(super) fn get(&self, node: NodeId) -> Result<Hash, StoreError> {
        let tile = Tile::over(node, self.size).and_then(|tile| self.tiles.get(&tile));
        tile.and_then(|tile| tile.get(node)).ok_or(MISSING)
    }
}

/// The tiles that hold those nodes of the tree as it was with `size` leaves; each is asked for once.
pub(super) async fn read<F>(
    size: u64,
    nodes: &[NodeId],
    tile: impl Fn(Tile) -> F,
) -> Result<Tiles, StoreError>
where
    F: Future<Output = Result<Arc<UnderTile>, StoreError>>,
{
    let places: BTreeSet<Tile> =
        nodes.iter().map(|node| Tile::over(*node, size).ok_or(MISSING)).collect::<Result<_, _>>()?;
    // Side by side: they are few, and each may wait for the database.
    let tiles = try_join_all(places.iter().map(|place| tile(*place))).await?;
    Ok(Tiles { size, tiles: places.into_iter().zip(tiles).collect() })
}
