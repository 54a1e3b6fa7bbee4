//! The databases: the only module that names `sqlx`.
//!
//! One SQL text runs on SQLite and on PostgreSQL through `Pool` and the `on!` macro; a text of its own for
//! one of them is allowed where it pays, with the reason beside it.
//! What this is not: it decides nothing. Whether a record may be stored is settled in `consent`.

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Runs one text on whichever database there is: `on!(store, read, pool => query(..).fetch_one(pool).await)`.
///
/// `read` may use any connection; `write` takes SQLite's only writer.
macro_rules! on {
    ($store:expr, read, $pool:ident => $body:expr) => {
        match &$store.pool {
            $crate::store::Pool::Sqlite { readers: $pool, .. } => $body,
            $crate::store::Pool::Postgres($pool) => $body,
        }
    };
    ($store:expr, write, $pool:ident => $body:expr) => {
        match &$store.pool {
            $crate::store::Pool::Sqlite { writer: $pool, .. } => $body,
            $crate::store::Pool::Postgres($pool) => $body,
        }
    };
    // In one transaction, rolled back unless the body gets through; SQLite takes its write lock at once, for
    // a read lock that must become one can fail.
    ($store:expr, transaction, $tx:ident => $body:block) => {
        match &$store.pool {
            $crate::store::Pool::Sqlite { writer, .. } => {
                let mut $tx = writer.begin_with("BEGIN IMMEDIATE").await?;
                let out = $body;
                $tx.commit().await?;
                out
            }
            $crate::store::Pool::Postgres(pool) => {
                let mut $tx = pool.begin().await?;
                let out = $body;
                $tx.commit().await?;
                out
            }
        }
    };
}

pub mod append;
pub mod artefacts;
pub mod audit;
mod error;
pub mod inspect;
pub mod keys;
pub mod log;
pub mod policies;
pub mod records;
pub mod retention;
pub mod secrets;
pub mod seen;
pub mod tokens;
pub mod tree;

pub use error::StoreError;

/// Readers beside SQLite's one writer.
const SQLITE_READERS: u32 = 4;
/// Connections of one node to PostgreSQL, one of which is the sequencer's most of the time.
const POSTGRES_CONNECTIONS: u32 = 10;
/// How long a request waits for a connection before it is told that the database is away.
const ACQUIRE: Duration = Duration::from_secs(3);
/// How long SQLite waits for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(3);
/// Pages in the write-ahead log before it is copied back (4 KiB each): fewer, larger copies than the
/// default of 1000, still small enough to be read quickly after a crash.
const CHECKPOINT_PAGES: &str = "4000";

/// Which database, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file, made if it is not there.
    Sqlite(PathBuf),
    /// A PostgreSQL URL.
    Postgres(String),
}

/// Connections to one of the two databases.
#[derive(Clone, Debug)]
enum Pool {
    /// Write-ahead log: one writer, and readers that never wait for it.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// Any number of nodes may share it.
    Postgres(PgPool),
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    trees: tree::Trees,
}

/// Result of a store call.
pub type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Connects, without touching the schema. SQLite's directory and file are made if they are not there.
    pub async fn open(location: &Location) -> Result<Self> {
        let pool = match location {
            Location::Sqlite(path) => {
                if let Some(directory) = path.parent() {
                    std::fs::create_dir_all(directory)
                        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
                }
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(BUSY)
                    .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
                    // What is overwritten is gone from the file, not only from the table.
                    .pragma("secure_delete", "on");
                // The writer first: it makes the file and switches the journal.
                let writer = SqlitePoolOptions::new()
                    .max_connections(1)
                    .min_connections(1)
                    .acquire_timeout(ACQUIRE)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .test_before_acquire(false)
                    .before_acquire(|connection, _| Box::pin(is_at_rest(connection)))
                    .connect_with(options.clone().statement_cache_capacity(append::SQLITE_STATEMENTS))
                    .await?;
                let readers = SqlitePoolOptions::new()
                    .max_connections(SQLITE_READERS)
                    .acquire_timeout(ACQUIRE)
                    .max_lifetime(None)
                    .test_before_acquire(false)
                    .connect_lazy_with(options.pragma("query_only", "on"));
                Pool::Sqlite { writer, readers }
            }
            Location::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.application_name("avow");
                Pool::Postgres(
                    PgPoolOptions::new()
                        .max_connections(POSTGRES_CONNECTIONS)
                        .acquire_timeout(ACQUIRE)
                        .connect_with(options)
                        .await?,
                )
            }
        };
        Ok(Self { pool, trees: tree::Trees::default() })
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<()> {
        match &self.pool {
            Pool::Sqlite { writer, .. } => sqlx::migrate!("../migrations/sqlite").run(writer).await?,
            Pool::Postgres(pool) => sqlx::migrate!("../migrations/postgres").run(pool).await?,
        }
        self.build_trees().await
    }

    /// Succeeds if the database answers.
    pub async fn ping(&self) -> Result<()> {
        on!(self, read, pool => sqlx::query("SELECT 1").execute(pool).await.map(drop))?;
        Ok(())
    }

    /// Succeeds if the database takes writes: the answer of a read-only file or a standby is an error.
    pub async fn ping_writable(&self) -> Result<()> {
        // No site has an empty name, so nothing changes.
        const SQL: &str = "UPDATE log_heads SET size = size WHERE site = ''";
        on!(self, transaction, tx => { sqlx::query(SQL).execute(&mut *tx).await?; });
        Ok(())
    }

    /// Takes what was overwritten out of what the database keeps beside its tables.
    ///
    /// SQLite's write-ahead log is copied back and emptied. PostgreSQL's old row versions are vacuumed; what its
    /// pages and its own log still hold is overwritten in time, as `docs/data-retention.md` says.
    pub async fn scrub(&self) -> Result<()> {
        match &self.pool {
            Pool::Sqlite { writer, .. } => {
                // A reader in the middle of something puts it off until the next time.
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await?;
            }
            Pool::Postgres(pool) => {
                sqlx::query("VACUUM records").execute(pool).await?;
            }
        }
        Ok(())
    }

    /// `sqlite` or `postgres`.
    pub fn name(&self) -> &'static str {
        match self.pool {
            Pool::Sqlite { .. } => "sqlite",
            Pool::Postgres(_) => "postgres",
        }
    }

    /// Waits for what is under way and closes every connection.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }
}

/// False for a connection that still counts a transaction as open; the pool then makes a new one.
///
/// When the disk is full SQLite rolls back by itself, and the driver's own rollback after that fails and
/// leaves its count wrong.
async fn is_at_rest(connection: &mut sqlx::SqliteConnection) -> sqlx::Result<bool> {
    if connection.is_in_transaction() {
        // A rollback may only be queued yet: let it run first.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
