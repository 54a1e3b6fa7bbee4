//! `bundle.json`: what a bundle is.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format.
pub const SCHEMA: u32 = 1;

/// The index.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The site.
    pub site: String,
    /// What its log is called.
    pub origin: String,
    /// Leaves under the head.
    pub size: u64,
    /// The head's root, hexadecimal.
    pub root: String,
    /// Everything, or some records.
    pub scope: Scope,
    /// Milliseconds UTC.
    pub made_at: i64,
    /// Records that were erased under the head, by reason.
    pub erasures: BTreeMap<String, u64>,
    /// Entries that are no records.
    pub other_entries: u64,
    /// The bundle before, which the head extends.
    pub previous: Option<Previous>,
}

/// Whether anything is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Every leaf under the head.
    Full,
    /// Some records, each with a proof.
    Partial,
}

/// The head of the bundle before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// Leaves.
    pub size: u64,
    /// Root, hexadecimal.
    pub root: String,
}

impl Index {
    /// The text of the file.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self)
            .expect("words, whole numbers and maps with text keys always serialize")
    }

    /// Reads the text that [`Index::to_text`] writes; any other spelling is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let index: Self = serde_json::from_str(text).ok()?;
        (index.schema == SCHEMA && index.to_text() == text).then_some(index)
    }
}
