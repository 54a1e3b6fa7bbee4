//! Each answer of the specification, from the request that earns it.

use super::*;
use crate::witness::testing::{Log, ORIGIN, log_key, sign};

fn known(log: &Log) -> Known {
    Known { size: log.size, root: log.root }
}

/// The proof's lines.
fn proof(log: &Log, old: u64) -> String {
    log.proof_from(old).iter().map(|hash| STANDARD.encode(hash) + "\n").collect()
}

fn request(old: u64, proof: &str, head: &Checkpoint) -> String {
    format!("old {old}\n{proof}\n{}", sign(&head.to_string(), 1))
}

/// The whole judgement, as a witness of that one log passes it.
fn judge(body: &str, known: &Known) -> Result<Step, Refusal> {
    let request = Request::parse(body)?;
    if request.origin() != ORIGIN {
        return Err(Refusal::UnknownLog);
    }
    request.verify(&[log_key(1).0])?.step_from(known)
}

fn status(body: &str, known: &Known) -> u16 {
    judge(body, known).map_or_else(|refusal| refusal.status(), |_| 200)
}

#[test]
fn a_log_that_only_grows_is_followed_whatever_its_sizes() {
    for old in 0..40 {
        for size in old..40 {
            let log = Log::of(size);
            let step = judge(&request(old, &proof(&log, old), &log.head()), &known(&Log::of(old)));
            let expected = if old == size { Step::Repeat } else { Step::Extend(known(&log)) };
            assert_eq!(step, Ok(expected), "{old} to {size}");
        }
    }
}

#[test]
fn the_first_contact_has_no_proof() {
    let log = Log::of(5);
    let nothing = Known::nothing();
    assert_eq!(judge(&request(0, "", &log.head()), &nothing), Ok(Step::Extend(known(&log))));
    let proof = proof(&log, 3);
    assert_eq!(status(&request(0, &proof, &log.head()), &nothing), 422);
    // An empty log is a log; one of no leaves and some root is none.
    assert_eq!(judge(&request(0, "", &Log::of(0).head()), &nothing), Ok(Step::Repeat));
    let odd = Checkpoint { size: 0, ..log.head() };
    assert_eq!(judge(&request(0, "", &odd), &nothing), Err(Refusal::OtherRoot(0)));
}

#[test]
fn another_old_size_is_told_the_right_one() {
    let (known, log) = (known(&Log::of(5)), Log::of(9));
    for old in [0, 4, 6, 9] {
        let refusal = judge(&request(old, &proof(&log, old), &log.head()), &known);
        assert_eq!(refusal, Err(Refusal::OtherSize(5)), "{old}");
        assert_eq!(refusal.map_err(|refusal| (refusal.status(), refusal.size())), Err((409, Some(5))));
    }
    assert_eq!(status(&request(5, &proof(&log, 5), &log.head()), &known), 200);
}

#[test]
fn a_log_does_not_shrink() {
    let known = known(&Log::of(9));
    assert_eq!(judge(&request(9, "", &Log::of(5).head()), &known), Err(Refusal::OldIsLarger));
    assert_eq!(judge(&request(5, "", &Log::of(5).head()), &known), Err(Refusal::OtherSize(9)));
    assert_eq!(Refusal::OldIsLarger.status(), 400);
}

#[test]
fn a_fork_is_refused_at_the_same_size_and_at_a_larger_one() {
    let (known, fork) = (known(&Log::of(8)), Log::new(8, 6, 1));
    let refusal = judge(&request(8, "", &fork.head()), &known);
    assert_eq!(refusal, Err(Refusal::OtherRoot(8)));
    assert_eq!(refusal.map_err(|refusal| (refusal.status(), refusal.size())), Err((409, Some(8))));
    for size in 9..33 {
        let fork = Log::new(size, 6, 1);
        assert_eq!(status(&request(8, &proof(&fork, 8), &fork.head()), &known), 422, "{size}");
        let honest = Log::of(size);
        assert_eq!(status(&request(8, &proof(&honest, 8), &honest.head()), &known), 200, "the control");
    }
}

