//! Everything that reads what strangers send, as functions that take any bytes and must not panic.
//!
//! Where something is written as well, what was read is written and read again. The same functions run with bounded
//! random input in every test run (`tests/inputs/tests/bounded.rs`), and without bounds under cargo-fuzz
//! (`fuzz/fuzz_targets/`).

use avow_server::policy::{Published, compile};
use avow_shared::checkpoint::Checkpoint;
use avow_shared::jcs;
use avow_shared::jws::{self, Key};
use avow_shared::note::{Note, Verifier};
use avow_shared::proof_file::ProofFile;
use avow_shared::record::Record;
use avow_shared::submission::Submission;
use avow_shared::tile::Tile;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// One reader of input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it reads.
    pub name: &'static str,
    /// Reads it.
    pub run: fn(&[u8]),
    /// Inputs in order, from which others are made.
    pub seeds: &'static [&'static [u8]],
    /// How many times as long as the others it takes to read an input.
    pub cost: u32,
}

macro_rules! seeds {
    ($($path:literal),+ $(,)?) => { &[$(include_bytes!(concat!("../testdata/", $path))),+] };
}

/// All of them.
pub const TARGETS: [Target; 11] = [
    Target { name: "note", run: note, seeds: seeds!["note/known", "note/key", "note/two-keys"], cost: 1 },
    Target {
        name: "checkpoint",
        run: checkpoint,
        seeds: seeds!["checkpoint/log", "checkpoint/extended"],
        cost: 1,
    },
    Target { name: "proof", run: proof, seeds: seeds!["proof/leaf-2", "proof/extra"], cost: 1 },
    Target { name: "tile", run: tile, seeds: seeds!["tile/full", "tile/partial", "tile/entries"], cost: 1 },
    Target {
        name: "token",
        run: token,
        seeds: seeds!["token/receipt", "token/rfc9864", "token/bare"],
        cost: 1,
    },
    Target {
        name: "canonical",
        run: canonical,
        seeds: seeds!["canonical/known.json", "canonical/record.json", "canonical/escapes.json"],
        cost: 1,
    },
    Target { name: "receipt", run: receipt, seeds: seeds!["receipt/one.json"], cost: 1 },
    Target {
        name: "policy",
        run: policy,
        seeds: &[include_bytes!("../../../server/src/policy/testdata/good.toml")],
        cost: 1,
    },
    Target { name: "submission", run: submission, seeds: seeds!["submission/one.json"], cost: 1 },
    Target { name: "bundle", run: bundle, seeds: seeds!["bundle/whole", "bundle/part"], cost: 20 },
    Target {
        name: "container",
        run: container,
        seeds: &[include_bytes!("../../../verify/testdata/whole-1.zip")],
        cost: 20,
    },
];

/// The key of the note in `testdata/note/`, from the documentation of Go's note package.
const NOTE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
/// The key of the log in `testdata/proof/` and `testdata/receipt/`.
const LOG_KEY: &str = "log.example/avow+e112240d+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
/// The key of the log in `testdata/bundle/` and `verify/testdata/`.
const BUNDLE_KEY: &str = "log.example/shop+b1b45202+AW56HN0psLeP0Tr0xVmP7/TvKpcWbjym8uT7/M2AUFvx";
/// The key of the tokens in `testdata/token/`: RFC 8037 appendix A.2.
const TOKEN_KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn known(key: &str) -> [Verifier; 1] {
    [Verifier::parse(key).expect("a constant of this file")]
}

/// Signed notes, and keys as they are published.
pub fn note(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Some(key) = Verifier::parse(text) {
        assert_eq!(key.to_string(), text, "a key has one spelling");
    }
    let Ok(note) = Note::parse(text) else { return };
    if note.verify(&known(NOTE_KEY)).is_ok() {
        assert_eq!(note.text(), "This is an example message.\n", "nothing else was ever signed");
    }
}

/// Heads of logs.
pub fn checkpoint(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Some(checkpoint) = Checkpoint::parse(text) else { return };
    let written = checkpoint.to_string();
    assert!(text.starts_with(&written), "what follows the three lines is an extension");
    assert_eq!(Checkpoint::parse(&written), Some(checkpoint));
}

