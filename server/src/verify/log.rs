//! A whole log (C2SP tlog-tiles): every tile computed anew from the entries, up to the root that is signed.
//!
//! So nothing that the log serves is believed but its entries, and these only under a head that its key signed.

use super::Unreadable;
use super::remote::{File, Remote};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::entry::{self, Kind};
use avow_shared::merkle::{Frontier, Hash, NodeId, leaf_hash};
use avow_shared::note::{self, Verifier};
use avow_shared::proof_file::verify_head;
use avow_shared::tile::{HEIGHT, MAX_LEVEL, Tile, WIDTH};
use avow_verify::{Finding, Report};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

/// Where the signed head is.
const HEAD: &str = "checkpoint";
/// Pairs of files that are fetched at the same time.
const AT_ONCE: usize = 8;
/// Bytes of a full tile of hashes.
const TILE_LEN: usize = 256 * 32;
/// Bytes of the greatest bundle: 256 entries with their lengths.
const BUNDLE_LEN: usize = 256 * (2 + 65_535);

/// Why the checking stopped.
enum Stop {
    Unreadable(Unreadable),
    Wrong(Finding),
}

impl From<Unreadable> for Stop {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error)
    }
}

impl<F: Into<Finding>> From<F> for Stop {
    fn from(finding: F) -> Self {
        Self::Wrong(finding.into())
    }
}

/// Checks the log at that address, and that it extends the head of `since`, a checkpoint that was kept.
pub async fn check(log: &Remote, keys: &[Verifier], since: Option<&str>) -> Result<Report, Unreadable> {
    let mut report = Report::new("log");
    let outcome = match steps(log, keys, since, &mut report).await {
        Ok(()) => Ok(()),
        Err(Stop::Wrong(finding)) => Err(finding),
        Err(Stop::Unreadable(error)) => return Err(error),
    };
    report.leaves_open("what the entries stand for: records and manifests lie beside the log");
    if since.is_none() {
        report.leaves_open("that it extends what was seen before: keep its checkpoint for --since");
    }
    Ok(report.end(outcome))
}

async fn steps(
    log: &Remote,
    keys: &[Verifier],
    since: Option<&str>,
    report: &mut Report,
) -> Result<(), Stop> {
    let since = since.map(|since| remembered(since, keys)).transpose()?;
    let head = fetch(log, "head", HEAD, note::MAX_LEN).await?;
    let head = String::from_utf8(head).map_err(|_| Finding::new("head", "the checkpoint is not text"))?;
    let (checkpoint, signed) = verify_head(&head, keys)?;
    report.head_holds(&checkpoint, &signed);
    if let Some(since) = &since {
        not_behind(&checkpoint, since)?;
    }
    let mut tree = Tree { since_size: since.as_ref().map(|since| since.size), ..Tree::default() };
    tree.note_root();
    read_entries(log, checkpoint.size, &mut tree).await?;
    report.holds("entries", tree.kinds());
    let tiles = upper_tiles(log, checkpoint.size, &mut tree).await?;
    report.holds("tiles", format!("{tiles} tiles are those of the entries"));
    if tree.frontier.root() != checkpoint.root {
        return Err(Finding::new("root", "the entries do not lead to the root that is signed").into());
    }
    report.holds("root", format!("that of the {} entries", checkpoint.size));
    if let Some(since) = since {
        if tree.since_root != Some(since.root) {
            let found = format!("the first {} entries are not those that were signed before", since.size);
            return Err(Finding::new("since", found).into());
        }
        report.holds("since", format!("it extends the remembered head of {} entries", since.size));
    }
    Ok(())
}

/// The head that was kept; it must be signed as well, or it proves nothing about the log.
fn remembered(since: &str, keys: &[Verifier]) -> Result<Checkpoint, Finding> {
    let (checkpoint, _) = verify_head(since, keys).map_err(|fault| {
        Finding::new("since", format!("the remembered checkpoint: {}", Finding::from(fault).found))
    })?;
    Ok(checkpoint)
}

fn not_behind(checkpoint: &Checkpoint, since: &Checkpoint) -> Result<(), Finding> {
    if checkpoint.origin != since.origin {
        return Err(Finding::new("since", "the remembered head is of another log"));
    }
    if checkpoint.size < since.size {
        let found = format!("the log had {} entries and has {} now", since.size, checkpoint.size);
        return Err(Finding::new("since", found));
    }
    Ok(())
}

/// What is known of the tree while its entries go by.
#[derive(Default)]
struct Tree {
    frontier: Frontier,
    /// The nodes of the next level of tiles.
    above: Vec<Hash>,
    since_size: Option<u64>,
    since_root: Option<Hash>,
    /// Entries of each kind, and of none that is known.
    counts: [u64; Kind::ALL.len()],
    others: u64,
}

