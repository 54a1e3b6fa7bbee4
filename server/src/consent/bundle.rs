//! Bundles: everything that a data protection officer hands over, in one ZIP that can be checked without us.
//!
//! A bundle of the whole log needs no proof for each record: its leaves recompute to the signed root, which also
//! proves that none is left out. A bundle of some records carries a proof for each. `docs/bundle.md` is the format.
//! Read next: `archive` (what goes into the file, in order), `readme` (its index in plain words).

mod archive;
mod readme;

pub use archive::{Index, Previous, SCHEMA, Scope};

use crate::consent::export::{Export, Format};
use crate::error::{Error, Kind};
use crate::log::nodes;
use crate::log::signer::{Purpose, SignedHead};
use crate::state::AppState;
use crate::store::inspect::LeafWithRecord;
use crate::store::log::Manifest;
use crate::store::policies::PolicyVersion;
use crate::store::records::Filter;
use crate::store::{Store, StoreError};
use anyhow::Context as _;
use avow_shared::checkpoint::Checkpoint;
use avow_shared::entry;
use avow_shared::id::{Millis, SiteId, hex};
use avow_shared::merkle::Hash;
use avow_shared::note::{Algorithm, Note, Verifier};
use avow_shared::proof_file::ProofFile;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Leaves that are read at once.
const PAGE: u32 = 4_000;
/// Pages that wait for the writer: so memory stays bounded.
const AHEAD: usize = 3;

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The site.
    pub site: SiteId,
    /// Which records; everything if nothing is named.
    pub filter: Filter,
    /// The head under which all of it is.
    pub head: Arc<SignedHead>,
    /// The head that was published last, with its witnesses.
    pub public: Option<String>,
    /// The log's public keys.
    pub keys: Vec<Verifier>,
    /// The server's clock.
    pub now: Millis,
}

impl Plan {
    /// Under the head that was published last, for who has the database and no signer; `None` if none was.
    pub async fn published(
        store: &Store,
        site: &SiteId,
        filter: Filter,
        now: Millis,
    ) -> anyhow::Result<Option<Self>> {
        let epoch = store.epochs(site).await?.pop().with_context(|| format!("there is no site {site}"))?;
        let Some(published) = store.latest_checkpoint(site, epoch.epoch).await? else { return Ok(None) };
        let checkpoint = Note::parse(&published.note).ok().and_then(|note| Checkpoint::parse(note.text()));
        let checkpoint = checkpoint.context("the published head cannot be read")?;
        let keys = store.keys(Purpose::Head.as_str()).await?;
        let keys =
            keys.iter().filter_map(|key| Verifier::new(&epoch.origin, Algorithm::Ed25519, &key.public));
        Ok(Some(Self {
            site: site.clone(),
            filter,
            keys: keys.collect(),
            public: Some(published.note.clone()),
            head: Arc::new(SignedHead { epoch: epoch.epoch, checkpoint, note: published.note }),
            now,
        }))
    }

    /// Under the head that this node signed last.
    pub async fn latest(state: &AppState, site: &SiteId, filter: Filter) -> Result<Self, Error> {
        state.sequencer.settle(site.clone()).await?;
        let head = state.signer.head(site.as_str()).ok_or_else(|| Error::plain(Kind::Unavailable))?;
        let published = state.store.latest_checkpoint(site, head.epoch).await?;
        Ok(Self {
            site: site.clone(),
            filter,
            keys: state.signer.verifiers(&head.checkpoint.origin),
            public: published.map(|published| published.note),
            head,
            now: state.clock.now(),
        })
    }
}

/// What the writer is given, in this order.
enum Piece {
    Leaves(Vec<LeafWithRecord>),
    Proof { index: u64, proof: String },
    Csv(Vec<u8>),
}

/// The small parts, which are read before anything is written.
struct Parts {
    index: Index,
    head: String,
    public: Option<String>,
    keys: Vec<String>,
    consistency: Option<Vec<Hash>>,
    manifests: Vec<Manifest>,
    policies: Vec<PolicyVersion>,
}

/// Writes a bundle; memory does not grow with the number of records. The next bundle will be linked to this one.
pub async fn write<W: Write + Send + 'static>(store: &Store, plan: Plan, out: W) -> anyhow::Result<W> {
    let parts = parts(store, &plan).await?;
    let is_full = parts.index.scope == Scope::Full;
    let (pieces, taken) = mpsc::channel(AHEAD);
    let writer = tokio::task::spawn_blocking(move || archive::write(&parts, taken, out));
    let read = async {
        if is_full {
            send_all(store, &plan, &pieces).await?;
        } else {
            send_some(store, &plan, &pieces).await?;
        }
        send_csv(store, &plan, &pieces).await
    };
    let sent: anyhow::Result<()> = read.await;
    // The end of the channel is the end of the file; after an error there must be no whole one.
    let complete = sent.is_ok();
    drop(pieces);
    let written = writer.await.context("the writer died")?;
    // An error of the writer is the cause of one in reading, which found nobody to send to.
    let out = written?;
    sent?;
    if complete && is_full {
        let checkpoint = &plan.head.checkpoint;
        store
            .remember_bundle(&plan.site, plan.head.epoch, checkpoint.size, &checkpoint.root, plan.now)
            .await?;
    }
    Ok(out)
}

