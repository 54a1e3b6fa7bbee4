//! Makes bundles: a small log with everything that a log can hold.

use avow_shared::checkpoint::Checkpoint;
use avow_shared::commitment::commitment;
use avow_shared::entry::{self, Kind, manifest_hash};
use avow_shared::id::{Millis, RecordId, hex};
use avow_shared::merkle::{Frontier, Hash, NodeId, consistency_proof, inclusion_proof};
use avow_shared::note::{Algorithm, Verifier};
use avow_shared::proof_file::ProofFile;
use avow_shared::record::Record;
use avow_verify::bundle::index::{Index, Previous, SCHEMA, Scope};
use avow_verify::bundle::lines::{self, Leaf, Manifest, Proof};
use avow_verify::bundle::{names, readme::readme, table};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What the log is called.
pub const ORIGIN: &str = "log.example/shop";
const DOCUMENT: &str = r#"{"version":1}"#;
const PAGE: &str = "<!doctype html>";
const GUARD: &str = "(function () {})();";
const SOURCE: &str = "schema = 1\n";
const FROZEN: &str = include_str!("../../../shared/testdata/record-1.json");

/// A log and its bundle's files.
#[derive(Clone)]
pub struct Made {
    /// Names and bytes, in order.
    pub files: Vec<(String, Vec<u8>)>,
    /// The log's key.
    pub key: Verifier,
    leaves: Vec<Hash>,
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

/// The log's key.
pub fn key() -> Verifier {
    Verifier::new(ORIGIN, Algorithm::Ed25519, signer().verifying_key().as_bytes()).expect("a key")
}

/// A signed head.
pub fn sign(size: u64, root: Hash) -> String {
    let text = Checkpoint { origin: ORIGIN.to_owned(), size, root }.to_string();
    format!("{text}\n{}", key().line(&signer().sign(text.as_bytes()).to_bytes()))
}

/// A record of the site, different for every `n`.
fn record(n: u16) -> Record {
    let mut record = Record::from_canonical(FROZEN.trim_end()).expect("the frozen record");
    let mut random = [0; 10];
    random[..2].copy_from_slice(&n.to_be_bytes());
    record.id = RecordId::from_parts(Millis(1_700_000_000_000), random).to_text();
    "shop".clone_into(&mut record.site);
    record.policy_version = 1;
    record.policy_sha256 = hex(&Sha256::digest(DOCUMENT));
    "en".clone_into(&mut record.locale);
    record.texts_sha256 = hex(&[7; 32]);
    record
}

/// What the guard of the build is called in the bundle.
pub fn guard_name() -> String {
    names::artefact("guard.js", &hex(&Sha256::digest(GUARD))).expect("a name")
}

enum Stands {
    Record(Box<Record>),
    Erased,
    Manifest(Kind, String),
}

impl Made {
    /// A whole log of two versions' worth of entries: leaf 3 was erased, leaf 8 too, after the head.
    pub fn whole() -> Self {
        Self::of(Scope::Full, 0)
    }

    /// The same with so many records more.
    pub fn long(more: u16) -> Self {
        Self::of(Scope::Full, more)
    }

    /// Two records of that log.
    pub fn part() -> Self {
        Self::of(Scope::Partial, 0)
    }

    fn of(scope: Scope, more: u16) -> Self {
        let policy = format!(
            r#"{{"published_at":1,"sha256":"{}","site":"shop","source_sha256":"{}","texts":{{"en":"{}"}},"type":"policy","version":1}}"#,
            hex(&Sha256::digest(DOCUMENT)),
            hex(&Sha256::digest(SOURCE)),
            hex(&[7; 32])
        );
        let build = format!(
            r#"{{"files":{{"guard.js":"{}","verifier.html":"{}"}},"guard":"g","type":"build","widget":"w"}}"#,
            hex(&Sha256::digest(GUARD)),
            hex(&Sha256::digest(PAGE))
        );
        let erasure =
            r#"{"at":1,"authority":"visitor","leaf":3,"live":false,"reason":"withdrawn","type":"erasure"}"#;
        let mut entries = vec![
            Stands::Manifest(Kind::Artefact, policy),
            Stands::Manifest(Kind::Artefact, build),
            Stands::Record(Box::new(record(2))),
            Stands::Erased,
            Stands::Record(Box::new(record(4))),
            Stands::Manifest(Kind::Erasure, erasure.to_owned()),
            Stands::Record(Box::new(Record { policy_version: 9, ..record(6) })),
            Stands::Record(Box::new(record(7))),
            Stands::Erased,
        ];
        entries.extend((0..more).map(|n| Stands::Record(Box::new(record(1_000 + n)))));
        let leaves: Vec<Leaf> = (0..).zip(&entries).map(|(index, stands)| leaf(index, stands)).collect();
        let hashes: Vec<Hash> =
            leaves.iter().map(|leaf| entry::leaf_hash(leaf.kind, &leaf.content)).collect();
        let size = hashes.len() as u64;
        let root = root(&hashes);
        let head = sign(size, root);
        let previous = (5, self::root(&hashes[..5]));
        let index = Index {
            schema: SCHEMA,
            site: "shop".to_owned(),
            origin: ORIGIN.to_owned(),
            size,
            root: hex(&root),
            scope,
            made_at: 1_700_000_000_000,
            erasures: [("withdrawn".to_owned(), 1)].into(),
            other_entries: 3,
            previous: Some(Previous { size: previous.0, root: hex(&previous.1) }),
        };
        let consistency =
            consistency_proof(previous.0, size, |node| node_of(&hashes, node)).expect("infallible");
        let consistency = consistency.expect("in the tree");
        let mut made = Self { files: Vec::new(), key: key(), leaves: hashes };
        made.add(names::README, readme(&index, true, true));
        made.add(names::INDEX, index.to_text());
        made.add(names::HEAD, &head);
        made.add(names::PUBLIC, sign(4, self::root(&made.leaves[..4])));
        made.add(names::KEYS, format!("{}\n", made.key));
        made.add(names::CONSISTENCY, lines::consistency_text(&consistency));
        made.add("policies/1.json", DOCUMENT);
        made.add("policies/1.toml", SOURCE);
        made.add(&guard_name(), GUARD);
        made.add(names::VERIFIER, PAGE);
        made.add_leaves(&entries, &leaves, scope, &head);
        made
    }

