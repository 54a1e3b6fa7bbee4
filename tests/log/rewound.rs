//! A database that went back: the signer stops, and whoever kept a receipt can show it.

use crate::receipts::path;
use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::server::TestServer;
use avow_tests::stranger::{extends, head, keys};
use std::path::Path;

/// Copies the database's own files.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for name in ["avow.db", "avow.db-wal", "avow.db-shm"] {
        let target = to.join(name);
        if from.join(name).exists() {
            std::fs::copy(from.join(name), target)?;
        } else if target.exists() {
            std::fs::remove_file(target)?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn yesterdays_database_put_back_is_refused_and_shows_in_a_receipt() -> Result<()> {
    let mut server = TestServer::on(Kind::Sqlite).await?;
    let keys = keys(&server).await?;
    let folder = server.database().data().to_owned();
    let backup = tempfile::tempdir()?;
    let draft = server.draft().await?;
    server.post(draft.refusal()).await?;
    server.process().stop().await?;
    copy(&folder, backup.path())?;
    let memory = std::fs::read(folder.join("signer/shop.head"))?;
    server.restart_after_kill().await?;
    let lost = draft.refusal();
    let answer = server.post(&lost).await?.json();
    let kept = head(answer["log"]["checkpoint"].as_str().context("a head")?, &keys)?;
    server.process().stop().await?;

    // The database alone: the signer remembers more.
    copy(backup.path(), &folder)?;
    server.restart_after_kill().await?;
    let refused = server.post(draft.refusal()).await?;
    ensure!(refused.status == 503 && refused.problem()? == "log-halted", "{}", refused.text());
    ensure!(server.records()?.len() == 1, "nothing was stored");
    server.process().stop().await?;

    // The signer's memory too: it signs again, and what the visitor kept shows the fork.
    copy(backup.path(), &folder)?;
    std::fs::write(folder.join("signer/shop.head"), memory)?;
    server.restart_after_kill().await?;
    let fork = server.post(draft.refusal()).await?;
    ensure!(fork.status == 201, "{}", fork.text());
    let forked = head(fork.json()["log"]["checkpoint"].as_str().context("a head")?, &keys)?;
    ensure!(forked.size == kept.size && forked.root != kept.root, "two heads of one size: the proof of it");
    server.post(draft.refusal()).await?;
    let later = draft.refusal();
    let later = server.post(&later).await?.json();
    let later = head(later["log"]["checkpoint"].as_str().context("a head")?, &keys)?;
    ensure!(extends(&server, &kept, &later).await.is_err(), "no later head extends the one that was kept");
    ensure!(server.get_as(&path(lost.id()), "avow-secret", lost.secret()).await?.status == 404);
    Ok(())
}
