//! A disk that is full: a clear answer, no corruption, and all is well once there is room again.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use avow_tests::database::{Database, Kind};
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::until;
use sqlx::{Connection, Row, SqliteConnection};

use crate::load::all_there;

/// A small file system in memory, mounted over a directory.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn over(directory: &Path) -> Option<Self> {
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=6m,mode=700", "avow-test"])
            .arg(directory)
            .output()
            .ok()?;
        done.status.success().then(|| Self(directory.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.0).output());
        drop(std::fs::remove_dir(&self.0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_507_and_corrupts_nothing() -> Result<()> {
    let database = Database::create(Kind::Sqlite).await?;
    let folder = database.directory().context("SQLite has a directory")?.to_owned();
    let Some(_disk) = SmallDisk::over(&folder) else {
        // Only root may mount; elsewhere, CI or not, there is no disk to fill.
        eprintln!("skipped: a small file system cannot be mounted here");
        return Ok(());
    };
    let flags = vec!["--rate-limit".to_owned(), "off".to_owned()];
    let mut server = TestServer::start_with(Setup { flags, ..Setup::on(Kind::Sqlite) }, database).await?;
    let draft = server.draft().await?;
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        let body = draft.grant();
        let reply = server.post(&body).await?;
        ensure!(reply.status == 201, "the control: with room it is stored: {}", reply.text());
        acknowledged.push((body, reply.text()));
    }
    // All but the last bytes go to another file.
    let filler = folder.join("filler");
    fill(&filler)?;
    let mut refused = None;
    for _ in 0..2000 {
        let body = draft.grant();
        let reply = server.post(&body).await?;
        if reply.status == 201 {
            acknowledged.push((body, reply.text()));
        } else {
            refused = Some((body, reply));
            break;
        }
    }
    let (body, reply) = refused.context("at some point the disk is full")?;
    ensure!(reply.status == 507 && reply.problem()? == "storage-full", "{} {}", reply.status, reply.text());
    ensure!(server.get("/healthz").await?.status == 200, "the server lives on");
    std::fs::remove_file(&filler).context("make room")?;
    let kept = until("the refused decision stored after all", || async {
        let reply = server.post(&body).await?;
        Ok((reply.status == 201 || reply.status == 200).then(|| reply.text()))
    })
    .await?;
    acknowledged.push((body, kept));
    server.restart_after_kill().await?;
    all_there(&server, &acknowledged).await?;
    server.process().kill();
    let mut connection =
        SqliteConnection::connect(&format!("sqlite:{}", folder.join("avow.db").display())).await?;
    let verdict: String = sqlx::query("PRAGMA integrity_check").fetch_one(&mut connection).await?.get(0);
    ensure!(verdict == "ok", "{verdict}");
    Ok(())
}

/// Writes until the disk is full.
fn fill(path: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path)?;
    for size in [1 << 16, 1 << 12] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    Ok(())
}
