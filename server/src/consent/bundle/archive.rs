//! The ZIP itself: which files, in which order, with which bytes.

use super::readme::readme;
use super::{Parts, Piece};
use crate::store::inspect::LeafWithRecord;
use anyhow::Context as _;
use avow_shared::entry::Kind;
use avow_shared::id::hex;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use tokio::sync::mpsc;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// The version of the format.
pub const SCHEMA: u32 = 1;

/// `bundle.json`: what the bundle is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The site.
    pub site: String,
    /// What its log is called.
    pub origin: String,
    /// Leaves under the head.
    pub size: u64,
    /// The head's root, hexadecimal.
    pub root: String,
    /// Everything, or some records.
    pub scope: Scope,
    /// Milliseconds UTC.
    pub made_at: i64,
    /// Records that were erased, by reason.
    pub erasures: BTreeMap<String, u64>,
    /// Entries that are no records.
    pub other_entries: u64,
    /// The bundle before, which the head extends.
    pub previous: Option<Previous>,
}

/// Whether anything is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every leaf under the head.
    Full,
    /// Some records, each with a proof.
    Partial,
}

/// The head of the bundle before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Previous {
    /// Leaves.
    pub size: u64,
    /// Root, hexadecimal.
    pub root: String,
}

/// Writes everything; the pieces come while it writes.
pub(super) fn write<W: Write>(parts: &Parts, mut pieces: mpsc::Receiver<Piece>, out: W) -> anyhow::Result<W> {
    let mut zip = ZipWriter::new_stream(out);
    file(&mut zip, "README.txt", readme(&parts.index, parts.consistency.is_some()).as_bytes())?;
    file(&mut zip, "bundle.json", serde_json::to_string_pretty(&parts.index)?.as_bytes())?;
    file(&mut zip, "head.note", parts.head.as_bytes())?;
    if let Some(public) = &parts.public {
        file(&mut zip, "head-public.note", public.as_bytes())?;
    }
    file(&mut zip, "keys.txt", format!("{}\n", parts.keys.join("\n")).as_bytes())?;
    if let Some(proof) = &parts.consistency {
        let lines: Vec<String> = proof.iter().map(|hash| STANDARD.encode(hash) + "\n").collect();
        file(&mut zip, "consistency.txt", lines.concat().as_bytes())?;
    }
    let manifests: Vec<u8> = parts.manifests.iter().flat_map(manifest_line).collect();
    file(&mut zip, "manifests.ndjson", &manifests)?;
    for policy in &parts.policies {
        file(&mut zip, &format!("policies/{}.json", policy.version), policy.document.as_bytes())?;
        file(&mut zip, &format!("policies/{}.toml", policy.version), policy.source.as_bytes())?;
    }

    // Records go straight into the archive; what is written beside them waits in files of its own.
    let mut leaves = BufWriter::new(tempfile::tempfile().context("a temporary file")?);
    let mut proofs = BufWriter::new(tempfile::tempfile().context("a temporary file")?);
    let mut has_proofs = false;
    writeln!(leaves, "index,kind,content,salt")?;
    zip.start_file("records.ndjson", options())?;
    let mut next = pieces.blocking_recv();
    loop {
        match next {
            Some(Piece::Leaves(page)) => {
                for leaf in &page {
                    write_leaf(leaf, &mut zip, &mut leaves)?;
                }
            }
            Some(Piece::Proof { index, proof }) => {
                has_proofs = true;
                let line = serde_json::json!({ "index": index, "proof": proof });
                writeln!(proofs, "{line}")?;
            }
            Some(Piece::Csv(_)) | None => break,
        }
        next = pieces.blocking_recv();
    }
    copy(&mut zip, "leaves.csv", leaves)?;
    if has_proofs {
        copy(&mut zip, "proofs.ndjson", proofs)?;
    }
    zip.start_file("records.csv", options())?;
    let mut whole = false;
    while let Some(piece) = next {
        let Piece::Csv(bytes) = piece else { anyhow::bail!("pieces out of order") };
        zip.write_all(&bytes)?;
        whole = true;
        next = pieces.blocking_recv();
    }
    // The table has a head line at least, so without any piece the reader has stopped half way.
    anyhow::ensure!(whole, "the records could not be read to their end");
    Ok(zip.finish()?.into_inner())
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .large_file(true)
}

fn file<W: Write>(zip: &mut ZipWriter<StreamWriter<W>>, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    zip.start_file(name, options())?;
    Ok(zip.write_all(bytes)?)
}

fn copy<W: Write>(
    zip: &mut ZipWriter<StreamWriter<W>>,
    name: &str,
    from: BufWriter<File>,
) -> anyhow::Result<()> {
    let mut from = from.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    from.rewind()?;
    zip.start_file(name, options())?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        zip.write_all(&buffer[..read])?;
    }
}

/// One line for the leaf, and one with the record if it is there.
fn write_leaf(
    leaf: &LeafWithRecord,
    records: &mut impl Write,
    leaves: &mut impl Write,
) -> anyhow::Result<()> {
    let kind = u8::try_from(leaf.kind).ok().and_then(Kind::from_byte).context("a leaf of no kind")?;
    let record = leaf.record.as_deref().filter(|_| kind == Kind::Record && !leaf.erased);
    let salt = match (record, &leaf.salt) {
        (Some(record), Some(salt)) => {
            writeln!(records, "{record}")?;
            URL_SAFE_NO_PAD.encode(salt)
        }
        _ => String::new(),
    };
    writeln!(leaves, "{},{},{},{salt}", leaf.leaf_index, kind.as_str(), hex(&leaf.commitment))?;
    Ok(())
}

fn manifest_line(manifest: &crate::store::log::Manifest) -> Vec<u8> {
    let kind = u8::try_from(manifest.kind).ok().and_then(Kind::from_byte).map_or("unknown", Kind::as_str);
    let line = serde_json::json!({
        "index": manifest.leaf_index,
        "kind": kind,
        "manifest": manifest.manifest,
    });
    format!("{line}\n").into_bytes()
}
