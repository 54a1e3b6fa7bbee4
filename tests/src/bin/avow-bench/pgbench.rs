//! PostgreSQL's own yardstick: single-row inserts of the same body by 16 clients, each committed by itself.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::process::Command;

/// Inserts per second.
pub async fn run(url: &str, folder: &std::path::Path, time: Duration, body: &str) -> Result<f64> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS bare (id uuid PRIMARY KEY, body text NOT NULL)")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    let script = folder.join("insert.sql");
    let body = body.replace('\'', "''");
    tokio::fs::write(&script, format!("INSERT INTO bare VALUES (gen_random_uuid(), '{body}');\n")).await?;
    let output = Command::new(program())
        .args(["-n", "-M", "simple", "-c", "16", "-j", "2", "-T", &time.as_secs().max(1).to_string(), "-f"])
        .arg(&script)
        .arg(url)
        .output()
        .await
        .context("run pgbench")?;
    if !output.status.success() {
        bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("tps = "))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .with_context(|| format!("read pgbench's rate: {text}"))
}

/// A database of the bench's own.
pub async fn create(server: &str, name: &str) -> Result<String> {
    let mut connection = PgConnection::connect(server).await?;
    for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    connection.close().await?;
    let (front, query) = server.split_once('?').map_or((server, None), |(front, query)| (front, Some(query)));
    let host =
        front.rsplit_once('/').filter(|(host, _)| !host.ends_with('/')).map_or(front, |(host, _)| host);
    Ok(query.map_or_else(|| format!("{host}/{name}"), |query| format!("{host}/{name}?{query}")))
}

/// The program: from the path, or the newest of Debian's folders.
fn program() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin/pgbench"))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from("pgbench"))
}
