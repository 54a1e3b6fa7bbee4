//! Ends records whose time is over, in small steps: deleted, or counted by the day first.
//!
//! A record is kept for `record_days` after it was made, which is never less than a grant lasts; the time for
//! which claims can be raised is part of that number. What a legal hold keeps stays.

use super::erase::Reason;
use crate::error::Error;
use crate::state::AppState;
use crate::store::append::{ERASED, Effect, NewEntry};
use crate::store::retention::Due;
use avow_shared::entry;
use avow_shared::id::{DAY_MS, Millis, SiteId};
use serde::Serialize;

/// Records that are looked at in one step.
const STEP: u32 = 200;

/// The manifest of a step. Fields stand in sorted order: the JSON is canonical (RFC 8785).
#[derive(Debug, Serialize)]
struct Manifest {
    at: i64,
    authority: &'static str,
    leaves: Vec<i64>,
    reason: Reason,
    r#type: &'static str,
}

/// One step; true if there may be more to do at once.
pub async fn step(state: &AppState, site: &SiteId) -> Result<bool, Error> {
    let Some(policies) = state.policies.site(site).await? else { return Ok(false) };
    let retention = &policies.current.retention;
    let now = state.clock.now();
    let end = Millis(now.0 - i64::from(retention.record_days) * DAY_MS);
    let looked_at = state.store.due_records(site, STEP).await?;
    let is_over = |due: &&Due| due.event == ERASED || due.server_time < end;
    let over = looked_at.iter().take_while(is_over).count();
    let Some(last) = looked_at[..over].last() else { return Ok(false) };
    let mut due = Vec::new();
    for record in &looked_at[..over] {
        if record.event != ERASED && !state.store.is_held(site, &record.id).await? {
            due.push(record);
        }
    }
    if !due.is_empty() {
        state.sequencer.append_entry(site.clone(), entry_of(&due, now)).await?;
        state.store.scrub().await?;
        if retention.record_end.as_deref() == Some("count") {
            for record in &due {
                let version = u32::try_from(record.policy_version).map_err(Error::internal)?;
                state.store.count(site, record.server_time, version, &record.event, 1).await?;
            }
        }
    }
    state.store.retention_done(site, last.leaf_index + 1).await?;
    Ok(over == looked_at.len())
}

fn entry_of(due: &[&Due], now: Millis) -> NewEntry {
    let leaves: Vec<i64> = due.iter().map(|record| record.leaf_index).collect();
    // The first of them names it: it can be erased once only.
    let name = format!("retention/{}", leaves.first().copied().unwrap_or_default());
    let manifest =
        Manifest { at: now.0, authority: "retention", leaves, reason: Reason::Retention, r#type: "erasure" };
    NewEntry {
        kind: entry::Kind::Erasure,
        name,
        manifest: serde_json::to_string(&manifest).expect("numbers and words always serialize"),
        effect: Effect::Erase { records: due.iter().map(|record| record.id).collect(), at: now },
    }
}

#[cfg(test)]
mod tests;
