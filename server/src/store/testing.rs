//! A fresh database of each kind for one test.

use super::{Location, Store};
use crate::rng::Rng;
use avow_shared::id::SiteId;
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

impl Store {
    /// Takes a site's log back to `size` leaves, as putting an old backup back does.
    pub async fn rewind_for_tests(&self, site: &SiteId, size: i64) {
        let number = u64::try_from(size).expect("a size");
        let root = self.earlier_tree(site, 1, number).await.expect("a tree").root();
        let texts = [
            "DELETE FROM leaves WHERE site = $1 AND leaf_index >= $2",
            "DELETE FROM records WHERE site = $1 AND leaf_index >= $2",
            "DELETE FROM log_tiles WHERE site = $1 AND (tile_index + 1) * 256 > $2 AND level = 0",
        ];
        for text in texts {
            run(on!(self, write, pool => {
                sqlx::query(text).bind(site.as_str()).bind(size).execute(pool).await.map(drop)
            }));
        }
        run(on!(self, write, pool => {
            sqlx::query("UPDATE log_heads SET size = $2, root = $3 WHERE site = $1")
                .bind(site.as_str())
                .bind(size)
                .bind(&root[..])
                .execute(pool)
                .await
                .map(drop)
        }));
        self.trees.lock().expect("no panic before").clear();
    }

    /// Leaves a site's log as it was before there were trees.
    pub async fn forget_tree_for_tests(&self, site: &SiteId) {
        for text in
            ["DELETE FROM log_tiles WHERE site = $1", "UPDATE log_heads SET root = NULL WHERE site = $1"]
        {
            run(on!(self, write, pool => {
                sqlx::query(text).bind(site.as_str()).execute(pool).await.map(drop)
            }));
        }
        self.trees.lock().expect("no panic before").clear();
    }

    /// Changes a leaf, as somebody who can edit the database and has no key would.
    pub async fn edit_leaf_for_tests(&self, site: &SiteId, leaf: i64) {
        run(on!(self, write, pool => {
            sqlx::query("UPDATE leaves SET commitment = $3 WHERE site = $1 AND leaf_index = $2")
                .bind(site.as_str())
                .bind(leaf)
                .bind(&[0xee_u8; 32][..])
                .execute(pool)
                .await
                .map(drop)
        }));
    }

    /// Changes a kept file, as the same somebody would.
    pub async fn edit_artefact_for_tests(&self, sha256: &str, bytes: &[u8]) {
        run(on!(self, write, pool => {
            sqlx::query("UPDATE artefacts SET bytes = $2 WHERE sha256 = $1")
                .bind(sha256)
                .bind(bytes)
                .execute(pool)
                .await
                .map(drop)
        }));
    }
}

fn run(done: sqlx::Result<()>) {
    done.expect("the database takes it");
}
