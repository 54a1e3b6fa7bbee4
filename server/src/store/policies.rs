//! Sites and their published policies: versions are added, never changed.

use super::{Pool, Result, Store, StoreError};
use avow_shared::id::{Millis, SiteId};
use avow_shared::merkle::empty_root;

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PolicyVersion {
    /// The site.
    pub site: String,
    /// Counts up from 1.
    pub version: i64,
    /// SHA-256 of `document`, 64 hexadecimal characters.
    pub hash: String,
    /// The TOML file as published.
    pub source: String,
    /// The canonical compiled document.
    pub document: String,
    /// Milliseconds UTC.
    pub published_at: i64,
    /// When the next version came, or `None` for the current one.
    pub superseded_at: Option<i64>,
}

/// What a publish adds.
#[derive(Clone, Debug)]
pub struct NewPolicy<'a> {
    /// SHA-256 of `document`, 64 hexadecimal characters.
    pub hash: &'a str,
    /// The TOML file.
    pub source: &'a str,
    /// The canonical compiled document.
    pub document: &'a str,
    /// What the site's log is called, if this publish begins it.
    pub origin: &'a str,
}

/// A site and its current version.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SiteRow {
    /// The site.
    pub site: String,
    /// Its current version.
    pub current_version: i64,
    /// Milliseconds UTC.
    pub created_at: i64,
}

// PostgreSQL's sum of bigint is a numeric.
const REVISION: &str = "SELECT CAST(COALESCE(SUM(current_version), 0) AS BIGINT) FROM sites";

macro_rules! select_version {
    ($rest:literal) => {
        concat!(
            "SELECT site, version, hash, source, document, published_at, superseded_at FROM policy_versions ",
            $rest
        )
    };
}

impl Store {
    /// Publishes the version after `current` (0: the first one) and supersedes that one.
    ///
    /// `Conflict` if somebody else published in between, for this site or for another one: `revision` is what
    /// [`Store::policies_revision`] said before the other sites' policies were looked at. Nothing is changed then.
    pub async fn publish_version(
        &self,
        site: &SiteId,
        current: u32,
        revision: i64,
        new: &NewPolicy<'_>,
        now: Millis,
    ) -> Result<u32> {
        // Whoever publishes is alone, or two that have not seen each other could both go through. SQLite has one
        // writer anyway; on PostgreSQL this waits for the other, and hinders neither readers nor records.
        const ALONE: &str = "LOCK TABLE sites IN SHARE ROW EXCLUSIVE MODE";
        const FIRST: &str = "INSERT INTO sites (site, current_version, created_at) VALUES ($1, 1, $2) \
            ON CONFLICT (site) DO NOTHING";
        const HEAD: &str = "INSERT INTO log_heads (site, size, root) VALUES ($1, 0, $2)";
        const EPOCH: &str = "INSERT INTO log_epochs (site, epoch, origin, created_at) \
            VALUES ($1, 1, $2, $3)";
        const NEXT: &str =
            "UPDATE sites SET current_version = current_version + 1 WHERE site = $1 AND current_version = $2";
        const SUPERSEDE: &str =
            "UPDATE policy_versions SET superseded_at = $3 WHERE site = $1 AND version = $2";
        const INSERT: &str = "INSERT INTO policy_versions \
            (site, version, hash, source, document, published_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let version = current + 1;
        on!(self, transaction, tx => {
            if matches!(self.pool, Pool::Postgres(_)) {
                sqlx::query(ALONE).execute(&mut *tx).await?;
            }
            let found: i64 = sqlx::query_scalar(REVISION).fetch_one(&mut *tx).await?;
            if found != revision {
                return Err(StoreError::Conflict);
            }
            let changed = if current == 0 {
                sqlx::query(FIRST).bind(site.as_str()).bind(now.0).execute(&mut *tx).await?.rows_affected()
            } else {
                sqlx::query(NEXT).bind(site.as_str()).bind(i64::from(current)).execute(&mut *tx).await?.rows_affected()
            };
            if changed != 1 {
                return Err(StoreError::Conflict);
            }
            if current == 0 {
                sqlx::query(HEAD).bind(site.as_str()).bind(&empty_root()[..]).execute(&mut *tx).await?;
                sqlx::query(EPOCH)
                    .bind(site.as_str())
                    .bind(new.origin)
                    .bind(now.0)
                    .execute(&mut *tx)
                    .await?;
            } else {
                sqlx::query(SUPERSEDE)
                    .bind(site.as_str())
                    .bind(i64::from(current))
                    .bind(now.0)
                    .execute(&mut *tx)
                    .await?;
            }
            sqlx::query(INSERT)
                .bind(site.as_str())
                .bind(i64::from(version))
                .bind(new.hash)
                .bind(new.source)
                .bind(new.document)
                .bind(now.0)
                .execute(&mut *tx)
                .await?;
        });
        Ok(version)
    }

    /// The current version, or `None` if there is no such site.
    pub async fn current_policy(&self, site: &SiteId) -> Result<Option<PolicyVersion>> {
        const SQL: &str = select_version!(
            "WHERE site = $1 AND version = (SELECT current_version FROM sites WHERE site = $1)"
        );
        Ok(on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).fetch_optional(pool).await
        })?)
    }

    /// The current version's number, the cheap way to see whether something was published.
    pub async fn current_policy_number(&self, site: &SiteId) -> Result<Option<u32>> {
        const SQL: &str = "SELECT current_version FROM sites WHERE site = $1";
        let number: Option<i64> = on!(self, read, pool => {
            sqlx::query_scalar(SQL).bind(site.as_str()).fetch_optional(pool).await
        })?;
        number
            .map(|number| u32::try_from(number).map_err(|_| StoreError::Corrupt("a policy version")))
            .transpose()
    }

    /// Every version of a site, the newest first.
    pub async fn policy_versions(&self, site: &SiteId) -> Result<Vec<PolicyVersion>> {
        const SQL: &str = select_version!("WHERE site = $1 ORDER BY version DESC");
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(site.as_str()).fetch_all(pool).await)?)
    }

    /// The newest version with that hash.
    pub async fn policy_by_hash(&self, site: &SiteId, hash: &str) -> Result<Option<PolicyVersion>> {
        const SQL: &str = select_version!("WHERE site = $1 AND hash = $2 ORDER BY version DESC LIMIT 1");
        Ok(on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(hash).fetch_optional(pool).await
        })?)
    }

    /// A number that grows with every publish of any site.
    pub async fn policies_revision(&self) -> Result<i64> {
        Ok(on!(self, read, pool => sqlx::query_scalar(REVISION).fetch_one(pool).await)?)
    }

    /// Document and hash of every site's current version.
    pub async fn current_documents(&self) -> Result<Vec<(String, String)>> {
        const SQL: &str = "SELECT document, hash FROM policy_versions WHERE superseded_at IS NULL";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).fetch_all(pool).await)?)
    }

    /// Every site, by name.
    pub async fn list_sites(&self) -> Result<Vec<SiteRow>> {
        const SQL: &str = "SELECT site, current_version, created_at FROM sites ORDER BY site";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).fetch_all(pool).await)?)
    }
}
