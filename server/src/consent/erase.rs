//! Erases a record: its text and its salt are overwritten, its leaf stays and says nothing any more.
//!
//! An entry in the log says that, why and on whose word, so that erasing what is awkward shows (GDPR Article 17).

use crate::access::{self, Principal};
use crate::consent::lookup;
use crate::error::{Error, Kind};
use crate::state::AppState;
use crate::store::append::{Effect, NewEntry};
use crate::store::records::StoredRecord;
use avow_shared::entry;
use avow_shared::id::{Millis, RecordId, SiteId};
use serde::{Deserialize, Serialize};

/// Why a record is erased: the grounds of GDPR Article 17(1), and the end of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// (a): no longer needed for what it was collected for.
    NotNeeded,
    /// (b): the visitor wants it gone, and no other ground keeps it.
    Withdrawn,
    /// (c): the visitor objected.
    Objection,
    /// (d): it should never have been stored.
    Unlawful,
    /// (e): a law demands it.
    Obligation,
    /// (f): it is a child's.
    Child,
    /// Its time is over.
    Retention,
}

/// What was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Its leaf, which stays.
    pub leaf: i64,
    /// The server's clock.
    pub at: Millis,
    /// True if a grant was still in force by it: the visitor's device does not know yet.
    pub was_live: bool,
}

/// The manifest of the log's entry. Fields stand in sorted order: the JSON is canonical (RFC 8785).
#[derive(Debug, Serialize)]
struct Manifest {
    at: i64,
    /// `visitor`, `officer` or `retention`: a role, never a name.
    authority: &'static str,
    leaf: i64,
    live: bool,
    reason: Reason,
    r#type: &'static str,
}

/// Erases on the visitor's word, who shows the record's secret.
///
/// A grant that is in force must be withdrawn first: the device would go on by it.
pub async fn by_visitor(
    state: &AppState,
    site: &SiteId,
    id: Option<RecordId>,
    secret: &str,
) -> Result<Erased, Error> {
    let stored = lookup::by_secret(state, site, id, secret).await?;
    if is_live(&stored, state.clock.now()) {
        return Err(Error::plain(Kind::GrantInForce));
    }
    erase(state, site, &stored, "visitor", Reason::Withdrawn).await
}

/// Erases on the word of the data protection officer; audited.
pub async fn by_officer(
    state: &AppState,
    officer: &Principal,
    site: &SiteId,
    id: Option<RecordId>,
    reason: Reason,
) -> Result<Erased, Error> {
    let id = id.ok_or_else(|| Error::plain(Kind::NotFound))?;
    access::audit(state, officer, site, "record.erase", &id.to_text()).await?;
    let stored = state.store.record(site, &id).await?.ok_or_else(|| Error::plain(Kind::NotFound))?;
    erase(state, site, &stored, "officer", reason).await
}

async fn erase(
    state: &AppState,
    site: &SiteId,
    stored: &StoredRecord,
    authority: &'static str,
    reason: Reason,
) -> Result<Erased, Error> {
    if state.store.is_held(site, &stored.id).await? {
        return Err(Error::plain(Kind::Held));
    }
    let at = state.clock.now();
    let was_live = is_live(stored, at);
    let entry = entry_of(stored, authority, reason, at, was_live);
    // One that is erased already has its entry, and nothing is left to do.
    if !state.sequencer.append_entry(site.clone(), entry).await? {
        return Err(Error::plain(Kind::Erased));
    }
    state.store.scrub().await?;
    Ok(Erased { leaf: stored.leaf_index, at, was_live })
}

fn entry_of(
    stored: &StoredRecord,
    authority: &'static str,
    reason: Reason,
    at: Millis,
    live: bool,
) -> NewEntry {
    let leaf = stored.leaf_index;
    let manifest = Manifest { at: at.0, authority, leaf, live, reason, r#type: "erasure" };
    NewEntry {
        kind: entry::Kind::Erasure,
        name: leaf.to_string(),
        manifest: serde_json::to_string(&manifest).expect("numbers and words always serialize"),
        effect: Effect::Erase { records: vec![stored.id], at },
    }
}

/// Whether a grant is in force by this record.
pub fn is_live(stored: &StoredRecord, now: Millis) -> bool {
    #[derive(Deserialize)]
    struct Answers {
        decisions: Vec<Answer>,
    }
    #[derive(Deserialize)]
    struct Answer {
        granted: bool,
        until: i64,
    }
    stored.current
        && serde_json::from_str::<Answers>(&stored.record)
            .is_ok_and(|record| record.decisions.iter().any(|answer| answer.granted && answer.until > now.0))
}
