//! The steps by which a bundle is checked, from its container to its last leaf.
//!
//! Memory does not grow with the number of records, only by a number for each one that was erased. Nothing is believed but what a key signed, and what follows from
//! that; what does not follow is said (`Report`).

use super::archive::Archive;
use super::heads::{Earlier, head, kept, listed, previous, public};
use super::index::{Index, Scope};
use super::leaf::Known;
use super::leaves::{self, Files, Seen};
use super::lines;
use super::published::Published;
use super::{names, readme};
use crate::report::{Finding, Report};
use avow_shared::checkpoint::{Checkpoint, parse_size};
use avow_shared::id::hex;
use avow_shared::note::Verifier;
use std::collections::HashSet;
use std::io::{Read, Seek};
use std::thread;

/// Checks a bundle against the keys given, or, if none are, against its own; and that it extends the head of `since`,
/// a checkpoint that was kept.
pub fn check<R: Read + Seek + Send>(bundle: R, given: &[Verifier], since: Option<&str>) -> Report {
    let mut report = Report::new("bundle");
    if given.is_empty() {
        report.key_is_its_own();
    }
    let outcome = Archive::open(bundle).and_then(|archive| steps(archive, given, since, &mut report));
    report.leaves_open(
        "what a screen displayed: it is proved which texts were published, and which were answered",
    );
    report.leaves_open("the times: they are those of the server's clock, and of the visitor's");
    report.leaves_open("that the log has not grown since: a bundle ends at its head");
    report.end(outcome)
}

fn steps<R: Read + Seek + Send>(
    mut archive: Archive<R>,
    given: &[Verifier],
    since: Option<&str>,
    report: &mut Report,
) -> Result<(), Finding> {
    report.holds("container", format!("{} files, all of which belong into a bundle", archive.len()));
    let index = Index::parse(&archive.needed(names::INDEX)?);
    let index = index.ok_or_else(|| Finding::new("index", "bundle.json is none of schema 1"))?;
    let listed = listed(&archive.needed(names::KEYS)?, &index.origin)?;
    let keys = if given.is_empty() { &listed } else { given };
    let signed = archive.needed(names::HEAD)?;
    let head = head(&signed, keys, &listed, report)?;
    agrees(&index, &head)?;
    report.holds("index", format!("{} of site {}", scope(&index), index.site));
    let mut earlier = Vec::new();
    earlier.extend(public(&mut archive, &head, keys, &listed, report)?);
    earlier.extend(previous(&mut archive, &index, &head, report)?);
    earlier.extend(kept(since, &head, keys)?);
    let published = Published::read(archive.lines(names::MANIFESTS)?, head.size)?;
    counted(&index, &published)?;
    let versions = published.check_files(&mut archive)?;
    report.holds("policies", format!("the files of {versions} published versions"));
    let (artefacts, missing) = published.check_artefacts(&mut archive)?;
    if artefacts > 0 {
        report.holds(
            "artefacts",
            format!("{artefacts} files of builds, and pictures, each the one that was published"),
        );
    }
    if missing > 0 {
        report.leaves_open(format!(
            "{missing} files of builds, and pictures, that were published: they are not here"
        ));
    }
    let erased_later = erased_later(&mut archive)?;
    let under = (index.scope == Scope::Partial).then_some((&head, signed.as_str()));
    let known = Known { site: &index.site, published: &published, erased_later: &erased_later, under };
    let wanted: Vec<u64> = earlier.iter().map(|earlier| earlier.size).collect();
    let seen = read_leaves(&archive, &known, &wanted)?;
    told(&seen, &index, &published, &erased_later, report)?;
    match index.scope {
        Scope::Full => whole(&seen, &head, &earlier, report)?,
        Scope::Partial => part(&head, &earlier, report)?,
    }
    if archive.needed(names::README)?
        != readme::readme(&index, archive.has(names::CONSISTENCY), artefacts > 0)
    {
        return Err(Finding::new("readme", "README.txt is not the one of this bundle"));
    }
    report.holds("readme", "README.txt says what bundle.json says");
    if let Some(hash) = archive.hash(names::VERIFIER)? {
        if !published.has_verifier(&hash) {
            return Err(Finding::new("verifier", "verifier.html is not the one of a build under this head"));
        }
        report.holds("verifier", "verifier.html is that of a build under this head");
    }
    Ok(())
}

fn scope(index: &Index) -> &'static str {
    match index.scope {
        Scope::Full => "the whole log",
        Scope::Partial => "a part of the log",
    }
}

fn agrees(index: &Index, head: &Checkpoint) -> Result<(), Finding> {
    for (name, same) in [
        ("origin", index.origin == head.origin),
        ("size", index.size == head.size),
        ("root", index.root == hex(&head.root)),
    ] {
        if !same {
            return Err(Finding::new("index", format!("its {name} is not that of the head")));
        }
    }
    Ok(())
}

/// What the index says of the manifests.
fn counted(index: &Index, published: &Published) -> Result<(), Finding> {
    if index.other_entries != published.count {
        return Err(Finding::new("manifests", "there are more or fewer than the index says"));
    }
    if index.erasures != published.reasons {
        return Err(Finding::new("erasures", "there are more or fewer than the index says"));
    }
    Ok(())
}

