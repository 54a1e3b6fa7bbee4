//! Receipts: there at once, good without the log, spoiled by any altered byte.

use anyhow::{Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::SITE;
use avow_tests::server::TestServer;
use avow_tests::stranger::{check, extends, head, keys};
use serde_json::json;

pub fn path(id: &str) -> String {
    format!("/v1/receipts/{id}?site={SITE}")
}

async fn an_answer_comes_under_a_signed_head_and_its_receipt_proves_it(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let keys = keys(&server).await?;
    let mut before = None;
    for n in 0..20_i64 {
        let body = server.draft().await?.refusal();
        let answer = server.post(&body).await?.json();
        let signed = head(answer["log"]["checkpoint"].as_str().unwrap_or_default(), &keys)?;
        let reply = server.get_as(&path(body.id()), "avow-secret", body.secret()).await?;
        ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
        let receipt = reply.json();
        ensure!(receipt["index"] == answer["log"]["index"] && receipt["record"] == answer["record"]);
        let under = check(&receipt, &keys)?;
        ensure!(under.size >= signed.size, "{n}: the receipt is under that head or a later one");
        extends(&server, &signed, &under).await?;
        if let Some(before) = &before {
            extends(&server, before, &under).await?;
        }
        before = Some(under);
    }
    Ok(())
}

async fn no_altered_receipt_holds(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let keys = keys(&server).await?;
    let body = server.draft().await?.grant();
    server.post(&body).await?;
    server.post(server.draft().await?.refusal()).await?;
    let receipt = server.get_as(&path(body.id()), "avow-secret", body.secret()).await?.json();
    check(&receipt, &keys)?;
    for name in ["record", "salt", "proof"] {
        let text = receipt[name].as_str().unwrap_or_default();
        // The last character of a salt has two bits that say nothing.
        let end = text.len() - usize::from(name == "salt");
        for at in (0..end).filter(|at| text.is_char_boundary(*at) && text.is_char_boundary(at + 1)) {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            let mut wrong = receipt.clone();
            wrong[name] = json!(format!("{}{other}{}", &text[..at], &text[at + 1..]));
            ensure!(check(&wrong, &keys).is_err(), "{name}: byte {at} may be another");
        }
    }
    Ok(())
}

async fn a_receipt_is_for_its_visitor_and_the_officer(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let keys = keys(&server).await?;
    let body = server.draft().await?.grant();
    server.post(&body).await?;
    let wrong = server.get_as(&path(body.id()), "avow-secret", "AAAAAAAAAAAAAAAAAAAAAA").await?;
    ensure!(wrong.status == 404, "{}", wrong.text());
    ensure!(server.get(&path(body.id())).await?.status == 401);
    let token = format!("Bearer {}", server.token("dpo")?);
    let receipt = server.get_as(&path(body.id()), "authorization", &token).await?;
    check(&receipt.json(), &keys)?;
    let proof = format!("{}&format=proof", path(body.id()));
    let proof = server.get_as(&proof, "authorization", &token).await?;
    ensure!(proof.text() == receipt.json()["proof"].as_str().unwrap_or_default(), "{}", proof.text());
    ensure!(proof.header("content-disposition").contains(".tlog-proof"));
    Ok(())
}

async fn receipts_outlive_a_restart(kind: Kind) -> Result<()> {
    let mut server = TestServer::on(kind).await?;
    let keys_before = keys(&server).await?;
    let body = server.draft().await?.grant();
    let answer = server.post(&body).await?.json();
    let signed = head(answer["log"]["checkpoint"].as_str().unwrap_or_default(), &keys_before)?;
    server.restart_after_kill().await?;
    ensure!(keys(&server).await? == keys_before, "the same keys");
    let receipt = server.get_as(&path(body.id()), "avow-secret", body.secret()).await?.json();
    let under = check(&receipt, &keys_before)?;
    extends(&server, &signed, &under).await?;
    Ok(())
}

avow_tests::on_both!(
    an_answer_comes_under_a_signed_head_and_its_receipt_proves_it,
    no_altered_receipt_holds,
    a_receipt_is_for_its_visitor_and_the_officer,
    receipts_outlive_a_restart,
);
