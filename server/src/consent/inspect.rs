//! Recomputes a site's log from what lies in the database, and names each row that disagrees.
//!
//! Who can edit the database but has no key can change a record, a leaf, a tile or a head; each of them is held
//! against the others here, and the heads against their signatures and the signer's memory.

use crate::log::signer::Remembered;
use crate::store::inspect::{LeafWithRecord, TileRow};
use crate::store::{Store, StoreError};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::commitment::commitment;
use avow_shared::entry::{self, Kind, manifest_hash};
use avow_shared::id::SiteId;
use avow_shared::merkle::{Frontier, Hash};
use avow_shared::note::Note;
use avow_shared::tile::WIDTH;
use std::collections::{BTreeMap, VecDeque};
use tokio::task::JoinHandle;

/// Something that disagrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which row.
    pub place: String,
    /// With what it disagrees.
    pub what: String,
}

/// What was looked at, and what disagrees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Leaves that were recomputed.
    pub leaves: u64,
    /// Records among them whose text is there.
    pub records: u64,
    /// Full tiles.
    pub tiles: u64,
    /// Published heads.
    pub heads: u64,
    /// What disagrees, the lowest leaf first.
    pub findings: Vec<Finding>,
}

/// Leaves that are read at once.
const PAGE: i64 = 8_000;
/// Pages that are read while one is recomputed.
const AHEAD: usize = 2;
/// After so many findings the rest says nothing new.
const MOST: usize = 100;

impl Report {
    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        if self.findings.len() < MOST {
            self.findings.push(Finding { place: place.into(), what: what.into() });
        }
    }
}

/// Looks at everything; `signed` is what the signer remembers, if it could be read.
pub async fn inspect(
    store: &Store,
    site: &SiteId,
    signed: Option<&Remembered>,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let head = store.head(site).await?;
    let mut roots = Roots::wanted(store, site, signed, head.size, &mut report).await?;
    let mut frontier = Frontier::default();
    let mut tile: Vec<Hash> = Vec::new();
    let mut next = 0;
    let mut pages = Pages { store, site, first: 0, end: head.size, ahead: VecDeque::new() };
    while let Some(rows) = pages.next().await? {
        for (row, leaf) in rows.iter().zip(hash_all(&rows)) {
            if row.leaf_index != next {
                report.add(format!("leaf {next}"), "it is missing");
                next = row.leaf_index;
            }
            next += 1;
            let Checked { leaf, has_record, wrong } = leaf;
            report.records += u64::from(has_record);
            if let Some(what) = wrong {
                report.add(format!("leaf {}", row.leaf_index), what);
            }
            frontier.push(leaf);
            tile.push(leaf);
            if tile.len() as u64 == WIDTH {
                check_tile(store, site, (frontier.size() - 1) / WIDTH, &tile, &mut report).await?;
                tile.clear();
            }
            roots.compare(&frontier, &mut report);
        }
    }
    report.leaves = frontier.size();
    if let Some(leaf) = store.leaf_outside(site, head.size).await? {
        report.add("head", format!("it says {} leaves, and there is leaf {leaf}", head.size));
    }
    if i64::try_from(frontier.size()) != Ok(head.size) {
        report.add("head", format!("it says {} leaves, and there are {}", head.size, frontier.size()));
    } else if head.root.as_slice() != frontier.root() {
        report.add("head", "its root is not that of the leaves");
    }
    check_upper_tiles(store, site, frontier.size(), &mut report).await?;
    check_artefacts(store, &mut report).await?;
    roots.rest(&mut report);
    Ok(report)
}

/// The pages of a log, in order; the next ones are read meanwhile, each on a connection of its own.
struct Pages<'a> {
    store: &'a Store,
    site: &'a SiteId,
    /// The first leaf of the next page to be asked for, and the head's size: whatever stands in the database, there is
    /// an end.
    first: i64,
    end: i64,
    ahead: VecDeque<JoinHandle<Result<Vec<LeafWithRecord>, StoreError>>>,
}

impl Pages<'_> {
    /// `None` after the last.
    async fn next(&mut self) -> Result<Option<Vec<LeafWithRecord>>, StoreError> {
        while self.ahead.len() <= AHEAD && self.first < self.end {
            let (store, site, first) = (self.store.clone(), self.site.clone(), self.first);
            let end = self.end.min(first.saturating_add(PAGE));
            let read = async move { store.leaves_with_records(&site, first, end).await };
            self.ahead.push_back(tokio::spawn(read));
            self.first = end;
        }
        match self.ahead.pop_front() {
            // It is never aborted, and reading does not panic.
            Some(page) => {
                page.await.unwrap_or(Err(StoreError::Corrupt("a page that cannot be read"))).map(Some)
            }
            None => Ok(None),
        }
    }
}

/// What a leaf is, and whether what stands beside it agrees.
struct Checked {
    leaf: Hash,
    has_record: bool,
    wrong: Option<&'static str>,
}

/// On all processors: hashing is what takes the time.
fn hash_all(rows: &[LeafWithRecord]) -> Vec<Checked> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let part = rows.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = rows
            .chunks(part)
            .map(|rows| scope.spawn(move || rows.iter().map(check_leaf).collect::<Vec<_>>()))
            .collect();
        // A thread that panicked would leave its part out, and every row after it without its leaf.
        parts.into_iter().flat_map(|part| part.join().expect("hashing does not panic")).collect()
    })
}

