//! SHA-256 over parts, one after the other: the one place that hashes, so that the browser's module has it once.

use sha2::{Digest, Sha256};

/// The hash of all parts in their order.
#[inline(never)]
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
