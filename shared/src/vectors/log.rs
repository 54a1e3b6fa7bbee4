//! Runs the log vectors of `testdata/log.json`: roots, notes, tiles, tokens, canonical JSON and receipts.
//!
//! Input: an array of cases, each with its `kind`. Output: for each case what was found, or the fault by name.

use crate::jcs;
use crate::json::Writer;
use crate::jws::{self, Key};
use crate::merkle::{Frontier, leaf_hash};
use crate::note::{Note, Verifier};
use crate::receipt::Receipt;
use crate::tile::Tile;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(flatten)]
    question: Question,
}

/// Bytes are hexadecimal, keys of notes `name+id+key`, keys of tokens base64url.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Question {
    /// The root of a tree.
    Root { leaves: Vec<String> },
    /// Who signed a note.
    Note { note: String, keys: Vec<String> },
    /// How many full tiles each level has, and the paths of those that are not full.
    Tiles { size: u64 },
    /// The thumbprint of a key.
    Thumbprint { key: String },
    /// The payload of a token of any header.
    Signature { token: String, key: String },
    /// The payload of a receipt's token.
    Jws { token: String, keys: Vec<String> },
    /// The canonical form of a document.
    Jcs { json: String },
    /// Where a record is.
    Receipt { record: String, salt: String, proof: String, keys: Vec<String> },
}

/// Answers every case; `Err` says which input could not be read.
pub fn run(json: &str) -> Result<String, String> {
    let cases: Vec<Case> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let answers = cases.iter().map(|case| {
        let answer = case.question.answer().ok_or_else(|| format!("{}: cannot be read", case.name))?;
        Ok((case.name.as_str(), answer.unwrap_or_else(|fault| fault)))
    });
    let answers = answers.collect::<Result<Vec<_>, String>>()?;
    let mut out = Writer::new();
    out.array(|out| {
        for (name, answer) in answers {
            out.object(|out| {
                out.key("answer").string(&answer);
                out.key("name").string(name);
            });
        }
    });
    Ok(out.finish())
}

impl Question {
    /// What was found, or the fault; `None` if the case itself cannot be read.
    fn answer(&self) -> Option<Result<String, String>> {
        Some(match self {
            Self::Root { leaves } => {
                let mut tree = Frontier::default();
                for leaf in leaves {
                    tree.push(leaf_hash(&unhex(leaf)?));
                }
                Ok(crate::id::hex(&tree.root()))
            }
            Self::Note { note, keys } => signers(note, &verifiers(keys)?),
            Self::Tiles { size } => Ok(tiles(*size)),
            Self::Thumbprint { key } => Ok(jws::thumbprint(&public(key)?)),
            Self::Signature { token, key } => {
                let key = Key::from_public(public(key)?)?;
                let parts = jws::Parts::read(token);
                let signed = parts.and_then(|parts| parts.signed_by(&key).map(|()| parts.payload));
                signed.map(|payload| text(&payload)).map_err(|error| error.to_string())
            }
            Self::Jws { token, keys } => {
                let keys =
                    keys.iter().map(|key| Key::from_public(public(key)?)).collect::<Option<Vec<_>>>()?;
                let verified = jws::verify(token, &keys);
                verified.map(|verified| text(&verified.payload)).map_err(|error| error.to_string())
            }
            Self::Jcs { json } => jcs::canonical(json).map_err(|error| error.to_string()),
            Self::Receipt { record, salt, proof, keys } => {
                let receipt = Receipt { record, salt: unhex(salt)?.try_into().ok()?, proof };
                let keys = verifiers(keys)?;
                receipt.verify(&keys).map_err(|error| error.to_string()).map(|proved| {
                    let index = crate::proof_file::ProofFile::parse(proof).map_or(0, |proof| proof.index);
                    format!("leaf {index} of {} in {}", proved.checkpoint.size, proved.checkpoint.origin)
                })
            }
        })
    }
}

fn signers(note: &str, keys: &[Verifier]) -> Result<String, String> {
    let note = Note::parse(note).map_err(|error| error.to_string())?;
    let signed = note.verify(keys).map_err(|error| error.to_string())?;
    let names: Vec<&str> = signed.iter().map(|signed| signed.by.name()).collect();
    Ok(format!("signed by {}", names.join(", ")))
}

fn tiles(size: u64) -> String {
    let mut full: Vec<u64> = Vec::new();
    let mut partial = Vec::new();
    for tile in Tile::all(size) {
        full.resize(full.len().max(usize::from(tile.level) + 1), 0);
        if tile.is_full() {
            full[usize::from(tile.level)] += 1;
        } else {
            partial.push(tile.path());
        }
    }
    if full.is_empty() {
        return String::new();
    }
    let full: Vec<String> = full.iter().map(u64::to_string).collect();
    format!("{}; {}", full.join(" "), partial.join(" "))
}

fn verifiers(keys: &[String]) -> Option<Vec<Verifier>> {
    keys.iter().map(|key| Verifier::parse(key)).collect()
}

fn public(key: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at| text.get(at..at + 2).filter(|pair| crate::id::is_hex(pair, 2));
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(pair(at)?, 16).ok()).collect()
}
