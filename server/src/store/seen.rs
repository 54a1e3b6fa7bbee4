//! What the gate saw and no policy names, counted by day. Bounded: a site has so many rows, and they grow old.

use super::{Result, Store};
use avow_shared::id::SiteId;

/// Rows of one site. Reports come from anybody, so they must not fill the disk.
const MOST_ROWS: i64 = 5_000;
/// Days for which a row is kept.
const KEPT_DAYS: i64 = 90;

/// One thing, and how often it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The site.
    pub site: String,
    /// `host`, `cookie`, `script`, `handler` or `snippet`.
    pub kind: String,
    /// The origin, name, hash or version.
    pub value: String,
    /// Where it stood: a directive, an element, an attribute.
    pub place: String,
    /// The start of inline code.
    pub sample: String,
    /// How often.
    pub count: i64,
}

/// A thing, over all its days.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SeenRow {
    /// `host`, `cookie`, `script`, `handler` or `snippet`.
    pub kind: String,
    /// The origin, name, hash or version.
    pub value: String,
    /// Where it stood.
    pub place: String,
    /// The start of inline code.
    pub sample: String,
    /// How often.
    pub count: i64,
    /// The first day, since 1970.
    pub first_day: i64,
    /// The last day.
    pub last_day: i64,
}

impl Store {
    /// Adds to the counts of a day, and drops those that have grown old.
    pub async fn add_seen(&self, sightings: &[Sighting], day: i64) -> Result<()> {
        const ADD: &str = "UPDATE seen SET count = count + $6 \
            WHERE site = $1 AND day = $2 AND kind = $3 AND value = $4 AND place = $5";
        // `DO NOTHING`: another node may have been first.
        const INSERT: &str = "INSERT INTO seen (site, day, kind, value, place, sample, count) \
            SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT COUNT(*) FROM seen WHERE site = $1) < $8 \
            ON CONFLICT (site, day, kind, value, place) DO NOTHING";
        const DROP: &str = "DELETE FROM seen WHERE day < $1";
        on!(self, transaction, tx => {
            sqlx::query(DROP).bind(day - KEPT_DAYS).execute(&mut *tx).await?;
            for sighting in sightings {
                let known = sqlx::query(ADD)
                    .bind(&sighting.site)
                    .bind(day)
                    .bind(&sighting.kind)
                    .bind(&sighting.value)
                    .bind(&sighting.place)
                    .bind(sighting.count)
                    .execute(&mut *tx)
                    .await?
                    .rows_affected();
                if known == 0 {
                    sqlx::query(INSERT)
                        .bind(&sighting.site)
                        .bind(day)
                        .bind(&sighting.kind)
                        .bind(&sighting.value)
                        .bind(&sighting.place)
                        .bind(&sighting.sample)
                        .bind(sighting.count)
                        .bind(MOST_ROWS)
                        .execute(&mut *tx)
                        .await?;
                }
            }
        });
        Ok(())
    }

    /// Everything seen at a site, by kind, the most frequent first.
    pub async fn list_seen(&self, site: &SiteId) -> Result<Vec<SeenRow>> {
        // PostgreSQL's sum of bigint is a numeric.
        const SQL: &str = "SELECT kind, value, place, MAX(sample) AS sample, \
            CAST(SUM(count) AS BIGINT) AS count, MIN(day) AS first_day, MAX(day) AS last_day \
            FROM seen WHERE site = $1 GROUP BY kind, value, place ORDER BY kind, 5 DESC, value, place";
        Ok(on!(self, read, pool => sqlx::query_as(SQL).bind(site.as_str()).fetch_all(pool).await)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, site};

    fn host(value: &str, count: i64) -> Sighting {
        Sighting {
            site: "site".to_owned(),
            kind: "host".to_owned(),
            value: value.to_owned(),
            place: "img".to_owned(),
            sample: String::new(),
            count,
        }
    }

    #[tokio::test]
    async fn counts_add_up_and_grow_old() {
        for database in databases().await {
            let store = &database.store;
            store
                .add_seen(&[host("https://a.example", 2), host("https://b.example", 1)], 100)
                .await
                .expect("added");
            store.add_seen(&[host("https://a.example", 3)], 101).await.expect("added");
            store.add_seen(&[host("https://a.example", 4)], 101).await.expect("added");
            let rows = store.list_seen(&site()).await.expect("listed");
            assert_eq!(rows.len(), 2, "{rows:?}");
            assert_eq!((rows[0].count, rows[0].first_day, rows[0].last_day), (9, 100, 101));
            store.add_seen(&[host("https://c.example", 1)], 101 + KEPT_DAYS).await.expect("added");
            let rows = store.list_seen(&site()).await.expect("listed");
            let left: Vec<_> = rows.iter().map(|row| (row.value.as_str(), row.count)).collect();
            assert_eq!(left, [("https://a.example", 7), ("https://c.example", 1)]);
        }
    }

    #[tokio::test]
    async fn a_flood_of_reports_does_not_fill_the_disk() {
        for database in databases().await {
            let store = &database.store;
            let flood: Vec<_> =
                (0..MOST_ROWS + 50).map(|n| host(&format!("https://h{n}.example"), 1)).collect();
            store.add_seen(&flood, 100).await.expect("added");
            let rows = store.list_seen(&site()).await.expect("listed");
            assert_eq!(i64::try_from(rows.len()), Ok(MOST_ROWS));
            // What is known still counts.
            store.add_seen(&[host("https://h0.example", 5)], 100).await.expect("added");
            assert_eq!(store.list_seen(&site()).await.expect("listed")[0].count, 6);
        }
    }
}
