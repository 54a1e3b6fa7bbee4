//! Appends records to the log: many in one durable transaction.
//!
//! The order inside: take the heads' locks (so that two nodes write one site after the other), see which ids
//! are there already, insert the rest with the next leaf indexes, move the heads by compare-and-swap. SQLite
//! takes it for granted first that nothing is there already: unique ids and leaf indexes say if that was wrong.

use super::{Pool, Result, Store, StoreError, records};
use avow_shared::id::{Millis, RecordId};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// A record to be appended.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// The site; it must have been published.
    pub site: String,
    /// Its id.
    pub id: RecordId,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// SHA-256 of the submission it comes from.
    pub body_hash: [u8; 32],
    /// The policy version that was answered.
    pub policy_version: u32,
    /// What happened.
    pub event: &'static str,
    /// Place in the visitor's chain.
    pub chain: u32,
    /// The record that the visitor says it follows, with the hash of the secret they showed for it.
    pub previous: Option<(RecordId, [u8; 32])>,
    /// The server's clock.
    pub server_time: Millis,
    /// The visitor's clock.
    pub client_time: Millis,
    /// The canonical record.
    pub record: String,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// What stands for it in the log.
    pub commitment: [u8; 32],
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log now, at this leaf.
    New(i64),
    /// There is one of that id already: this.
    Existing(Box<Existing>),
}

/// The record that was there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// SHA-256 of its submission.
    pub body_hash: [u8; 32],
    /// What happened.
    pub event: String,
    /// The server's clock then.
    pub server_time: Millis,
    /// The canonical record.
    pub record: String,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// What stands for it in the log.
    pub commitment: [u8; 32],
}

#[derive(sqlx::FromRow)]
struct ExistingRow {
    id: Vec<u8>,
    secret_hash: Vec<u8>,
    body_hash: Vec<u8>,
    event: String,
    server_time: i64,
    record: String,
    salt: Vec<u8>,
    commitment: Vec<u8>,
}

impl TryFrom<ExistingRow> for Existing {
    type Error = StoreError;

    fn try_from(row: ExistingRow) -> Result<Self> {
        let hash =
            |bytes: Vec<u8>| bytes.try_into().map_err(|_| StoreError::Corrupt("a hash of another length"));
        Ok(Self {
            secret_hash: hash(row.secret_hash)?,
            body_hash: hash(row.body_hash)?,
            event: row.event,
            server_time: Millis(row.server_time),
            record: row.record,
            salt: hash(row.salt)?,
            commitment: hash(row.commitment)?,
        })
    }
}

impl From<&NewRecord> for Existing {
    fn from(record: &NewRecord) -> Self {
        Self {
            secret_hash: record.secret_hash,
            body_hash: record.body_hash,
            event: record.event.to_owned(),
            server_time: record.server_time,
            record: record.record.clone(),
            salt: record.salt,
            commitment: record.commitment,
        }
    }
}

/// The records of one site in a batch.
struct Group<'a> {
    site: &'a str,
    /// Positions in the batch; the first of each id only.
    firsts: Vec<usize>,
    /// Positions of later ones with an id that the batch has already, and where.
    repeats: Vec<(usize, usize)>,
}

/// Sorted by site, so that two nodes take the locks of two sites in one order.
fn groups(batch: &[NewRecord]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut seen: HashMap<(&str, &RecordId), usize> = HashMap::with_capacity(batch.len());
    for (at, record) in batch.iter().enumerate() {
        let known = groups.iter().position(|group| group.site == record.site).unwrap_or_else(|| {
            groups.push(Group { site: &record.site, firsts: Vec::new(), repeats: Vec::new() });
            groups.len() - 1
        });
        if let Some(&first) = seen.get(&(record.site.as_str(), &record.id)) {
            groups[known].repeats.push((at, first));
        } else {
            seen.insert((&record.site, &record.id), at);
            groups[known].firsts.push(at);
        }
    }
    groups.sort_unstable_by_key(|group| group.site);
    groups
}

/// Sorts what the database already has from what is new: outcomes for the batch, and what to insert.
fn plan(
    batch: &[NewRecord],
    group: &Group<'_>,
    mut existing: HashMap<RecordId, Existing>,
    size: i64,
    outcomes: &mut [Option<Appended>],
) -> Vec<(usize, i64)> {
    let mut inserts = Vec::with_capacity(group.firsts.len());
    let mut next = size;
    for &at in &group.firsts {
        if existing.is_empty() {
            // The usual case: nothing is a repeat.
        } else if let Some(known) = existing.remove(&batch[at].id) {
            outcomes[at] = Some(Appended::Existing(Box::new(known)));
            continue;
        }
        outcomes[at] = Some(Appended::New(next));
        inserts.push((at, next));
        next += 1;
    }
    for &(at, first) in &group.repeats {
        outcomes[at] = Some(match &outcomes[first] {
            Some(Appended::Existing(known)) => Appended::Existing(known.clone()),
            _ => Appended::Existing(Box::new(Existing::from(&batch[first]))),
        });
    }
    inserts
}

