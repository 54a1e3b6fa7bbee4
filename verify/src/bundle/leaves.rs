//! Every leaf of a bundle, in order and on all processors: batches are checked while the next ones are unpacked.
//!
//! Memory is that of a few batches for each processor, however long the bundle is.

use super::archive::{Ahead, Lines};
use super::leaf::{self, Checked, Is, Known, Written};
use super::table;
use crate::report::Finding;
use avow_shared::entry::Kind;
use avow_shared::merkle::{Frontier, Hash};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::num::NonZero;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};

/// Most leaves in a batch.
const BATCH: usize = 512;
/// Most bytes in a batch, give or take one leaf.
const BATCH_BYTES: usize = 1 << 20;
/// How many batches of each thread may be under way.
const AHEAD: usize = 2;

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

/// Checks every leaf; `wanted`: sizes at which the root is to be kept; `threads`: how many check side by side.
pub(super) fn check<F: BufRead>(
    files: &mut Files<F>,
    known: &Known<'_>,
    wanted: &[u64],
    threads: usize,
) -> Result<Seen, Finding> {
    let mut seen = Seen::default();
    seen.keep(wanted);
    files.heads()?;
    let mut add = |results: Vec<Result<Checked, Finding>>| {
        results.into_iter().try_for_each(|checked| seen.add(checked?, known.under.is_none(), wanted))
    };
    if threads == 1 {
        while let Some(batch) = files.batch()? {
            add(batch.check(known))?;
        }
    } else {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| Worker::start(scope, known)).collect();
            side_by_side(files, &workers, &mut add)
        })?;
    }
    files.end()?;
    Ok(seen)
}

/// Deals the batches out in turn and takes the results in the same turn, so that the leaves stay in order.
fn side_by_side<F: BufRead>(
    files: &mut Files<F>,
    workers: &[Worker],
    add: &mut dyn FnMut(Vec<Result<Checked, Finding>>) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let (mut give, mut take) = (workers.iter().cycle(), workers.iter().cycle());
    let mut waiting = 0;
    loop {
        let (most, end) = match files.batch() {
            Ok(Some(batch)) => {
                give.next().expect("workers come round").give(batch);
                waiting += 1;
                (workers.len() * AHEAD, None)
            }
            Ok(None) => (0, Some(Ok(()))),
            Err(finding) => (0, Some(Err(finding))),
        };
        while waiting > most {
            add(take.next().expect("workers come round").take())?;
            waiting -= 1;
        }
        // What cannot be read is told only if nothing before it is wrong.
        if let Some(end) = end {
            return end;
        }
    }
}

/// A thread that checks batches, one after the other.
struct Worker {
    batches: Sender<Batch>,
    results: Receiver<Vec<Result<Checked, Finding>>>,
}

impl Worker {
    /// It ends when nobody gives it batches any more.
    fn start<'scope>(scope: &'scope Scope<'scope, '_>, known: &'scope Known<'_>) -> Self {
        let (batches, given) = channel::<Batch>();
        let (done, results) = channel();
        scope.spawn(move || {
            for batch in given {
                // Nobody takes it after a fault.
                if done.send(batch.check(known)).is_err() {
                    return;
                }
            }
        });
        Self { batches, results }
    }

    fn give(&self, batch: Batch) {
        self.batches.send(batch).expect("checking does not panic");
    }

    fn take(&self) -> Vec<Result<Checked, Finding>> {
        self.results.recv().expect("checking does not panic")
    }
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
    fn check(&self, known: &Known<'_>) -> Vec<Result<Checked, Finding>> {
        self.items.iter().map(|item| leaf::check(self.written(item), known)).collect()
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

impl<F: BufRead + Send> Files<F> {
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

impl<F: BufRead> Files<F> {
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

    /// The next leaves; `None` at the end.
    fn batch(&mut self) -> Result<Option<Batch>, Finding> {
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
        Ok((!batch.items.is_empty()).then_some(batch))
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
