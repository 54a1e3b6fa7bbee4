//! Every leaf of a bundle, in order and on all processors: batches are checked while the next one is unpacked.
//!
//! Memory is that of two batches, however long the bundle is.

use super::archive::{Ahead, Lines};
use super::leaf::{self, Checked, Is, Known, Written};
use super::table;
use crate::report::Finding;
use avow_shared::entry::Kind;
use avow_shared::merkle::{Frontier, Hash};
use std::collections::BTreeMap;
use std::io::Read;
use std::num::NonZero;
use std::ops::Range;
use std::thread::{self, Scope};

/// Most leaves in a batch.
const BATCH: usize = 8_192;
/// Fewer leaves are checked before threads have started.
const FEW: usize = 64;
/// Most bytes in a batch, give or take one leaf.
const BATCH_BYTES: usize = 16 << 20;

/// The files that are read side by side.
pub(super) struct Files<F> {
    pub(super) leaves: Lines<F>,
    pub(super) records: Lines<F>,
    pub(super) table: Lines<F>,
    pub(super) manifests: Lines<F>,
    pub(super) proofs: Option<Lines<F>>,
}

/// What all the leaves are together.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The tree of a whole bundle.
    pub(super) frontier: Frontier,
    /// Roots at the sizes that were asked for, as the tree came by.
    pub(super) roots: BTreeMap<u64, Hash>,
    /// Leaves, of whatever kind.
    pub(super) leaves: u64,
    pub(super) records: u64,
    pub(super) erased: u64,
    pub(super) erased_later: u64,
    /// Entries with a manifest.
    pub(super) others: u64,
    /// Records whose version was not published under the head.
    pub(super) unknown_versions: u64,
}

/// Processors that there are.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Checks every leaf; `wanted`: sizes at which the root is to be kept.
pub(super) fn check<F: Read>(
    files: &mut Files<F>,
    known: &Known<'_>,
    wanted: &[u64],
) -> Result<Seen, Finding> {
    let threads = threads();
    let mut seen = Seen::default();
    seen.keep(wanted);
    files.heads()?;
    let mut next = files.batch();
    while let Ok(batch) = &next {
        if batch.items.is_empty() {
            break;
        }
        let (results, after) = if threads == 1 || batch.items.len() < FEW {
            (batch.check(&batch.items, known), files.batch())
        } else {
            thread::scope(|scope| {
                let part = batch.items.len().div_ceil(threads);
                let parts: Vec<_> = batch
                    .items
                    .chunks(part)
                    .map(|items| scope.spawn(move || batch.check(items, known)))
                    .collect();
                let after = files.batch();
                let results = parts.into_iter().map(|part| part.join().expect("checking does not panic"));
                (results.flatten().collect(), after)
            })
        };
        for checked in results {
            seen.add(checked?, known.under.is_none(), wanted)?;
        }
        next = after;
    }
    next?;
    files.end()?;
    Ok(seen)
}

/// Lines of several leaves.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    items: Vec<Item>,
}

/// Where a leaf's lines are.
#[derive(Default)]
struct Item {
    leaf: Range<usize>,
    record: Option<(Range<usize>, Range<usize>)>,
    manifest: Option<Range<usize>>,
    proof: Option<Range<usize>>,
}

impl Batch {
    fn check(&self, items: &[Item], known: &Known<'_>) -> Vec<Result<Checked, Finding>> {
        items.iter().map(|item| leaf::check(self.written(item), known)).collect()
    }

    fn written(&self, item: &Item) -> Written<'_> {
        let line = |at: &Range<usize>| &self.bytes[at.clone()];
        Written {
            leaf: line(&item.leaf),
            record: item.record.as_ref().map(|(record, row)| (line(record), line(row))),
            manifest: item.manifest.as_ref().map(line),
            proof: item.proof.as_ref().map(line),
        }
    }
}

