//! The leaf that stands for a record: salted, so that it says nothing once record and salt are gone.

use crate::sha256::sha256;

/// Separates this use of SHA-256 from every other.
pub const DOMAIN: &[u8] = b"avow/record/v1\n";

/// SHA-256 over domain tag, salt and the record's canonical bytes.
pub fn commitment(salt: &[u8; 32], canonical: &[u8]) -> [u8; 32] {
    sha256(&[DOMAIN, salt, canonical])
}
