//! Inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2; checked as in RFC 9162 section 2.1).

use super::{Hash, NodeId, node_hash};
use std::fmt;

/// No proof is longer: a tree of 2^63 leaves is 63 high, and a consistency proof has one node more.
pub const MAX_PROOF: usize = 64;

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// The leaf, or the older tree, lies outside the tree.
    OutOfRange,
    /// The proof has more or fewer nodes than those two sizes need.
    Length,
    /// The nodes do not lead to the root of the older tree.
    OldRoot,
    /// The nodes do not lead to the root.
    Root,
}

impl ProofError {
    /// The sentence for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutOfRange => "the proof is for a place outside the tree",
            Self::Length => "the proof has the wrong number of nodes",
            Self::OldRoot => "the proof does not lead to the older root",
            Self::Root => "the proof does not lead to the root",
        }
    }
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for ProofError {}

/// Leaves `start..end`, a subtree that RFC 6962 would form.
type Range = (u64, u64);

/// Largest power of two below `n`, which must be at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The perfect subtrees that leaves `start..end` consist of, from the left; `start` is 0 or the beginning of a
/// subtree of RFC 6962.
pub fn range_nodes(start: u64, end: u64) -> impl Iterator<Item = NodeId> {
    let mut at = start;
    std::iter::from_fn(move || {
        let left = end.checked_sub(at).filter(|left| *left > 0)?;
        let level = left.ilog2();
        let index = at >> level;
        at += 1 << level;
        #[expect(clippy::cast_possible_truncation, reason = "at most 63")]
        Some(NodeId { level: level as u8, index })
    })
}

/// The subtrees beside the way from leaf `index` up to the root, the lowest first.
fn inclusion_ranges(index: u64, size: u64) -> Vec<Range> {
    let (mut start, mut end) = (0, size);
    let mut ranges = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The subtrees of a consistency proof, the lowest first: SUBPROOF of RFC 6962.
fn consistency_ranges(old: u64, size: u64) -> Vec<Range> {
    if old == 0 || old >= size {
        return Vec::new();
    }
    let (mut start, mut end) = (0, size);
    let mut ranges = Vec::new();
    let mut whole = true;
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
            whole = false;
        }
    }
    // The verifier has the root of the whole older tree already.
    if !whole {
        ranges.push((start, end));
    }
    ranges.reverse();
    ranges
}

fn nodes_of(ranges: &[Range]) -> Vec<NodeId> {
    ranges.iter().flat_map(|&(start, end)| range_nodes(start, end)).collect()
}

/// Hash of each range, from nodes in the order of [`nodes_of`].
fn hash_ranges<E>(ranges: &[Range], mut read: impl FnMut(NodeId) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
    let mut proof = Vec::with_capacity(ranges.len());
    for &(start, end) in ranges {
        let parts = range_nodes(start, end).map(&mut read).collect::<Result<Vec<_>, E>>()?;
        let folded = parts.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
        // A range is never empty.
        proof.extend(folded);
    }
    Ok(proof)
}

/// Which nodes [`inclusion_proof`] will ask for.
pub fn inclusion_nodes(index: u64, size: u64) -> Vec<NodeId> {
    if index < size { nodes_of(&inclusion_ranges(index, size)) } else { Vec::new() }
}

/// Which nodes [`consistency_proof`] will ask for.
pub fn consistency_nodes(old: u64, size: u64) -> Vec<NodeId> {
    nodes_of(&consistency_ranges(old, size))
}

/// Proof that leaf `index` is in the tree of that size; `None` if it lies outside.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    read: impl FnMut(NodeId) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size {
        return Ok(None);
    }
    hash_ranges(&inclusion_ranges(index, size), read).map(Some)
}

/// Proof that the tree of `size` begins with the tree of `old`; `None` if that one is larger. Empty if they are
/// of one size, or if the older one is empty.
pub fn consistency_proof<E>(
    old: u64,
    size: u64,
    read: impl FnMut(NodeId) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if old > size {
        return Ok(None);
    }
    hash_ranges(&consistency_ranges(old, size), read).map(Some)
}

/// Checks that `leaf` is leaf `index` of the tree of that size and root (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match () {
        () if last != 0 => Err(ProofError::Length),
        () if hash != *root => Err(ProofError::Root),
        () => Ok(()),
    }
}

/// Checks that the tree of `size` and `root` begins with the tree of `old` and `old_root`
/// (RFC 9162 section 2.1.4.2).
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (size, root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > size {
        return Err(ProofError::OutOfRange);
    }
    if old == size || old == 0 {
        let same = if old == 0 { *old_root == super::empty_root() } else { old_root == root };
        return match (proof.is_empty(), same) {
            (true, true) => Ok(()),
            (false, _) => Err(ProofError::Length),
            (true, false) => Err(ProofError::OldRoot),
        };
    }
    // A tree that is one perfect subtree stands for itself.
    let (first, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(ProofError::Length)?
    };
    let (mut node, mut last) = (old - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut older, mut newer) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            older = node_hash(sibling, &older);
            newer = node_hash(sibling, &newer);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            newer = node_hash(&newer, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match () {
        () if last != 0 => Err(ProofError::Length),
        () if older != *old_root => Err(ProofError::OldRoot),
        () if newer != *root => Err(ProofError::Root),
        () => Ok(()),
    }
}
