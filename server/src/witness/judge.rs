//! Judges what a witness is asked to cosign (C2SP tlog-witness v1.0.0, `add-checkpoint`): the request and the
//! head that is known go in, a step or a refusal comes out.
//!
//! What this is *not*: it knows no HTTP, no files, no clock and no private key. The order of the checks is the
//! specification's, and the types hold it: only a [`Genuine`] request can be compared with what is known.

use avow_shared::checkpoint::{Checkpoint, parse_size};
use avow_shared::merkle::{self, Hash, ProofError};
use avow_shared::note::{Note, NoteError, Verifier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// Most lines of a consistency proof.
pub const MAX_PROOF: usize = 63;

/// The last head of a log that was cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: Hash,
}

impl Known {
    /// What is known of a log that was never cosigned: it began empty.
    pub fn nothing() -> Self {
        Self { size: 0, root: merkle::empty_root() }
    }
}

/// What a request that is granted does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The head that is known, once more.
    Repeat,
    /// A longer log, which begins with the one that is known.
    Extend(Known),
}

/// Why a head is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request has another form than the specification's; says where.
    Malformed(&'static str),
    /// The old size is larger than the head's.
    OldIsLarger,
    /// No log of that name is watched.
    UnknownLog,
    /// The log's key has not signed.
    NotSigned(NoteError),
    /// The old size is not that of the last head, which has this many leaves.
    OtherSize(u64),
    /// The last head has this size, too, and another root: the log has forked.
    OtherRoot(u64),
    /// The proof does not lead from the last head to this one.
    Proof(ProofError),
}

impl Refusal {
    /// The HTTP status that the specification asks for.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::OldIsLarger => 400,
            Self::NotSigned(_) => 403,
            Self::UnknownLog => 404,
            Self::OtherSize(_) | Self::OtherRoot(_) => 409,
            Self::Proof(_) => 422,
        }
    }

    /// The size of the last head, where the answer is that and nothing else.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::OtherSize(size) | Self::OtherRoot(size) => Some(*size),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "malformed request: {what}"),
            Self::OldIsLarger => f.write_str("the old size is larger than the checkpoint's"),
            Self::UnknownLog => f.write_str("no log of this origin is watched here"),
            Self::NotSigned(error) => write!(f, "the log's key has not signed the checkpoint: {error}"),
            Self::OtherSize(size) => write!(f, "the last checkpoint has {size} leaves"),
            Self::OtherRoot(size) => write!(f, "another checkpoint of {size} leaves is known"),
            Self::Proof(error) => write!(f, "consistency: {error}"),
        }
    }
}

impl std::error::Error for Refusal {}

/// A request as read; nothing of it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    old: u64,
    proof: Vec<Hash>,
    signed: &'a str,
    note: Note<'a>,
    head: Checkpoint,
}

impl<'a> Request<'a> {
    /// Reads a request's body: `old <size>`, the proof's lines, an empty line, a signed checkpoint.
    pub fn parse(body: &'a str) -> Result<Self, Refusal> {
        let malformed = Refusal::Malformed;
        let (asked, signed) = body.split_once("\n\n").ok_or(malformed("there is no empty line"))?;
        let mut lines = asked.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(parse_size);
        let old = old.ok_or(malformed("the first line is not `old` and a size"))?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == MAX_PROOF {
                return Err(malformed("the proof has more than 63 lines"));
            }
            let hash = STANDARD.decode(line).ok().and_then(|hash| hash.try_into().ok());
            proof.push(hash.ok_or(malformed("a line of the proof is not a hash in base64"))?);
        }
        let note = Note::parse(signed).map_err(|_| malformed("the checkpoint is not a signed note"))?;
        let head = Checkpoint::parse(note.text()).ok_or(malformed("the note is not a checkpoint"))?;
        Ok(Self { old, proof, signed, note, head })
    }

    /// Which log it is about.
    pub fn origin(&self) -> &str {
        &self.head.origin
    }

    /// Checks the signature of the log, whose keys those are.
    pub fn verify(self, keys: &[Verifier]) -> Result<Genuine<'a>, Refusal> {
        self.note.verify(keys).map_err(Refusal::NotSigned)?;
        Ok(Genuine(self))
    }
}

/// A request with a head that the log has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genuine<'a>(Request<'a>);

impl<'a> Genuine<'a> {
    /// What the head says.
    pub fn head(&self) -> &Checkpoint {
        &self.0.head
    }

    /// The text that is cosigned.
    pub fn text(&self) -> &'a str {
        self.0.note.text()
    }

    /// The head with the signatures under which it came.
    pub fn signed(&self) -> &'a str {
        self.0.signed
    }

    /// Compares the head with the last one.
    pub fn step_from(&self, known: &Known) -> Result<Step, Refusal> {
        let Request { old, proof, head, .. } = &self.0;
        if *old > head.size {
            return Err(Refusal::OldIsLarger);
        }
        if *old != known.size {
            return Err(Refusal::OtherSize(known.size));
        }
        if head.size == known.size && head.root != known.root {
            return Err(Refusal::OtherRoot(known.size));
        }
        merkle::verify_consistency((known.size, &known.root), (head.size, &head.root), proof)
            .map_err(Refusal::Proof)?;
        if head.size == known.size {
            Ok(Step::Repeat)
        } else {
            Ok(Step::Extend(Known { size: head.size, root: head.root }))
        }
    }
}

#[cfg(test)]
mod tests;
