//! A database for one test: a SQLite file in a directory of its own, or a PostgreSQL database of its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::cut::Wire;

/// Which database a test asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The embedded file.
    Sqlite,
    /// A database on the server that `AVOW_TEST_POSTGRES_URL` names.
    Postgres,
}

impl Kind {
    /// False, said aloud, when the service is not here.
    pub fn is_here(self) -> Result<bool> {
        if self == Self::Postgres && superuser().is_none() {
            crate::tools::skip("PostgreSQL (AVOW_TEST_POSTGRES_URL)")?;
            return Ok(false);
        }
        Ok(true)
    }
}

/// A database, gone when dropped.
#[derive(Debug)]
pub enum Database {
    /// The data directory.
    Sqlite(TempDir),
    /// A PostgreSQL database reached through a wire that a test can cut.
    Postgres {
        /// Its name on the server.
        name: String,
        /// How Avow reaches it.
        url: String,
        /// What can be cut.
        wire: Wire,
        /// The data directory: keys, and nothing of the database.
        data: TempDir,
    },
}

impl Database {
    /// Makes an empty one.
    pub async fn create(kind: Kind) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        match kind {
            Kind::Sqlite => Ok(Self::Sqlite(directory()?)),
            Kind::Postgres => {
                let server = superuser().context("AVOW_TEST_POSTGRES_URL is not set")?;
                let count = COUNT.fetch_add(1, Ordering::Relaxed);
                let name = format!("avow_test_{}_{count}", std::process::id());
                let mut connection = PgConnection::connect(&server).await.context("connect to PostgreSQL")?;
                connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
                connection.close().await?;
                let mut url = reqwest::Url::parse(&server).context("read AVOW_TEST_POSTGRES_URL")?;
                let host = url.host_str().unwrap_or("127.0.0.1").to_owned();
                let wire = Wire::to(&format!("{host}:{}", url.port().unwrap_or(5432))).await?;
                url.set_path(&name);
                url.set_host(Some("127.0.0.1"))?;
                let port = wire.address().port();
                url.set_port(Some(port)).ok().context("set the relay's port")?;
                Ok(Self::Postgres { name, url: url.into(), wire, data: directory()? })
            }
        }
    }

    /// The flags that tell any `avow` command about it.
    pub fn flags(&self) -> Vec<String> {
        let mut flags = vec!["--data".to_owned(), self.data().display().to_string()];
        if let Self::Postgres { url, .. } = self {
            flags.extend(["--database".to_owned(), url.clone()]);
        }
        flags
    }

    /// The data directory, which both have.
    pub fn data(&self) -> &Path {
        match self {
            Self::Sqlite(directory) | Self::Postgres { data: directory, .. } => directory.path(),
        }
    }

    /// The data directory of a SQLite database.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(directory) => Some(directory.path()),
            Self::Postgres { .. } => None,
        }
    }

    /// How many records a PostgreSQL database holds, asked past the wire, cut or not.
    pub async fn records_past_the_wire(&self) -> Result<i64> {
        let Self::Postgres { name, .. } = self else { anyhow::bail!("only PostgreSQL has a wire") };
        let mut url = reqwest::Url::parse(&superuser().context("the server was there before")?)?;
        url.set_path(name);
        let mut connection = PgConnection::connect(url.as_str()).await?;
        let records = sqlx::query_scalar("SELECT COUNT(*) FROM records").fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(records)
    }

    /// The wire to a PostgreSQL database.
    pub fn wire(&self) -> Option<&Wire> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres { wire, .. } => Some(wire),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { name, wire, .. } = self else { return };
        wire.cut();
        let name = std::mem::take(name);
        // `drop` is not async and may run inside a runtime: a thread with a small one of its own.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let server = superuser().context("the server was there before")?;
                let mut connection = PgConnection::connect(&server).await?;
                connection.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
                anyhow::Ok(())
            })
        });
        if let Ok(Err(error)) = cleaner.join() {
            eprintln!("a test database stays behind: {error:#}");
        }
    }
}

/// A fresh directory for one test.
pub fn directory() -> Result<TempDir> {
    tempfile::Builder::new().prefix("avow-test-").tempdir().context("make a directory for the test")
}

/// Writes `text` into a new file of `directory`.
pub fn file(directory: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = directory.join(name);
    std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

fn superuser() -> Option<String> {
    std::env::var("AVOW_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

/// The Redis that `AVOW_TEST_REDIS_URL` names.
pub fn redis_url() -> Option<String> {
    std::env::var("AVOW_TEST_REDIS_URL").ok().filter(|url| !url.is_empty())
}
