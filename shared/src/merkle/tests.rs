//! Every tree to 257 leaves, against the definition and against another library.

use super::*;
use std::convert::Infallible;

/// Nodes of a tree, computed from the leaves as RFC 6962 defines them.
struct Tree(Vec<Hash>);

impl Tree {
    fn of(size: u64) -> Self {
        Self((0..size).map(|at| leaf_hash(&at.to_be_bytes())).collect())
    }

    fn node(&self, NodeId { level, index }: NodeId) -> Hash {
        let start = usize::try_from(index << level).expect("small");
        mth(&self.0[start..start + (1 << level)])
    }

    /// The same for those who must reckon with failure.
    fn read(&self) -> impl Fn(NodeId) -> Result<Hash, Infallible> {
        |node| Ok(self.node(node))
    }

    fn root(&self, size: u64) -> Hash {
        mth(&self.0[..usize::try_from(size).expect("small")])
    }
}

/// MTH of RFC 6962 section 2.1, word for word.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let middle = leaves.len().next_power_of_two() / 2;
            node_hash(&mth(&leaves[..middle]), &mth(&leaves[middle..]))
        }
    }
}

/// One byte wrong.
fn altered(hash: &Hash) -> Hash {
    let mut other = *hash;
    other[17] ^= 1;
    other
}

#[test]
fn the_frontier_knows_every_root_and_completed_node() {
    let tree = Tree::of(600);
    let mut frontier = Frontier::default();
    for size in 0..600u64 {
        assert_eq!((frontier.size(), frontier.root()), (size, tree.root(size)));
        assert_eq!(Frontier::read(size, tree.read()), Ok(frontier.clone()));
        frontier.push_with(tree.0[usize::try_from(size).expect("small")], |node, hash| {
            assert_eq!(tree.node(node), *hash, "{node:?}");
        });
    }
}

#[test]
fn every_inclusion_proof_to_257_holds_and_no_altered_one() {
    let tree = Tree::of(257);
    for size in 1..=257 {
        let root = tree.root(size);
        for index in 0..size {
            let leaf = tree.0[usize::try_from(index).expect("small")];
            let Ok(Some(proof)) = inclusion_proof(index, size, tree.read()) else { panic!() };
            assert!(proof.len() < MAX_PROOF);
            assert_eq!(verify_inclusion(&leaf, index, size, &root, &proof), Ok(()), "{index} of {size}");
            assert!(verify_inclusion(&altered(&leaf), index, size, &root, &proof).is_err());
            assert!(verify_inclusion(&leaf, index, size, &altered(&root), &proof).is_err());
            assert!(verify_inclusion(&leaf, index ^ 1, size, &root, &proof).is_err() || size == 1);
            for at in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[at] = altered(&wrong[at]);
                assert_eq!(verify_inclusion(&leaf, index, size, &root, &wrong), Err(ProofError::Root));
                wrong.remove(at);
                assert!(verify_inclusion(&leaf, index, size, &root, &wrong).is_err());
            }
            let longer: Vec<Hash> = proof.iter().copied().chain([root]).collect();
            assert_eq!(verify_inclusion(&leaf, index, size, &root, &longer), Err(ProofError::Length));
        }
        assert_eq!(inclusion_proof(size, size, tree.read()), Ok(None));
    }
}

#[test]
fn every_consistency_proof_to_257_holds_and_no_altered_one() {
    let tree = Tree::of(257);
    for size in 0..=257 {
        let root = tree.root(size);
        for old in 0..=size {
            let old_root = tree.root(old);
            let Ok(Some(proof)) = consistency_proof(old, size, tree.read()) else { panic!() };
            let check = |old_root: &Hash, root: &Hash, proof: &[Hash]| {
                verify_consistency((old, old_root), (size, root), proof)
            };
            assert_eq!(check(&old_root, &root, &proof), Ok(()), "{old} of {size}");
            assert!(check(&altered(&old_root), &root, &proof).is_err());
            // Anything begins with nothing.
            assert!(check(&old_root, &altered(&root), &proof).is_err() || old == 0);
            for at in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[at] = altered(&wrong[at]);
                assert!(check(&old_root, &root, &wrong).is_err(), "{at} of {old} of {size}");
                wrong.remove(at);
                assert!(check(&old_root, &root, &wrong).is_err(), "{at} of {old} of {size}");
            }
            let longer: Vec<Hash> = proof.iter().copied().chain([root]).collect();
            assert_eq!(check(&old_root, &root, &longer), Err(ProofError::Length));
        }
    }
}

#[test]
fn another_library_makes_the_same_roots_and_accepts_the_proofs() {
    use ct_merkle::RootHash;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use sha2::Sha256;
    let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let tree = Tree::of(257);
    for size in 1..=257u64 {
        oracle.push((size - 1).to_be_bytes().to_vec());
        assert_eq!(oracle.root().as_bytes()[..], tree.root(size)[..]);
    }
    let root: RootHash<Sha256> = oracle.root();
    for at in 0..257 {
        let theirs = oracle.prove_inclusion(at);
        let index = u64::try_from(at).expect("small");
        let Ok(Some(ours)) = inclusion_proof(index, 257, tree.read()) else { panic!() };
        assert_eq!(theirs.as_bytes(), ours.concat());
        root.verify_inclusion(&index.to_be_bytes().to_vec(), index, &theirs).expect("it is there");
    }
}

#[test]
fn huge_claims_are_answered_without_work() {
    let hash = [0; 32];
    let proof = [hash; 200];
    assert_eq!(verify_inclusion(&hash, u64::MAX, u64::MAX, &hash, &proof), Err(ProofError::OutOfRange));
    assert!(verify_inclusion(&hash, u64::MAX - 1, u64::MAX, &hash, &proof).is_err());
    assert!(verify_consistency((1, &hash), (u64::MAX, &hash), &proof).is_err());
    assert!(verify_consistency((u64::MAX - 1, &hash), (u64::MAX, &hash), &[]).is_err());
}
