//! Receipts: a record with its salt, its place in the log, and the proof that leads to a signed head.

use crate::error::{Error, Kind};
use crate::metrics;
use crate::state::AppState;
use crate::store::append::ERASED;
use crate::store::log::Epoch;
use crate::store::policies::PolicyVersion;
use crate::store::records::StoredRecord;
use avow_shared::checkpoint::Checkpoint;
use avow_shared::entry;
use avow_shared::id::SiteId;
use avow_shared::note::Note;
use avow_shared::proof_file::ProofFile;
use serde::Deserialize;
use std::time::Instant;

/// Under which head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Head {
    /// The one signed last: there as soon as the record is.
    #[default]
    Latest,
    /// The one published last, with the signatures of the witnesses.
    Public,
}

/// A record that can be checked without its log.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The record.
    pub stored: StoredRecord,
    /// What the log is called.
    pub origin: String,
    /// The public keys of the log, `name+id+key`.
    pub keys: Vec<String>,
    /// The text of a `.tlog-proof` file.
    pub proof: String,
}

impl Receipt {
    /// The policy version of that hash, which the record names.
    pub async fn policy(
        &self,
        state: &AppState,
        site: &SiteId,
        sha256: &str,
    ) -> Result<PolicyVersion, Error> {
        let row = state.store.policy_by_hash(site, sha256).await?;
        row.ok_or_else(|| Error::internal("a record of a policy that is not there"))
    }
}

/// The receipt of a record.
pub async fn receipt(
    state: &AppState,
    site: &SiteId,
    stored: StoredRecord,
    which: Head,
) -> Result<Receipt, Error> {
    if stored.event == ERASED {
        return Err(Error::plain(Kind::Erased));
    }
    let (checkpoint, note) = match which {
        Head::Latest => latest(state, site, stored.leaf_index).await?,
        Head::Public => public(state, site).await?.ok_or_else(not_yet)?,
    };
    let index = u64::try_from(stored.leaf_index).map_err(Error::internal)?;
    if index >= checkpoint.size {
        return Err(not_yet());
    }
    let started = Instant::now();
    let entry = (entry::Kind::Record, &stored.commitment);
    let proof = state.proofs.inclusion(site, &checkpoint, index, entry).await?;
    metrics::proved(started.elapsed());
    let proof = ProofFile { index, proof, checkpoint: &note }.to_string();
    let keys = state.signer.verifiers(&checkpoint.origin).iter().map(ToString::to_string).collect();
    Ok(Receipt { stored, origin: checkpoint.origin, keys, proof })
}

/// A head of this node that covers a leaf; what other nodes wrote is signed here first.
async fn latest(state: &AppState, site: &SiteId, leaf: i64) -> Result<(Checkpoint, String), Error> {
    for attempt in 0..2 {
        if let Some(head) = state.signer.head(site.as_str()).filter(|head| head.covers(leaf)) {
            return Ok((head.checkpoint.clone(), head.note.clone()));
        }
        if attempt == 0 {
            state.sequencer.settle(site.clone()).await?;
        }
    }
    Err(not_yet())
}

/// The head that was published last.
pub async fn public(state: &AppState, site: &SiteId) -> Result<Option<(Checkpoint, String)>, Error> {
    let Some(epoch) = epoch(state, site).await? else { return Ok(None) };
    let Some(published) = state.store.latest_checkpoint(site, epoch.epoch).await? else { return Ok(None) };
    let checkpoint = Note::parse(&published.note).ok().and_then(|note| Checkpoint::parse(note.text()));
    let checkpoint = checkpoint.ok_or_else(|| Error::internal("a published head that cannot be read"))?;
    Ok(Some((checkpoint, published.note)))
}

/// The present epoch of a site's log; `None` if there is no such site.
pub async fn epoch(state: &AppState, site: &SiteId) -> Result<Option<Epoch>, Error> {
    Ok(state.store.epochs(site).await?.pop())
}

fn not_yet() -> Error {
    Error { retry_after: Some(1), ..Error::plain(Kind::Unavailable) }
}
