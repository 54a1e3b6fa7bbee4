//! A log of the tests' own: it grows, signs heads, proves, and forks, which no honest log does.

use std::collections::HashMap;
use std::convert::Infallible;

use avow_shared::checkpoint::Checkpoint;
use avow_shared::merkle::{Frontier, Hash, NodeId, consistency_proof, inclusion_proof, leaf_hash};
use avow_shared::note::{Algorithm, Verifier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};

/// A log with all its nodes.
#[derive(Clone, Debug)]
pub struct TestLog {
    origin: String,
    key: SigningKey,
    nodes: HashMap<NodeId, Hash>,
    tree: Frontier,
    entries: Vec<Vec<u8>>,
}

impl TestLog {
    /// An empty log. `seed` makes its key.
    pub fn new(origin: &str, seed: u8) -> Self {
        Self {
            origin: origin.to_owned(),
            key: SigningKey::from_bytes(&[seed; 32]),
            nodes: HashMap::new(),
            tree: Frontier::default(),
            entries: Vec::new(),
        }
    }

    /// The same with `size` leaves.
    #[must_use]
    pub fn grown(mut self, size: u64) -> Self {
        while self.tree.size() < size {
            self.push(format!("leaf {}", self.tree.size()).as_bytes());
        }
        self
    }

    /// Another log under the same key: the first `at` leaves are these, the others up to `size` are not.
    #[must_use]
    pub fn forked(&self, at: u64, size: u64) -> Self {
        let mut fork = Self { key: self.key.clone(), ..Self::new(&self.origin, 0) };
        for index in 0..size {
            match self.entries.get(position(index)).filter(|_| index < at) {
                Some(entry) => fork.push(entry),
                None => fork.push(format!("another leaf {index}").as_bytes()),
            }
        }
        fork
    }

    /// Appends a leaf.
    pub fn push(&mut self, entry: &[u8]) {
        let index = self.tree.size();
        let leaf = leaf_hash(entry);
        self.nodes.insert(NodeId { level: 0, index }, leaf);
        let nodes = &mut self.nodes;
        self.tree.push_with(leaf, |id, node| {
            nodes.insert(id, *node);
        });
        self.entries.push(entry.to_vec());
    }

    /// Its public key.
    pub fn verifier(&self) -> Verifier {
        let public = self.key.verifying_key().to_bytes();
        Verifier::new(&self.origin, Algorithm::Ed25519, &public).expect("a good name and key")
    }

    /// The content of a leaf.
    pub fn entry(&self, index: u64) -> &[u8] {
        &self.entries[position(index)]
    }

    /// The head at that size.
    pub fn head(&self, size: u64) -> Checkpoint {
        let Ok(tree) = Frontier::read(size, self.node());
        Checkpoint { origin: self.origin.clone(), size, root: tree.root() }
    }

    /// The head at that size as a signed note.
    pub fn signed(&self, size: u64) -> String {
        self.sign(&self.head(size).to_string())
    }

    /// Any text, signed as a note.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        format!("{text}\n{}", self.verifier().line(&signature))
    }

    /// Proof that a leaf is in the tree of that size.
    pub fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        let Ok(proof) = inclusion_proof(index, size, self.node());
        proof.expect("the leaf is in the tree")
    }

    /// Proof that the tree of `size` begins with that of `old`.
    pub fn consistency(&self, old: u64, size: u64) -> Vec<Hash> {
        let Ok(proof) = consistency_proof(old, size, self.node());
        proof.expect("the older tree is not larger")
    }

    /// The body of an `add-checkpoint` for a witness that knows the head of `old`.
    pub fn request(&self, old: u64, size: u64) -> String {
        request(old, &self.consistency(old, size), &self.signed(size))
    }

    /// What reads a node, for those who can be told that there is none.
    fn node(&self) -> impl Fn(NodeId) -> Result<Hash, Infallible> {
        |id| Ok(self.nodes[&id])
    }
}

/// The body of an `add-checkpoint`.
pub fn request(old: u64, proof: &[Hash], signed: &str) -> String {
    let proof: String = proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
    format!("old {old}\n{proof}\n{signed}")
}

fn position(index: u64) -> usize {
    usize::try_from(index).expect("a test's log fits into memory")
}
