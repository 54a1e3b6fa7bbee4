//! Repeats: a decision sent again is stored once, and answered only to who has its secret.

use anyhow::{Result, ensure};
use avow_tests::database::Kind;
use avow_tests::decision::fresh;
use avow_tests::policy;
use avow_tests::server::{Setup, TestServer};
use avow_tests::time::now;

async fn a_repeat_gets_the_first_answer(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = server.draft().await?.grant();
    let first = server.post(&body).await?;
    ensure!(first.status == 201, "{} {}", first.status, first.text());
    let second = server.post(&body).await?;
    ensure!(second.status == 200, "{} {}", second.status, second.text());
    ensure!(
        first.without_head() == second.without_head(),
        "the same answer:\n{}\n{}",
        first.text(),
        second.text()
    );
    // The same decision, spelled with other white space and order, is the same.
    let pretty = serde_json::to_string_pretty(&body.0)?;
    ensure!(server.post(pretty).await?.status == 200, "spelling does not matter");
    ensure!(server.records()?.len() == 1, "stored once");
    Ok(())
}

async fn concurrent_repeats_are_stored_once(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = server.draft().await?.grant();
    let all = futures_util::future::try_join_all((0..16).map(|_| server.post(&body))).await?;
    let made = all.iter().filter(|reply| reply.status == 201).count();
    let repeated = all.iter().filter(|reply| reply.status == 200).count();
    ensure!(made == 1 && repeated == 15, "one made it, the others repeat: {made} and {repeated}");
    ensure!(all.iter().all(|reply| reply.without_head() == all[0].without_head()), "all hear the same");
    ensure!(server.records()?.len() == 1, "stored once");
    Ok(())
}

async fn another_body_or_secret_under_a_used_id_is_a_conflict(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let first = draft.refusal();
    ensure!(server.post(&first).await?.status == 201, "the first is stored");
    let others = [
        first.clone().with("/choices/video", true).with("/control", "save"),
        first.clone().with("/secret", fresh(now()).1),
        first.clone().with("/locale", "ar"),
    ];
    for other in others {
        let reply = server.post(&other).await?;
        ensure!(
            reply.status == 409 && reply.problem()? == "id-conflict",
            "{} {}",
            reply.status,
            reply.text()
        );
        for told in ["record", "salt", "commitment", "seal", "event", "reference"] {
            ensure!(
                reply.json().get(told).is_none(),
                "a conflict tells nothing of the record: {}",
                reply.text()
            );
        }
    }
    let records = server.records()?;
    ensure!(records.len() == 1, "only the first is there");
    ensure!(server.post(&first).await?.status == 200, "and its owner can still repeat it");
    Ok(())
}

async fn ids_are_unique_per_site_only(kind: Kind) -> Result<()> {
    // On hosts of its own, or the two would share a consent cookie.
    let other = policy::toml("")
        .replace("site = \"shop\"", "site = \"outlet\"")
        .replace("\"www.shop.example\", \"*.branch.example\", \"shop.localhost\"", "\"www.outlet.example\"");
    let server =
        TestServer::start(Setup { policies: vec![policy::toml(""), other], ..Setup::on(kind) }).await?;
    let here = server.draft().await?.refusal();
    let there = server.draft_for("outlet").await?.refusal().with("/id", here.id());
    for (origin, body) in [(policy::ORIGIN, &here), ("https://www.outlet.example", &there)] {
        let reply = server.post_from(Some(origin), body.to_string()).await?;
        ensure!(reply.status == 201, "{} {}", reply.status, reply.text());
    }
    ensure!(server.records()?.len() == 1 && server.records_of("outlet")?.len() == 1, "one each");
    Ok(())
}

avow_tests::on_both!(
    a_repeat_gets_the_first_answer,
    concurrent_repeats_are_stored_once,
    another_body_or_secret_under_a_used_id_is_a_conflict,
    ids_are_unique_per_site_only,
);
