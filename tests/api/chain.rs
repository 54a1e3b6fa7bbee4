//! The visitor's chain: withdrawal is another decision, and order is the chain's, not arrival's.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::server::TestServer;
use serde_json::Value;

fn record(answer: &Value) -> Result<Value> {
    Ok(serde_json::from_str(answer["record"].as_str().context("a record")?)?)
}

async fn withdrawal_follows_the_grant(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let grant = draft.grant();
    let given = server.post(&grant).await?.json();
    ensure!(given["event"] == "given", "{given}");
    let withdrawal = draft.refusal().with("/control", "withdraw").with("/surface", "reopen").after(&grant);
    let reply = server.post(&withdrawal).await?;
    ensure!(reply.status == 201, "{} {}", reply.status, reply.text());
    let withdrawn = reply.json();
    ensure!(withdrawn["event"] == "withdrawn", "{withdrawn}");
    let record = record(&withdrawn)?;
    ensure!(
        record.to_string().contains(given["commitment"].as_str().context("a commitment")?),
        "linked: {record}"
    );
    Ok(())
}

async fn a_decision_may_arrive_before_the_one_it_follows(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let first = draft.grant();
    let second = draft.refusal().with("/control", "withdraw").with("/surface", "reopen").after(&first);
    let late = server.post(&second).await?;
    ensure!(late.status == 201, "{} {}", late.status, late.text());
    ensure!(server.post(&first).await?.status == 201, "the former arrives later");
    ensure!(server.records()?.len() == 2, "both are there");
    ensure!(
        server.post(&second).await?.without_head() == late.without_head(),
        "and what was answered stays as it was"
    );
    Ok(())
}

async fn a_wrong_secret_links_nothing(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let (grant, stranger) = (draft.grant(), draft.refusal());
    let given = server.post(&grant).await?.json();
    let forged = draft.refusal().after(&grant).with("/previous/secret", stranger.secret());
    let reply = server.post(&forged).await?;
    let commitment = given["commitment"].as_str().context("a commitment")?;
    ensure!(!reply.text().contains(commitment), "a guess is not told what it guessed: {}", reply.text());
    Ok(())
}

avow_tests::on_both!(
    withdrawal_follows_the_grant,
    a_decision_may_arrive_before_the_one_it_follows,
    a_wrong_secret_links_nothing,
);
