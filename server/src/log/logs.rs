//! Which logs may be written, and what is signed after each commit.
//!
//! A log is opened once: the database's tree must go on from what the signer remembers. If it does not, the log
//! is halted: nothing more is stored in it until an operator has looked (`avow restore`).

use super::artefact;
use super::signer::{Refusal, SignedHead, Signer};
use crate::error::{Error, Kind};
use crate::metrics;
use crate::store::append::{Appended, Batch, Growth, NewEntry, NewRecord};
use crate::store::log::Epoch;
use crate::store::{Store, StoreError};
use avow_shared::entry;
use avow_shared::id::SiteId;
use avow_shared::merkle::Hash;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a commit may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Leaves that are read at once where the signer must catch up.
const PAGE: u64 = 10_000;

/// What became of a record, and the signed head that it is under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Whether it is new.
    pub appended: Appended,
    /// The head signed after its commit, or a later one.
    pub head: Arc<SignedHead>,
}

/// The logs of all sites. One task owns it, so that a log has one order.
pub struct Logs {
    store: Store,
    signer: Signer,
    /// The widget build that serves here.
    build: Option<NewEntry>,
    open: HashMap<String, Open>,
    halted: HashSet<String>,
}

/// A log that may be written.
struct Open {
    epoch: Epoch,
    /// The newest policy version that has its entry.
    policy: i64,
}

impl Logs {
    /// Nothing is open yet.
    pub fn new(store: Store, signer: Signer, build: Option<NewEntry>) -> Self {
        Self { store, signer, build, open: HashMap::new(), halted: HashSet::new() }
    }

    /// Writes records; one outcome for each, in their order. A site whose log is halted spoils only its own.
    pub async fn write(&mut self, records: Vec<NewRecord>) -> Vec<Result<Logged, Error>> {
        let mut refused: HashMap<String, Error> = HashMap::new();
        let mut newest: HashMap<&str, i64> = HashMap::new();
        for record in &records {
            let version = newest.entry(&record.site).or_insert(0);
            *version = (*version).max(record.policy_version.into());
        }
        for (site, version) in newest {
            if let Err(error) = self.ready(site, version).await {
                refused.insert(site.to_owned(), error);
            }
        }
        if refused.is_empty() {
            return self.append(&records).await;
        }
        let (kept, places): (Vec<_>, Vec<_>) = records
            .iter()
            .enumerate()
            .filter(|(_, record)| !refused.contains_key(&record.site))
            .map(|(at, record)| (record.clone(), at))
            .unzip();
        let mut outcomes: Vec<_> = records
            .iter()
            .map(|record| Err(refused.get(&record.site).cloned().unwrap_or(Error::plain(Kind::Unavailable))))
            .collect();
        if !kept.is_empty() {
            for (outcome, at) in self.append(&kept).await.into_iter().zip(places) {
                outcomes[at] = outcome;
            }
        }
        outcomes
    }

    /// Opens a site's log if it is not, gives everything published its entry, and signs it as far as it goes.
    pub async fn settle(&mut self, site: &SiteId) -> Result<(), Error> {
        self.halted.remove(site.as_str());
        let newest = self.store.current_policy_number(site).await?.unwrap_or(0);
        self.ready(site.as_str(), newest.into()).await?;
        self.signed(site.as_str()).await.map(drop)
    }

    /// Appends an entry that is no record; false if there was one of its kind and name already.
    pub async fn write_entry(&mut self, site: &SiteId, new: &NewEntry) -> Result<bool, Error> {
        self.ready(site.as_str(), 0).await?;
        self.append_entry(site, new).await
    }

    async fn append(&mut self, records: &[NewRecord]) -> Vec<Result<Logged, Error>> {
        let started = Instant::now();
        let batch = match store_batch(&self.store, records).await {
            Ok(batch) => batch,
            Err(error) => {
                metrics::commit_failed();
                let error = Error::from(error);
                return records.iter().map(|_| Err(error.clone())).collect();
            }
        };
        metrics::committed(records.len(), started.elapsed());
        let Batch { outcomes, growth } = batch;
        let mut heads: HashMap<&str, Result<Arc<SignedHead>, Error>> = HashMap::new();
        for growth in &growth {
            heads.insert(&growth.site, self.sign(growth).await);
        }
        let mut logged = Vec::with_capacity(records.len());
        for (record, appended) in records.iter().zip(outcomes) {
            let head = match heads.get(record.site.as_str()) {
                Some(head) => head.clone(),
                None => self.signed(&record.site).await,
            };
            logged.push(head.map(|head| Logged { appended, head }));
        }
        logged
    }

