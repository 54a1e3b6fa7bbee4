//! Entries: what the leaves of a log are made of. One byte says of which kind, 32 bytes stand for the content.
//!
//! The content itself lies beside the log: a record with its salt, or a manifest. Frozen.

use crate::merkle::{self, Hash};
use crate::sha256::sha256;

/// What an entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A record: the commitment to it.
    Record,
    /// Something that was published: the hash of a manifest of hashes.
    Artefact,
    /// A record that was erased: the hash of a manifest that says which leaf, why, and on whose word.
    Erasure,
    /// The beginning of a log that goes on where another ended: the hash of a manifest that names that one's head.
    Epoch,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Record, Self::Artefact, Self::Erasure, Self::Epoch];

    /// The byte before the content.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Record => 1,
            Self::Artefact => 2,
            Self::Erasure => 3,
            Self::Epoch => 4,
        }
    }

    /// Reads that byte.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// The word in manifests and bundles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Artefact => "artefact",
            Self::Erasure => "erasure",
            Self::Epoch => "epoch",
        }
    }
}

/// Bytes of an entry.
pub const LEN: usize = 33;

/// The bytes of the entry.
pub fn bytes(kind: Kind, content: &Hash) -> [u8; LEN] {
    let mut bytes = [kind.byte(); LEN];
    bytes[1..].copy_from_slice(content);
    bytes
}

/// The hash of the entry as a leaf.
pub fn leaf_hash(kind: Kind, content: &Hash) -> Hash {
    merkle::leaf_hash(&bytes(kind, content))
}

/// What stands for a manifest: SHA-256 over a domain tag and its canonical bytes. It holds nothing about a
/// person, so it needs no salt.
pub fn manifest_hash(canonical: &[u8]) -> Hash {
    sha256(&[b"avow/manifest/v1\n", canonical])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::hex;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_bytes_are_frozen() {
        assert_eq!(Kind::ALL.map(Kind::byte), [1, 2, 3, 4]);
        assert_eq!(hex(&bytes(Kind::Erasure, &[0xab; 32])), format!("03{}", "ab".repeat(32)));
        assert_eq!(
            hex(&leaf_hash(Kind::Record, &[0; 32])),
            hex(&Sha256::digest([&[0u8, 1][..], &[0; 32]].concat()))
        );
        assert_eq!(hex(&manifest_hash(b"{}")), hex(&Sha256::digest(b"avow/manifest/v1\n{}")));
    }
}
