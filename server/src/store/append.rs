//! Appends records to the log: many in one durable transaction.
//!
//! The order inside: take the heads' locks (so that two nodes write one site after the other), see which ids
//! are there already, insert the rest with the next leaf indexes and the tiles that become full, move the heads
//! by compare-and-swap. SQLite takes it for granted first that nothing is there already: unique ids, leaf
//! indexes and the roots of the heads say if that was wrong.

mod entry;
mod postgres;
mod sqlite;

pub use entry::{ERASED, Effect, NewEntry};
pub(super) use sqlite::STATEMENTS as SQLITE_STATEMENTS;

use super::tree::{self, FullTile, Tree, Trees};
use super::{Pool, Result, Store, StoreError, records};
use avow_shared::entry::{Kind, leaf_hash};
use avow_shared::id::{Millis, RecordId};
use avow_shared::merkle::Hash;
use std::collections::HashMap;

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
    /// It is in the log now, at this leaf of the site.
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
    /// Its leaf of the site.
    pub leaf_index: i64,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// One for each record, in their order.
    pub outcomes: Vec<Appended>,
    /// How far the logs have grown.
    pub growth: Vec<Growth>,
}

/// How a log has grown by one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The site.
    pub site: String,
    /// The epoch of its log.
    pub epoch: i64,
    /// Leaves in the epoch's tree before.
    pub from: u64,
    /// Hashes of the new leaves.
    pub leaves: Vec<Hash>,
    /// The root over all of them.
    pub root: Hash,
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
    leaf_index: i64,
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
            leaf_index: row.leaf_index,
        })
    }
}

impl Existing {
    fn of(record: &NewRecord, leaf_index: i64) -> Self {
        Self {
            secret_hash: record.secret_hash,
            body_hash: record.body_hash,
            event: record.event.to_owned(),
            server_time: record.server_time,
            record: record.record.clone(),
            salt: record.salt,
            commitment: record.commitment,
            leaf_index,
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
            Some(Appended::New(leaf)) => Appended::Existing(Box::new(Existing::of(&batch[first], *leaf))),
            None => continue,
        });
    }
    inserts
}

/// Grows the tree by the records that are inserted.
fn grow(
    site: &str,
    tree: &mut Tree,
    batch: &[NewRecord],
    inserts: &[(usize, i64)],
) -> (Growth, Vec<FullTile>) {
    let mut full = Vec::new();
    let from = tree.size();
    let leaves: Vec<Hash> =
        inserts.iter().map(|&(at, _)| leaf_hash(Kind::Record, &batch[at].commitment)).collect();
    for leaf in &leaves {
        tree.push(*leaf, &mut full);
    }
    (Growth { site: site.to_owned(), epoch: tree.epoch, from, leaves, root: tree.root() }, full)
}

/// After the commit: the trees are at hand for the next batch.
fn keep(trees: &Trees, grown: Vec<(&str, Tree, Option<Growth>)>) -> Vec<Growth> {
    let mut growths = Vec::with_capacity(grown.len());
    for (site, tree, growth) in grown {
        tree::put(trees, site, tree);
        growths.extend(growth);
    }
    growths
}

// The leaves are taken from the records just written: three parameters instead of four for each.
const LEAVES: &str = "INSERT INTO leaves (site, leaf_index, kind, commitment) \
    SELECT site, leaf_index, 1, commitment FROM records \
    WHERE site = $1 AND leaf_index >= $2 AND leaf_index < $3";

impl Store {
    /// Appends records, all or none, and returns when they are on disk; one outcome for each, in order.
    ///
    /// A record whose site was never published is an error of the caller. After a lost connection the whole
    /// batch may be tried again: what had been committed is found by its id.
    pub async fn append(&self, batch: &[NewRecord]) -> Result<Batch> {
        let mut outcomes = vec![None; batch.len()];
        let growth = match &self.pool {
            Pool::Sqlite { writer, .. } => sqlite::append(writer, &self.trees, batch, &mut outcomes).await?,
            Pool::Postgres(pool) => postgres::append(pool, &self.trees, batch, &mut outcomes).await?,
        };
        let outcomes = outcomes
            .into_iter()
            .collect::<Option<_>>()
            .ok_or(StoreError::Corrupt("a record without an outcome"))?;
        Ok(Batch { outcomes, growth })
    }
}

fn by_id(rows: Vec<ExistingRow>, into: &mut HashMap<RecordId, Existing>) -> Result<()> {
    for mut row in rows {
        let id = records::record_id(std::mem::take(&mut row.id))?;
        into.insert(id, row.try_into()?);
    }
    Ok(())
}