    async fn append_entry(&mut self, site: &SiteId, new: &NewEntry) -> Result<bool, Error> {
        let write = || async {
            tokio::time::timeout(PATIENCE, self.store.append_entry(site, new))
                .await
                .unwrap_or(Err(StoreError::NoConnection))
        };
        let growth = match write().await {
            Err(StoreError::Unavailable(_) | StoreError::Conflict) => write().await?,
            other => other?,
        };
        match growth {
            Some(growth) => self.sign(&growth).await.map(|_| true),
            None => Ok(false),
        }
    }

    /// Makes sure that a log may be written, and that everything published up to that version has its entry.
    async fn ready(&mut self, site: &str, policy: i64) -> Result<(), Error> {
        if self.open.get(site).is_some_and(|open| open.policy >= policy) {
            return Ok(());
        }
        if self.halted.contains(site) {
            return Err(Error::plain(Kind::LogHalted));
        }
        let id = SiteId::parse(site).ok_or_else(|| Error::internal("a record of a site with no name"))?;
        if !self.open.contains_key(site) {
            match open(&self.store, &self.signer, &id).await {
                Ok(epoch) => drop(self.open.insert(site.to_owned(), Open { epoch, policy: -1 })),
                Err(error) => return Err(self.halt(site, error)),
            }
        }
        self.log_artefacts(&id).await
    }

    async fn log_artefacts(&mut self, site: &SiteId) -> Result<(), Error> {
        let mut logged: HashSet<String> = self
            .store
            .manifests(site, entry::Kind::Artefact.byte())
            .await?
            .into_iter()
            .map(|manifest| manifest.name)
            .collect();
        let mut versions = self.store.policy_versions(site).await?;
        versions.sort_unstable_by_key(|row| row.version);
        for row in &versions {
            if logged.insert(artefact::policy_name(row.version)) {
                self.append_entry(site, &artefact::policy(row)).await?;
            }
        }
        if let Some(build) = self.build.clone()
            && !logged.contains(&build.name)
        {
            self.append_entry(site, &build).await?;
        }
        if let Some(open) = self.open.get_mut(site.as_str()) {
            open.policy = versions.last().map_or(0, |row| row.version);
        }
        Ok(())
    }

    /// Signs what a commit has added.
    async fn sign(&mut self, growth: &Growth) -> Result<Arc<SignedHead>, Error> {
        let signed = match self.catch_up(&growth.site, growth.epoch, growth.from).await {
            Ok(()) => self
                .signer
                .extend(&growth.site, growth.from, &growth.leaves, &growth.root)
                .map_err(Fault::Refused),
            Err(fault) => Err(fault),
        };
        signed.map_err(|fault| self.halt(&growth.site, fault))
    }

    /// The last signed head of a log that this batch has not grown; what other nodes appended is signed first.
    async fn signed(&mut self, site: &str) -> Result<Arc<SignedHead>, Error> {
        let id = SiteId::parse(site).ok_or_else(|| Error::internal("a record of a site with no name"))?;
        let size = self.store.log_size(&id).await?;
        if let Some(head) = self.signer.head(site)
            && u64::try_from(size).is_ok_and(|size| size == head.checkpoint.size)
        {
            return Ok(head);
        }
        let tree = self.store.tree(&id).await?;
        if let Err(fault) = self.catch_up(site, tree.epoch, tree.size()).await {
            return Err(self.halt(site, fault));
        }
        self.signer.head(site).ok_or_else(|| Error::plain(Kind::Unavailable))
    }

