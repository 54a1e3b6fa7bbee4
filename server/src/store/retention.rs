//! The end of records: which are due, which are held, and what is only counted.

use super::{Result, Store, records};
use avow_shared::id::{DAY_MS, Millis, RecordId, SiteId};

/// A record whose time may be over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its leaf.
    pub leaf_index: i64,
    /// Its id.
    pub id: RecordId,
    /// The server's clock when it was made.
    pub server_time: Millis,
    /// The policy version that was answered.
    pub policy_version: i64,
    /// What happened; `erased` if it is gone already.
    pub event: String,
}

/// A legal hold.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Hold {
    /// Names it.
    pub id: String,
    /// The record's id; `None` for every record of the site.
    pub record: Option<Vec<u8>>,
    /// Why, in the operator's words.
    pub reason: String,
    /// Milliseconds UTC.
    pub created_at: i64,
    /// When it ended.
    pub lifted_at: Option<i64>,
}

/// A count of a day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Count {
    /// Days since 1970-01-01 UTC.
    pub day: i64,
    /// The policy version that was answered.
    pub policy_version: i64,
    /// What happened.
    pub event: String,
    /// How often.
    pub count: i64,
}

impl Store {
    /// Records from where the last look ended, the oldest first.
    pub async fn due_records(&self, site: &SiteId, limit: u32) -> Result<Vec<Due>> {
        const SQL: &str = "SELECT leaf_index, id, server_time, policy_version, event FROM records \
            WHERE site = $1 AND leaf_index >= COALESCE((SELECT done FROM retention WHERE site = $1), 0) \
            ORDER BY leaf_index LIMIT $2";
        let rows: Vec<(i64, Vec<u8>, i64, i64, String)> = on!(self, read, pool => {
            sqlx::query_as(SQL).bind(site.as_str()).bind(i64::from(limit)).fetch_all(pool).await
        })?;
        rows.into_iter()
            .map(|(leaf_index, id, server_time, policy_version, event)| {
                let id = records::record_id(id)?;
                Ok(Due { leaf_index, id, server_time: Millis(server_time), policy_version, event })
            })
            .collect()
    }

    /// Remembers that leaves before `leaf` are done.
    pub async fn retention_done(&self, site: &SiteId, leaf: i64) -> Result<()> {
        const SQL: &str = "INSERT INTO retention (site, done) VALUES ($1, $2) \
            ON CONFLICT (site) DO UPDATE SET done = excluded.done";
        on!(self, write, pool => {
            sqlx::query(SQL).bind(site.as_str()).bind(leaf).execute(pool).await.map(drop)
        })?;
        Ok(())
    }

    /// Adds to the count of an event on the day of that moment.
    pub async fn count(
        &self,
        site: &SiteId,
        at: Millis,
        version: u32,
        event: &str,
        number: i64,
    ) -> Result<()> {
        const SQL: &str = "INSERT INTO counts (site, day, policy_version, event, count) \
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (site, day, policy_version, event) \
            DO UPDATE SET count = counts.count + excluded.count";
        on!(self, write, pool => {
            sqlx::query(SQL)
                .bind(site.as_str())
                .bind(at.0.div_euclid(DAY_MS))
                .bind(i64::from(version))
                .bind(event)
                .bind(number)
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// What was counted and not kept, by day.
    pub async fn counts(&self, site: &SiteId) -> Result<Vec<Count>> {
        const SQL: &str = "SELECT day, policy_version, event, count FROM counts WHERE site = $1 \
            ORDER BY day, policy_version, event";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(site.as_str()).fetch_all(pool).await)?)
    }

    /// Whether a hold keeps that record.
    pub async fn is_held(&self, site: &SiteId, id: &RecordId) -> Result<bool> {
        const SQL: &str = "SELECT COUNT(*) FROM holds \
            WHERE site = $1 AND lifted_at IS NULL AND (record IS NULL OR record = $2)";
        let holds: i64 = on!(self, read, pool => {
            sqlx::query_scalar(SQL).bind(site.as_str()).bind(&id.as_bytes()[..]).fetch_one(pool).await
        })?;
        Ok(holds > 0)
    }

    /// Every hold of a site, the oldest first.
    pub async fn holds(&self, site: &SiteId) -> Result<Vec<Hold>> {
        const SQL: &str = "SELECT id, record, reason, created_at, lifted_at FROM holds \
            WHERE site = $1 ORDER BY created_at, id";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(site.as_str()).fetch_all(pool).await)?)
    }

    /// Adds a hold: of one record, or of every record of the site.
    pub async fn hold(
        &self,
        site: &SiteId,
        id: &str,
        record: Option<&RecordId>,
        reason: &str,
        now: Millis,
    ) -> Result<()> {
        const SQL: &str =
            "INSERT INTO holds (id, site, record, reason, created_at) VALUES ($1, $2, $3, $4, $5)";
        on!(self, write, pool => {
            sqlx::query(SQL)
                .bind(id)
                .bind(site.as_str())
                .bind(record.map(|record| &record.as_bytes()[..]))
                .bind(reason)
                .bind(now.0)
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Lifts a hold, and lets retention look at every record anew; false if there is no such hold.
    pub async fn lift(&self, site: &SiteId, id: &str, now: Millis) -> Result<bool> {
        const LIFT: &str =
            "UPDATE holds SET lifted_at = $3 WHERE site = $1 AND id = $2 AND lifted_at IS NULL";
        const AGAIN: &str = "DELETE FROM retention WHERE site = $1";
        let lifted = on!(self, transaction, tx => {
            sqlx::query(AGAIN).bind(site.as_str()).execute(&mut *tx).await?;
            let done = sqlx::query(LIFT).bind(site.as_str()).bind(id).bind(now.0).execute(&mut *tx).await?;
            done.rows_affected()
        });
        Ok(lifted == 1)
    }
}
