//! Merkle trees over leaves in one order (RFC 6962 section 2.1, with SHA-256).
//!
//! [`Frontier`] grows a tree and knows its root; `proof` makes and checks inclusion and consistency proofs.
//! What this is *not*: it stores nothing and reads nothing. Nodes come in through a function.

use crate::sha256::sha256;

mod proof;

pub use proof::{
    MAX_PROOF, ProofError, consistency_nodes, consistency_proof, inclusion_nodes, inclusion_proof,
    range_nodes, verify_consistency, verify_inclusion,
};

/// SHA-256 of a leaf or node.
pub type Hash = [u8; 32];

/// The place of a node: the root of the perfect subtree over the leaves `index << level .. (index + 1) << level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// 0 for a leaf.
    pub level: u8,
    /// Counts from the left within its level.
    pub index: u64,
}

/// Hash of a leaf.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry])
}

/// Hash of the node over two others.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// Root of the tree without leaves.
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The right edge of a tree: roots of the perfect subtrees it consists of, the largest first.
///
/// All that is needed to append leaves and to know the root; at most 64 hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree of that size whose nodes `read` knows.
    pub fn read<E>(size: u64, mut read: impl FnMut(NodeId) -> Result<Hash, E>) -> Result<Self, E> {
        let roots = Self::nodes(size).map(&mut read).collect::<Result<_, E>>()?;
        Ok(Self { size, roots })
    }

    /// Which nodes are the frontier of a tree of that size, the largest first.
    pub fn nodes(size: u64) -> impl Iterator<Item = NodeId> {
        range_nodes(0, size)
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return empty_root() };
        roots.fold(*last, |right, left| node_hash(left, &right))
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, |_, _| {});
    }

    /// Appends a leaf by its hash and tells of every node that it completes above itself.
    pub fn push_with(&mut self, leaf: Hash, mut completed: impl FnMut(NodeId, &Hash)) {
        let mut node = leaf;
        for level in 1..=self.size.trailing_ones() {
            // One root for each bit that is set, so there is one to take.
            let Some(left) = self.roots.pop() else { break };
            node = node_hash(&left, &node);
            #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
            completed(NodeId { level: level as u8, index: self.size >> level }, &node);
        }
        self.roots.push(node);
        self.size += 1;
    }
}

/// A tree of leaves by their hashes.
impl FromIterator<Hash> for Frontier {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut frontier = Self::default();
        for leaf in leaves {
            frontier.push(leaf);
        }
        frontier
    }
}

#[cfg(test)]
mod tests;