    fn add_leaves(&mut self, entries: &[Stands], leaves: &[Leaf], scope: Scope, head: &str) {
        let (mut lines, mut records, mut manifests) =
            (format!("{}\n", lines::LEAVES_HEAD), String::new(), String::new());
        let (mut rows, mut proofs) = (table::head(), String::new());
        for (stands, leaf) in entries.iter().zip(leaves) {
            let wanted = match stands {
                Stands::Record(record) => {
                    // In the part two of the four are wanted.
                    let wanted = scope == Scope::Full || [2, 7].contains(&leaf.index);
                    if wanted {
                        records.extend([record.to_canonical(), "\n".to_owned()]);
                        rows.extend(table::to_csv(table::cells(leaf.index, record)));
                    }
                    wanted
                }
                Stands::Erased => scope == Scope::Full,
                Stands::Manifest(kind, manifest) => {
                    let (kind, manifest) = (kind.as_str().to_owned(), manifest.clone());
                    let line = Manifest { index: leaf.index, kind, manifest }.to_line();
                    manifests.extend([line, "\n".to_owned()]);
                    true
                }
            };
            if wanted {
                lines.extend([leaf.to_line(), "\n".to_owned()]);
            }
            if wanted && scope == Scope::Partial {
                let size = self.leaves.len() as u64;
                let proof = inclusion_proof(leaf.index, size, |node| node_of(&self.leaves, node));
                let proof = proof.expect("infallible").expect("in the tree");
                let proof = ProofFile { index: leaf.index, proof, checkpoint: head }.to_string();
                proofs.extend([Proof { index: leaf.index, proof }.to_line(), "\n".to_owned()]);
            }
        }
        self.add(names::MANIFESTS, manifests);
        self.add(names::RECORDS, records);
        self.add(names::LEAVES, lines);
        if scope == Scope::Partial {
            self.add(names::PROOFS, proofs);
        }
        self.add(names::TABLE, rows);
        if scope == Scope::Full {
            self.add(names::ERASED_LATER, "index\n8\n");
        }
    }

    /// Puts a file at the end.
    pub fn add(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.files.push((name.to_owned(), bytes.as_ref().to_vec()));
    }

    /// The bytes of a file.
    pub fn file(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.files.iter_mut().find(|(known, _)| known == name).expect("a file of the bundle").1
    }

    /// Replaces a text in a file.
    pub fn replace(&mut self, name: &str, from: &str, to: &str) {
        let text = String::from_utf8(self.file(name).clone()).expect("text");
        assert!(text.contains(from), "{from} is in {name}");
        *self.file(name) = text.replace(from, to).into_bytes();
    }

    /// The signed head of the first leaves.
    pub fn earlier(&self, size: usize) -> String {
        sign(size as u64, root(&self.leaves[..size]))
    }

    /// The ZIP.
    pub fn zip(&self) -> Vec<u8> {
        self.packed(CompressionMethod::Deflated)
    }

    /// The ZIP, packed in that way.
    pub fn packed(&self, method: CompressionMethod) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in &self.files {
            let options = SimpleFileOptions::default().compression_method(method);
            zip.start_file(name, options).expect("memory takes it");
            zip.write_all(bytes).expect("memory takes it");
        }
        zip.finish().expect("memory takes it").into_inner()
    }
}

fn leaf(index: u64, stands: &Stands) -> Leaf {
    let salt = [index.to_le_bytes()[0]; 32];
    match stands {
        Stands::Record(record) => {
            let content = commitment(&salt, record.to_canonical().as_bytes());
            Leaf { index, kind: Kind::Record, content, salt: Some(salt) }
        }
        Stands::Erased => Leaf { index, kind: Kind::Record, content: [0xee; 32], salt: None },
        Stands::Manifest(kind, manifest) => {
            Leaf { index, kind: *kind, content: manifest_hash(manifest.as_bytes()), salt: None }
        }
    }
}

fn root(leaves: &[Hash]) -> Hash {
    leaves.iter().copied().collect::<Frontier>().root()
}

#[expect(clippy::unnecessary_wraps, reason = "readers of nodes may fail")]
fn node_of(leaves: &[Hash], node: NodeId) -> Result<Hash, std::convert::Infallible> {
    let first = usize::try_from(node.index << node.level).expect("a small log");
    Ok(root(&leaves[first..first + (1 << node.level)]))
}
