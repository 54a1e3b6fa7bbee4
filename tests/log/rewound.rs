//! A database that went back: the signer stops, and whoever kept a receipt can show it.

use crate::receipts::path;
use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::SITE;
use avow_tests::server::TestServer;
use avow_tests::stranger::{check, extends, head, keys};
use std::path::Path;

/// Copies the database's own files.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
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
    let doctor = server.avow(&["doctor", "log"])?;
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    ensure!(!doctor.status.success() && said.contains("avow restore"), "{said}");

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_the_log_goes_on_under_another_name() -> Result<()> {
    let mut server = TestServer::on(Kind::Sqlite).await?;
    let first = keys(&server).await?;
    let folder = server.database().data().to_owned();
    let backup = tempfile::tempdir()?;
    let draft = server.draft().await?;
    let kept = draft.refusal();
    server.post(&kept).await?;
    let receipt = server.get_as(&path(kept.id()), "avow-secret", kept.secret()).await?.json();
    server.process().stop().await?;
    ensure!(server.avow_ok(&["restore", "--site", SITE])?.contains("nothing to do"), "nothing is lost yet");
    copy(&folder, backup.path())?;
    server.restart_after_kill().await?;
    for _ in 0..3 {
        server.post(draft.refusal()).await?;
    }
    let running = server.avow(&["restore", "--site", SITE])?;
    ensure!(!running.status.success(), "not while a server signs by that memory");
    server.process().stop().await?;
    copy(backup.path(), &folder)?;
    let said = server.avow_ok(&["restore", "--site", SITE])?;
    ensure!(said.contains("epoch 2 begins"), "{said}");
    server.restart_after_kill().await?;
    ensure!(server.post(draft.refusal()).await?.status == 201);
    // Another name, the same leaves: the receipt from before holds under the old name, a new one under the new.
    let second = keys(&server).await?;
    ensure!(second[0].name() == format!("{}/2", first[0].name()), "{}", second[0].name());
    check(&receipt, &first)?;
    let again = server.get_as(&path(kept.id()), "avow-secret", kept.secret()).await?.json();
    ensure!(again["index"] == receipt["index"], "the same leaf");
    ensure!(check(&again, &second)?.origin == second[0].name() && check(&again, &first).is_err());
    ensure!(server.avow_ok(&["doctor", "log"])?.contains("everything fits"));
    // The second time there is nothing to do.
    server.process().stop().await?;
    ensure!(server.avow_ok(&["restore", "--site", SITE])?.contains("nothing to do"));
    Ok(())
}
