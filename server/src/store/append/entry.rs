//! One entry that is no record: a manifest, with what goes with it in the same transaction.

use super::Growth;
use crate::store::tree::{self, FullTile, insert_tiles, move_head, tree_at_head};
use crate::store::{Result, Store, StoreError};
use avow_shared::entry::{Kind, leaf_hash, manifest_hash};
use avow_shared::id::{Millis, RecordId, SiteId};

/// An entry to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Not a record.
    pub kind: Kind,
    /// What it is about, once for each kind and site.
    pub name: String,
    /// Canonical JSON; the leaf stands for its hash.
    pub manifest: String,
    /// What goes with it.
    pub effect: Effect,
}

/// What is done in the transaction that appends an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing more.
    None,
    /// Records and their salts are overwritten; their ids and their leaves stay.
    Erase {
        /// Which records.
        records: Vec<RecordId>,
        /// The server's clock.
        at: Millis,
    },
}

/// The event of a record that was erased.
pub const ERASED: &str = "erased";

impl Store {
    /// Appends an entry and returns when it is on disk; `None` if there is one of that kind and name already, and
    /// nothing is changed then.
    pub async fn append_entry(&self, site: &SiteId, new: &NewEntry) -> Result<Option<Growth>> {
        const KNOWN: &str = "SELECT leaf_index FROM manifests WHERE site = $1 AND kind = $2 AND name = $3";
        const LEAF: &str = "INSERT INTO leaves (site, leaf_index, kind, commitment) VALUES ($1, $2, $3, $4)";
        const MANIFEST: &str =
            "INSERT INTO manifests (site, leaf_index, kind, name, manifest) VALUES ($1, $2, $3, $4, $5)";
        const ERASE: &str = "UPDATE records SET event = $3, server_time = $4, client_time = 0, chain = 0, \
            policy_version = 0, record = '', salt = $5, secret_hash = $5, body_hash = $5, previous_id = NULL, \
            previous_secret_hash = NULL WHERE site = $1 AND id = $2 AND event <> $3";
        let (name, kind) = (site.as_str(), i64::from(new.kind.byte()));
        let content = manifest_hash(new.manifest.as_bytes());
        let hash = leaf_hash(new.kind, &content);
        // Nobody's secret has this hash.
        let nothing: &[u8] = &[0; 32];
        let grown = on!(self, transaction, tx => {
            let mut tree = tree_at_head!(tx, &self.trees, name);
            let known: Option<i64> = sqlx::query_scalar(KNOWN)
                .bind(name)
                .bind(kind)
                .bind(&new.name)
                .fetch_optional(&mut *tx)
                .await?;
            if known.is_some() {
                (tree, None)
            } else {
                let (from, leaf, before) = (tree.size(), tree.next_leaf(), tree.root());
                let mut full: Vec<FullTile> = Vec::new();
                tree.push(hash, &mut full);
                sqlx::query(LEAF).bind(name).bind(leaf).bind(kind).bind(&content[..]).execute(&mut *tx).await?;
                sqlx::query(MANIFEST)
                    .bind(name)
                    .bind(leaf)
                    .bind(kind)
                    .bind(&new.name)
                    .bind(&new.manifest)
                    .execute(&mut *tx)
                    .await?;
                if let Effect::Erase { records, at } = &new.effect {
                    for record in records {
                        let erased = sqlx::query(ERASE)
                            .bind(name)
                            .bind(&record.as_bytes()[..])
                            .bind(ERASED)
                            .bind(at.0)
                            .bind(nothing)
                            .execute(&mut *tx)
                            .await?;
                        if erased.rows_affected() != 1 {
                            return Err(StoreError::Conflict);
                        }
                    }
                }
                insert_tiles!(tx, name, full);
                let root = tree.root();
                move_head!(tx, name, (leaf, before), (leaf + 1, root));
                let growth =
                    Growth { site: name.to_owned(), epoch: tree.epoch, from, leaves: vec![hash], root };
                (tree, Some(growth))
            }
        });
        let (tree, growth) = grown;
        tree::put(&self.trees, name, tree);
        Ok(growth)
    }
}
