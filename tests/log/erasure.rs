//! Erasure: the record is gone from wherever it was, every other proof holds, and the log says that it happened.

use crate::receipts::path;
use anyhow::{Result, ensure};
use avow_tests::database::Kind;
use avow_tests::decision::Body;
use avow_tests::policy::SITE;
use avow_tests::server::{Reply, TestServer};
use avow_tests::stranger::{check, keys};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;

async fn erase(server: &TestServer, body: &Body) -> Result<Reply> {
    let url = format!("/v1/consents/{}?site={SITE}", body.id());
    let request = server.request(Method::DELETE, &url).header("avow-secret", body.secret());
    Reply::read(request.send().await?).await
}

async fn erase_as(server: &TestServer, token: &str, body: &Body, reason: &str) -> Result<Reply> {
    let url = format!("/v1/consents/{}?site={SITE}", body.id());
    let request = server
        .request(Method::DELETE, &url)
        .header("authorization", token)
        .body(format!("{{\"reason\":\"{reason}\"}}"));
    Reply::read(request.send().await?).await
}

async fn what_is_erased_is_gone_and_the_rest_still_proves_itself(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let keys = keys(&server).await?;
    let draft = server.draft().await?;
    let (kept, gone) = (draft.refusal(), draft.refusal());
    server.post(&kept).await?;
    server.post(&gone).await?;
    let before = server.get_as(&path(kept.id()), "avow-secret", kept.secret()).await?.json();
    let erased = erase(&server, &gone).await?;
    ensure!(erased.status == 200, "{} {}", erased.status, erased.text());
    // The device has no secret that opens it any more, and a late retry hears why.
    ensure!(server.get_as(&path(gone.id()), "avow-secret", gone.secret()).await?.status == 404);
    let late = server.post(&gone).await?;
    ensure!(late.status == 410 && late.problem()? == "erased", "{} {}", late.status, late.text());
    let token = format!("Bearer {}", server.token("dpo")?);
    let officer = server.get_as(&path(gone.id()), "authorization", &token).await?;
    ensure!(officer.status == 410, "{}", officer.text());
    // Receipts from before hold, and new ones too.
    check(&before, &keys)?;
    check(&server.get_as(&path(kept.id()), "avow-secret", kept.secret()).await?.json(), &keys)?;
    ensure!(server.records()?.len() == 1, "the export has the other one only");
    Ok(())
}

async fn a_live_grant_is_withdrawn_first(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let grant = draft.grant();
    server.post(&grant).await?;
    let refused = erase(&server, &grant).await?;
    ensure!(refused.status == 409 && refused.problem()? == "grant-in-force", "{}", refused.text());
    let withdrawal = draft.refusal().with("/control", "withdraw").with("/surface", "reopen").after(&grant);
    ensure!(server.post(&withdrawal).await?.status == 201);
    ensure!(erase(&server, &grant).await?.status == 200);
    // The officer may, and is told that the device goes on.
    let other = draft.grant();
    server.post(&other).await?;
    let token = format!("Bearer {}", server.token("dpo")?);
    ensure!(
        erase_as(&server, &token, &other, "because").await?.status == 422,
        "a ground is one of the law's"
    );
    let erased = erase_as(&server, &token, &other, "unlawful").await?;
    ensure!(erased.status == 200 && erased.json()["was_live"] == true, "{}", erased.text());
    ensure!(erase_as(&server, &token, &other, "unlawful").await?.status == 410, "once");
    let audit = server.avow_ok(&["audit", "--site", SITE])?;
    ensure!(audit.contains("record.erase"), "{audit}");
    Ok(())
}

async fn nobody_erases_with_a_wrong_secret(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let (mine, yours) = (draft.refusal(), draft.refusal());
    server.post(&mine).await?;
    server.post(&yours).await?;
    let url = format!("/v1/consents/{}?site={SITE}", yours.id());
    let request = server.request(Method::DELETE, &url).header("avow-secret", mine.secret());
    ensure!(Reply::read(request.send().await?).await?.status == 404);
    ensure!(Reply::read(server.request(Method::DELETE, &url).send().await?).await?.status == 401);
    ensure!(server.records()?.len() == 2);
    Ok(())
}

/// SQLite's files are read byte by byte; what PostgreSQL keeps in its pages is said in the docs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_value_is_found_nowhere_after_its_erasure() -> Result<()> {
    const PLANTED: &str = "planted-theme-7f3a";
    let server = TestServer::on(Kind::Sqlite).await?;
    let draft = server.draft().await?;
    // Among others, so that its pages have neighbours.
    for _ in 0..50 {
        server.post(draft.refusal()).await?;
    }
    let body = draft.refusal().with("/ui/theme", PLANTED);
    let answer = server.post(&body).await?;
    ensure!(answer.status == 201, "{}", answer.text());
    let salt = URL_SAFE_NO_PAD.decode(answer.json()["salt"].as_str().unwrap_or_default())?;
    for _ in 0..50 {
        server.post(draft.refusal()).await?;
    }
    let found = |server: &TestServer, needle: &[u8]| -> Result<Vec<String>> {
        let mut places = Vec::new();
        for entry in std::fs::read_dir(server.database().data())? {
            let path = entry?.path();
            if path.is_file() && std::fs::read(&path)?.windows(needle.len()).any(|bytes| bytes == needle) {
                places.push(path.display().to_string());
            }
        }
        if server.log().as_bytes().windows(needle.len()).any(|bytes| bytes == needle) {
            places.push("the log".to_owned());
        }
        Ok(places)
    };
    for needle in [PLANTED.as_bytes(), &salt] {
        ensure!(!found(&server, needle)?.is_empty(), "the control: it can be found before");
    }
    ensure!(erase(&server, &body).await?.status == 200);
    for needle in [PLANTED.as_bytes(), &salt] {
        let places = found(&server, needle)?;
        ensure!(places.is_empty(), "still in {places:?}");
    }
    Ok(())
}

avow_tests::on_both!(
    what_is_erased_is_gone_and_the_rest_still_proves_itself,
    a_live_grant_is_withdrawn_first,
    nobody_erases_with_a_wrong_secret,
);
