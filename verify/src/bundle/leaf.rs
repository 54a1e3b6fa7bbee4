//! One leaf of a bundle, with everything that stands beside it.

use super::lines::{Leaf, Manifest, Proof};
use super::published::Published;
use super::table;
use crate::report::Finding;
use avow_shared::checkpoint::Checkpoint;
use avow_shared::commitment::commitment;
use avow_shared::entry::{self, Kind, manifest_hash};
use avow_shared::id::hex;
use avow_shared::merkle::{self, Hash};
use avow_shared::proof_file::ProofFile;
use avow_shared::record::Record;
use std::collections::HashSet;

/// What a leaf is held to.
pub(super) struct Known<'a> {
    /// The site.
    pub(super) site: &'a str,
    /// What was published and erased under the head.
    pub(super) published: &'a Published,
    /// Leaves of which the bundle says that their records were erased after its head.
    pub(super) erased_later: &'a HashSet<u64>,
    /// In a part: the head, as it is and as signed, to which each leaf has a proof.
    pub(super) under: Option<(&'a Checkpoint, &'a str)>,
}

/// The lines of a leaf, without their newlines.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written<'a> {
    pub(super) leaf: &'a [u8],
    /// The record, and its row in the table.
    pub(super) record: Option<(&'a [u8], &'a [u8])>,
    pub(super) manifest: Option<&'a [u8]>,
    pub(super) proof: Option<&'a [u8]>,
}

/// What a leaf turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) index: u64,
    pub(super) hash: Hash,
    pub(super) is: Is,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// A record; `known`: its version was published under the head, and it names that version's hashes.
    Record { known: bool },
    /// A record that was erased.
    Erased,
    /// A record that is not there; its erasure would be after the head.
    ErasedLater,
    /// An entry with a manifest.
    Other,
}

/// Checks a leaf.
pub(super) fn check(written: Written<'_>, known: &Known<'_>) -> Result<Checked, Finding> {
    let line = text(written.leaf);
    let leaf = line.and_then(Leaf::parse).ok_or_else(|| Finding::new("leaves", "a line is not a leaf"))?;
    let hash = entry::leaf_hash(leaf.kind, &leaf.content);
    let is = match (leaf.kind, leaf.salt) {
        (Kind::Record, Some(salt)) => record(&leaf, &salt, written.record, known)?,
        (Kind::Record, None) => gone(leaf.index, known)?,
        _ => {
            manifest(&leaf, written.manifest)?;
            Is::Other
        }
    };
    if let Some((head, signed)) = known.under {
        proof(leaf.index, &hash, written.proof, head, signed)?;
    }
    Ok(Checked { index: leaf.index, hash, is })
}

fn text(line: &[u8]) -> Option<&str> {
    str::from_utf8(line).ok()
}

fn record(
    leaf: &Leaf,
    salt: &[u8; 32],
    written: Option<(&[u8], &[u8])>,
    known: &Known<'_>,
) -> Result<Is, Finding> {
    let index = leaf.index;
    let wrong = |what: &str| Finding::new("records", format!("that of leaf {index} {what}"));
    let (line, row) = written.ok_or_else(|| wrong("is missing"))?;
    if commitment(salt, line) != leaf.content {
        return Err(wrong("or its salt is not what was committed to"));
    }
    let record = text(line).ok_or_else(|| wrong("is not text"))?;
    let record = Record::from_canonical(record).map_err(|error| wrong(&format!("does not read: {error}")))?;
    if record.site != known.site {
        return Err(wrong("is of another site"));
    }
    if known.published.is_erased(index) {
        return Err(wrong("is there, and the log says that it was erased"));
    }
    let cells = table::cells(index, &record).ok_or_else(|| wrong("has an id that is none of a record"))?;
    if table::to_csv([cells]).strip_suffix(b"\n") != Some(row) {
        return Err(Finding::new("table", format!("the row of leaf {index} is not what its record says")));
    }
    let version = known.published.version(record.policy_version);
    if version.is_some_and(|version| {
        version.sha256 != record.policy_sha256
            || version.texts.get(&record.locale) != Some(&record.texts_sha256)
    }) {
        return Err(wrong("names other texts than were published"));
    }
    Ok(Is::Record { known: version.is_some() })
}

/// A record that is not there.
fn gone(index: u64, known: &Known<'_>) -> Result<Is, Finding> {
    if known.under.is_some() {
        return Err(Finding::new("records", format!("that of leaf {index} is not in this part")));
    }
    match (known.published.is_erased(index), known.erased_later.contains(&index)) {
        (true, false) => Ok(Is::Erased),
        (false, true) => Ok(Is::ErasedLater),
        (true, true) => Err(Finding::new("erasures", format!("leaf {index} cannot be erased twice"))),
        (false, false) => {
            let what = format!("the record of leaf {index} is missing, and no erasure says why");
            Err(Finding::new("erasures", what))
        }
    }
}

fn manifest(leaf: &Leaf, written: Option<&[u8]>) -> Result<(), Finding> {
    let wrong = |what| Finding::new("manifests", format!("that of entry {} {what}", leaf.index));
    let manifest = written.ok_or_else(|| wrong("is missing"))?;
    let manifest = text(manifest).and_then(Manifest::parse).ok_or_else(|| wrong("is not one"))?;
    if (manifest.index, manifest.kind.as_str()) != (leaf.index, leaf.kind.as_str()) {
        return Err(wrong("is of another entry"));
    }
    if manifest_hash(manifest.manifest.as_bytes()) != leaf.content {
        return Err(wrong("is not the one that the log stands for"));
    }
    Ok(())
}

fn proof(
    index: u64,
    hash: &Hash,
    written: Option<&[u8]>,
    head: &Checkpoint,
    signed: &str,
) -> Result<(), Finding> {
    let wrong = |what: &str| Finding::new("proofs", format!("that of leaf {index} {what}"));
    let line = written.ok_or_else(|| wrong("is missing"))?;
    let line = text(line).and_then(Proof::parse).ok_or_else(|| wrong("is not one"))?;
    let proof = ProofFile::parse(&line.proof).filter(|proof| proof.to_string() == line.proof);
    let proof = proof.ok_or_else(|| wrong("is not one"))?;
    if (line.index, proof.index) != (index, index) {
        return Err(wrong("is for another leaf"));
    }
    if proof.checkpoint != signed {
        return Err(wrong(&format!("is not under the head of root {}", hex(&head.root))));
    }
    merkle::verify_inclusion(hash, index, head.size, &head.root, &proof.proof)
        .map_err(|error| wrong(&format!("does not hold: {error}")))
}
