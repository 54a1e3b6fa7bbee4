//! For tests: a log that grows, forks and signs its heads, all in memory.

use avow_shared::checkpoint::Checkpoint;
use avow_shared::merkle::{Frontier, Hash, NodeId, consistency_proof, leaf_hash};
use avow_shared::note::{Algorithm, Verifier};
use ed25519_dalek::{Signer as _, SigningKey};
use std::collections::HashMap;
use std::convert::Infallible;

/// The name of every log here.
pub const ORIGIN: &str = "example.com/log";

/// A log of `size` leaves, in which `tint` makes leaves from `from` on others than in a log of another tint.
pub struct Log {
    nodes: HashMap<NodeId, Hash>,
    pub size: u64,
    pub root: Hash,
}

impl Log {
    /// See above.
    pub fn new(size: u64, from: u64, tint: u64) -> Self {
        let mut nodes = HashMap::new();
        let mut tree = Frontier::default();
        for index in 0..size {
            let leaf =
                leaf_hash(&[index, if index < from { 0 } else { tint }].map(u64::to_be_bytes).concat());
            nodes.insert(NodeId { level: 0, index }, leaf);
            tree.push_with(leaf, |id, node| {
                nodes.insert(id, *node);
            });
        }
        Self { nodes, size, root: tree.root() }
    }

    /// The one that is honest.
    pub fn of(size: u64) -> Self {
        Self::new(size, size, 0)
    }

    /// Its head.
    pub fn head(&self) -> Checkpoint {
        Checkpoint { origin: ORIGIN.to_owned(), size: self.size, root: self.root }
    }

    /// Proof that it begins with the log of `old` leaves.
    pub fn proof_from(&self, old: u64) -> Vec<Hash> {
        let Ok(proof) = consistency_proof(old, self.size, |id| Ok::<_, Infallible>(self.nodes[&id]));
        proof.expect("the older one is not larger")
    }
}

/// The key of the log, or of somebody who bears its name.
pub fn log_key(seed: u8) -> (Verifier, SigningKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let verifier = Verifier::new(ORIGIN, Algorithm::Ed25519, key.verifying_key().as_bytes());
    (verifier.expect("a key"), key)
}

/// A text as a note, signed by [`log_key`] of that seed.
pub fn sign(text: &str, seed: u8) -> String {
    let (verifier, key) = log_key(seed);
    format!("{text}\n{}", verifier.line(&key.sign(text.as_bytes()).to_bytes()))
}
