//! Files that manifests name: kept once by their hash, whatever number of logs names them, and never changed.

use super::{Result, Store};
use avow_shared::id::{Millis, hex};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;

impl Store {
    /// Keeps a file and returns its SHA-256, 64 hexadecimal characters. One that is not what it was is put right.
    pub async fn keep_artefact(&self, bytes: &[u8], now: Millis) -> Result<String> {
        const KEEP: &str = "INSERT INTO artefacts (sha256, bytes, kept_at) VALUES ($1, $2, $3) \
            ON CONFLICT (sha256) DO UPDATE SET bytes = $2";
        let sha256 = hex(&Sha256::digest(bytes));
        // Nearly always it is there: a node that starts again takes no lock for it.
        if self.artefact(&sha256).await?.is_none() {
            on!(self, write, pool => {
                sqlx::query(KEEP).bind(&sha256).bind(bytes).bind(now.0).execute(pool).await.map(drop)
            })?;
        }
        Ok(sha256)
    }

    /// A file by its SHA-256; `None` if it is not kept, or is not what it was.
    pub async fn artefact(&self, sha256: &str) -> Result<Option<Vec<u8>>> {
        const SQL: &str = "SELECT bytes FROM artefacts WHERE sha256 = $1";
        let bytes: Option<Vec<u8>> = on!(self, read, pool => {
            sqlx::query_scalar(SQL).bind(sha256).fetch_optional(pool).await
        })?;
        Ok(bytes.filter(|bytes| hex(&Sha256::digest(bytes)) == sha256))
    }

    /// The SHA-256 of every file that is kept.
    pub async fn kept_artefacts(&self) -> Result<HashSet<String>> {
        const SQL: &str = "SELECT sha256 FROM artefacts";
        let kept: Vec<String> = on!(self, read, pool => sqlx::query_scalar(SQL).fetch_all(pool).await)?;
        Ok(kept.into_iter().collect())
    }
}
