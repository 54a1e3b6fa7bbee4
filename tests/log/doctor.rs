//! `avow doctor log`: whoever edits the database without a key is found out, and the row is named.

use anyhow::{Result, ensure};
use avow_tests::database::{Database, Kind};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// Runs a statement as somebody who has the database and nothing else.
async fn edit(database: &Database, sql: &str) -> Result<u64> {
    let sql = AssertSqlSafe(sql.to_owned());
    Ok(match database {
        Database::Sqlite(folder) => {
            let url = format!("sqlite://{}", folder.path().join("avow.db").display());
            let mut connection = SqliteConnection::connect(&url).await?;
            let done = connection.execute(sql).await?.rows_affected();
            connection.close().await?;
            done
        }
        Database::Postgres { url, .. } => {
            let mut connection = PgConnection::connect(url).await?;
            let done = connection.execute(sql).await?.rows_affected();
            connection.close().await?;
            done
        }
    })
}

/// Bytes as both databases spell them.
fn bytes(kind: Kind, hex: &str) -> String {
    match kind {
        Kind::Sqlite => format!("x'{hex}'"),
        Kind::Postgres => format!("'\\x{hex}'::bytea"),
    }
}

/// The policy's entry, the build's, 300 records, an erasure: 303 leaves.
async fn every_edited_row_is_named(kind: Kind) -> Result<()> {
    let flags = ["--rate-limit", "off", "--head-interval", "0"].map(str::to_owned).to_vec();
    let mut server = TestServer::start(Setup { flags, ..Setup::on(kind) }).await?;
    let draft = server.draft().await?;
    let gone = draft.refusal();
    server.post(&gone).await?;
    for _ in 0..299 {
        server.post(draft.refusal()).await?;
    }
    let url = format!("/v1/consents/{}?site=shop", gone.id());
    server.request(reqwest::Method::DELETE, &url).header("avow-secret", gone.secret()).send().await?;
    until("a head of everything to be published", || async {
        let said = server.avow_ok(&["doctor", "log"])?;
        Ok(said.contains("303 leaves, 299 records, 1 tiles").then_some(()))
    })
    .await?;
    server.process().stop().await?;
    let whole = server.avow_ok(&["doctor", "log"])?;
    ensure!(whole.contains("everything fits") && !whole.contains(" 0 published heads"), "{whole}");

    let zeros = bytes(kind, &"00".repeat(32));
    let at = "WHERE leaf_index = 100";
    let edits: [(&str, String, &str); 14] = [
        (
            "records",
            format!("UPDATE records SET record = replace(record, 'false', 'true') {at}"),
            "leaf 100: the record",
        ),
        ("records", format!("UPDATE records SET salt = {zeros} {at}"), "leaf 100: the record or its salt"),
        ("records", format!("DELETE FROM records {at}"), "leaf 100: its record is missing, and no erasure"),
        (
            "leaves",
            format!("UPDATE leaves SET commitment = {zeros} {at}"),
            "leaf 100: the record or its salt",
        ),
        ("leaves", format!("UPDATE leaves SET kind = 2 {at}"), "leaf 100: its manifest is missing"),
        ("leaves", format!("DELETE FROM leaves {at}"), "leaf 100: it is missing"),
        (
            "leaves",
            format!("UPDATE leaves SET leaf_index = 9223372036854775807 {at}"),
            "head: it says 303 leaves, and there is leaf 9223372036854775807",
        ),
        (
            "artefacts",
            format!(
                "UPDATE artefacts SET bytes = {zeros} WHERE sha256 = (SELECT MIN(sha256) FROM artefacts)"
            ),
            "is not what it was",
        ),
        ("log_tiles", format!("UPDATE log_tiles SET hashes = {zeros}"), "tile/0/0: its hashes"),
        ("log_tiles", format!("UPDATE log_tiles SET root = {zeros}"), "tile/0/0: its root"),
        ("log_heads", "UPDATE log_heads SET size = size - 1".to_owned(), "head: it says"),
        ("log_heads", format!("UPDATE log_heads SET root = {zeros}"), "head: its root"),
        (
            "manifests",
            "UPDATE manifests SET manifest = '{}' WHERE leaf_index = 0".to_owned(),
            "leaf 0: the manifest",
        ),
        ("log_checkpoints", "UPDATE log_checkpoints SET note = 'x'".to_owned(), "it cannot be read"),
    ];
    for (table, sql, expected) in edits {
        edit(server.database(), &format!("CREATE TABLE kept AS SELECT * FROM {table}")).await?;
        ensure!(edit(server.database(), &sql).await? > 0, "{sql} changes something");
        let doctor = server.avow(&["doctor", "log"])?;
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        ensure!(!doctor.status.success() && said.contains(expected), "{sql}: wanted {expected:?}:\n{said}");
        for undo in [
            format!("DELETE FROM {table}"),
            format!("INSERT INTO {table} SELECT * FROM kept"),
            "DROP TABLE kept".to_owned(),
        ] {
            edit(server.database(), &undo).await?;
        }
        ensure!(server.avow_ok(&["doctor", "log"])?.contains("everything fits"), "{sql} is undone");
    }
    Ok(())
}

avow_tests::on_both!(every_edited_row_is_named);
