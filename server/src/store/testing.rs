//! A fresh database of each kind for one test.

use super::{Location, Store};
use crate::rng::Rng;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

/// A database of its own for one test.
pub struct TestDatabase {
    /// Open, with its schema.
    pub store: Store,
    /// Where it is, to open it once more.
    pub location: Location,
    /// Removed when dropped.
    pub directory: TempDir,
}

/// One empty database of each kind. PostgreSQL is left out, aloud, if the tests were given none; in CI that
/// is a failure.
pub async fn databases() -> Vec<TestDatabase> {
    let mut databases = Vec::new();
    let directory = tempfile::tempdir().expect("a temporary directory");
    databases.push(open(Location::Sqlite(directory.path().join("avow.db")), directory).await);
    if let Ok(url) = std::env::var("AVOW_TEST_POSTGRES_URL") {
        let directory = tempfile::tempdir().expect("a temporary directory");
        databases.push(open(Location::Postgres(schema(&url).await), directory).await);
    } else {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "AVOW_TEST_POSTGRES_URL is not set");
        eprintln!("skipped on PostgreSQL: AVOW_TEST_POSTGRES_URL is not set");
    }
    databases
}

async fn open(location: Location, directory: TempDir) -> TestDatabase {
    let store = Store::open(&location).await.expect("a fresh database opens");
    store.migrate().await.expect("migrations run");
    TestDatabase { store, location, directory }
}

/// Makes a schema of its own and returns the URL that leads into it.
async fn schema(url: &str) -> String {
    let name = format!("avow_{}", avow_shared::id::hex(&Rng::system().bytes::<8>()));
    let mut connection = PgConnection::connect(url).await.expect("the PostgreSQL of the tests answers");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}")))
        .execute(&mut connection)
        .await
        .expect("a schema can be made");
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}options=-c%20search_path%3D{name}")
}
