//! The visitor's chain: withdrawal is another decision, and order is the chain's, not arrival's.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy;
use avow_tests::server::{Setup, TestServer};
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

/// A browser does not know the record of what a form of the site was given, so the no that takes it back names none. It
/// is recorded all the same, also where plain refusals are not.
async fn what_a_form_was_given_is_never_taken_back_without_a_record(kind: Kind) -> Result<()> {
    let policy = policy::toml("").replacen("refusal_record = \"keep\"", "refusal_record = \"none\"", 1);
    for (by_form, surface, status) in
        [(false, "reopen", 200), (true, "banner", 200), (true, "preferences", 200), (true, "reopen", 201)]
    {
        let asked = "id = \"analytics\"\nasked = \"form\"\n";
        let policy = if by_form { policy.replacen("id = \"analytics\"\n", asked, 1) } else { policy.clone() };
        let server = TestServer::start(Setup { policies: vec![policy], ..Setup::on(kind) }).await?;
        let refusal = server.draft().await?.refusal().with("/control", "save").with("/surface", surface);
        let reply = server.post(&refusal).await?;
        ensure!(reply.status == status, "{by_form} {surface}: {} {}", reply.status, reply.text());
        ensure!(server.records()?.len() == usize::from(status == 201), "{by_form} {surface}");
    }
    Ok(())
}

avow_tests::on_both!(
    what_a_form_was_given_is_never_taken_back_without_a_record,
    withdrawal_follows_the_grant,
    a_decision_may_arrive_before_the_one_it_follows,
    a_wrong_secret_links_nothing,
);
