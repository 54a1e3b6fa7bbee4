//! The server killed under load, and asked to stop under load: nothing acknowledged is lost.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use avow_shared::checkpoint::Checkpoint;
use avow_tests::database::Kind;
use avow_tests::decision::Body;
use avow_tests::policy::SITE;
use avow_tests::server::{Setup, TestServer, without_head};
use avow_tests::stranger;
use avow_tests::time::until;
use avow_tests::tools::by_tier;

use crate::load::{Load, all_there};

fn unlimited(kind: Kind) -> Setup {
    Setup { flags: vec!["--rate-limit".to_owned(), "off".to_owned()], ..Setup::on(kind) }
}

async fn killed_at_random_moments(kind: Kind, rounds: usize) -> Result<()> {
    let mut server = TestServer::start(unlimited(kind)).await?;
    let draft = server.draft().await?;
    let mut acknowledged = Vec::new();
    let mut unanswered = 0;
    for round in 0..rounds {
        let load = Load::on(&server, &draft, 16);
        // Another moment in every round: batches, commits and answers are all in flight.
        let moment = 20 + (round * 37) % 160;
        until("load", || async { Ok((load.count() >= moment).then_some(())) }).await?;
        server.process().kill();
        let (answered, sent) = load.end().await;
        unanswered += sent - answered.len();
        acknowledged.extend(answered);
        server.restart_after_kill().await?;
    }
    ensure!(unanswered > 0, "the control: every kill hit requests in flight");
    all_there(&server, &acknowledged).await?;
    one_log(&server, &acknowledged).await?;
    // A client that heard nothing repeats, with the same id, and is answered as if nothing had been.
    let (body, answer) = acknowledged.last().expect("every round has some");
    let repeat = server.post(body).await?;
    ensure!(
        repeat.status == 200 && repeat.without_head() == without_head(serde_json::from_str(answer)?),
        "repeat"
    );
    Ok(())
}

/// No two heads of one size were signed, every head is the beginning of the log that is there now, and every
/// receipt has its leaf.
async fn one_log(server: &TestServer, acknowledged: &[(Body, String)]) -> Result<()> {
    let keys = stranger::keys(server).await?;
    let mut heads: BTreeMap<u64, Checkpoint> = BTreeMap::new();
    for (body, answer) in acknowledged {
        let answer: serde_json::Value = serde_json::from_str(answer)?;
        let head = stranger::head(answer["log"]["checkpoint"].as_str().unwrap_or_default(), &keys)?;
        let known = heads.entry(head.size).or_insert_with(|| head.clone());
        ensure!(*known == head, "two heads of {} leaves", head.size);
        let path = format!("/v1/receipts/{}?site={SITE}", body.id());
        let receipt = server.get_as(&path, "avow-secret", body.secret()).await?.json();
        ensure!(receipt["index"] == answer["log"]["index"], "{} is another leaf now", body.id());
        stranger::check(&receipt, &keys)?;
    }
    let (_, last) = heads.last_key_value().context("there were answers")?;
    for head in heads.values() {
        stranger::extends(server, head, last).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_loses_nothing_acknowledged_sqlite() -> Result<()> {
    killed_at_random_moments(Kind::Sqlite, by_tier(3, 50)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_loses_nothing_acknowledged_postgres() -> Result<()> {
    if Kind::Postgres.is_here()? {
        killed_at_random_moments(Kind::Postgres, by_tier(2, 50)).await
    } else {
        Ok(())
    }
}

async fn stopped_under_load(kind: Kind) -> Result<()> {
    let mut server = TestServer::start(unlimited(kind)).await?;
    let draft = server.draft().await?;
    let load = Load::on(&server, &draft, 8);
    until("load", || async { Ok((load.count() >= 40).then_some(())) }).await?;
    let status = server.process().stop().await?;
    ensure!(status.success(), "it ends by itself: {status}\n{}", server.log());
    let (acknowledged, _) = load.end().await;
    server.restart_after_kill().await?;
    all_there(&server, &acknowledged).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_loses_nothing_sqlite() -> Result<()> {
    stopped_under_load(Kind::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_loses_nothing_postgres() -> Result<()> {
    if Kind::Postgres.is_here()? { stopped_under_load(Kind::Postgres).await } else { Ok(()) }
}
