//! Checks receipts and heads in a browser: the same functions as `avow verify`, compiled to WebAssembly.
//!
//! What this is *not*: it reads no JSON, fetches nothing and draws nothing; the pages do (`page/verifier.js`,
//! `../js/prove.js`). Texts are put together by hand: the formatting of the standard library costs more bytes here
//! than all that it would say.

#![expect(clippy::single_char_add_str, reason = "in the browser a character weighs more than a text of one")]

use avow_shared::base64;
use avow_shared::checkpoint::Checkpoint;
use avow_shared::commitment::commitment;
use avow_shared::fields::Fields;
use avow_shared::id::hex;
use avow_shared::merkle::{Hash, verify_consistency};
use avow_shared::note::{Algorithm, Verifier};
use avow_shared::proof_file::Fault;
use avow_shared::radix;
use avow_shared::receipt::Receipt;
use wasm_bindgen::prelude::wasm_bindgen;

/// Nothing is given back: a check takes some ten kilobytes, and a page makes few.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::LeakingAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::LeakingAllocator::new());

/// Checks a receipt against public keys, one `name+id+key` on each line.
///
/// `salt` is base64 with padding, `stated` the commitment that the receipt states, `proof` the text of a
/// `.tlog-proof` file.
/// Answers lines: `ok`, the log's name, the leaf's commitment, the head's size and root, and one line for each
/// signature (`log NAME` or `witness SECONDS NAME`); or `fault` and what does not hold.
#[wasm_bindgen]
pub fn receipt(record: &str, salt: &str, stated: &str, proof: &str, keys: &str) -> String {
    let mut said = String::new();
    if let Err((part, fault)) = check(record, salt, stated, proof, keys, &mut said) {
        said.clear();
        for text in ["fault\n", part, ": ", fault] {
            said.push_str(text);
        }
    }
    said
}

/// Whether the log of one head has grown to another: two texts of checkpoints, and hashes in base64, one on each
/// line. Two heads of one size must be the same.
#[wasm_bindgen]
pub fn continues(older: &str, newer: &str, proof: &str) -> bool {
    grown(older, newer, proof).is_some()
}

fn grown(older: &str, newer: &str, proof: &str) -> Option<()> {
    let mut nodes: Vec<Hash> = Vec::new();
    for line in Fields::new(proof, b'\n').filter(|line| !line.is_empty()) {
        nodes.push(base64::decode(line)?.try_into().ok()?);
    }
    let (old, new) = (Checkpoint::parse(older)?, Checkpoint::parse(newer)?);
    if old.origin != new.origin {
        return None;
    }
    verify_consistency((old.size, &old.root), (new.size, &new.root), &nodes).ok()
}

/// A part of the receipt, and what is wrong with it.
type Wrong = (&'static str, &'static str);

