//! The server's own keys: made once, shared by all nodes of an installation.

use super::{Result, Store, StoreError};
use avow_shared::id::Millis;

impl Store {
    /// The key of that name; `candidate` becomes it if there is none yet, whichever node comes first.
    pub async fn secret_or_insert(&self, name: &str, candidate: [u8; 32], now: Millis) -> Result<[u8; 32]> {
        const INSERT: &str =
            "INSERT INTO secrets (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
        const SELECT: &str = "SELECT value FROM secrets WHERE name = $1";
        on!(self, write, pool => {
            sqlx::query(INSERT).bind(name).bind(&candidate[..]).bind(now.0).execute(pool).await.map(drop)
        })?;
        let value: Vec<u8> = on!(self, read, pool => {
            sqlx::query_scalar(SELECT).bind(name).fetch_one(pool).await
        })?;
        value.try_into().map_err(|_| StoreError::Corrupt("a key of another length"))
    }
}
