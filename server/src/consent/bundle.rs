//! Bundles: everything that a data protection officer hands over, in one ZIP that can be checked without us.
//!
//! A bundle of the whole log needs no proof for each record: its leaves recompute to the signed root, which also
//! proves that none is left out. A bundle of some records carries a proof for each leaf. `docs/bundle.md` is the
//! format, `avow_verify::bundle` reads and checks it. Read next: `parts` (what is known before anything is written)
//! and `archive` (what goes into the file, in order).

mod archive;
mod parts;

use crate::error::{Error, Kind};
use crate::log::proofs::Proofs;
use crate::log::signer::{Purpose, SignedHead};
use crate::state::AppState;
use crate::store::Store;
use crate::store::inspect::LeafWithRecord;
use crate::store::log::Manifest;
use crate::store::records::Filter;
use anyhow::Context as _;
use avow_shared::checkpoint::Checkpoint;
use avow_shared::entry::{self, manifest_hash};
use avow_shared::id::{Millis, SiteId};
use avow_shared::note::{Algorithm, Note, Verifier};
use avow_shared::proof_file::ProofFile;
use avow_verify::bundle::index::Scope;
use parts::Parts;
use std::io::Write;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Leaves that are read at once.
const PAGE: i64 = 4_000;
/// Records that are read at once for a part, where a proof is made for each.
const SOME: u32 = 200;
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

/// Leaves in order; in a part each with its proof.
type Page = Vec<(LeafWithRecord, Option<String>)>;

/// What the writer is given, in this order.
enum Piece {
    /// A file of a widget build, or a picture, by its name in the bundle.
    Artefact(String, Vec<u8>),
    /// The next leaves; none of them is the end.
    Leaves(Page),
}

/// Writes a bundle; memory does not grow with the number of records. The next bundle will be linked to this one.
pub async fn write<W: Write + Send + 'static>(store: &Store, plan: Plan, out: W) -> anyhow::Result<W> {
    let parts = Arc::new(Parts::read(store, &plan).await?);
    let is_full = parts.index.scope == Scope::Full;
    let (pages, taken) = mpsc::channel(AHEAD);
    let given = Arc::clone(&parts);
    let writer = tokio::task::spawn_blocking(move || archive::write(&given, taken, out));
    let sent = send(store, &plan, &parts, &pages).await;
    // An empty page is the end: after an error there must be no whole file.
    let ended = match sent {
        Ok(()) => pages.send(Piece::Leaves(Page::new())).await.context("the writer stopped"),
        Err(error) => Err(error),
    };
    drop(pages);
    let written = writer.await.context("the writer died")?;
    let out = match (written, ended) {
        (Ok(out), Ok(())) => out,
        // The writer knows only that the end is missing, and the reader why.
        (Err(error), Err(reason)) if error.is::<archive::NoEnd>() => return Err(reason),
        // The reader, again, knows only that nobody takes what it sends.
        (Err(error), _) | (Ok(_), Err(error)) => return Err(error),
    };
    if is_full {
        let checkpoint = &plan.head.checkpoint;
        store
            .remember_bundle(&plan.site, plan.head.epoch, checkpoint.size, &checkpoint.root, plan.now)
            .await?;
    }
    Ok(out)
}

async fn send(store: &Store, plan: &Plan, parts: &Parts, pages: &mpsc::Sender<Piece>) -> anyhow::Result<()> {
    for (name, sha256) in &parts.artefacts {
        let bytes = store.artefact(sha256).await?;
        let bytes = bytes.with_context(|| format!("the file {sha256} is not what it was"))?;
        pages.send(Piece::Artefact(name.clone(), bytes)).await.context("the writer stopped")?;
    }
    match parts.index.scope {
        Scope::Full => send_all(store, plan, pages).await,
        Scope::Partial => send_some(store, plan, &parts.manifests, pages).await,
    }
}

/// Every leaf under the head.
async fn send_all(store: &Store, plan: &Plan, pages: &mpsc::Sender<Piece>) -> anyhow::Result<()> {
    let size = i64::try_from(plan.head.checkpoint.size)?;
    let mut next = 0;
    while next < size {
        let end = size.min(next + PAGE);
        let page = store.leaves_with_records(&plan.site, next, end).await?;
        anyhow::ensure!(
            page.iter().map(|leaf| leaf.leaf_index).eq(next..end),
            "leaves are missing: see `avow doctor log`"
        );
        next = end;
        let page = page.into_iter().map(|leaf| (leaf, None)).collect();
        pages.send(Piece::Leaves(page)).await.context("the writer stopped")?;
    }
    Ok(())
}

/// The records that the filter names and every entry that is no record, in order, each with its proof.
async fn send_some(
    store: &Store,
    plan: &Plan,
    manifests: &[Manifest],
    pages: &mpsc::Sender<Piece>,
) -> anyhow::Result<()> {
    let proofs = Proofs::new(store.clone());
    let size = i64::try_from(plan.head.checkpoint.size)?;
    let mut manifests = manifests.iter().peekable();
    let mut after = -1;
    loop {
        let page = store.export_page(&plan.site, &plan.filter, after, SOME).await?;
        let last = page.last().map(|record| record.leaf_index);
        let mut leaves = Page::new();
        for record in page.into_iter().filter(|record| record.leaf_index < size) {
            while let Some(manifest) = manifests.next_if(|other| other.leaf_index < record.leaf_index) {
                leaves.push(with_proof(&proofs, plan, other_leaf(manifest)).await?);
            }
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
            leaves.push(with_proof(&proofs, plan, leaf).await?);
        }
        match last {
            Some(last) => after = last,
            None => {
                for manifest in manifests.by_ref() {
                    leaves.push(with_proof(&proofs, plan, other_leaf(manifest)).await?);
                }
            }
        }
        if !leaves.is_empty() {
            pages.send(Piece::Leaves(leaves)).await.context("the writer stopped")?;
        }
        if last.is_none() {
            return Ok(());
        }
    }
}

/// The leaf of an entry that is no record.
fn other_leaf(manifest: &Manifest) -> LeafWithRecord {
    LeafWithRecord {
        leaf_index: manifest.leaf_index,
        kind: manifest.kind,
        commitment: manifest_hash(manifest.manifest.as_bytes()).to_vec(),
        record: None,
        salt: None,
        erased: false,
        erasure: false,
        manifest: None,
    }
}

async fn with_proof(
    proofs: &Proofs,
    plan: &Plan,
    leaf: LeafWithRecord,
) -> anyhow::Result<(LeafWithRecord, Option<String>)> {
    let index = u64::try_from(leaf.leaf_index)?;
    let kind = u8::try_from(leaf.kind).ok().and_then(entry::Kind::from_byte);
    let kind = kind.context("a leaf of no known kind")?;
    let content = leaf.commitment.as_slice().try_into().context("a leaf of another length")?;
    let proof = proofs.inclusion(&plan.site, &plan.head.checkpoint, index, (kind, content)).await?;
    let proof = ProofFile { index, proof, checkpoint: &plan.head.note }.to_string();
    Ok((leaf, Some(proof)))
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::internal(format!("{error:#}"))
    }
}