/// Leaves of which the bundle says that their records were erased while it was made.
fn erased_later<R: Read + Seek>(archive: &mut Archive<R>) -> Result<HashSet<u64>, Finding> {
    if !archive.has(names::ERASED_LATER) {
        return Ok(HashSet::new());
    }
    let wrong = || Finding::new("erasures", "erased-later.csv is not a list of leaves");
    let mut file = archive.lines(names::ERASED_LATER)?;
    let (mut leaves, mut line, mut last) = (HashSet::new(), Vec::new(), None);
    if file.next(&mut line)?.map(|at| &line[at]) != Some(lines::ERASED_LATER_HEAD.as_bytes()) {
        return Err(wrong());
    }
    line.clear();
    while let Some(at) = file.next(&mut line)? {
        let leaf = str::from_utf8(&line[at]).ok().and_then(parse_size).ok_or_else(wrong)?;
        if last.is_some_and(|last| last >= leaf) {
            return Err(wrong());
        }
        last = Some(leaf);
        leaves.insert(leaf);
        line.clear();
    }
    if leaves.is_empty() { Err(wrong()) } else { Ok(leaves) }
}

fn read_leaves<R: Read + Seek + Send>(
    archive: &Archive<R>,
    known: &Known<'_>,
    wanted: &[u64],
) -> Result<Seen, Finding> {
    // Each has a place of its own in the file.
    let [mut leaves, mut records, mut table, mut manifests, mut proofs] =
        std::array::from_fn(|_| archive.clone());
    let proofs = match known.under {
        Some(_) => Some(proofs.lines(names::PROOFS)?),
        None if proofs.has(names::PROOFS) => {
            return Err(Finding::new("proofs", "a whole bundle has none"));
        }
        None => None,
    };
    let mut files = Files {
        leaves: leaves.lines(names::LEAVES)?,
        records: records.lines(names::RECORDS)?,
        table: table.lines(names::TABLE)?,
        manifests: manifests.lines(names::MANIFESTS)?,
        proofs,
    };
    // One processor also where there are no threads at all.
    let threads = leaves::threads();
    if threads == 1 || !archive.is_large() {
        return leaves::check(&mut files, known, wanted, 1);
    }
    thread::scope(|scope| leaves::check(&mut files.ahead(scope), known, wanted, threads))
}

/// Says what the leaves are.
fn told(
    seen: &Seen,
    index: &Index,
    published: &Published,
    erased_later: &HashSet<u64>,
    report: &mut Report,
) -> Result<(), Finding> {
    if seen.erased_later != erased_later.len() as u64 {
        return Err(Finding::new("erasures", "erased-later.csv names a leaf that has its record"));
    }
    report.holds("records", format!("{} of them, each what was committed to", seen.records));
    report.holds("table", "records.csv says what the records say");
    report.holds("manifests", format!("of {} entries that are no records", seen.others));
    let erased: u64 = published.reasons.values().sum();
    if index.scope == Scope::Full {
        if seen.erased != erased {
            return Err(Finding::new("erasures", "an entry erases a leaf that is none of a record"));
        }
        report.holds("erasures", format!("{erased} records were erased, and the log says why of each"));
    }
    if seen.erased_later > 0 {
        report.leaves_open(format!(
            "{} records that are missing: they are said to be erased after the head; the next bundle must show it",
            seen.erased_later
        ));
    }
    if seen.unknown_versions > 0 {
        report.leaves_open(format!(
            "the texts that {} records name: their version is not published under this head",
            seen.unknown_versions
        ));
    }
    Ok(())
}

/// A whole bundle leads to the root that is signed, by way of every earlier one.
fn whole(seen: &Seen, head: &Checkpoint, earlier: &[Earlier], report: &mut Report) -> Result<(), Finding> {
    if seen.leaves != head.size {
        let what = format!("there are {} leaves, and the head is over {}", seen.leaves, head.size);
        return Err(Finding::new("leaves", what));
    }
    if seen.frontier.root() != head.root {
        return Err(Finding::new("root", "the leaves do not lead to the root that is signed"));
    }
    report.holds("root", format!("that of the {} leaves: none is missing, none was altered", head.size));
    for Earlier { step, size, root, what } in earlier {
        if seen.roots.get(size) != Some(root) {
            return Err(Finding::new(step, format!("the first {size} leaves are not those of {what}")));
        }
        report.holds(step, format!("the first {size} leaves are those of {what}"));
    }
    Ok(())
}

/// Of a part it is known only that each of its leaves is under the head.
fn part(head: &Checkpoint, earlier: &[Earlier], report: &mut Report) -> Result<(), Finding> {
    report.holds("proofs", format!("each leaf is under the head of {} entries", head.size));
    report.leaves_open(
        "that nothing was left out, erasures included: only a bundle of the whole log proves that",
    );
    for Earlier { step, size, root, what } in earlier {
        match (*size == head.size, root == &head.root) {
            (true, true) => report.holds(step, format!("it is {what}")),
            (true, false) => {
                let found = format!("{what} has as many entries and another root: the log was forked");
                return Err(Finding::new(step, found));
            }
            // What extends the bundle before was proved.
            (false, _) if *step == "previous" => {}
            (false, _) => {
                report.leaves_open(format!("that the head extends {what}: a whole bundle shows that"));
            }
        }
    }
    Ok(())
}