fn check(
    record: &str,
    salt: &str,
    stated: &str,
    proof: &str,
    keys: &str,
    said: &mut String,
) -> Result<(), Wrong> {
    let salt: [u8; 32] =
        base64::decode(salt).and_then(|salt| salt.try_into().ok()).ok_or(("salt", "it is not 32 bytes"))?;
    let content = hex(&commitment(&salt, record.as_bytes()));
    if content != stated {
        return Err(("record", "it is not the one that was committed to, or the salt is another"));
    }
    let mut known = Vec::new();
    for line in Fields::new(keys, b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        known.push(Verifier::parse(line).ok_or(("key", "this is not a key of the form name+id+key"))?);
    }
    let proved = Receipt { record, salt, proof }.verify(&known).map_err(Fault::parts)?;
    let checkpoint = proved.checkpoint;
    for text in ["ok\n", &checkpoint.origin, "\n", &content, "\n"] {
        said.push_str(text);
    }
    radix::push_decimal(said, checkpoint.size);
    for text in ["\n", &hex(&checkpoint.root)] {
        said.push_str(text);
    }
    for signed in &proved.signed {
        match signed.by.algorithm() {
            Algorithm::Ed25519 => said.push_str("\nlog "),
            Algorithm::Cosignature => {
                said.push_str("\nwitness ");
                radix::push_decimal(said, signed.time);
                said.push_str(" ");
            }
        }
        said.push_str(signed.by.name());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use avow_shared::entry::{Kind, leaf_hash};
    use avow_shared::merkle::{Frontier, consistency_proof, node_hash};
    use avow_shared::proof_file::ProofFile;
    use ed25519_dalek::{Signer as _, SigningKey};

    #[test]
    fn a_receipt_holds_and_no_altered_one() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let verifier =
            Verifier::new("o/log", Algorithm::Ed25519, key.verifying_key().as_bytes()).expect("a key");
        let (record, salt) = ("{\"n\":1}", [3; 32]);
        let content = commitment(&salt, record.as_bytes());
        let frontier: Frontier = [leaf_hash(Kind::Record, &content)].into_iter().collect();
        let text = Checkpoint { origin: "o/log".to_owned(), size: 1, root: frontier.root() }.to_string();
        let note = format!("{text}\n{}", verifier.line(&key.sign(text.as_bytes()).to_bytes()));
        let proof = ProofFile { index: 0, proof: Vec::new(), checkpoint: &note }.to_string();
        let (salt, stated, keys) = (base64::encode(&salt), hex(&content), verifier.to_string());
        let said = receipt(record, &salt, &stated, &proof, &keys);
        let whole = format!("ok\no/log\n{stated}\n1\n{}\nlog o/log", hex(&frontier.root()));
        assert_eq!(said, whole);
        for (record, stated, keys, fault) in [
            ("{\"n\":2}", stated.as_str(), keys.as_str(), "record"),
            (record, &"0".repeat(64), &keys, "record"),
            (record, &stated, "", "head"),
            (record, &stated, "nonsense", "key"),
        ] {
            let said = receipt(record, &salt, stated, &proof, keys);
            assert!(said.starts_with(&format!("fault\n{fault}:")), "{said}");
        }
        assert!(receipt(record, "short", &stated, &proof, &keys).starts_with("fault\nsalt:"));
    }

    #[test]
    fn a_head_extends_what_it_grew_from_and_nothing_else() {
        let leaves: Vec<Hash> = (0..7).map(|n| [n; 32]).collect();
        let root = |size: usize| leaves[..size].iter().copied().collect::<Frontier>().root();
        let read = |id: avow_shared::merkle::NodeId| -> Result<Hash, ()> {
            let mut level = leaves.clone();
            for _ in 0..id.level {
                level = level.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            }
            Ok(level[usize::try_from(id.index).expect("small")])
        };
        let head = |origin: &str, size: usize, root: Hash| {
            Checkpoint { origin: origin.to_owned(), size: size as u64, root }.to_string()
        };
        for old in 1..=7_usize {
            let proof = consistency_proof(old as u64, 7, read).expect("all nodes").expect("not larger");
            let proof: Vec<String> = proof.iter().map(|hash| base64::encode(hash)).collect();
            let proof = proof.join("\n");
            let (older, newer) = (head("o/log", old, root(old)), head("o/log", 7, root(7)));
            assert!(continues(&older, &newer, &proof), "{old}");
            assert!(!continues(&head("o/log", old, [9; 32]), &newer, &proof), "{old}: another beginning");
            assert!(!continues(&older, &head("o/log", 7, [9; 32]), &proof), "{old}: another end");
            assert!(!continues(&older, &head("o/2", 7, root(7)), &proof), "{old}: another log");
            assert!(!continues(&older, &newer, &format!("{proof}\n{}", base64::encode(&[9; 32]))), "{old}");
        }
        let (older, newer) = (head("o/log", 6, root(6)), head("o/log", 7, root(7)));
        assert!(!continues(&newer, &older, ""), "smaller");
        assert!(!continues("", "", ""), "no heads");
    }
}
