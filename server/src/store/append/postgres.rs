//! A batch on PostgreSQL: one array for each column, so that one prepared text does for any number of rows.

use super::{Appended, Growth, LEAVES, NewRecord, by_id, groups, grow, keep, plan};
use crate::store::Result;
use crate::store::tree::{Trees, insert_tiles, move_head, tree_at_head};
use std::collections::HashMap;

pub(super) async fn append(
    pool: &sqlx::PgPool,
    trees: &Trees,
    batch: &[NewRecord],
    outcomes: &mut [Option<Appended>],
) -> Result<Vec<Growth>> {
    let mut tx = pool.begin().await?;
    let mut grown = Vec::new();
    for group in groups(batch) {
        let mut tree = tree_at_head!(tx, trees, group.site);
        let ids: Vec<&[u8]> = group.firsts.iter().map(|&at| &batch[at].id.as_bytes()[..]).collect();
        let rows = sqlx::query_as(
            "SELECT id, secret_hash, body_hash, event, server_time, record, salt, commitment, leaf_index \
             FROM records WHERE site = $1 AND id = ANY($2)",
        )
        .bind(group.site)
        .bind(ids)
        .fetch_all(&mut *tx)
        .await?;
        let mut existing = HashMap::new();
        by_id(rows, &mut existing)?;
        let inserts = plan(batch, &group, existing, tree.next_leaf(), outcomes);
        let mut growth = None;
        if let (Some(&(_, first)), Some(&(_, last))) = (inserts.first(), inserts.last()) {
            let before = tree.root();
            insert(&mut tx, batch, &inserts).await?;
            sqlx::query(LEAVES).bind(group.site).bind(first).bind(last + 1).execute(&mut *tx).await?;
            let (grown, full) = grow(group.site, &mut tree, batch, &inserts);
            insert_tiles!(tx, group.site, full);
            move_head!(tx, group.site, (first, before), (last + 1, grown.root));
            growth = Some(grown);
        }
        grown.push((group.site, tree, growth));
    }
    tx.commit().await?;
    Ok(keep(trees, grown))
}

async fn insert(tx: &mut sqlx::PgConnection, batch: &[NewRecord], inserts: &[(usize, i64)]) -> Result<()> {
    const SQL: &str = "INSERT INTO records (site, id, secret_hash, body_hash, policy_version, event, chain, \
        previous_id, previous_secret_hash, server_time, client_time, record, salt, commitment, leaf_index) \
        SELECT * FROM UNNEST($1::text[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[], $6::text[], \
        $7::bigint[], $8::bytea[], $9::bytea[], $10::bigint[], $11::bigint[], $12::text[], $13::bytea[], \
        $14::bytea[], $15::bigint[])";
    let each = || inserts.iter().map(|&(at, _)| &batch[at]);
    sqlx::query(SQL)
        .bind(each().map(|record| record.site.as_str()).collect::<Vec<_>>())
        .bind(each().map(|record| &record.id.as_bytes()[..]).collect::<Vec<_>>())
        .bind(each().map(|record| &record.secret_hash[..]).collect::<Vec<_>>())
        .bind(each().map(|record| &record.body_hash[..]).collect::<Vec<_>>())
        .bind(each().map(|record| i64::from(record.policy_version)).collect::<Vec<_>>())
        .bind(each().map(|record| record.event).collect::<Vec<_>>())
        .bind(each().map(|record| i64::from(record.chain)).collect::<Vec<_>>())
        .bind(
            each()
                .map(|record| record.previous.as_ref().map(|(id, _)| &id.as_bytes()[..]))
                .collect::<Vec<_>>(),
        )
        .bind(each().map(|record| record.previous.as_ref().map(|(_, hash)| &hash[..])).collect::<Vec<_>>())
        .bind(each().map(|record| record.server_time.0).collect::<Vec<_>>())
        .bind(each().map(|record| record.client_time.0).collect::<Vec<_>>())
        .bind(each().map(|record| record.record.as_str()).collect::<Vec<_>>())
        .bind(each().map(|record| &record.salt[..]).collect::<Vec<_>>())
        .bind(each().map(|record| &record.commitment[..]).collect::<Vec<_>>())
        .bind(inserts.iter().map(|&(_, leaf)| leaf).collect::<Vec<_>>())
        .execute(tx)
        .await?;
    Ok(())
}
