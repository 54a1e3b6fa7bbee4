//! The heads of a bundle: the one that everything is under, and those that it must extend.

use super::archive::Archive;
use super::index::{Index, Previous};
use super::lines::{self, unhex};
use super::names;
use crate::report::{Finding, Report};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::id::hex;
use avow_shared::merkle::{Hash, verify_consistency};
use avow_shared::note::{Note, NoteError, Verifier};
use avow_shared::proof_file::verify_head;
use std::io::{Read, Seek};

/// Most keys of a log.
const MAX_KEYS: usize = 64;

/// A head that was published or kept, which everything else must extend.
pub(super) struct Earlier {
    /// Which step it belongs to.
    pub(super) step: &'static str,
    pub(super) size: u64,
    pub(super) root: Hash,
    /// What it is, for people.
    pub(super) what: &'static str,
}

/// The keys that the bundle brings along.
pub(super) fn listed(text: &str, origin: &str) -> Result<Vec<Verifier>, Finding> {
    let wrong = |what| Finding::new("keys", what);
    let keys: Option<Vec<Verifier>> = text.lines().take(MAX_KEYS).map(Verifier::parse).collect();
    let keys = keys.ok_or_else(|| wrong("keys.txt has a line that is not a key"))?;
    let twice = keys.iter().enumerate().any(|(at, key)| keys[..at].contains(key));
    if lines::keys_text(&keys) != text || keys.is_empty() || twice {
        return Err(wrong("keys.txt is not a list of keys"));
    }
    if keys.iter().any(|key| key.name() != origin) {
        return Err(wrong("keys.txt has a key of another log"));
    }
    Ok(keys)
}

/// The head: signed by a key that is known, and by none that is listed in vain.
pub(super) fn head(
    signed: &str,
    keys: &[Verifier],
    listed: &[Verifier],
    report: &mut Report,
) -> Result<Checkpoint, Finding> {
    let (head, by) = verify_head(signed, keys)?;
    is_written_so(&head, signed, "head")?;
    listed_agree(signed, listed, "head")?;
    report.is_under(&head);
    report.signed("head", &head, &by);
    unknown(signed, names::HEAD, keys, listed, report);
    Ok(head)
}

/// A head of ours has no lines beyond its three: they would be signed, and nobody would see them.
fn is_written_so(head: &Checkpoint, signed: &str, step: &'static str) -> Result<(), Finding> {
    if Note::parse(signed).is_ok_and(|note| note.text() == head.to_string()) {
        return Ok(());
    }
    Err(Finding::new(step, "there is more in it than a head has"))
}

/// A signature of a key that the bundle lists must hold, whichever key was given.
fn listed_agree(signed: &str, listed: &[Verifier], step: &'static str) -> Result<(), Finding> {
    match Note::parse(signed).and_then(|note| note.verify(listed).map(drop)) {
        Ok(()) => Ok(()),
        Err(NoteError::Unknown) => Err(Finding::new("keys", "no key in keys.txt has signed the head")),
        Err(error) => Err(Finding::new(step, error.to_string())),
    }
}

/// Says whose signatures could not be checked.
fn unknown(signed: &str, file: &str, keys: &[Verifier], listed: &[Verifier], report: &mut Report) {
    let all: Vec<Verifier> = keys.iter().chain(listed).cloned().collect();
    let names = Note::parse(signed).map(|note| note.unknown(&all)).unwrap_or_default();
    for name in names {
        report.leaves_open(format!("a signature by {name} in {file}: its key was not given"));
    }
}

/// The head that was published last: what witnesses have seen.
pub(super) fn public<R: Read + Seek>(
    archive: &mut Archive<R>,
    head: &Checkpoint,
    keys: &[Verifier],
    listed: &[Verifier],
    report: &mut Report,
) -> Result<Option<Earlier>, Finding> {
    let Some(signed) = archive.text(names::PUBLIC)? else {
        report.not_witnessed();
        return Ok(None);
    };
    let wrong = |found: Finding| Finding::new("public", found.found);
    let (public, by) = verify_head(&signed, keys).map_err(|fault| wrong(fault.into()))?;
    is_written_so(&public, &signed, "public")?;
    listed_agree(&signed, listed, "public")?;
    if public.origin != head.origin || public.size > head.size {
        return Err(Finding::new("public", "it is not a head of this log, or a later one"));
    }
    if !report.signed("public", &public, &by) {
        report.not_witnessed();
    }
    unknown(&signed, names::PUBLIC, keys, listed, report);
    Ok(Some(Earlier { step: "public", size: public.size, root: public.root, what: "the published head" }))
}

/// The head of the bundle before.
pub(super) fn previous<R: Read + Seek>(
    archive: &mut Archive<R>,
    index: &Index,
    head: &Checkpoint,
    report: &mut Report,
) -> Result<Option<Earlier>, Finding> {
    let wrong = |what: String| Finding::new("previous", what);
    match (&index.previous, archive.text(names::CONSISTENCY)?) {
        (None, None) => Ok(None),
        (Some(Previous { size, root }), Some(proof)) => {
            let root =
                unhex(root).ok_or_else(|| wrong("the root of the bundle before is not one".to_owned()))?;
            let proof = lines::parse_consistency(&proof);
            let proof = proof.ok_or_else(|| wrong("consistency.txt is not a proof".to_owned()))?;
            verify_consistency((*size, &root), (head.size, &head.root), &proof)
                .map_err(|error| wrong(error.to_string()))?;
            report.holds("previous", format!("it extends the bundle of {size} entries, root {}", hex(&root)));
            report.leaves_open(
                "that the bundle before was handed over: compare its root with what was received",
            );
            Ok(Some(Earlier { step: "previous", size: *size, root, what: "the bundle before" }))
        }
        _ => Err(wrong("there is a bundle before without a proof, or a proof without one".to_owned())),
    }
}

/// The checkpoint that the reader kept; it must be signed as well, or it proves nothing about the log.
pub(super) fn kept(
    since: Option<&str>,
    head: &Checkpoint,
    keys: &[Verifier],
) -> Result<Option<Earlier>, Finding> {
    let Some(since) = since else { return Ok(None) };
    let wrong = |what: String| Finding::new("since", what);
    let (kept, _) = verify_head(since, keys)
        .map_err(|fault| wrong(format!("the remembered checkpoint: {}", Finding::from(fault).found)))?;
    if kept.origin != head.origin {
        return Err(wrong("the remembered head is of another log".to_owned()));
    }
    if kept.size > head.size {
        let what = format!("the log had {} entries, and the bundle ends at {}", kept.size, head.size);
        return Err(wrong(what));
    }
    Ok(Some(Earlier { step: "since", size: kept.size, root: kept.root, what: "the remembered head" }))
}
