//! The ZIP itself: which files, in which order, with which bytes.

use super::Piece;
use super::parts::{Parts, kind};
use crate::store::inspect::LeafWithRecord;
use anyhow::Context as _;
use avow_shared::entry::Kind;
use avow_shared::record::Record;
use avow_verify::bundle::lines::{self, Leaf, Manifest, Proof};
use avow_verify::bundle::{index::Scope, names, readme::readme, table};
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use tokio::sync::mpsc;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// The pages stopped before their end.
#[derive(Debug, thiserror::Error)]
#[error("the records could not be read to their end")]
pub(super) struct NoEnd;

/// Writes everything; the pages come while it writes, an empty one as the last.
pub(super) fn write<W: Write>(parts: &Parts, mut pages: mpsc::Receiver<Piece>, out: W) -> anyhow::Result<W> {
    let mut zip = ZipWriter::new_stream(out);
    file(
        &mut zip,
        names::README,
        readme(&parts.index, parts.consistency.is_some(), !parts.artefacts.is_empty()),
    )?;
    file(&mut zip, names::INDEX, parts.index.to_text())?;
    file(&mut zip, names::HEAD, &parts.head)?;
    if let Some(public) = &parts.public {
        file(&mut zip, names::PUBLIC, public)?;
    }
    file(&mut zip, names::KEYS, &parts.keys)?;
    if let Some(proof) = &parts.consistency {
        file(&mut zip, names::CONSISTENCY, lines::consistency_text(proof))?;
    }
    write_manifests(parts, &mut zip)?;
    for policy in &parts.policies {
        file(&mut zip, &format!("{}{}.json", names::POLICIES, policy.version), &policy.document)?;
        file(&mut zip, &format!("{}{}.toml", names::POLICIES, policy.version), &policy.source)?;
    }
    if let Some(page) = parts.verifier {
        file(&mut zip, names::VERIFIER, page)?;
    }
    let mut page = loop {
        match next(&mut pages)? {
            Piece::Artefact(name, bytes) => file(&mut zip, &name, bytes)?,
            Piece::Leaves(page) => break page,
        }
    };
    // Records go straight into the archive; what is written beside them waits in files of its own.
    let mut beside = Beside::new(parts)?;
    zip.start_file(names::RECORDS, options())?;
    while !page.is_empty() {
        for (leaf, proof) in page {
            beside.write(parts, &leaf, proof, &mut zip)?;
        }
        page = match next(&mut pages)? {
            Piece::Leaves(page) => page,
            // They come before the leaves.
            Piece::Artefact(..) => return Err(NoEnd.into()),
        };
    }
    beside.copy(&mut zip)?;
    Ok(zip.finish()?.into_inner())
}

fn next(pages: &mut mpsc::Receiver<Piece>) -> Result<Piece, NoEnd> {
    pages.blocking_recv().ok_or(NoEnd)
}

fn write_manifests<W: Write>(parts: &Parts, zip: &mut ZipWriter<StreamWriter<W>>) -> anyhow::Result<()> {
    zip.start_file(names::MANIFESTS, options())?;
    for manifest in &parts.manifests {
        let index = u64::try_from(manifest.leaf_index)?;
        let line = Manifest { index, kind: kind(manifest).to_owned(), manifest: manifest.manifest.clone() };
        writeln!(zip, "{}", line.to_line())?;
    }
    Ok(())
}

/// What is written beside the records.
struct Beside {
    leaves: BufWriter<File>,
    table: BufWriter<File>,
    /// In a part.
    proofs: Option<BufWriter<File>>,
    /// Once there is one.
    erased_later: Option<BufWriter<File>>,
}

impl Beside {
    fn new(parts: &Parts) -> anyhow::Result<Self> {
        let mut leaves = spool()?;
        let mut table = spool()?;
        writeln!(leaves, "{}", lines::LEAVES_HEAD)?;
        table.write_all(&table::head())?;
        let proofs = if parts.index.scope == Scope::Partial { Some(spool()?) } else { None };
        Ok(Self { leaves, table, proofs, erased_later: None })
    }

    fn write(
        &mut self,
        parts: &Parts,
        leaf: &LeafWithRecord,
        proof: Option<String>,
        records: &mut impl Write,
    ) -> anyhow::Result<()> {
        let index = u64::try_from(leaf.leaf_index)?;
        let seen = || format!("leaf {index}: see `avow doctor log`");
        let kind = u8::try_from(leaf.kind).ok().and_then(Kind::from_byte).with_context(seen)?;
        let content = leaf.commitment.as_slice().try_into().with_context(seen)?;
        let record = leaf.record.as_deref().filter(|_| kind == Kind::Record && !leaf.erased);
        let mut salt = None;
        match (record, &leaf.salt) {
            (Some(record), Some(bytes)) => {
                salt = Some(bytes.as_slice().try_into().with_context(seen)?);
                let read = Record::from_canonical(record).with_context(seen)?;
                let cells = table::cells(index, &read).with_context(seen)?;
                writeln!(records, "{record}")?;
                self.table.write_all(&table::to_csv([cells]))?;
            }
            _ if kind == Kind::Record => self.gone(parts, leaf, index)?,
            _ => {}
        }
        writeln!(self.leaves, "{}", Leaf { index, kind, content, salt }.to_line())?;
        if let (Some(proofs), Some(proof)) = (&mut self.proofs, proof) {
            writeln!(proofs, "{}", Proof { index, proof }.to_line())?;
        }
        Ok(())
    }

    /// The record of a leaf is not there: because it was erased under the head, or since.
    fn gone(&mut self, parts: &Parts, leaf: &LeafWithRecord, index: u64) -> anyhow::Result<()> {
        if parts.erased.contains(&index) {
            return Ok(());
        }
        let erased = leaf.erased || leaf.erasure;
        anyhow::ensure!(erased, "the record of leaf {index} is missing: see `avow doctor log`");
        if self.erased_later.is_none() {
            let mut later = spool()?;
            writeln!(later, "{}", lines::ERASED_LATER_HEAD)?;
            self.erased_later = Some(later);
        }
        if let Some(later) = &mut self.erased_later {
            writeln!(later, "{index}")?;
        }
        Ok(())
    }

    fn copy<W: Write>(self, zip: &mut ZipWriter<StreamWriter<W>>) -> anyhow::Result<()> {
        let files = [
            (names::LEAVES, Some(self.leaves)),
            (names::PROOFS, self.proofs),
            (names::TABLE, Some(self.table)),
            (names::ERASED_LATER, self.erased_later),
        ];
        for (name, spooled) in files {
            let Some(spooled) = spooled else { continue };
            let mut spooled = spooled.into_inner().map_err(io::IntoInnerError::into_error)?;
            spooled.rewind()?;
            zip.start_file(name, options())?;
            io::copy(&mut spooled, zip)?;
        }
        Ok(())
    }
}

fn spool() -> anyhow::Result<BufWriter<File>> {
    Ok(BufWriter::with_capacity(1 << 16, tempfile::tempfile().context("a temporary file")?))
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .large_file(true)
}

fn file<W: Write>(
    zip: &mut ZipWriter<StreamWriter<W>>,
    name: &str,
    bytes: impl AsRef<[u8]>,
) -> anyhow::Result<()> {
    zip.start_file(name, options())?;
    Ok(zip.write_all(bytes.as_ref())?)
}
