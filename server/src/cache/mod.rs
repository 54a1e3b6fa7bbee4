//! Compiled policies by site, so that a request does not wait for the database.

use crate::policy::Published;
use crate::store::{Result, Store, StoreError};
use avow_shared::id::{Millis, SiteId};
use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;

/// How long a publish by another process may go unseen.
const FRESH: Duration = Duration::from_secs(2);
/// Sites kept.
const SITES: u64 = 1_000;

/// The versions of a site that may be answered.
#[derive(Debug)]
pub struct SitePolicies {
    /// The current version.
    pub current: Arc<Published>,
    /// Earlier ones, the newest first, with when they were superseded.
    pub earlier: Vec<(Arc<Published>, Millis)>,
}

impl SitePolicies {
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

/// The cache.
#[derive(Clone, Debug)]
pub struct Policies {
    store: Store,
    sites: Cache<SiteId, Option<Arc<SitePolicies>>>,
}

impl Policies {
    /// An empty cache over that store.
    pub fn new(store: Store) -> Self {
        Self { store, sites: Cache::builder().max_capacity(SITES).time_to_live(FRESH).build() }
    }

    /// The policies of a site, or `None` if there is no such site.
    pub async fn site(&self, site: &SiteId) -> Result<Option<Arc<SitePolicies>>> {
        if let Some(known) = self.sites.get(site).await {
            return Ok(known);
        }
        let loaded = self.load(site).await?;
        self.sites.insert(site.clone(), loaded.clone()).await;
        Ok(loaded)
    }

    async fn load(&self, site: &SiteId) -> Result<Option<Arc<SitePolicies>>> {
        let mut current = None;
        let mut earlier = Vec::new();
        for row in self.store.policy_versions(site).await? {
            let policy =
                Arc::new(Published::from_document(&row.document, &row.hash).map_err(StoreError::Corrupt)?);
            match row.superseded_at {
                None => current = Some(policy),
                Some(at) => earlier.push((policy, Millis(at))),
            }
        }
        Ok(current.map(|current| Arc::new(SitePolicies { current, earlier })))
    }
}
