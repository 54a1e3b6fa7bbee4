//! A batch on SQLite: everything about one site in one text, for each text costs two switches between threads.

use super::{Appended, Existing, Growth, LEAVES, NewRecord, by_id, groups, grow, keep, plan};
use crate::store::tree::{self, MOVE_HEAD, Tree, Trees, insert_tiles, tree_at_head};
use crate::store::{Result, StoreError};
use avow_shared::id::RecordId;
use std::collections::HashMap;
use std::sync::LazyLock;

const COLUMNS: usize = 15;
const INSERT: &str = "INSERT INTO records (site, id, secret_hash, body_hash, policy_version, event, chain, \
    previous_id, previous_secret_hash, server_time, client_time, record, salt, commitment, leaf_index) ";

/// Most rows in one text.
const ROWS: usize = 64;
/// Statements that the writer keeps prepared: a text for each number of rows, and all others.
pub(in crate::store) const STATEMENTS: usize = 2 * ROWS + 64;

/// Everything that appends so many records to one site, but for tiles that become full.
///
/// Its parameters have no numbers: SQLite takes those for names, and the driver looks each name up in a list of
/// all of them.
static APPEND: LazyLock<[String; ROWS]> = LazyLock::new(|| {
    std::array::from_fn(|before| {
        let row = format!("({})", vec!["?"; COLUMNS].join(", "));
        let rows = vec![row; before + 1].join(", ");
        let unnumbered =
            |text: &str| (1..=5).fold(text.to_owned(), |text, n| text.replace(&format!("${n}"), "?"));
        // In the order in which the parameters stand in the texts: what the head becomes, then what it was.
        format!("{INSERT} VALUES {rows}; {}; {}", unnumbered(LEAVES), unnumbered(MOVE_HEAD))
    })
});

static EXISTING: LazyLock<[String; ROWS]> = LazyLock::new(|| {
    std::array::from_fn(|before| {
        format!(
            "SELECT id, secret_hash, body_hash, event, server_time, record, salt, commitment, leaf_index \
             FROM records WHERE site = ? AND id IN ({})",
            vec!["?"; before + 1].join(", ")
        )
    })
});

/// First as if every record were new and the heads stood where this process left them; if that fails for what
/// is there already, again with a look at both.
pub(super) async fn append(
    writer: &sqlx::SqlitePool,
    trees: &Trees,
    batch: &[NewRecord],
    outcomes: &mut [Option<Appended>],
) -> Result<Vec<Growth>> {
    // What is not at hand is read, and then all are: taking them one by one would lose the others.
    let known = groups(batch).iter().map(|group| tree::take(trees, group.site)).collect::<Option<Vec<_>>>();
    if let Some(known) = known {
        match append_to(writer, trees, batch, Some(known), outcomes).await {
            Err(StoreError::Conflict) => {}
            done => return done,
        }
    }
    append_to(writer, trees, batch, None, outcomes).await
}

/// One transaction; `known` are the groups' trees if all records are taken to be new.
async fn append_to(
    writer: &sqlx::SqlitePool,
    trees: &Trees,
    batch: &[NewRecord],
    known: Option<Vec<Tree>>,
    outcomes: &mut [Option<Appended>],
) -> Result<Vec<Growth>> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let mut grown = Vec::new();
    let mut known = known.map(Vec::into_iter);
    for group in groups(batch) {
        let (mut tree, existing) = match known.as_mut().and_then(Iterator::next) {
            Some(tree) => (tree, HashMap::new()),
            None => (
                tree_at_head!(tx, trees, group.site),
                existing(&mut tx, batch, group.site, &group.firsts).await?,
            ),
        };
        let inserts = plan(batch, &group, existing, tree.next_leaf(), outcomes);
        let mut growth: Option<Growth> = None;
        for rows in inserts.chunks(ROWS) {
            let more = insert(&mut tx, batch, group.site, &mut tree, rows).await?;
            growth = Some(match growth {
                None => more,
                Some(mut all) => {
                    all.leaves.extend(more.leaves);
                    Growth { root: more.root, ..all }
                }
            });
        }
        grown.push((group.site, tree, growth));
    }
    tx.commit().await?;
    Ok(keep(trees, grown))
}

/// Which records of the group are there already.
async fn existing(
    tx: &mut sqlx::SqliteConnection,
    batch: &[NewRecord],
    site: &str,
    firsts: &[usize],
) -> Result<HashMap<RecordId, Existing>> {
    let mut existing = HashMap::new();
    for ids in firsts.chunks(ROWS) {
        let mut query = sqlx::query_as(EXISTING[ids.len() - 1].as_str()).bind(site);
        for &at in ids {
            query = query.bind(&batch[at].id.as_bytes()[..]);
        }
        by_id(query.fetch_all(&mut *tx).await?, &mut existing)?;
    }
    Ok(existing)
}

/// Writes at most [`ROWS`] records, at least one, with their leaves and tiles, and moves the head.
async fn insert(
    tx: &mut sqlx::SqliteConnection,
    batch: &[NewRecord],
    site: &str,
    tree: &mut Tree,
    inserts: &[(usize, i64)],
) -> Result<Growth> {
    let (first, old_root) = (tree.next_leaf(), tree.root());
    let (growth, full) = grow(site, tree, batch, inserts);
    let next = tree.next_leaf();
    let mut query = sqlx::query(APPEND[inserts.len() - 1].as_str());
    for &(at, leaf) in inserts {
        let record = &batch[at];
        let previous = record.previous.as_ref();
        query = query
            .bind(record.site.as_str())
            .bind(&record.id.as_bytes()[..])
            .bind(&record.secret_hash[..])
            .bind(&record.body_hash[..])
            .bind(i64::from(record.policy_version))
            .bind(record.event)
            .bind(i64::from(record.chain))
            .bind(previous.map(|(id, _)| &id.as_bytes()[..]))
            .bind(previous.map(|(_, hash)| &hash[..]))
            .bind(record.server_time.0)
            .bind(record.client_time.0)
            .bind(record.record.as_str())
            .bind(&record.salt[..])
            .bind(&record.commitment[..])
            .bind(leaf);
    }
    // The leaves' three, then the head's five.
    query = query.bind(site).bind(first).bind(next);
    query = query.bind(next).bind(&growth.root[..]).bind(site).bind(first).bind(&old_root[..]);
    let written = query.execute(&mut *tx).await?.rows_affected();
    // Every record, every leaf, and the head.
    if written != 2 * inserts.len() as u64 + 1 {
        return Err(StoreError::Conflict);
    }
    insert_tiles!(tx, site, full);
    Ok(growth)
}
