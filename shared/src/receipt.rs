//! Receipts: a record, the salt of its commitment, and the proof that the commitment is a leaf under a signed head.
//!
//! The same function checks one in the visitor's browser, in `avow verify` and in the verifier of a bundle.

use crate::commitment::commitment;
use crate::entry::{self, Kind};
use crate::note::Verifier;
use crate::proof_file::{Fault, ProofFile, Proved};

/// What is needed to check a record without its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// The canonical record.
    pub record: &'a str,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// The text of a `.tlog-proof` file.
    pub proof: &'a str,
}

impl Receipt<'_> {
    /// Checks the receipt against the keys that are known.
    ///
    /// A record or a salt that was altered shows as a leaf that does not lead to the root.
    pub fn verify<'k>(&self, known: &'k [Verifier]) -> Result<Proved<'k>, Fault> {
        let proof = ProofFile::parse(self.proof).ok_or(Fault::Malformed)?;
        let content = commitment(&self.salt, self.record.as_bytes());
        proof.verify(&entry::bytes(Kind::Record, &content), known)
    }
}
