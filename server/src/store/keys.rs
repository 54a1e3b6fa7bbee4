//! The public keys that this installation has signed with: another key in their place is noticed by them.

use super::{Result, Store, tree::hash_of};
use avow_shared::id::Millis;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// Ed25519.
    pub public: [u8; 32],
    /// Milliseconds UTC.
    pub created_at: i64,
    /// When it was replaced; `None` for the present one.
    pub retired_at: Option<i64>,
}

impl Store {
    /// The keys of that purpose, the oldest first.
    pub async fn keys(&self, purpose: &str) -> Result<Vec<KnownKey>> {
        const SQL: &str = "SELECT public, created_at, retired_at FROM log_keys \
            WHERE purpose = $1 ORDER BY created_at, public";
        let rows: Vec<(Vec<u8>, i64, Option<i64>)> = on!(self, read, pool => {
            sqlx::query_as(SQL).bind(purpose).fetch_all(pool).await
        })?;
        rows.into_iter()
            .map(|(public, created_at, retired_at)| {
                Ok(KnownKey { public: hash_of(public)?, created_at, retired_at })
            })
            .collect()
    }

    /// Makes a key the present one of its purpose; the one before it is kept as retired.
    pub async fn replace_key(&self, purpose: &str, public: &[u8; 32], now: Millis) -> Result<()> {
        const RETIRE: &str =
            "UPDATE log_keys SET retired_at = $2 WHERE purpose = $1 AND retired_at IS NULL AND public <> $3";
        const INSERT: &str = "INSERT INTO log_keys (purpose, public, created_at) VALUES ($1, $2, $3) \
            ON CONFLICT (purpose, public) DO NOTHING";
        on!(self, transaction, tx => {
            sqlx::query(RETIRE).bind(purpose).bind(now.0).bind(&public[..]).execute(&mut *tx).await?;
            sqlx::query(INSERT).bind(purpose).bind(&public[..]).bind(now.0).execute(&mut *tx).await?;
        });
        Ok(())
    }
}