async fn parts(store: &Store, plan: &Plan) -> Result<Parts, StoreError> {
    let (site, size) = (&plan.site, plan.head.checkpoint.size);
    let in_range = |manifest: &Manifest| u64::try_from(manifest.leaf_index).is_ok_and(|leaf| leaf < size);
    let mut manifests = Vec::new();
    for kind in [entry::Kind::Artefact, entry::Kind::Erasure, entry::Kind::Epoch] {
        manifests.extend(store.manifests(site, kind.byte()).await?.into_iter().filter(in_range));
    }
    manifests.sort_unstable_by_key(|manifest| manifest.leaf_index);
    let mut erasures: BTreeMap<String, u64> = BTreeMap::new();
    for manifest in
        manifests.iter().filter(|manifest| manifest.kind == i64::from(entry::Kind::Erasure.byte()))
    {
        *erasures.entry(reason_of(&manifest.manifest)).or_default() += 1;
    }
    let previous = store.last_bundle(site, plan.head.epoch).await?.filter(|last| last.size <= size);
    let consistency = match &previous {
        Some(last) => Some(nodes::consistency(store, site, last.size, size).await?),
        None => None,
    };
    let mut policies = store.policy_versions(site).await?;
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
    Ok(Parts {
        index,
        head: plan.head.note.clone(),
        public: plan.public.clone(),
        keys: plan.keys.iter().map(ToString::to_string).collect(),
        consistency,
        manifests,
        policies,
    })
}

/// The word in an erasure's manifest.
fn reason_of(manifest: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(manifest).unwrap_or_default();
    value["reason"].as_str().unwrap_or("unknown").to_owned()
}

/// Every leaf under the head.
async fn send_all(store: &Store, plan: &Plan, pieces: &mpsc::Sender<Piece>) -> anyhow::Result<()> {
    let size = i64::try_from(plan.head.checkpoint.size)?;
    let mut next = 0;
    while next < size {
        let mut page = store.leaves_with_records(&plan.site, next, PAGE).await?;
        page.retain(|leaf| leaf.leaf_index < size);
        let Some(last) = page.last() else { anyhow::bail!("leaf {next} is missing: see `avow doctor log`") };
        anyhow::ensure!(
            page.iter().map(|leaf| leaf.leaf_index).eq(next..=last.leaf_index),
            "leaves are missing: see `avow doctor log`"
        );
        next = last.leaf_index + 1;
        pieces.send(Piece::Leaves(page)).await.context("the writer stopped")?;
    }
    Ok(())
}

/// The records that the filter names, each with its proof.
async fn send_some(store: &Store, plan: &Plan, pieces: &mpsc::Sender<Piece>) -> anyhow::Result<()> {
    let size = plan.head.checkpoint.size;
    let mut after = -1;
    loop {
        let page = store.export_page(&plan.site, &plan.filter, after, 200).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.leaf_index;
        for record in page {
            let index = u64::try_from(record.leaf_index)?;
            if index >= size {
                return Ok(());
            }
            let proof = nodes::inclusion(store, &plan.site, index, size).await?;
            let proof = ProofFile { index, proof, checkpoint: &plan.head.note }.to_string();
            let leaf = LeafWithRecord {
                leaf_index: record.leaf_index,
                kind: i64::from(entry::Kind::Record.byte()),
                commitment: record.commitment.to_vec(),
                record: Some(record.record),
                salt: Some(record.salt.to_vec()),
                erased: false,
                erasure: false,
                manifest: None,
            };
            pieces.send(Piece::Leaves(vec![leaf])).await.context("the writer stopped")?;
            pieces.send(Piece::Proof { index, proof }).await.context("the writer stopped")?;
        }
        if plan.filter.record.is_some() {
            return Ok(());
        }
    }
}

async fn send_csv(store: &Store, plan: &Plan, pieces: &mpsc::Sender<Piece>) -> anyhow::Result<()> {
    let mut export = Export::start(store, &plan.site, plan.filter, Format::Csv).await?;
    while let Some(bytes) = export.next().await? {
        pieces.send(Piece::Csv(bytes)).await.context("the writer stopped")?;
    }
    Ok(())
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(format!("{error:#}"))
    }
}
