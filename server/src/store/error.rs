//! Why the database did not do it: sorted by what the caller can do about it.

/// A failed store call.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer, or is locked or read-only; trying again may help.
    #[error("database away: {0}")]
    Unavailable(String),
    /// No connection could be had in time; trying again at once will not help.
    #[error("no connection to the database in time")]
    NoConnection,
    /// No space is left; nothing was changed.
    #[error("no space left for the database")]
    Full,
    /// Somebody else changed it in between.
    #[error("changed by somebody else in between")]
    Conflict,
    /// What is stored cannot be what was written.
    #[error("stored data cannot be read: {0}")]
    Corrupt(&'static str),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// Anything else: a defect.
    #[error("database: {0}")]
    Other(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::NoConnection,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            // A connection that ends within the handshake, or something else that answers at that address.
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some(code) if is_full(code) => Self::Full,
                Some(code) if is_away(code) => Self::Unavailable(error.to_string()),
                Some(code) if is_taken(code) => Self::Conflict,
                _ => Self::Other(error),
            },
            _ => Self::Other(error),
        }
    }
}

/// SQLite's FULL, and its failure to grow the shared memory file; PostgreSQL's `disk_full`.
fn is_full(code: &str) -> bool {
    matches!(code, "13" | "4874" | "53100")
}

/// SQLite's PRIMARYKEY and UNIQUE constraints; PostgreSQL's `unique_violation`.
fn is_taken(code: &str) -> bool {
    matches!(code, "1555" | "2067" | "23505")
}

/// SQLite's primary codes (the low byte) BUSY, LOCKED, READONLY, IOERR, CANTOPEN; PostgreSQL's classes of lost connections,
/// lack of resources, operator intervention, and a server that became a standby.
fn is_away(code: &str) -> bool {
    if code.len() == 5 {
        return code.starts_with("08")
            || code.starts_with("53")
            || code.starts_with("57P")
            || code == "25006";
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 14))
}