#[test]
fn a_proof_that_is_changed_anywhere_is_refused() {
    let (known, log) = (known(&Log::of(6)), Log::of(13));
    let proof = proof(&log, 6);
    let lines: Vec<&str> = proof.split_inclusive('\n').collect();
    assert!(lines.len() > 2, "the control: there is something to change");
    for at in 0..lines.len() {
        let other = format!("{}\n", STANDARD.encode([7; 32]));
        let with = |line: &str| [&lines[..at].concat(), line, &lines[at + 1..].concat()].concat();
        assert_eq!(status(&request(6, &with(&other), &log.head()), &known), 422, "line {at} is another");
        assert_eq!(status(&request(6, &with(""), &log.head()), &known), 422, "line {at} is gone");
        assert_eq!(status(&request(6, &with(&lines[at].repeat(2)), &log.head()), &known), 422, "twice");
    }
    assert_eq!(status(&request(6, &proof, &log.head()), &known), 200);
}

#[test]
fn only_the_logs_own_key_opens() {
    let log = Log::of(5);
    let text = log.head().to_string();
    let nothing = Known::nothing();
    let other = format!("old 0\n\n{}", sign(&text, 2));
    assert_eq!(judge(&other, &nothing), Err(Refusal::NotSigned(NoteError::Unknown)));
    assert_eq!(status(&other, &nothing), 403);
    // The right key over another text.
    let (_, line) = sign(&Log::of(6).head().to_string(), 1).rsplit_once("\n\n").map(owned).expect("a note");
    let moved = format!("old 0\n\n{text}\n{line}");
    assert_eq!(judge(&moved, &nothing), Err(Refusal::NotSigned(NoteError::BadSignature)));
    assert_eq!(status(&moved, &nothing), 403);
    // Signatures of strangers beside it say nothing.
    let (_, stranger) = sign(&text, 2).rsplit_once("\n\n").map(owned).expect("a note");
    assert_eq!(status(&format!("old 0\n\n{}{stranger}", sign(&text, 1)), &nothing), 200);
}

fn owned((text, line): (&str, &str)) -> (String, String) {
    (text.to_owned(), line.to_owned())
}

#[test]
fn a_log_that_nobody_named_is_unknown() {
    let head = Checkpoint { origin: "example.com/other".to_owned(), ..Log::of(5).head() };
    assert_eq!(judge(&request(0, "", &head), &Known::nothing()), Err(Refusal::UnknownLog));
    assert_eq!(Refusal::UnknownLog.status(), 404);
}

#[test]
fn other_forms_are_malformed() {
    let head = Log::of(5).head();
    let note = sign(&head.to_string(), 1);
    let hash = STANDARD.encode([7; 32]);
    let nothing = Known::nothing();
    for wrong in [
        String::new(),
        note.clone(),
        format!("old 0\n{note}"),
        format!("old 00\n\n{note}"),
        format!("old -1\n\n{note}"),
        format!("old  0\n\n{note}"),
        format!("Old 0\n\n{note}"),
        format!("old 0 \n\n{note}"),
        format!("old 0\r\n\r\n{note}"),
        format!("old 18446744073709551616\n\n{note}"),
        format!("old 0\nnot a hash\n\n{note}"),
        format!("old 0\n{}\n\n{note}", STANDARD.encode([7; 31])),
        format!("old 0\n{}\n\n{note}", hash.trim_end_matches('=')),
        format!("old 0\n{}\n{note}", format!("{hash}\n").repeat(MAX_PROOF + 1)),
        format!("old 0\n\n{head}"),
        format!("old 0\n\n{}", sign("no head\n", 1)),
        format!("old 0\n\n{}", note.trim_end()),
    ] {
        assert_eq!(status(&wrong, &nothing), 400, "{wrong:?}");
    }
    // As many lines as may be are read, and then judged.
    let full = format!("old 0\n{}\n{note}", format!("{hash}\n").repeat(MAX_PROOF));
    assert_eq!(status(&full, &nothing), 422);
    assert_eq!(status(&format!("old 0\n\n{note}"), &nothing), 200);
}
