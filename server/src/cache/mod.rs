//! Compiled policies by site, so that a request does not wait for the database; and how the cache learns of a
//! publish.
//!
//! A publish made by any process shows up within [`RECHECK`], because the cache asks the store for its
//! revision (one number) that often while it is used; with Redis at once, because the publisher tells.
//! Entries are kept under the revision they were read at, so a slow read can never bring back an old policy.
//! While the database is away, what is cached goes on being served.

mod link;

pub use self::link::{Link, PREFIX};

use crate::policy::Published;
use crate::policy::domains::Domains;
use crate::store::{Result, Store, StoreError};
use avow_shared::id::{Millis, SiteId};
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How old the database's answer may be about which policies are current.
pub const RECHECK: Duration = Duration::from_secs(2);
/// The most sites, known or not, that are remembered.
const SITES: u64 = 10_000;
/// A site that nobody asks for is forgotten after this.
const IDLE: Duration = Duration::from_mins(30);
/// The revision before the database was first asked.
const NEVER: i64 = i64::MIN;

/// The versions of a site that may be answered.
#[derive(Debug)]
pub struct SitePolicies {
    /// The current version.
    pub current: Arc<Published>,
    /// When that one was published.
    pub published: Millis,
    /// Earlier ones, the newest first, with when they were superseded.
    pub earlier: Vec<(Arc<Published>, Millis)>,
}

impl SitePolicies {
    /// The version of that hash, if a page shown before may still answer it.
    pub fn of_hash(&self, sha256: &str, now: Millis) -> Option<&Arc<Published>> {
        let mut every = std::iter::once(&self.current).chain(self.earlier.iter().map(|(policy, _)| policy));
        let meant = every.find(|policy| policy.engine.hash == sha256)?;
        self.accepted(meant.engine.version, sha256, now)
    }

    /// The version of that number and hash, if it is current or was superseded so recently that a page shown
    /// before may still answer it.
    pub fn accepted(&self, version: u32, sha256: &str, now: Millis) -> Option<&Arc<Published>> {
        let is_meant = |policy: &Published| policy.engine.version == version && policy.engine.hash == sha256;
        if is_meant(&self.current) {
            return Some(&self.current);
        }
        self.earlier
            .iter()
            .find(|(policy, superseded)| {
                is_meant(policy) && now <= superseded.plus_days(policy.superseded_days)
            })
            .map(|(policy, _)| policy)
    }
}

/// What is known of a site at a revision.
type Entry = Option<Arc<SitePolicies>>;

/// The cache. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Policies(Arc<Inner>);

struct Inner {
    store: Store,
    entries: moka::future::Cache<(i64, SiteId), Entry>,
    revision: AtomicI64,
    domains: RwLock<Arc<Domains>>,
    started: Instant,
    /// Milliseconds after `started` when the database is to be asked again.
    next_check: AtomicU64,
    /// Held while the first answer is awaited, and while a change is taken in.
    checking: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Policies")
    }
}

impl Policies {
    /// An empty cache over that store.
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Inner {
            store,
            entries: moka::future::Cache::builder().max_capacity(SITES).time_to_idle(IDLE).build(),
            revision: AtomicI64::new(NEVER),
            domains: RwLock::new(Arc::new(Domains::new(Vec::new()))),
            started: Instant::now(),
            next_check: AtomicU64::new(0),
            checking: tokio::sync::Mutex::new(()),
        }))
    }

    /// The policies of a site, or `None` if there is no such site.
    pub async fn site(&self, site: &SiteId) -> Result<Option<Arc<SitePolicies>>> {
        self.check_if_due().await?;
        let key = (self.0.revision.load(Ordering::Acquire), site.clone());
        if let Some(known) = self.0.entries.get(&key).await {
            return Ok(known);
        }
        metrics::counter!("avow_policy_cache_misses_total").increment(1);
        // Whoever asks meanwhile waits for the same answer, or the same failure.
        self.0.entries.try_get_with(key, self.load(site)).await.map_err(|error| {
            Arc::try_unwrap(error).unwrap_or_else(|error| StoreError::Unavailable(error.to_string()))
        })
    }

    /// Whether an `Origin` is a page of any published site. Which site it must be is checked where the site
    /// is known.
    pub async fn knows_origin(&self, origin: &str) -> Result<bool> {
        self.check_if_due().await?;
        let domains = Arc::clone(&self.0.domains.read().unwrap_or_else(PoisonError::into_inner));
        Ok(domains.allows_origin(origin))
    }

    /// Asks the database for its revision whenever the link tells of a publish, until one of the two is gone.
    pub fn follow(&self, link: &Link) {
        let mut published = link.published();
        let weak = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            while published.changed().await.is_ok() {
                let Some(inner) = weak.upgrade() else { return };
                if let Err(error) = Self(inner).check().await {
                    tracing::warn!(%error, "could not look for a new policy");
                }
            }
        });
    }

    /// Once in a while one caller asks the database, and the others go on with what is known; only before the
    /// first answer all of them wait.
    async fn check_if_due(&self) -> Result<()> {
        let inner = &*self.0;
        if inner.revision.load(Ordering::Acquire) == NEVER {
            return self.check().await;
        }
        let now = millis(inner.started.elapsed());
        let due = inner.next_check.load(Ordering::Acquire);
        let next = now + millis(RECHECK);
        if now >= due
            && inner.next_check.compare_exchange(due, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
            && let Err(error) = self.check().await
        {
            metrics::counter!("avow_policy_cache_stale_total").increment(1);
            tracing::warn!(%error, "serving the policies known so far");
        }
        Ok(())
    }

    async fn check(&self) -> Result<()> {
        let inner = &*self.0;
        let _one_at_a_time = inner.checking.lock().await;
        let revision = inner.store.policies_revision().await?;
        if revision != inner.revision.load(Ordering::Acquire) {
            // The domains first: whoever sees the new revision must also see its domains.
            let documents = inner.store.current_documents().await?;
            let mut domains = Vec::new();
            for (document, hash) in documents {
                let policy = Published::from_document(&document, &hash).map_err(StoreError::Corrupt)?;
                domains.extend_from_slice(policy.domains.as_slice());
            }
            domains.sort_unstable();
            domains.dedup();
            *inner.domains.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Domains::new(domains));
            inner.revision.store(revision, Ordering::Release);
        }
        let next = millis(inner.started.elapsed()) + millis(RECHECK);
        inner.next_check.store(next, Ordering::Release);
        Ok(())
    }

    async fn load(&self, site: &SiteId) -> Result<Entry> {
        let mut current = None;
        let mut earlier = Vec::new();
        for row in self.0.store.policy_versions(site).await? {
            let policy =
                Arc::new(Published::from_document(&row.document, &row.hash).map_err(StoreError::Corrupt)?);
            match row.superseded_at {
                None => current = Some((policy, Millis(row.published_at))),
                Some(at) => earlier.push((policy, Millis(at))),
            }
        }
        Ok(current.map(|(current, published)| Arc::new(SitePolicies { current, published, earlier })))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
