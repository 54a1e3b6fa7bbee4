//! Public heads: at an interval the head signed last is shown to the witnesses, kept, and served.
//!
//! Not every head is published: one for each answer would show when somebody chose.

use super::nodes;
use super::sequencer::Sequencer;
use super::signer::Signer;
use super::witness::{self, WitnessError};
use crate::cache::Policies;
use crate::error::{Error, Kind};
use crate::metrics;
use crate::policy::document::Witness;
use crate::store::Store;
use avow_shared::id::{Millis, SiteId};
use avow_shared::note::{Note, Verifier};
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
    /// Where witnesses are named.
    pub policies: Policies,
    /// Least time between two heads of a site.
    pub interval: Duration,
}

impl Publisher {
    /// Publishes the head of a site if it has grown and the last one is old enough; true if it did.
    ///
    /// A log that was never opened here is opened first, so that what was published by the command line gets its
    /// entries without waiting for a visitor. Witnesses who have not signed the last head are asked again.
    pub async fn publish(&self, site: &SiteId, now: Millis) -> Result<bool, Error> {
        self.sequencer.settle(site.clone()).await?;
        let head = self.signer.head(site.as_str()).ok_or_else(|| Error::plain(Kind::Unavailable))?;
        let size = head.checkpoint.size;
        let mut before = 0;
        if let Some(last) = self.store.latest_checkpoint(site, head.epoch).await? {
            before = u64::try_from(last.size).map_err(Error::internal)?;
            let age = now.0.saturating_sub(last.published_at);
            if !u128::try_from(age).is_ok_and(|age| age >= self.interval.as_millis()) {
                return Ok(false);
            }
            if before >= size {
                let note = self.witnessed(site, last.note.clone(), before, before).await?;
                if note != last.note {
                    self.store.sign_checkpoint(site, head.epoch, &last, &note).await?;
                }
                return Ok(false);
            }
        }
        let note = self.witnessed(site, head.note.clone(), size, before).await?;
        Ok(self.store.publish_checkpoint(site, head.epoch, size, &note, now).await?)
    }

    /// A head of that size with the signatures of the policy's witnesses; the head before had `last` leaves.
    ///
    /// One that cannot be reached is left out. One that has seen something else stops the publication: what it
    /// has seen and this are two histories.
    async fn witnessed(
        &self,
        site: &SiteId,
        mut note: String,
        size: u64,
        last: u64,
    ) -> Result<String, Error> {
        let policies = self.policies.site(site).await?;
        let witnesses = policies.map(|policies| policies.current.log.witnesses.clone()).unwrap_or_default();
        for Witness { key, url } in &witnesses {
            // Checked when the policy was published.
            let Some(key) = Verifier::parse(key) else { continue };
            if has_signed(&key, &note) {
                continue;
            }
            match self.ask(site, &note, (last, size), url, &key).await? {
                Ok(line) => note.push_str(&line),
                Err(error) if is_fork(&error, size) => {
                    metrics::witness_failed("fork");
                    tracing::error!(site = site.as_str(), witness = key.name(), %error, "the witness has seen another history: nothing is published");
                    return Err(Error::plain(Kind::LogHalted));
                }
                Err(error) => {
                    metrics::witness_failed("away");
                    tracing::warn!(site = site.as_str(), witness = key.name(), %error, "published without it");
                }
            }
        }
        Ok(note)
    }

    /// Asks one witness, a second time from where it says that it is.
    async fn ask(
        &self,
        site: &SiteId,
        note: &str,
        (last, size): (u64, u64),
        url: &str,
        key: &Verifier,
    ) -> Result<Result<String, WitnessError>, Error> {
        let proof = nodes::consistency(&self.store, site, last, size).await?;
        match witness::cosign(url, key, last, &proof, note).await {
            Err(WitnessError::Behind(seen)) if seen <= size => {
                let proof = nodes::consistency(&self.store, site, seen, size).await?;
                Ok(witness::cosign(url, key, seen, &proof, note).await)
            }
            answered => Ok(answered),
        }
    }
}

/// Whether a witness's signature is in the note; what it asked for was checked when it came.
fn has_signed(key: &Verifier, note: &str) -> bool {
    Note::parse(note).is_ok_and(|note| note.verify(std::slice::from_ref(key)).is_ok())
}

/// Whether a witness's answer means that it has seen another history of this log.
fn is_fork(error: &WitnessError, size: u64) -> bool {
    match error {
        WitnessError::OtherRoot(_) => true,
        WitnessError::Behind(seen) => *seen > size,
        // 422: the proof does not lead from what it has seen (C2SP tlog-witness).
        WitnessError::Refused(status, _) => *status == 422,
        _ => false,
    }
}