fn check_leaf(row: &LeafWithRecord) -> Checked {
    let kind = u8::try_from(row.kind).ok().and_then(Kind::from_byte);
    let (Some(kind), Ok(content)) = (kind, <Hash>::try_from(row.commitment.as_slice())) else {
        return Checked { leaf: [0; 32], has_record: false, wrong: Some("it is not an entry") };
    };
    let leaf = entry::leaf_hash(kind, &content);
    let mut has_record = false;
    let wrong = match (kind, &row.record, &row.manifest) {
        (Kind::Record, Some(record), _) if row.erased => {
            (!record.is_empty()).then_some("it was erased, and its record is still there")
        }
        (Kind::Record, Some(record), _) => {
            has_record = true;
            match row.salt.as_deref().map(<[u8; 32]>::try_from) {
                Some(Ok(salt)) if commitment(&salt, record.as_bytes()) == content => None,
                _ => Some("the record or its salt is not the one that was committed to"),
            }
        }
        // Rows of erased records may be removed once no retry can come for them.
        (Kind::Record, None, _) if row.erasure => None,
        (Kind::Record, None, _) => Some("its record is missing, and no erasure says why"),
        (_, _, Some(manifest)) if manifest_hash(manifest.as_bytes()) == content => None,
        (_, _, Some(_)) => Some("the manifest is not the one that was committed to"),
        (_, _, None) => Some("its manifest is missing"),
    };
    Checked { leaf, has_record, wrong }
}

async fn check_tile(
    store: &Store,
    site: &SiteId,
    index: u64,
    leaves: &[Hash],
    report: &mut Report,
) -> Result<(), StoreError> {
    let place = format!("tile/0/{index}");
    match store.tile_row(site, 0, index).await? {
        None => report.add(place, "it is missing"),
        Some(row) => {
            report.tiles += 1;
            check_row(&row, leaves, &place, report);
        }
    }
    Ok(())
}

fn check_row(row: &TileRow, hashes: &[Hash], place: &str, report: &mut Report) {
    if row.hashes != hashes.concat() {
        report.add(place, "its hashes are not those of what is below it");
    }
    if row.root.as_slice() != hashes.iter().copied().collect::<Frontier>().root() {
        report.add(place, "its root is not that of its hashes");
    }
}

/// Tiles above the leaves' tiles: each against the roots of the level below.
async fn check_upper_tiles(
    store: &Store,
    site: &SiteId,
    size: u64,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut below = size / WIDTH;
    let mut level = 1_u8;
    while below >= WIDTH {
        for index in 0..below / WIDTH {
            let place = format!("tile/{level}/{index}");
            let hashes = store.tile_roots(site, level - 1, (index * WIDTH, (index + 1) * WIDTH)).await?;
            match store.tile_row(site, level, index).await? {
                None => report.add(place, "it is missing"),
                Some(row) => {
                    report.tiles += 1;
                    check_row(&row, &hashes, &place, report);
                }
            }
        }
        below /= WIDTH;
        level += 1;
    }
    Ok(())
}

/// Files that are kept for all sites: each by its name, which is its hash.
async fn check_artefacts(store: &Store, report: &mut Report) -> Result<(), StoreError> {
    for sha256 in store.kept_artefacts().await? {
        if store.artefact(&sha256).await?.is_none() {
            report.add(format!("artefact {sha256}"), "it is not what it was");
        }
    }
    Ok(())
}

/// Roots that were signed, by the size at which they must be met.
struct Roots(BTreeMap<u64, Vec<(String, Hash)>>);

impl Roots {
    async fn wanted(
        store: &Store,
        site: &SiteId,
        signed: Option<&Remembered>,
        size: i64,
        report: &mut Report,
    ) -> Result<Self, StoreError> {
        let mut roots: BTreeMap<u64, Vec<(String, Hash)>> = BTreeMap::new();
        let epoch = store.epochs(site).await?.pop();
        for (number, note) in store.checkpoints(site).await? {
            report.heads += 1;
            let place = format!("published head of {number} leaves");
            match Note::parse(&note).ok().and_then(|note| Checkpoint::parse(note.text())) {
                None => report.add(place, "it cannot be read"),
                // Heads of a former epoch may know leaves that were lost with it.
                Some(head) if epoch.as_ref().is_none_or(|epoch| epoch.origin != head.origin) => {}
                Some(head) => roots.entry(head.size).or_default().push((place, head.root)),
            }
        }
        if let Some(signed) = signed {
            let place = "the signer's memory".to_owned();
            if epoch.is_none_or(|epoch| epoch.origin != signed.origin) {
                report.add(place, "it is of another log: see `avow restore`");
            } else if i64::try_from(signed.size).is_ok_and(|signed| signed > size) {
                report.add(
                    place,
                    format!("{} leaves were signed: some are lost, see `avow restore`", signed.size),
                );
            } else {
                roots.entry(signed.size).or_default().push((place, signed.root));
            }
        }
        Ok(Self(roots))
    }

    /// Compares what was signed at the size that the leaves have reached.
    fn compare(&mut self, frontier: &Frontier, report: &mut Report) {
        for (place, root) in self.0.remove(&frontier.size()).unwrap_or_default() {
            if root != frontier.root() {
                report.add(place, "the leaves do not lead to what was signed");
            }
        }
    }

    /// Sizes that were never reached.
    fn rest(self, report: &mut Report) {
        for (size, places) in self.0.into_iter().filter(|(size, _)| *size > 0) {
            for (place, _) in places {
                report.add(place, format!("{size} leaves were signed, and are not there"));
            }
        }
    }
}