/// `.tlog-proof` files.
pub fn proof(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Some(proof) = ProofFile::parse(text) else { return };
    assert_eq!(ProofFile::parse(&proof.to_string()).as_ref(), Some(&proof));
    assert!(proof.verify(b"an entry of no log", &known(LOG_KEY)).is_err());
}

/// Paths of tiles.
pub fn tile(input: &[u8]) {
    let Ok(path) = str::from_utf8(input) else { return };
    let Some((tile, entries)) = Tile::parse(path) else { return };
    let written = if entries { tile.entries_path() } else { tile.path() };
    assert_eq!(written.strip_prefix("tile/"), Some(path), "a tile has one path");
}

/// Signed receipts (JWS).
pub fn token(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let public = URL_SAFE_NO_PAD.decode(TOKEN_KEY).ok().and_then(|key| key.try_into().ok());
    let key = public.and_then(Key::from_public).expect("a constant of this file");
    if let Ok(verified) = jws::verify(text, &[key]) {
        assert_eq!(verified.payload, b"{\"schema\":1}", "nothing else was ever signed");
    }
}

/// Any JSON, made canonical; and records.
pub fn canonical(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(record) = Record::from_canonical(text) {
        assert_eq!(record.to_canonical(), text);
        assert!(jcs::is_canonical(text), "both ways to canonical bytes agree");
    }
    let Ok(canonical) = jcs::canonical(text) else { return };
    // A fraction may be written as a whole number that is too great: then it is refused, and never altered.
    if let Ok(again) = jcs::canonical(&canonical) {
        assert_eq!(again, canonical);
    }
}

/// Receipts as a visitor keeps them.
pub fn receipt(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    for keys in [&known(LOG_KEY)[..], &[]] {
        let report = avow_verify::receipt::check(text, keys);
        assert!(!report.to_string().is_empty() && serde_json::to_string(&report).is_ok());
        if report.fault().is_none() && !keys.is_empty() {
            let read: serde_json::Value = serde_json::from_str(text).expect("a receipt is JSON");
            let record = include_str!("../testdata/canonical/record.json");
            assert_eq!(read["record"], record, "nothing else was ever logged");
        }
    }
}

/// The files of a bundle, each after its name on a line of its own, with a record separator (1E) between them.
pub fn bundle(input: &[u8]) {
    let zip = pack(input);
    let Some(zip) = zip else { return };
    container(&zip);
}

/// The ZIP of those files; `None` if they cannot be the files of one.
pub fn pack(input: &[u8]) -> Option<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in input.split(|byte| *byte == 0x1e) {
        let at = file.iter().position(|byte| *byte == b'\n')?;
        let (name, bytes) = (str::from_utf8(&file[..at]).ok()?, &file[at + 1..]);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(name, options).ok()?;
        zip.write_all(bytes).ok()?;
    }
    Some(zip.finish().ok()?.into_inner())
}

/// Bundles as they are handed over.
pub fn container(input: &[u8]) {
    for keys in [&known(BUNDLE_KEY)[..], &[]] {
        let report = avow_verify::bundle::check(Cursor::new(input), keys, None);
        assert!(!report.to_string().is_empty() && serde_json::to_string(&report).is_ok());
        if report.fault().is_none() && !keys.is_empty() {
            let report = serde_json::to_value(&report).expect("a report is JSON");
            let root = "a32c4eb17c0389bcfee428467adc85d60c57a401861321704cc9f1582149df00";
            assert_eq!(report["head"]["root"], root, "nothing else was ever signed");
        }
    }
}

/// Policy files.
pub fn policy(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    match compile::read(text, "policy.toml") {
        Ok(file) => {
            let document = compile::compile(&file, &[]).to_canonical();
            let published = Published::from_document(&document, &"0".repeat(64));
            assert!(published.is_ok(), "what may be published can be served: {:?}", published.err());
        }
        Err(faults) => assert!(!faults.to_string().is_empty(), "a refusal says why"),
    }
}

/// Bodies of `POST /v1/consents`.
pub fn submission(input: &[u8]) {
    let Ok(read) = serde_json::from_slice::<Submission>(input) else { return };
    let written = read.to_json();
    let again: Submission = serde_json::from_str(&written).expect("what is written can be read");
    assert_eq!(again.to_json(), written);
}
