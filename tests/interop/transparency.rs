//! Trees, signed heads and cosignatures against Go's `golang.org/x/mod/sumdb/{note,tlog}`, both ways.

use anyhow::{Context, Result, ensure};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::merkle::{Hash, verify_consistency, verify_inclusion};
use avow_shared::note::Verifier;
use avow_shared::proof_file::{ProofFile, verify_head};
use avow_tests::log::{TestLog, request};
use avow_tests::witness::{Home, NAME};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::go::{Judge, judge};

const ORIGIN: &str = "example.com/log";
/// Around every power of two that makes another shape, and one with many bits.
const SIZES: [u64; 14] = [1, 2, 3, 4, 5, 7, 8, 9, 64, 100, 255, 256, 257, 700];

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn hashes(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(|hash| base64(hash)).collect()
}

fn leaf_case(head: &str, index: u64, entry: &[u8], proof: &[Hash]) -> Value {
    json!({ "head": head, "index": index, "entry": base64(entry), "proof": hashes(proof) })
}

fn tree_case(old: &str, head: &str, proof: &[Hash]) -> Value {
    json!({ "head": head, "old": old, "proof": hashes(proof) })
}

/// All proofs that differ from this one in one node, or by one.
fn altered(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..proof.len() {
        let mut other = proof.to_vec();
        other[at][at % 32] ^= 1;
        all.push(other);
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        all.push(shorter);
    }
    all.push([proof, &[[7; 32]]].concat());
    all
}

/// Whether every case is judged so.
fn all_are(go: &Judge, log: &TestLog, cases: &[Value], accepted: bool) -> Result<()> {
    ensure!(!cases.is_empty(), "the control: there are cases");
    let answers = go.check(&json!({ "keys": [log.verifier().to_string()], "cases": cases }))?;
    ensure!(answers.len() == cases.len(), "an answer for each case");
    for (case, answer) in cases.iter().zip(answers) {
        ensure!(answer.is_none() == accepted, "{answer:?} for {case}");
    }
    Ok(())
}

fn log() -> TestLog {
    TestLog::new(ORIGIN, 1).grown(SIZES[SIZES.len() - 1])
}

/// Some leaves of a tree: its ends, its middle, and beside them.
fn leaves(size: u64) -> Vec<u64> {
    let mut leaves = vec![0, 1, size / 2, size.saturating_sub(2), size - 1];
    leaves.retain(|index| *index < size);
    leaves.sort_unstable();
    leaves.dedup();
    leaves
}

#[test]
fn go_accepts_our_heads_and_proofs() -> Result<()> {
    let Some(go) = judge()? else { return Ok(()) };
    let log = log();
    let mut cases = Vec::new();
    for (at, size) in SIZES.into_iter().enumerate() {
        let head = log.signed(size);
        for index in leaves(size) {
            cases.push(leaf_case(&head, index, log.entry(index), &log.inclusion(index, size)));
        }
        for old in &SIZES[..=at] {
            cases.push(tree_case(&log.signed(*old), &head, &log.consistency(*old, size)));
        }
        cases.push(json!({ "head": head, "signers": [ORIGIN] }));
    }
    all_are(&go, &log, &cases, true)
}

#[test]
fn go_refuses_them_altered() -> Result<()> {
    let Some(go) = judge()? else { return Ok(()) };
    let log = log();
    let mut cases = Vec::new();
    for (at, size) in SIZES.into_iter().enumerate() {
        let head = log.signed(size);
        let mut other = log.head(size);
        other.root[3] ^= 1;
        let other = log.sign(&other.to_string());
        for index in leaves(size) {
            let proof = log.inclusion(index, size);
            cases.push(leaf_case(&head, index, b"another leaf", &proof));
            cases.push(leaf_case(&other, index, log.entry(index), &proof));
            if size > 1 {
                cases.push(leaf_case(&head, (index + 1) % size, log.entry(index), &proof));
            }
            cases
                .extend(altered(&proof).iter().map(|proof| leaf_case(&head, index, log.entry(index), proof)));
        }
        for old in &SIZES[..=at] {
            let (older, proof) = (log.signed(*old), log.consistency(*old, size));
            cases.push(tree_case(&older, &other, &proof));
            cases.push(tree_case(&log.forked(old - 1, *old).signed(*old), &head, &proof));
            cases.extend(altered(&proof).iter().map(|proof| tree_case(&older, &head, proof)));
        }
        // A signature of another text, of another key under the name, and one that is damaged.
        let (text, line) = head.rsplit_once("\n\n").context("a note")?;
        let last = line.trim_end().len() - 9;
        let flipped = if line.as_bytes()[last] == b'A' { "B" } else { "A" };
        for wrong in [
            format!("{}\n{line}", Checkpoint { size: size + 1, ..log.head(size) }),
            TestLog::new(ORIGIN, 2).sign(&format!("{text}\n")),
            format!("{text}\n\n{}{flipped}{}", &line[..last], &line[last + 1..]),
        ] {
            cases.push(json!({ "head": wrong }));
        }
    }
    all_are(&go, &log, &cases, false)
}