const COLUMNS: usize = 15;
const INSERT: &str = "INSERT INTO records (site, id, secret_hash, body_hash, policy_version, event, chain, \
    previous_id, previous_secret_hash, server_time, client_time, record, salt, commitment, leaf_index) ";
// The leaves are taken from the records just written: three parameters instead of four for each.
const LEAVES: &str = "INSERT INTO leaves (site, leaf_index, kind, commitment) \
    SELECT site, leaf_index, 1, commitment FROM records \
    WHERE site = $1 AND leaf_index >= $2 AND leaf_index < $3";
const HEAD: &str = "UPDATE log_heads SET size = $3 WHERE site = $1 AND size = $2";

/// Most rows in one text on SQLite.
const ROWS: usize = 64;
/// Statements that SQLite's writer keeps prepared: a text for each number of rows, and all others.
pub(super) const SQLITE_STATEMENTS: usize = 2 * ROWS + 64;

/// Everything that appends so many records to one site, as one text: each text costs two switches between
/// threads.
///
/// Its parameters have no numbers: SQLite takes those for names, and the driver looks each name up in a list of
/// all of them.
static SQLITE_APPEND: LazyLock<[String; ROWS]> = LazyLock::new(|| {
    std::array::from_fn(|before| {
        let row = format!("({})", vec!["?"; COLUMNS].join(", "));
        let rows = vec![row; before + 1].join(", ");
        let unnumbered =
            |text: &str| ["$1", "$2", "$3"].iter().fold(text.to_owned(), |text, n| text.replace(n, "?"));
        // In the order in which the parameters stand in the texts: the head's new size comes first there.
        format!("{INSERT} VALUES {rows}; {}; {}", unnumbered(LEAVES), unnumbered(HEAD))
    })
});

static SQLITE_EXISTING: LazyLock<[String; ROWS]> = LazyLock::new(|| {
    std::array::from_fn(|before| {
        format!(
            "SELECT id, secret_hash, body_hash, event, server_time, record, salt, commitment FROM records \
             WHERE site = ? AND id IN ({})",
            vec!["?"; before + 1].join(", ")
        )
    })
});

impl Store {
    /// Appends records, all or none, and returns when they are on disk; one outcome for each, in order.
    ///
    /// A record whose site was never published is an error of the caller. After a lost connection the whole
    /// batch may be tried again: what had been committed is found by its id.
    pub async fn append(&self, batch: &[NewRecord]) -> Result<Vec<Appended>> {
        let mut outcomes = vec![None; batch.len()];
        match &self.pool {
            Pool::Sqlite { writer, heads, .. } => append_sqlite(writer, heads, batch, &mut outcomes).await?,
            Pool::Postgres(pool) => append_postgres(pool, batch, &mut outcomes).await?,
        }
        outcomes.into_iter().collect::<Option<_>>().ok_or(StoreError::Corrupt("a record without an outcome"))
    }
}

fn by_id(rows: Vec<ExistingRow>, into: &mut HashMap<RecordId, Existing>) -> Result<()> {
    for mut row in rows {
        let id = records::record_id(std::mem::take(&mut row.id))?;
        into.insert(id, row.try_into()?);
    }
    Ok(())
}

/// What this process knows of the heads in its SQLite file.
///
/// Only a guess, since another process may write to the file: leaf indexes are unique there, so a wrong guess
/// fails instead of writing anything.
pub(super) type Heads = Arc<Mutex<HashMap<String, i64>>>;

/// First as if every record were new and the heads stood where this process left them; if that fails for what
/// is there already, again with a look at both.
async fn append_sqlite(
    writer: &sqlx::SqlitePool,
    heads: &Heads,
    batch: &[NewRecord],
    outcomes: &mut [Option<Appended>],
) -> Result<()> {
    let groups = groups(batch);
    let known: Option<Vec<i64>> = {
        let heads = heads.lock().unwrap_or_else(PoisonError::into_inner);
        groups.iter().map(|group| heads.get(group.site).copied()).collect()
    };
    if let Some(known) = known {
        match append_sqlite_with(writer, heads, batch, &groups, Some(&known), outcomes).await {
            Err(StoreError::Conflict) => {}
            done => return done,
        }
    }
    append_sqlite_with(writer, heads, batch, &groups, None, outcomes).await
}

