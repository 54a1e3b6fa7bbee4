//! What the manifests of a bundle say: which versions were published, and which records were erased.
//!
//! Whether each manifest is the one that the log stands for is checked with its leaf (`leaf`).

use super::archive::{Archive, Lines, Policy};
use super::lines::Manifest;
use super::names;
use super::stated::{Stated, Version};
use crate::report::Finding;
use avow_shared::id::hex;
use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, Read, Seek};

/// What was published and erased under the head.
#[derive(Debug, Default)]
pub(super) struct Published {
    versions: BTreeMap<u32, Version>,
    /// SHA-256 of the verifier of every build, hexadecimal.
    verifiers: HashSet<String>,
    /// What the other files of builds, and pictures, are called in a bundle.
    artefacts: HashSet<String>,
    /// Leaves whose records were erased.
    erased: HashSet<u64>,
    /// How many of them, by reason.
    pub(super) reasons: BTreeMap<String, u64>,
    /// Manifests.
    pub(super) count: u64,
}

fn wrong(what: impl Into<String>) -> Finding {
    Finding::new("manifests", what)
}

impl Published {
    /// Reads every manifest of a log of that size.
    pub(super) fn read(mut lines: Lines<impl BufRead>, size: u64) -> Result<Self, Finding> {
        let mut published = Self::default();
        let (mut line, mut next) = (Vec::new(), 0);
        while let Some(at) = lines.next(&mut line)? {
            let manifest = str::from_utf8(&line[at]).ok().and_then(Manifest::parse);
            let manifest =
                manifest.ok_or_else(|| wrong(format!("line {} is not a manifest", published.count + 1)))?;
            if manifest.index < next || manifest.index >= size {
                return Err(wrong(format!("that of entry {} is out of place", manifest.index)));
            }
            next = manifest.index + 1;
            published.count += 1;
            published.add(&manifest)?;
            line.clear();
        }
        Ok(published)
    }

    fn add(&mut self, Manifest { index, kind, manifest }: &Manifest) -> Result<(), Finding> {
        let stated = Stated::read(kind, manifest)
            .map_err(|error| wrong(format!("that of entry {index} cannot be read: {error}")))?;
        match stated {
            Stated::Policy(version) => {
                let number = version.number;
                let other = self.versions.insert(number, version);
                if other.is_some_and(|other| Some(&other) != self.versions.get(&number)) {
                    return Err(wrong(format!("there are two of policy version {number}")));
                }
            }
            Stated::Erasure(erasure) => {
                for leaf in erasure.leaves() {
                    if leaf >= *index || !self.erased.insert(leaf) {
                        return Err(wrong(format!("entry {index} erases leaf {leaf}, which it cannot")));
                    }
                    *self.reasons.entry(erasure.reason.clone()).or_default() += 1;
                }
            }
            Stated::Files(mut files) => {
                self.verifiers.extend(files.remove(names::VERIFIER));
                self.artefacts
                    .extend(files.iter().filter_map(|(name, sha256)| names::artefact(name, sha256)));
            }
            Stated::Other => {}
        }
        Ok(())
    }

    /// A version, if it was published under the head.
    pub(super) fn version(&self, number: u32) -> Option<&Version> {
        self.versions.get(&number)
    }

    /// Whether the log says that the record of that leaf was erased.
    pub(super) fn is_erased(&self, leaf: u64) -> bool {
        self.erased.contains(&leaf)
    }

    /// Whether a page of that hash belongs to a build under the head.
    pub(super) fn has_verifier(&self, hash: &[u8; 32]) -> bool {
        self.verifiers.contains(&hex(hash))
    }

    /// Holds the files of builds, and pictures, to their manifests; how many are there, and how many are not.
    pub(super) fn check_artefacts<R: Read + Seek>(
        &self,
        archive: &mut Archive<R>,
    ) -> Result<(usize, usize), Finding> {
        let mut found = 0;
        for (name, hash) in archive.artefacts()? {
            let wrong = |what: &str| Finding::new("artefacts", format!("{name} {what}"));
            if !self.artefacts.contains(&name) {
                return Err(wrong("is not named by what was published under the head"));
            }
            if !name.contains(&hex(&hash)) {
                return Err(wrong("is not what its name says"));
            }
            found += 1;
        }
        Ok((found, self.artefacts.len().saturating_sub(found)))
    }

    /// Holds the files of every version to the hashes in its manifest; how many versions there are.
    pub(super) fn check_files<R: Read + Seek>(&self, archive: &mut Archive<R>) -> Result<usize, Finding> {
        let mut files = BTreeMap::new();
        for (number, policy, hash) in archive.policies()? {
            let version = self.versions.get(&number).ok_or_else(|| {
                Finding::new("policies", format!("version {number} was not published under the head"))
            })?;
            let stated = match policy {
                Policy::Document => &version.sha256,
                Policy::Source => &version.source_sha256,
            };
            if hex(&hash) != *stated {
                let what = format!("a file of version {number} is not the one that was published");
                return Err(Finding::new("policies", what));
            }
            *files.entry(number).or_insert(0) += 1;
        }
        match self.versions.keys().find(|number| files.get(number) != Some(&2)) {
            Some(number) => Err(Finding::new("policies", format!("a file of version {number} is missing"))),
            None => Ok(self.versions.len()),
        }
    }
}
