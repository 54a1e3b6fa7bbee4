//! Access tokens: only their hashes are kept.

use super::{Result, Store, StoreError};
use avow_shared::id::{Millis, SiteId};

/// A token as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TokenRow {
    /// Names it in lists and in the audit; not secret.
    pub id: String,
    /// The site it is for.
    pub site: String,
    /// `dpo` or `operator`.
    pub scope: String,
    /// What its maker calls it.
    pub label: String,
    /// Milliseconds UTC.
    pub created_at: i64,
    /// When it ended, or `None` while it is good.
    pub revoked_at: Option<i64>,
}

/// A token to be stored.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// Its name in lists and in the audit.
    pub id: &'a str,
    /// `dpo` or `operator`.
    pub scope: &'a str,
    /// What its maker calls it.
    pub label: &'a str,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
}

const INSERT: &str =
    "INSERT INTO tokens (id, site, scope, label, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const REVOKE: &str = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

impl Store {
    /// Adds a token. The site must exist.
    pub async fn insert_token(&self, site: &SiteId, new: &NewToken<'_>, now: Millis) -> Result<()> {
        on!(self, write, pool => {
            sqlx::query(INSERT)
                .bind(new.id)
                .bind(site.as_str())
                .bind(new.scope)
                .bind(new.label)
                .bind(&new.hash[..])
                .bind(now.0)
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Revokes `old` and adds its successor, both or neither. `Conflict` if `old` is not good any more.
    pub async fn rotate_token(
        &self,
        old: &str,
        site: &SiteId,
        new: &NewToken<'_>,
        now: Millis,
    ) -> Result<()> {
        on!(self, transaction, tx => {
            if sqlx::query(REVOKE).bind(old).bind(now.0).execute(&mut *tx).await?.rows_affected() != 1 {
                return Err(StoreError::Conflict);
            }
            sqlx::query(INSERT)
                .bind(new.id)
                .bind(site.as_str())
                .bind(new.scope)
                .bind(new.label)
                .bind(&new.hash[..])
                .bind(now.0)
                .execute(&mut *tx)
                .await?;
        });
        Ok(())
    }

    /// Ends a token; false if there is no good one of that id.
    pub async fn revoke_token(&self, id: &str, now: Millis) -> Result<bool> {
        let changed = on!(self, write, pool => {
            sqlx::query(REVOKE).bind(id).bind(now.0).execute(pool).await.map(|done| done.rows_affected())
        })?;
        Ok(changed == 1)
    }

    /// The token with that hash, revoked or not.
    pub async fn token_by_hash(&self, hash: &[u8; 32]) -> Result<Option<TokenRow>> {
        const SQL: &str = "SELECT id, site, scope, label, created_at, revoked_at FROM tokens WHERE hash = $1";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(&hash[..]).fetch_optional(pool).await)?)
    }

    /// The token of that id.
    pub async fn token_by_id(&self, id: &str) -> Result<Option<TokenRow>> {
        const SQL: &str = "SELECT id, site, scope, label, created_at, revoked_at FROM tokens WHERE id = $1";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(id).fetch_optional(pool).await)?)
    }

    /// Every token, of one site or (`None`) of all, the oldest first.
    pub async fn list_tokens(&self, site: Option<&SiteId>) -> Result<Vec<TokenRow>> {
        const SQL: &str = "SELECT id, site, scope, label, created_at, revoked_at FROM tokens \
            WHERE $1 = '' OR site = $1 ORDER BY created_at, id";
        let site = site.map_or("", SiteId::as_str);
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(site).fetch_all(pool).await)?)
    }
}