/// One transaction; `known` are the heads of the groups if all records are taken to be new.
async fn append_sqlite_with(
    writer: &sqlx::SqlitePool,
    heads: &Heads,
    batch: &[NewRecord],
    groups: &[Group<'_>],
    known: Option<&[i64]>,
    outcomes: &mut [Option<Appended>],
) -> Result<()> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let mut sizes = Vec::with_capacity(groups.len());
    for (at, group) in groups.iter().enumerate() {
        let (size, existing) = match known {
            Some(known) => (known[at], HashMap::new()),
            None => standing_sqlite(&mut tx, batch, group).await?,
        };
        let inserts = plan(batch, group, existing, size, outcomes);
        for rows in inserts.chunks(ROWS) {
            insert_sqlite(&mut tx, batch, group.site, rows).await?;
        }
        sizes.push(inserts.last().map_or(size, |&(_, last)| last + 1));
    }
    tx.commit().await?;
    let mut heads = heads.lock().unwrap_or_else(PoisonError::into_inner);
    for (group, size) in groups.iter().zip(sizes) {
        match heads.get_mut(group.site) {
            Some(known) => *known = size,
            None => drop(heads.insert(group.site.to_owned(), size)),
        }
    }
    Ok(())
}

/// The size of a site's log, and which records of the group it has already.
async fn standing_sqlite(
    tx: &mut sqlx::SqliteConnection,
    batch: &[NewRecord],
    group: &Group<'_>,
) -> Result<(i64, HashMap<RecordId, Existing>)> {
    let size: i64 = sqlx::query_scalar("SELECT size FROM log_heads WHERE site = $1")
        .bind(group.site)
        .fetch_one(&mut *tx)
        .await?;
    let mut existing = HashMap::new();
    for ids in group.firsts.chunks(ROWS) {
        let mut query = sqlx::query_as(SQLITE_EXISTING[ids.len() - 1].as_str()).bind(group.site);
        for &at in ids {
            query = query.bind(&batch[at].id.as_bytes()[..]);
        }
        by_id(query.fetch_all(&mut *tx).await?, &mut existing)?;
    }
    Ok((size, existing))
}

/// Writes records with their leaves and moves the head, at most [`ROWS`] at once.
async fn insert_sqlite(
    tx: &mut sqlx::SqliteConnection,
    batch: &[NewRecord],
    site: &str,
    inserts: &[(usize, i64)],
) -> Result<()> {
    let (Some(&(_, first)), Some(&(_, last))) = (inserts.first(), inserts.last()) else { return Ok(()) };
    let mut query = sqlx::query(SQLITE_APPEND[inserts.len() - 1].as_str());
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
    // The leaves' three, then the head's.
    query = query.bind(site).bind(first).bind(last + 1).bind(last + 1).bind(site).bind(first);
    let written = query.execute(tx).await?.rows_affected();
    // Every record, every leaf, and the head.
    if written == 2 * inserts.len() as u64 + 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

async fn append_postgres(
    pool: &sqlx::PgPool,
    batch: &[NewRecord],
    outcomes: &mut [Option<Appended>],
) -> Result<()> {
    let mut tx = pool.begin().await?;
    for group in groups(batch) {
        let size: i64 = sqlx::query_scalar("SELECT size FROM log_heads WHERE site = $1 FOR UPDATE")
            .bind(group.site)
            .fetch_one(&mut *tx)
            .await?;
        let ids: Vec<&[u8]> = group.firsts.iter().map(|&at| &batch[at].id.as_bytes()[..]).collect();
        let rows = sqlx::query_as(
            "SELECT id, secret_hash, body_hash, event, server_time, record, salt, commitment FROM records \
             WHERE site = $1 AND id = ANY($2)",
        )
        .bind(group.site)
        .bind(ids)
        .fetch_all(&mut *tx)
        .await?;
        let mut existing = HashMap::new();
        by_id(rows, &mut existing)?;
        let inserts = plan(batch, &group, existing, size, outcomes);
        let Some(&(_, last)) = inserts.last() else { continue };
        insert_postgres(&mut tx, batch, &inserts).await?;
        sqlx::query(LEAVES).bind(group.site).bind(size).bind(last + 1).execute(&mut *tx).await?;
        let moved = sqlx::query(HEAD).bind(group.site).bind(size).bind(last + 1).execute(&mut *tx).await?;
        if moved.rows_affected() != 1 {
            return Err(StoreError::Conflict);
        }
    }
    tx.commit().await?;
    Ok(())
}

/// One statement for any number of rows: one array for each column.
async fn insert_postgres(
    tx: &mut sqlx::PgConnection,
    batch: &[NewRecord],
    inserts: &[(usize, i64)],
) -> Result<()> {
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
