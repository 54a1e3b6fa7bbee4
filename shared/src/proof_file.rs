//! `.tlog-proof` files (C2SP tlog-proof): where a leaf is, how it leads to the root, and the signed head.

use crate::base64;
use crate::checkpoint::{Checkpoint, parse_size};
use crate::fields::Fields;
use crate::merkle::{self, Hash, ProofError};
use crate::note::{Algorithm, Note, NoteError, Signed, Verifier};
use std::fmt;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// An inclusion proof with the head that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile<'a> {
    /// Which leaf, from 0.
    pub index: u64,
    /// The proof, the lowest node first.
    pub proof: Vec<Hash>,
    /// The head: a signed note.
    pub checkpoint: &'a str,
}

/// What a proof proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved<'k> {
    /// The head that the leaf is under.
    pub checkpoint: Checkpoint,
    /// Who signed that head.
    pub signed: Vec<Signed<'k>>,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file is not a proof.
    Malformed,
    /// The head's signatures.
    Head(NoteError),
    /// The head is none of a log.
    NotAHead,
    /// The log's own key has not signed, only others.
    NotTheLog,
    /// The way from leaf to root.
    Inclusion(ProofError),
}

impl Fault {
    /// The part that does not hold, and what is wrong with it.
    pub const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("proof", "this is not a proof"),
            Self::Head(error) => ("head", error.as_str()),
            Self::NotAHead => ("head", "this is not the head of a log"),
            Self::NotTheLog => ("head", "the log's own key has not signed it"),
            Self::Inclusion(error) => ("leaf", error.as_str()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, wrong) = self.parts();
        write!(f, "{part}: {wrong}")
    }
}

impl std::error::Error for Fault {}

impl<'a> ProofFile<'a> {
    /// Reads a file. Its `extra` line, if there is one, says nothing here.
    pub fn parse(file: &'a str) -> Option<Self> {
        // Not as a text to be searched for: that machinery is large in the browser.
        let blank = file.as_bytes().windows(2).position(|pair| pair == b"\n\n")?;
        let (head, checkpoint) = (&file[..blank], &file[blank + 2..]);
        let mut lines = Fields::new(head, b'\n');
        if lines.next() != Some(FIRST_LINE) {
            return None;
        }
        let mut line = lines.next()?;
        if let Some(extra) = line.strip_prefix("extra ") {
            base64::decode(extra)?;
            line = lines.next()?;
        }
        let index = parse_size(line.strip_prefix("index ")?)?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == merkle::MAX_PROOF {
                return None;
            }
            proof.push(base64::decode(line)?.try_into().ok()?);
        }
        Some(Self { index, proof, checkpoint })
    }

    /// Checks the head against the keys that are known, and the leaf against the head.
    pub fn verify<'k>(&self, entry: &[u8], known: &'k [Verifier]) -> Result<Proved<'k>, Fault> {
        let (checkpoint, signed) = verify_head(self.checkpoint, known)?;
        let leaf = merkle::leaf_hash(entry);
        merkle::verify_inclusion(&leaf, self.index, checkpoint.size, &checkpoint.root, &self.proof)
            .map_err(Fault::Inclusion)?;
        Ok(Proved { checkpoint, signed })
    }
}

/// Checks a signed head: the key that bears the log's name must be among those who signed.
pub fn verify_head<'k>(head: &str, known: &'k [Verifier]) -> Result<(Checkpoint, Vec<Signed<'k>>), Fault> {
    let note = Note::parse(head).map_err(Fault::Head)?;
    let checkpoint = Checkpoint::parse(note.text()).ok_or(Fault::NotAHead)?;
    let signed = note.verify(known).map_err(Fault::Head)?;
    let own = |signed: &Signed<'_>| {
        signed.by.name() == checkpoint.origin && signed.by.algorithm() == Algorithm::Ed25519
    };
    if signed.iter().any(own) { Ok((checkpoint, signed)) } else { Err(Fault::NotTheLog) }
}

impl fmt::Display for ProofFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        for hash in &self.proof {
            writeln!(f, "{}", base64::encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
