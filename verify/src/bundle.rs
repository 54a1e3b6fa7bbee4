//! Bundles: the records of a site and all that is needed to check them, in one ZIP (`docs/bundle.md`).
//!
//! The server writes by the same formats that the check reads by: [`index`], [`lines`],
//! [`stated`], [`table`] and [`readme`].
//! Read next: [`check`](mod@check) (the steps), `archive` (the ZIP, which is a stranger's), `heads`, `published` (policies and
//! erasures), `leaves` (every leaf, on all processors) and `leaf` (one of them).

mod archive;
pub mod check;
mod heads;
pub mod index;
mod leaf;
mod leaves;
pub mod lines;
mod published;
pub mod readme;
pub mod stated;
pub mod table;

pub use check::check;

/// The files of a bundle.
pub mod names {
    /// The index in plain words.
    pub const README: &str = "README.txt";
    /// The index for programs.
    pub const INDEX: &str = "bundle.json";
    /// The signed head that everything is under.
    pub const HEAD: &str = "head.note";
    /// The head that was published last.
    pub const PUBLIC: &str = "head-public.note";
    /// The log's public keys.
    pub const KEYS: &str = "keys.txt";
    /// That the head extends that of the bundle before.
    pub const CONSISTENCY: &str = "consistency.txt";
    /// What entries other than records stand for.
    pub const MANIFESTS: &str = "manifests.ndjson";
    /// Published versions: `policies/N.json` and `policies/N.toml`.
    pub const POLICIES: &str = "policies/";
    /// Files of widget builds, and pictures: `artefacts/SHA-256.png` and the like.
    pub const ARTEFACTS: &str = "artefacts/";
    /// The canonical records.
    pub const RECORDS: &str = "records.ndjson";
    /// Every entry.
    pub const LEAVES: &str = "leaves.csv";
    /// In a part: the way of each entry to the root.
    pub const PROOFS: &str = "proofs.ndjson";
    /// The records for a spreadsheet.
    pub const TABLE: &str = "records.csv";
    /// Leaves whose records were erased after the head was signed.
    pub const ERASED_LATER: &str = "erased-later.csv";
    /// A page that checks bundles in a browser.
    pub const VERIFIER: &str = "verifier.html";
    /// What a file of that name and SHA-256 is called in a bundle; `None` if no bundle has such a file.
    pub fn artefact(name: &str, sha256: &str) -> Option<String> {
        let (_, extension) = name.rsplit_once('.')?;
        let artefact = format!("{ARTEFACTS}{sha256}.{extension}");
        super::archive::is_artefact(&artefact).then_some(artefact)
    }

    /// Those that are short.
    pub const SMALL: [&str; 6] = [README, INDEX, HEAD, PUBLIC, KEYS, CONSISTENCY];
}
