//! A log made by the test with a key of its own. Its hashes are computed by the definition of RFC 6962 section 2.1,
//! and not by the tree under test.

use std::collections::BTreeMap;

use avow_shared::note::{Algorithm, Verifier};
use avow_shared::tile::Tile;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest, Sha256};

pub const ORIGIN: &str = "log.example/shop";

/// A key by a number, under a name.
pub fn key(name: &str, number: u8) -> (Verifier, SigningKey) {
    let key = SigningKey::from_bytes(&[number; 32]);
    let verifier = Verifier::new(name, Algorithm::Ed25519, key.verifying_key().as_bytes());
    (verifier.expect("a key"), key)
}

/// The key of the log, as it is published.
pub fn vkey() -> String {
    key(ORIGIN, 1).0.to_string()
}

/// So many entries, each another.
pub fn entries(count: u64) -> Vec<Vec<u8>> {
    (0..count)
        .map(|n| {
            // Most are records, each tenth something that was published.
            let kind = if n.is_multiple_of(10) { 2 } else { 1 };
            [&[kind][..], &Sha256::digest(n.to_be_bytes())].concat()
        })
        .collect()
}

fn leaf(entry: &[u8]) -> [u8; 32] {
    Sha256::digest([&[0], entry].concat()).into()
}

/// MTH(D[n]) over the hashes of leaves.
pub fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            Sha256::digest([&[1][..], &root(left), &root(right)].concat()).into()
        }
    }
}

/// The head over entries, signed by a key of that number.
pub fn head(entries: &[Vec<u8>], number: u8) -> String {
    let leaves: Vec<_> = entries.iter().map(|entry| leaf(entry)).collect();
    signed(&format!("{ORIGIN}\n{}\n{}\n", entries.len(), STANDARD.encode(root(&leaves))), number)
}

/// A text, signed under the log's name by a key of that number.
pub fn signed(text: &str, number: u8) -> String {
    let (verifier, key) = key(ORIGIN, number);
    format!("{text}\n{}", verifier.line(&key.sign(text.as_bytes()).to_bytes()))
}

/// A head with a witness's line (C2SP tlog-cosignature) of that time, and the witness's key.
pub fn cosigned(head: &str, name: &str, number: u8, time: u64) -> (String, String) {
    let key = SigningKey::from_bytes(&[number; 32]);
    let verifier =
        Verifier::new(name, Algorithm::Cosignature, key.verifying_key().as_bytes()).expect("a key");
    let (text, _) = head.split_once("\n\n").expect("a signed note");
    let message = format!("cosignature/v1\ntime {time}\n{text}\n");
    let signature = [&time.to_be_bytes()[..], &key.sign(message.as_bytes()).to_bytes()].concat();
    (format!("{head}{}", verifier.line(&signature)), verifier.to_string())
}

/// Every file of the log, as C2SP tlog-tiles lays them out.
pub fn files(entries: &[Vec<u8>]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::from([("checkpoint".to_owned(), head(entries, 1).into_bytes())]);
    let leaves: Vec<_> = entries.iter().map(|entry| leaf(entry)).collect();
    for tile in Tile::all(entries.len() as u64) {
        let span = 256_usize.pow(tile.level.into());
        let first = usize::try_from(tile.index).expect("small") * 256;
        let nodes = (first..first + usize::from(tile.width))
            .flat_map(|node| root(&leaves[node * span..(node + 1) * span]))
            .collect();
        files.insert(tile.path(), nodes);
        if tile.level == 0 {
            let bundle =
                entries[first..first + usize::from(tile.width)].iter().flat_map(|entry| bundled(entry));
            files.insert(tile.entries_path(), bundle.collect());
        }
    }
    files
}

/// An entry after its length.
fn bundled(entry: &[u8]) -> Vec<u8> {
    let length = u16::try_from(entry.len()).expect("short");
    [&length.to_be_bytes()[..], entry].concat()
}

/// A `.tlog-proof` of that leaf.
pub fn proof(entries: &[Vec<u8>], index: usize) -> String {
    let leaves: Vec<_> = entries.iter().map(|entry| leaf(entry)).collect();
    let path =
        path(index, &leaves).iter().fold(String::new(), |text, hash| text + &STANDARD.encode(hash) + "\n");
    format!("c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{}", head(entries, 1))
}

/// PATH(m, D[n]), RFC 6962 section 2.1.1.
fn path(index: usize, leaves: &[[u8; 32]]) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut below, beside) = if index < left.len() {
        (path(index, left), root(right))
    } else {
        (path(index - left.len(), right), root(left))
    };
    below.push(beside);
    below
}
