//! Holds, and refusals that are counted or not kept at all. The end of records' time has its test beside the code,
//! where the clock can be moved.

use anyhow::{Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::{Reply, Setup, TestServer};
use reqwest::Method;

fn with_refusals(word: &str) -> String {
    policy::toml("").replace("refusal_record = \"keep\"", &format!("refusal_record = {word:?}"))
}

async fn a_refusal_may_leave_no_record(kind: Kind) -> Result<()> {
    for word in ["none", "count"] {
        let server =
            TestServer::start(Setup { policies: vec![with_refusals(word)], ..Setup::on(kind) }).await?;
        let draft = server.draft().await?;
        let refusal = draft.refusal();
        let answer = server.post(&refusal).await?;
        ensure!(answer.status == 200 && answer.json()["kept"] == false, "{}", answer.text());
        ensure!(
            answer.json()["seal"].as_str().is_some_and(|seal| seal.len() == 22),
            "the device keeps its denial"
        );
        ensure!(server.records()?.is_empty(), "no record");
        let path = format!("/v1/consents/{}?site={SITE}", refusal.id());
        ensure!(server.get_as(&path, "avow-secret", refusal.secret()).await?.status == 404);
        // A withdrawal is kept: it ends what a grant began.
        let grant = draft.grant();
        server.post(&grant).await?;
        let withdrawal =
            draft.refusal().with("/control", "withdraw").with("/surface", "reopen").after(&grant);
        ensure!(server.post(&withdrawal).await?.status == 201);
        ensure!(server.records()?.len() == 2);
        let counted = server.avow_ok(&["counts", "--site", SITE])?;
        ensure!(counted.contains("refused\t1") == (word == "count"), "{word}: {counted}");
    }
    Ok(())
}

async fn what_is_held_cannot_be_erased(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let body = draft.refusal();
    server.post(&body).await?;
    let hold =
        server.avow_ok(&["hold", "add", "--site", SITE, "--record", body.id(), "--reason", "case 7"])?;
    let erase = async || {
        let url = format!("/v1/consents/{}?site={SITE}", body.id());
        let request = server.request(Method::DELETE, &url).header("avow-secret", body.secret());
        Reply::read(request.send().await?).await
    };
    let held = erase().await?;
    ensure!(held.status == 409 && held.problem()? == "held", "{}", held.text());
    ensure!(server.avow_ok(&["hold", "list", "--site", SITE])?.contains("case 7"));
    server.avow_ok(&["hold", "lift", "--site", SITE, hold.trim()])?;
    ensure!(erase().await?.status == 200);
    Ok(())
}

avow_tests::on_both!(a_refusal_may_leave_no_record, what_is_held_cannot_be_erased);
