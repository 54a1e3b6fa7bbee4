//! The small parts of a bundle, which are read before anything is written.

use super::Plan;
use crate::assets;
use crate::log::nodes;
use crate::store::Store;
use crate::store::log::Manifest;
use crate::store::policies::PolicyVersion;
use crate::store::records::Filter;
use anyhow::Context as _;
use avow_shared::checkpoint::Checkpoint;
use avow_shared::entry;
use avow_shared::id::hex;
use avow_shared::merkle::Hash;
use avow_shared::note::Note;
use avow_verify::bundle::index::{Index, Previous, SCHEMA, Scope};
use avow_verify::bundle::names;
use avow_verify::bundle::stated::Stated;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What a bundle says besides its leaves.
pub(super) struct Parts {
    pub(super) index: Index,
    /// The signed head.
    pub(super) head: String,
    /// The head that was published last, with its witnesses, if it is not a later one.
    pub(super) public: Option<String>,
    /// The text of `keys.txt`.
    pub(super) keys: String,
    /// That the head extends that of the bundle before.
    pub(super) consistency: Option<Vec<Hash>>,
    /// Of every entry under the head that is no record, in order.
    pub(super) manifests: Vec<Manifest>,
    /// The versions that were published under the head.
    pub(super) policies: Vec<PolicyVersion>,
    /// The leaves whose records were erased under the head.
    pub(super) erased: HashSet<u64>,
    /// Files of builds, and pictures, that are kept: what each is called in the bundle, and its SHA-256.
    pub(super) artefacts: BTreeMap<String, String>,
    /// The page that checks bundles, if its build is under the head.
    pub(super) verifier: Option<&'static str>,
}

impl Parts {
    /// Reads them.
    pub(super) async fn read(store: &Store, plan: &Plan) -> anyhow::Result<Self> {
        let (site, size) = (&plan.site, plan.head.checkpoint.size);
        let manifests = manifests(store, plan).await?;
        let (mut erased, mut erasures, mut versions) = (HashSet::new(), BTreeMap::new(), BTreeSet::new());
        let page = assets::widget().map(|widget| widget.verifier_html);
        let hash = page.map(|page| hex(&Sha256::digest(page)));
        let mut verifier = None;
        let (kept, mut artefacts) = (store.kept_artefacts().await?, BTreeMap::new());
        for manifest in &manifests {
            match stated(manifest)? {
                Stated::Policy(version) => {
                    versions.insert(i64::from(version.number));
                }
                Stated::Erasure(erasure) => {
                    for leaf in erasure.leaves() {
                        erased.insert(leaf);
                        *erasures.entry(erasure.reason.clone()).or_default() += 1;
                    }
                }
                Stated::Files(files) => {
                    if hash.is_some() && files.get(names::VERIFIER) == hash.as_ref() {
                        verifier = page;
                    }
                    let kept = files.into_iter().filter(|(_, sha256)| kept.contains(sha256));
                    artefacts.extend(
                        kept.filter_map(|(name, sha256)| Some((names::artefact(&name, &sha256)?, sha256))),
                    );
                }
                Stated::Other => {}
            }
        }
        // One that is not what it was is left out, which whoever checks the bundle is told.
        let mut whole = BTreeMap::new();
        for (name, sha256) in artefacts {
            if store.artefact(&sha256).await?.is_some() {
                whole.insert(name, sha256);
            }
        }
        let previous = store.last_bundle(site, plan.head.epoch).await?.filter(|last| last.size <= size);
        let consistency = match &previous {
            Some(last) => Some(nodes::consistency(store, site, last.size, size).await?),
            None => None,
        };
        let mut policies = store.policy_versions(site).await?;
        policies.retain(|row| versions.contains(&row.version));
        policies.sort_unstable_by_key(|row| row.version);
        let full = plan.filter == Filter::default();
        let index = Index {
            schema: SCHEMA,
            site: site.as_str().to_owned(),
            origin: plan.head.checkpoint.origin.clone(),
            size,
            root: hex(&plan.head.checkpoint.root),
            scope: if full { Scope::Full } else { Scope::Partial },
            made_at: plan.now.0,
            erasures,
            other_entries: manifests.len() as u64,
            previous: previous.map(|last| Previous { size: last.size, root: hex(&last.root) }),
        };
        Ok(Self {
            index,
            head: plan.head.note.clone(),
            public: plan.public.clone().filter(|public| size_of(public).is_some_and(|public| public <= size)),
            keys: avow_verify::bundle::lines::keys_text(&plan.keys),
            consistency,
            manifests,
            policies,
            erased,
            verifier,
            artefacts: whole,
        })
    }
}

async fn manifests(store: &Store, plan: &Plan) -> anyhow::Result<Vec<Manifest>> {
    let size = plan.head.checkpoint.size;
    let mut manifests = Vec::new();
    for kind in [entry::Kind::Artefact, entry::Kind::Erasure, entry::Kind::Epoch] {
        manifests.extend(store.manifests(&plan.site, kind.byte()).await?);
    }
    manifests.retain(|manifest| u64::try_from(manifest.leaf_index).is_ok_and(|leaf| leaf < size));
    manifests.sort_unstable_by_key(|manifest| manifest.leaf_index);
    Ok(manifests)
}

fn stated(manifest: &Manifest) -> anyhow::Result<Stated> {
    let what = || format!("the manifest of leaf {}: see `avow doctor log`", manifest.leaf_index);
    Stated::read(kind(manifest), &manifest.manifest).map_err(anyhow::Error::msg).with_context(what)
}

/// The word for the kind of its entry.
pub(super) fn kind(manifest: &Manifest) -> &'static str {
    u8::try_from(manifest.kind).ok().and_then(entry::Kind::from_byte).map_or("unknown", entry::Kind::as_str)
}

/// How many leaves a signed head is over.
fn size_of(note: &str) -> Option<u64> {
    Note::parse(note).ok().and_then(|note| Checkpoint::parse(note.text())).map(|head| head.size)
}
