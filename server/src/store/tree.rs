//! The tree over a site's leaves, as far as appending needs it: the right edge in memory, full tiles in the database.
//!
//! Whoever holds a [`Tree`] holds a guess: another process may have appended since. Writes compare size and root
//! with the head's, so a wrong guess fails instead of writing anything.

use super::{Result, StoreError};
use avow_shared::entry::{self, Kind};
use avow_shared::merkle::{Frontier, Hash, NodeId, node_hash};
use avow_shared::tile::{HEIGHT, WIDTH};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The tree of a site's present epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Which epoch of the site's log, from 1.
    pub epoch: i64,
    frontier: Frontier,
    /// For each level of tiles the hashes of its last tile, which is not full.
    tails: Vec<Vec<Hash>>,
}

/// A tile that has just become full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FullTile {
    pub level: i64,
    pub index: i64,
    pub root: Hash,
    pub hashes: Vec<u8>,
}

impl Tree {
    /// The next leaf of the site.
    pub fn next_leaf(&self) -> i64 {
        signed(self.frontier.size())
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The tree's right edge.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Appends a leaf; tiles that become full are added to `full`.
    pub(super) fn push(&mut self, leaf: Hash, full: &mut Vec<FullTile>) {
        let tails = &mut self.tails;
        keep(tails, 0, leaf);
        self.frontier.push_with(leaf, |node, hash| {
            if node.level % HEIGHT == 0 {
                let level = usize::from(node.level / HEIGHT);
                let hashes = std::mem::take(&mut tails[level - 1]).concat();
                full.push(FullTile {
                    level: i64::from(node.level / HEIGHT) - 1,
                    index: signed(node.index),
                    root: *hash,
                    hashes,
                });
                keep(tails, level, *hash);
            }
        });
    }

    pub(super) fn empty(epoch: i64) -> Self {
        Self { epoch, frontier: Frontier::default(), tails: Vec::new() }
    }

    /// From what the last tile of each level holds.
    fn from_tails(epoch: i64, size: u64, tails: Vec<Vec<Hash>>) -> Result<Self> {
        let frontier = Frontier::read(size, |NodeId { level, index }| {
            let (tile, place) = (level / HEIGHT, level % HEIGHT);
            let start = (index << place) % WIDTH;
            let tail = tails.get(usize::from(tile)).map(Vec::as_slice).unwrap_or_default();
            usize::try_from(start)
                .ok()
                .and_then(|start| tail.get(start..start + (1 << place)))
                .map(perfect_root)
                .ok_or(StoreError::Corrupt("a log with leaves missing"))
        })?;
        Ok(Self { epoch, frontier, tails })
    }
}

fn keep(tails: &mut Vec<Vec<Hash>>, level: usize, hash: Hash) {
    if tails.len() == level {
        tails.push(Vec::new());
    }
    tails[level].push(hash);
}

/// Root over a number of hashes that is a power of two.
fn perfect_root(hashes: &[Hash]) -> Hash {
    if let [one] = hashes {
        return *one;
    }
    let (left, right) = hashes.split_at(hashes.len() / 2);
    node_hash(&perfect_root(left), &perfect_root(right))
}

/// The hash of a leaf as it stands in the database.
pub(super) fn leaf_of(kind: i64, content: Vec<u8>) -> Result<Hash> {
    let kind =
        u8::try_from(kind).ok().and_then(Kind::from_byte).ok_or(StoreError::Corrupt("a leaf's kind"))?;
    Ok(entry::leaf_hash(kind, &hash_of(content)?))
}

/// Thirty-two bytes out of the database.
pub(super) fn hash_of(bytes: Vec<u8>) -> Result<Hash> {
    bytes.try_into().map_err(|_| StoreError::Corrupt("a hash of another length"))
}

/// Counts of leaves are far below 2^63.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The trees that this process has at hand, by site.
pub(super) type Trees = Arc<Mutex<HashMap<String, Tree>>>;

/// Takes a site's tree out, so that it is lost and not wrong if what follows fails.
pub(super) fn take(trees: &Trees, site: &str) -> Option<Tree> {
    trees.lock().unwrap_or_else(PoisonError::into_inner).remove(site)
}

/// Puts a tree back after its leaves were committed.
pub(super) fn put(trees: &Trees, site: &str, tree: Tree) {
    trees.lock().unwrap_or_else(PoisonError::into_inner).insert(site.to_owned(), tree);
}

/// A site's head, locked until the transaction ends. The update changes nothing; both databases lock by it.
pub(super) const LOCK_HEAD: &str =
    "UPDATE log_heads SET size = size WHERE site = $1 RETURNING epoch, size, root";
pub(super) const TAIL_LEAVES: &str = "SELECT kind, commitment FROM leaves \
    WHERE site = $1 AND leaf_index >= $2 AND leaf_index < $3 ORDER BY leaf_index";
pub(super) const TAIL_TILES: &str = "SELECT root FROM log_tiles \
    WHERE site = $1 AND level = $2 AND tile_index >= $3 ORDER BY tile_index";
pub(super) const INSERT_TILE: &str =
    "INSERT INTO log_tiles (site, level, tile_index, root, hashes) VALUES ($1, $2, $3, $4, $5)";
/// Moves the head by compare-and-swap.
pub(super) const MOVE_HEAD: &str =
    "UPDATE log_heads SET size = $4, root = $5 WHERE site = $1 AND size = $2 AND root = $3";

/// The tree of a site whose head is locked: the one at hand if it fits the head, else read.
macro_rules! tree_at_head {
    ($tx:expr, $trees:expr, $site:expr) => {{
        let (epoch, size, root): (i64, i64, Option<Vec<u8>>) =
            sqlx::query_as($crate::store::tree::LOCK_HEAD).bind($site).fetch_one(&mut *$tx).await?;
        let root = root.ok_or($crate::store::StoreError::Corrupt("a log whose tree was not built"))?;
        let root = $crate::store::tree::hash_of(root)?;
        match $crate::store::tree::take($trees, $site) {
            Some(tree) if tree.epoch == epoch && tree.next_leaf() == size && tree.root() == root => tree,
            _ => $crate::store::tree::read_tree!($tx, $site, epoch, size, Some(root)),
        }
    }};
}

/// Reads a tree; its root must be `$root`, if one is given.
macro_rules! read_tree {
    ($tx:expr, $site:expr, $epoch:expr, $size:expr, $root:expr) => {{
        let (epoch, size): (i64, i64) = ($epoch, $size);
        let leaves = u64::try_from(size)
            .map_err(|_| $crate::store::StoreError::Corrupt("a log that ends before it begins"))?;
        let mut tails = Vec::new();
        for level in 0.. {
            let nodes = avow_shared::tile::Tile::nodes(level, leaves);
            if nodes == 0 {
                break;
            }
            let start = $crate::store::tree::signed(nodes - nodes % avow_shared::tile::WIDTH);
            let tail: Vec<avow_shared::merkle::Hash> = if level == 0 {
                let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as($crate::store::tree::TAIL_LEAVES)
                    .bind($site)
                    .bind(start)
                    .bind(size)
                    .fetch_all(&mut *$tx)
                    .await?;
                rows.into_iter()
                    .map(|(kind, content)| $crate::store::tree::leaf_of(kind, content))
                    .collect::<$crate::store::Result<_>>()?
            } else {
                let rows: Vec<Vec<u8>> = sqlx::query_scalar($crate::store::tree::TAIL_TILES)
                    .bind($site)
                    .bind(i64::from(level) - 1)
                    .bind(start)
                    .fetch_all(&mut *$tx)
                    .await?;
                rows.into_iter().map($crate::store::tree::hash_of).collect::<$crate::store::Result<_>>()?
            };
            tails.push(tail);
        }
        $crate::store::tree::Tree::checked(epoch, leaves, tails, $root)?
    }};
}

/// Writes tiles that have become full: seldom one, after a long pause of other nodes several.
macro_rules! insert_tiles {
    ($tx:expr, $site:expr, $full:expr) => {
        for tile in &$full {
            sqlx::query($crate::store::tree::INSERT_TILE)
                .bind($site)
                .bind(tile.level)
                .bind(tile.index)
                .bind(&tile.root[..])
                .bind(&tile.hashes)
                .execute(&mut *$tx)
                .await?;
        }
    };
}

/// Moves a head from one size and root to another, or fails with `Conflict`.
macro_rules! move_head {
    ($tx:expr, $site:expr, ($old:expr, $old_root:expr), ($new:expr, $new_root:expr)) => {
        let moved = sqlx::query($crate::store::tree::MOVE_HEAD)
            .bind($site)
            .bind($old)
            .bind(&$old_root[..])
            .bind($new)
            .bind(&$new_root[..])
            .execute(&mut *$tx)
            .await?;
        if moved.rows_affected() != 1 {
            return Err($crate::store::StoreError::Conflict);
        }
    };
}

pub(super) use {insert_tiles, move_head, read_tree, tree_at_head};

impl Tree {
    /// A tree that was read, held against the root that the head has.
    pub(super) fn checked(epoch: i64, size: u64, tails: Vec<Vec<Hash>>, root: Option<Hash>) -> Result<Self> {
        let tree = Self::from_tails(epoch, size, tails)?;
        match root {
            Some(root) if root != tree.root() => {
                Err(StoreError::Corrupt("a log whose leaves do not lead to its root"))
            }
            _ => Ok(tree),
        }
    }
}
