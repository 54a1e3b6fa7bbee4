//! What a manifest states, as far as a bundle follows it: a published version, or an erasure.

use avow_shared::entry::Kind;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a manifest states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stated {
    /// A policy version was published.
    Policy(Version),
    /// Records were erased.
    Erasure(Erasure),
    /// Files were published, those of a widget build or pictures of it: file name to the SHA-256 of its bytes,
    /// hexadecimal.
    Files(BTreeMap<String, String>),
    /// The beginning of a log that goes on where another ended, or something that a bundle does not follow.
    Other,
}

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// Its number.
    #[serde(rename = "version")]
    pub number: u32,
    /// SHA-256 of the compiled document, hexadecimal.
    pub sha256: String,
    /// SHA-256 of the file that it came from, hexadecimal.
    pub source_sha256: String,
    /// Language to the hash of everything shown in it.
    pub texts: BTreeMap<String, String>,
}

/// An erasure of one record, or of several whose time was over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Erasure {
    leaf: Option<u64>,
    leaves: Option<Vec<u64>>,
    /// Why.
    pub reason: String,
}

impl Erasure {
    /// The leaves whose records are gone.
    pub fn leaves(&self) -> impl Iterator<Item = u64> {
        self.leaf.into_iter().chain(self.leaves.iter().flatten().copied())
    }
}

/// An artefact of any type.
#[derive(Deserialize)]
struct Artefact {
    r#type: String,
}

#[derive(Deserialize)]
struct Files {
    files: BTreeMap<String, String>,
}

impl Stated {
    /// Reads the manifest of an entry of that kind.
    pub fn read(kind: &str, manifest: &str) -> Result<Self, String> {
        let unread = |error: serde_json::Error| error.to_string();
        match Kind::ALL.into_iter().find(|known| known.as_str() == kind) {
            Some(Kind::Artefact) => {
                let Artefact { r#type } = serde_json::from_str(manifest).map_err(unread)?;
                match r#type.as_str() {
                    "policy" => serde_json::from_str(manifest).map(Self::Policy).map_err(unread),
                    "build" | "screenshots" => {
                        let Files { files } = serde_json::from_str(manifest).map_err(unread)?;
                        Ok(Self::Files(files))
                    }
                    _ => Ok(Self::Other),
                }
            }
            Some(Kind::Erasure) => serde_json::from_str(manifest).map(Self::Erasure).map_err(unread),
            Some(Kind::Epoch) => Ok(Self::Other),
            Some(Kind::Record) | None => Err("entries of its kind have none".to_owned()),
        }
    }
}
