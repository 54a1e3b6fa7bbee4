//! Who may read records: tokens, and the audit of their use.

use crate::error::{Error, Kind};
use crate::state::AppState;
use crate::store::audit::NewAudit;
use avow_shared::id::SiteId;
use sha2::{Digest, Sha256};

/// Somebody who showed a good token for a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The token's id.
    pub token: String,
    /// Its scope.
    pub scope: String,
}

/// The hash under which a token is stored. Tokens are 32 random bytes, so a plain hash is enough.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::new().chain_update(b"avow/token/v1\n").chain_update(token).finalize().into()
}

/// Checks a bearer token: good, for this site, and of this scope.
pub async fn authorize(
    state: &AppState,
    site: &SiteId,
    token: &str,
    scope: &str,
) -> Result<Principal, Error> {
    let row = state.store.token_by_hash(&token_hash(token)).await?;
    match row {
        Some(row) if row.revoked_at.is_none() && row.site == site.as_str() && row.scope == scope => {
            Ok(Principal { token: row.id, scope: row.scope })
        }
        _ => Err(Error::plain(Kind::Unauthorized)),
    }
}

/// Writes down what a person is about to do; it may happen only if this succeeds.
pub async fn audit(
    state: &AppState,
    principal: &Principal,
    site: &SiteId,
    action: &str,
    object: &str,
) -> Result<(), Error> {
    let at = state.clock.now();
    let entry = NewAudit { id: state.rng.uuid(at), at, site, actor: &principal.token, action, object };
    Ok(state.store.insert_audit(&entry).await?)
}
