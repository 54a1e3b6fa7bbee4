//! Entries for what was published: each policy version, and each build of the widget that asked under it.
//!
//! A manifest holds hashes only; the texts lie beside it, in the policy and in the binary. The log's order and its
//! signed heads make it a dated proof of what visitors were shown.

use crate::assets::{self, Build};
use crate::store::append::{Effect, NewEntry};
use crate::store::policies::PolicyVersion;
use avow_shared::entry::Kind;
use avow_shared::id::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A policy version. Fields stand in sorted order: the JSON is canonical (RFC 8785).
#[derive(Debug, Serialize)]
struct PolicyManifest<'a> {
    published_at: i64,
    /// Of the compiled document.
    sha256: &'a str,
    site: &'a str,
    /// Of the file as published.
    source_sha256: String,
    /// Language to the hash of everything shown in it.
    texts: BTreeMap<String, String>,
    r#type: &'static str,
    version: i64,
}

/// The files of a widget build.
#[derive(Debug, Serialize)]
struct BuildManifest<'a> {
    /// File name to the SHA-256 of its bytes.
    files: BTreeMap<&'a str, String>,
    /// As records name it.
    guard: &'a str,
    /// Which file is what: `js`, `late`, `preferences`, `wasm`.
    parts: BTreeMap<&'static str, &'a str>,
    r#type: &'static str,
    /// As records name it.
    widget: &'a str,
}

/// What is read of a compiled document.
#[derive(Default, Deserialize)]
struct Texts {
    #[serde(default)]
    texts_sha256: BTreeMap<String, String>,
}

/// The entry of a policy version.
pub fn policy(row: &PolicyVersion) -> NewEntry {
    // A document that cannot be read has no texts that could be shown either.
    let texts: Texts = serde_json::from_str(&row.document).unwrap_or_default();
    let manifest = PolicyManifest {
        published_at: row.published_at,
        sha256: &row.hash,
        site: &row.site,
        source_sha256: hex(&Sha256::digest(&row.source)),
        texts: texts.texts_sha256,
        r#type: "policy",
        version: row.version,
    };
    entry(policy_name(row.version), &manifest)
}

/// The name of a policy version's entry.
pub fn policy_name(version: i64) -> String {
    format!("policy/{version}")
}

/// The entry of a widget build: its names in records, and its files. `None` if its engine has no name.
pub fn build<'a>(
    build: &Build<'a>,
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Option<NewEntry> {
    let widget = build.name()?;
    let Build { js, late, preferences, wasm, guard, .. } = *build;
    let manifest = BuildManifest {
        files: files.into_iter().map(|(name, bytes)| (name, hex(&Sha256::digest(bytes)))).collect(),
        guard,
        parts: [("js", js), ("late", late), ("preferences", preferences), ("wasm", wasm)].into(),
        r#type: "build",
        widget,
    };
    // Its names in records do not tell builds apart whose scripts alone differ: the manifest's hash does.
    let mut entry = entry(String::new(), &manifest);
    let hash = hex(&Sha256::digest(&entry.manifest));
    entry.name = format!("build/{widget}-{guard}-{}", &hash[..16]);
    Some(entry)
}

/// The entry of the build that serves here.
pub fn of_this_server() -> Option<NewEntry> {
    let widget = assets::widget()?;
    let verifier = ("verifier.html", widget.verifier_html.as_bytes());
    build(&widget.build, widget.shown().chain([verifier]))
}

fn entry(name: String, manifest: &impl Serialize) -> NewEntry {
    let manifest = serde_json::to_string(manifest)
        .expect("strings, whole numbers and maps with text keys always serialize");
    NewEntry { kind: Kind::Artefact, name, manifest, effect: Effect::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_canonical() {
        let row = PolicyVersion {
            site: "site".to_owned(),
            version: 3,
            hash: "ab".repeat(32),
            source: "schema = 1".to_owned(),
            document: r#"{"texts_sha256":{"en":"11","cy":"22"}}"#.to_owned(),
            published_at: 1_700_000_000_000,
            superseded_at: None,
        };
        let files: [(&str, &[u8]); 2] = [("b.js", b"b"), ("a.js", b"a")];
        for entry in [policy(&row), build(&crate::testing::fake_build(), files).expect("a name")] {
            let value: serde_json::Value = serde_json::from_str(&entry.manifest).expect("JSON");
            let canonical = serde_json_canonicalizer::to_string(&value).expect("canonical");
            assert_eq!(entry.manifest, canonical, "{}", entry.name);
        }
    }
}