impl Tree {
    fn push(&mut self, bytes: &[u8], hash: Hash) {
        let kind =
            bytes.first().filter(|_| bytes.len() == entry::LEN).and_then(|byte| Kind::from_byte(*byte));
        match kind.and_then(|kind| Kind::ALL.iter().position(|known| *known == kind)) {
            Some(at) => self.counts[at] += 1,
            None => self.others += 1,
        }
        let Self { frontier, above, .. } = self;
        frontier.push_with(hash, |node: NodeId, hash| {
            if node.level == HEIGHT {
                above.push(*hash);
            }
        });
        self.note_root();
    }

    fn note_root(&mut self) {
        if self.since_size == Some(self.frontier.size()) {
            self.since_root = Some(self.frontier.root());
        }
    }

    fn kinds(&self) -> String {
        let counted = Kind::ALL.iter().zip(self.counts).map(|(kind, count)| (kind.as_str(), count));
        let counted = counted.chain([("unknown", self.others)]).filter(|(_, count)| *count > 0);
        let counted: Vec<String> = counted.map(|(kind, count)| format!("{count} {kind}")).collect();
        if counted.is_empty() { "none".to_owned() } else { counted.join(", ") }
    }
}

/// Reads all entries, and holds the tiles of level 0 to them.
async fn read_entries(log: &Remote, size: u64, tree: &mut Tree) -> Result<(), Stop> {
    let tiles = (0..size.div_ceil(WIDTH)).filter_map(|index| Tile::at(0, index, size));
    let mut fetched = stream::iter(tiles)
        .map(|tile| async move {
            let (path, entries) = (tile.path(), tile.entries_path());
            let (hashes, bundle) = futures_util::join!(
                fetch(log, "tiles", &path, TILE_LEN),
                fetch(log, "entries", &entries, BUNDLE_LEN)
            );
            // One after the other: which of two faults is named must not hang on which answer came first.
            Ok::<_, Stop>((tile, hashes?, bundle?))
        })
        .buffered(AT_ONCE);
    while let Some((tile, hashes, bundle)) = fetched.try_next().await? {
        let entries = unbundle(&bundle, tile)?;
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        same(tile, &hashes, &leaves)?;
        for (entry, leaf) in entries.iter().zip(leaves) {
            tree.push(entry, leaf);
        }
    }
    Ok(())
}

/// Holds the tiles above level 0 to the nodes that the entries lead to; how many tiles there are in all.
async fn upper_tiles(log: &Remote, size: u64, tree: &mut Tree) -> Result<u64, Stop> {
    let mut count = size.div_ceil(WIDTH);
    let mut nodes = std::mem::take(&mut tree.above);
    for level in 1..=MAX_LEVEL {
        let mut above = Vec::new();
        for (index, nodes) in (0..).zip(nodes.chunks(256)) {
            let Some(tile) = Tile::at(level, index, size) else { break };
            let hashes = fetch(log, "tiles", &tile.path(), TILE_LEN).await?;
            same(tile, &hashes, nodes)?;
            count += 1;
            if tile.is_full() {
                above.push(nodes.iter().copied().collect::<Frontier>().root());
            }
        }
        nodes = above;
    }
    Ok(count)
}

async fn fetch(log: &Remote, step: &'static str, path: &str, at_most: usize) -> Result<Vec<u8>, Stop> {
    let found = match log.fetch(path, at_most).await? {
        File::Bytes(bytes) => return Ok(bytes),
        File::Missing if path == HEAD => "there is no checkpoint".to_owned(),
        File::Missing => format!("{path} is not there, but the head is over it"),
        File::TooLong => format!("{path} is longer than such a file may be"),
    };
    Err(Finding::new(step, found).into())
}

fn same(tile: Tile, hashes: &[u8], nodes: &[Hash]) -> Result<(), Finding> {
    if hashes == nodes.as_flattened() {
        return Ok(());
    }
    Err(Finding::new("tiles", format!("{} is not that of the entries", tile.path())))
}

/// Takes a bundle apart: entries, each after its length as two bytes, the greater first.
fn unbundle(bundle: &[u8], tile: Tile) -> Result<Vec<&[u8]>, Finding> {
    let wrong =
        || Finding::new("entries", format!("{} does not hold {} entries", tile.entries_path(), tile.width));
    let mut entries = Vec::with_capacity(usize::from(tile.width));
    let mut rest = bundle;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) =
            after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(wrong)?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() && entries.len() == usize::from(tile.width) { Ok(entries) } else { Err(wrong()) }
}