/// A log that Go made.
#[derive(Deserialize)]
struct GoLog {
    key: String,
    entries: Vec<String>,
    heads: Vec<String>,
    leaves: Vec<Leaf>,
    growths: Vec<Growth>,
}

#[derive(Deserialize)]
struct Leaf {
    head: usize,
    index: u64,
    proof: Vec<String>,
}

#[derive(Deserialize)]
struct Growth {
    old: usize,
    head: usize,
    proof: Vec<String>,
}

impl GoLog {
    fn of(go: &Judge, heads: &[u64]) -> Result<Self> {
        go.make(&json!({ "origin": ORIGIN, "heads": heads, "seed": base64(&[5; 64]) }))
    }

    fn key(&self) -> Result<Verifier> {
        Verifier::parse(&self.key).context("Go's key is one")
    }
}

fn decoded(proof: &[String]) -> Result<Vec<Hash>> {
    let decode = |text: &String| STANDARD.decode(text).ok()?.try_into().ok();
    proof.iter().map(decode).collect::<Option<_>>().context("a proof of hashes")
}

#[test]
fn we_accept_what_go_makes_and_not_when_it_is_altered() -> Result<()> {
    let Some(go) = judge()? else { return Ok(()) };
    let made = GoLog::of(&go, &SIZES)?;
    let keys = [made.key()?];
    let mut ours = TestLog::new(ORIGIN, 1);
    for entry in &made.entries {
        ours.push(&STANDARD.decode(entry)?);
    }
    let mut heads = Vec::new();
    for (head, size) in made.heads.iter().zip(SIZES) {
        let (head, signed) = verify_head(head, &keys)?;
        ensure!(signed.len() == 1 && head == ours.head(size), "{size}: the same root");
        heads.push(head);
    }
    ensure!(heads.len() == SIZES.len() && made.leaves.len() as u64 == SIZES.iter().sum::<u64>());
    for leaf in &made.leaves {
        let (proof, head) = (decoded(&leaf.proof)?, &heads[leaf.head]);
        ensure!(proof == ours.inclusion(leaf.index, head.size), "we make the same proof");
        let entry = ours.entry(leaf.index);
        let file = ProofFile { index: leaf.index, proof: proof.clone(), checkpoint: &made.heads[leaf.head] };
        let file = file.to_string();
        let file = ProofFile::parse(&file).context("a proof file")?;
        file.verify(entry, &keys).with_context(|| format!("{} of {}", leaf.index, head.size))?;
        ensure!(file.verify(b"another", &keys).is_err());
        let hash = avow_shared::merkle::leaf_hash(entry);
        for wrong in altered(&proof) {
            ensure!(verify_inclusion(&hash, leaf.index, head.size, &head.root, &wrong).is_err());
        }
    }
    ensure!(made.growths.len() == SIZES.len() * (SIZES.len() + 1) / 2);
    for growth in &made.growths {
        let (proof, old, head) = (decoded(&growth.proof)?, &heads[growth.old], &heads[growth.head]);
        ensure!(proof == ours.consistency(old.size, head.size), "we make the same proof");
        verify_consistency((old.size, &old.root), (head.size, &head.root), &proof)?;
        for wrong in altered(&proof) {
            ensure!(
                verify_consistency((old.size, &old.root), (head.size, &head.root), &wrong).is_err(),
                "{} to {}",
                old.size,
                head.size
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn our_witness_follows_a_log_in_go_and_go_accepts_its_cosignatures() -> Result<()> {
    let Some(go) = judge()? else { return Ok(()) };
    let sizes = [3, 8, 100];
    let made = GoLog::of(&go, &sizes)?;
    let home = Home::watching(&[made.key()?])?;
    let witness = home.start().await?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (at, head) in made.heads.iter().enumerate() {
        let (old, proof) = match at.checked_sub(1) {
            None => (0, Vec::new()),
            Some(before) => {
                let growth = made.growths.iter().find(|growth| (growth.old, growth.head) == (before, at));
                (sizes[before], decoded(&growth.context("a proof")?.proof)?)
            }
        };
        let reply = witness.add(request(old, &proof, head)).await?;
        ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
        good.push(json!({ "head": format!("{head}{}", reply.text()), "signers": [ORIGIN, NAME] }));
        // Under another head it says nothing, and one that is missing is missed.
        let other = &made.heads[(at + 1) % sizes.len()];
        bad.push(json!({ "head": format!("{other}{}", reply.text()), "signers": [ORIGIN, NAME] }));
        bad.push(json!({ "head": head, "signers": [ORIGIN, NAME] }));
    }
    for (cases, accepted) in [(good, true), (bad, false)] {
        let answers = go.check(
            &json!({ "keys": [made.key], "witnesses": [witness.key().to_string()], "cases": cases }),
        )?;
        ensure!(
            answers.len() >= sizes.len() && answers.iter().all(|answer| answer.is_none() == accepted),
            "{answers:?}"
        );
    }
    Ok(())
}
