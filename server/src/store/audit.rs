//! Who did what: one row for every use of a token by a person.

use super::{Result, Store};
use avow_shared::id::{Millis, RecordId, SiteId};

/// A use, as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditRow {
    /// Milliseconds UTC.
    pub at: i64,
    /// The site.
    pub site: String,
    /// The token's id, or `cli`.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub object: String,
}

/// A use to be stored.
#[derive(Clone, Debug)]
pub struct NewAudit<'a> {
    /// A fresh UUIDv7.
    pub id: RecordId,
    /// When.
    pub at: Millis,
    /// The site.
    pub site: &'a SiteId,
    /// The token's id, or `cli`.
    pub actor: &'a str,
    /// What is done, in a word: `export`, `record.read`, …
    pub action: &'a str,
    /// What it is done to: a record's id, a version, a token's id, or nothing.
    pub object: &'a str,
}

impl Store {
    /// Adds a use; whatever is audited happens only after this has succeeded.
    pub async fn insert_audit(&self, entry: &NewAudit<'_>) -> Result<()> {
        const SQL: &str =
            "INSERT INTO audit (id, at, site, actor, action, object) VALUES ($1, $2, $3, $4, $5, $6)";
        on!(self, write, pool => {
            sqlx::query(SQL)
                .bind(&entry.id.as_bytes()[..])
                .bind(entry.at.0)
                .bind(entry.site.as_str())
                .bind(entry.actor)
                .bind(entry.action)
                .bind(entry.object)
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// The last `limit` uses of a site, the newest first.
    pub async fn list_audit(&self, site: &SiteId, limit: u32) -> Result<Vec<AuditRow>> {
        const SQL: &str =
            "SELECT at, site, actor, action, object FROM audit WHERE site = $1 ORDER BY id DESC LIMIT $2";
        Ok(on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(i64::from(limit)).fetch_all(pool).await
        })?)
    }
}
