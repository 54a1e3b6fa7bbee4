//! Hands a record to whoever has its secret, or to the site's data protection officer.

use crate::access::{self, Principal};
use crate::consent::secret_hash;
use crate::error::{Error, Kind};
use crate::state::AppState;
use crate::store::records::StoredRecord;
use avow_shared::id::{RecordId, SiteId};
use avow_shared::reference;
use subtle::ConstantTimeEq;

/// More records than this never share one reference code, unless somebody made their ids so.
const MOST: u32 = 16;

/// The record of that id, for its visitor. An unknown id and a wrong secret are the same answer.
pub async fn by_secret(
    state: &AppState,
    site: &SiteId,
    id: Option<RecordId>,
    secret: &str,
) -> Result<StoredRecord, Error> {
    let shown = secret_hash(secret);
    let stored = match id {
        Some(id) => state.store.record(site, &id).await?,
        None => None,
    };
    // Compared in both cases, so that the time taken is the same too.
    let expected = stored.as_ref().map_or([0; 32], |stored| stored.secret_hash);
    let matches = bool::from(expected.ct_eq(&shown));
    stored.filter(|_| matches).ok_or_else(|| Error::plain(Kind::NotFound))
}

/// The record of that id, for the data protection officer; audited.
pub async fn by_officer(
    state: &AppState,
    officer: &Principal,
    site: &SiteId,
    id: Option<RecordId>,
) -> Result<StoredRecord, Error> {
    let id = id.ok_or_else(|| Error::plain(Kind::NotFound))?;
    access::audit(state, officer, site, "record.read", &id.to_text()).await?;
    state.store.record(site, &id).await?.ok_or_else(|| Error::plain(Kind::NotFound))
}

/// The records that a visitor's reference code stands for (nearly always one), for the data protection
/// officer; audited.
pub async fn by_reference(
    state: &AppState,
    officer: &Principal,
    site: &SiteId,
    code: &str,
) -> Result<Vec<StoredRecord>, Error> {
    let (first, last) = reference::range(code)
        .ok_or_else(|| Error::new(Kind::Invalid, "reference is not a reference code"))?;
    access::audit(state, officer, site, "record.find", &reference::code(&first)).await?;
    Ok(state.store.records_between(site, &first, &last, MOST).await?)
}