    /// Brings the signer to leaf `to` of a log that other nodes have written to.
    async fn catch_up(&self, site: &str, epoch: i64, to: u64) -> Result<(), Fault> {
        let Some(open) = self.open.get(site).filter(|open| open.epoch.epoch == epoch) else {
            return Err(Fault::Refused(Refusal::NotAnExtension("the log goes on under another name")));
        };
        let signed = self.signer.head(site).map_or(0, |head| head.checkpoint.size);
        if signed >= to {
            return Ok(());
        }
        let id = SiteId::parse(site).ok_or(StoreError::Corrupt("a site's name"))?;
        catch_up(&self.store, &self.signer, &id, &open.epoch, (signed, to)).await
    }

    /// Closes a log; what does not fit stays so until somebody has looked.
    fn halt(&mut self, site: &str, fault: Fault) -> Error {
        self.open.remove(site);
        self.signer.forget(site);
        match fault {
            Fault::Store(error) if !matches!(error, StoreError::Corrupt(_)) => error.into(),
            // Nothing is wrong with the log; it is opened again with the next request.
            Fault::Refused(Refusal::Memory(error)) => {
                tracing::error!(%error, "the signer's memory cannot be written");
                let full = error.kind() == std::io::ErrorKind::StorageFull;
                Error::plain(if full { Kind::StorageFull } else { Kind::Unavailable })
            }
            fault => {
                tracing::error!(site, %fault, "the log is halted: nothing is stored in it");
                self.halted.insert(site.to_owned());
                metrics::logs_halted(self.halted.len());
                Error::plain(Kind::LogHalted)
            }
        }
    }
}

/// Why a log cannot be opened or signed.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Refused(#[from] Refusal),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Holds the database's log against what the signer remembers, and signs it as far as it goes.
async fn open(store: &Store, signer: &Signer, site: &SiteId) -> Result<Epoch, Fault> {
    let epoch = store.epochs(site).await?.pop().ok_or(StoreError::Corrupt("a site without a log"))?;
    let remembered = signer.remembered(site.as_str(), &epoch.origin)?;
    let tree = store.tree(site).await?;
    let from = match &remembered {
        Some(head) if head.size > tree.size() => {
            return Err(Fault::Refused(Refusal::NotAnExtension(
                "the database's log is shorter than the one that was signed",
            )));
        }
        Some(head) => store.earlier_tree(site, epoch.epoch, head.size).await?,
        None => {
            if tree.size() > 0 {
                tracing::warn!(
                    site = site.as_str(),
                    leaves = tree.size(),
                    "nothing is remembered of this log: it is taken as it is"
                );
            }
            tree.clone()
        }
    };
    let started = (epoch.epoch, epoch.origin.as_str());
    signer.resume(site.as_str(), started, from.frontier().clone())?;
    catch_up(store, signer, site, &epoch, (from.size(), tree.size())).await?;
    Ok(epoch)
}

/// Signs leaves that are in the database already; each page's root follows from the leaves.
async fn catch_up(
    store: &Store,
    signer: &Signer,
    site: &SiteId,
    epoch: &Epoch,
    (from, to): (u64, u64),
) -> Result<(), Fault> {
    let mut at = from;
    while at < to {
        let end = to.min(at + PAGE);
        let leaves: Vec<Hash> = store.leaf_hashes(site, leaf(at), leaf(end)).await?;
        let root = store.earlier_tree(site, epoch.epoch, end).await?.root();
        signer.extend(site.as_str(), at, &leaves, &root)?;
        at = end;
    }
    Ok(())
}

fn leaf(index: u64) -> i64 {
    0_i64.saturating_add_unsigned(index)
}

async fn store_batch(store: &Store, records: &[NewRecord]) -> Result<Batch, StoreError> {
    match try_batch(store, records).await {
        // A connection that broke while idle shows only now. Whether a lost commit had got through is found
        // out by the second try: every record is looked for by its id first.
        Err(StoreError::Unavailable(_) | StoreError::Conflict) => try_batch(store, records).await,
        other => other,
    }
}

/// A database that takes the bytes and never answers is away as well. Whether the batch got through is found
/// out when the browsers send it again.
async fn try_batch(store: &Store, records: &[NewRecord]) -> Result<Batch, StoreError> {
    tokio::time::timeout(PATIENCE, store.append(records)).await.unwrap_or(Err(StoreError::NoConnection))
}