impl<F: Read + Send> Files<F> {
    /// The same, unpacked by threads: of the large files each has one of its own.
    pub(super) fn ahead<'scope>(self, scope: &'scope Scope<'scope, '_>) -> Files<Ahead>
    where
        F: 'scope,
    {
        Files {
            leaves: self.leaves.ahead(scope),
            records: self.records.ahead(scope),
            table: self.table.ahead(scope),
            manifests: self.manifests.ahead(scope),
            proofs: self.proofs.map(|proofs| proofs.ahead(scope)),
        }
    }
}

impl<F: Read> Files<F> {
    /// The lines of names.
    fn heads(&mut self) -> Result<(), Finding> {
        let mut line = Vec::new();
        let names = self.leaves.next(&mut line)?;
        if names.map(|at| &line[at]) != Some(super::lines::LEAVES_HEAD.as_bytes()) {
            return Err(Finding::new("leaves", "the first line does not name the columns"));
        }
        line.clear();
        let names = self.table.next(&mut line)?;
        if names.map(|at| &line[at]) != table::head().strip_suffix(b"\n") {
            return Err(Finding::new("table", "the first line does not name the columns"));
        }
        Ok(())
    }

    /// The next leaves; none at the end.
    fn batch(&mut self) -> Result<Batch, Finding> {
        let mut batch = Batch::default();
        let bytes = &mut batch.bytes;
        while batch.items.len() < BATCH && bytes.len() < BATCH_BYTES {
            let Some(leaf) = self.leaves.next(bytes)? else { break };
            let mut item = Item::default();
            // Only which lines belong to it is read here; what they say is checked with the leaf.
            let mut fields = bytes[leaf.clone()].split(|byte| *byte == b',').skip(1);
            let is_record = fields.next() == Some(Kind::Record.as_str().as_bytes());
            let has_salt = fields.nth(1).is_some_and(|salt| !salt.is_empty());
            if is_record && has_salt {
                item.record = self.records.next(bytes)?.zip(self.table.next(bytes)?);
            } else if !is_record {
                item.manifest = self.manifests.next(bytes)?;
            }
            if let Some(proofs) = &mut self.proofs {
                item.proof = proofs.next(bytes)?;
            }
            item.leaf = leaf;
            batch.items.push(item);
        }
        Ok(batch)
    }

    /// Nothing may be left that belongs to no leaf.
    fn end(&mut self) -> Result<(), Finding> {
        let mut line = Vec::new();
        let mut proofs = || self.proofs.as_mut().map_or(Ok(None), |proofs| proofs.next(&mut Vec::new()));
        for (step, left) in [
            ("records", self.records.next(&mut line)?),
            ("table", self.table.next(&mut line)?),
            ("manifests", self.manifests.next(&mut line)?),
            ("proofs", proofs()?),
        ] {
            if left.is_some() {
                return Err(Finding::new(step, "there are more of them than leaves that they belong to"));
            }
        }
        Ok(())
    }
}

impl Seen {
    fn add(
        &mut self,
        Checked { index, hash, is }: Checked,
        whole: bool,
        wanted: &[u64],
    ) -> Result<(), Finding> {
        // In a part leaves only go up.
        if index < self.leaves || (whole && index > self.leaves) {
            return Err(Finding::new("leaves", format!("leaf {index} is out of place")));
        }
        self.leaves = index + 1;
        match is {
            Is::Record { known } => {
                self.records += 1;
                self.unknown_versions += u64::from(!known);
            }
            Is::Erased => self.erased += 1,
            Is::ErasedLater => self.erased_later += 1,
            Is::Other => self.others += 1,
        }
        if whole {
            self.frontier.push(hash);
            self.keep(wanted);
        }
        Ok(())
    }

    fn keep(&mut self, wanted: &[u64]) {
        let size = self.frontier.size();
        if wanted.contains(&size) {
            self.roots.insert(size, self.frontier.root());
        }
    }
}
