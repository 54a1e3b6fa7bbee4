//! Reading one record back: by its secret, by a DPO's token, by the reference code.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::decision::fresh;
use avow_tests::policy::SITE;
use avow_tests::server::{Reply, TestServer};
use avow_tests::time::now;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

fn path(id: &str) -> String {
    format!("/v1/consents/{id}?site={SITE}")
}

async fn the_secret_opens_the_record_and_nothing_else_does(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = server.draft().await?.grant();
    let stored = server.post(&body).await?.json();
    let open = server.get_as(&path(body.id()), "avow-secret", body.secret()).await?;
    ensure!(open.status == 200, "{} {}", open.status, open.text());
    ensure!(open.json()["record"] == stored["record"], "the same record: {}", open.text());
    ensure!(open.header("cache-control").contains("no-store"), "no cache keeps it");
    let (unknown, wrong) = fresh(now());
    let answers = [
        server.get_as(&path(&unknown), "avow-secret", body.secret()).await?,
        server.get_as(&path(body.id()), "avow-secret", &wrong).await?,
        server.get_as(&path(&unknown), "avow-secret", &wrong).await?,
    ];
    for answer in &answers {
        ensure!(
            answer.status == 404 && answer.problem()? == "not-found",
            "{} {}",
            answer.status,
            answer.text()
        );
        ensure!(shape(answer) == shape(&answers[0]), "unknown and wrong are told apart:\n{answers:?}");
    }
    let bare = server.get(&path(body.id())).await?;
    ensure!(bare.status.is_client_error() && bare.json().get("record").is_none(), "nothing without a secret");
    Ok(())
}

/// An answer without what differs between any two answers.
fn shape(reply: &Reply) -> (Vec<(String, String)>, Vec<u8>) {
    let varying = |name: &str| name == "date" || name.contains("request-id");
    let headers = reply.headers.iter().filter(|(name, _)| !varying(name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    // Their order is by chance in every answer of the framework's.
    headers.sort();
    (headers, reply.body.clone())
}

async fn the_answer_proves_itself(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = server.draft().await?.decide(&[("video", true), ("analytics", false), ("marketing", false)]);
    let answer = server.post(&body).await?.json();
    let text =
        |name: &str| answer[name].as_str().map(str::to_owned).with_context(|| format!("{name} in {answer}"));
    let (record, salt) = (text("record")?, URL_SAFE_NO_PAD.decode(text("salt")?)?);
    let salt: [u8; 32] = salt.try_into().ok().context("a salt of 32 bytes")?;
    let commitment = avow_shared::commitment::commitment(&salt, record.as_bytes());
    ensure!(hex::encode(commitment) == text("commitment")?, "the commitment is that of record and salt");
    ensure!(text("event")? == "partially_given" && text("id")? == body.id(), "{answer}");
    let parsed: serde_json::Value = serde_json::from_str(&record)?;
    // A canonical text has one spelling; serde_json sorts members as RFC 8785 does for ASCII names.
    ensure!(serde_json::to_string(&parsed)? == record, "the record is canonical: {record}");
    for secret in [body.secret(), "127.0.0.1"] {
        ensure!(!record.contains(secret), "a record holds no secret and no address: {record}");
    }
    Ok(())
}

async fn a_reference_code_finds_the_record_for_a_dpo_only(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let (wanted, other) = (draft.grant(), draft.refusal());
    let code = server.post(&wanted).await?.json()["reference"].as_str().context("a code")?.to_owned();
    server.post(&other).await?;
    ensure!(code.len() == 19 && code.split('-').count() == 4, "four groups of four: {code}");
    let token = format!("Bearer {}", server.token("dpo")?);
    // As people write it.
    for spelled in [code.clone(), code.to_lowercase(), code.replace('-', ""), code.replace('0', "O")] {
        let path = format!("/v1/consents?site={SITE}&reference={spelled}");
        let found = server.get_as(&path, "authorization", &token).await?;
        ensure!(found.status == 200, "{spelled}: {} {}", found.status, found.text());
        ensure!(found.text().contains(wanted.id()), "the record: {}", found.text());
        ensure!(!found.text().contains(other.id()), "and no other");
    }
    let bare = server.get(&format!("/v1/consents?site={SITE}&reference={code}")).await?;
    ensure!(bare.status == 401 && bare.problem()? == "unauthorized", "{} {}", bare.status, bare.text());
    let by_id = server.get_as(&path(wanted.id()), "authorization", &token).await?;
    ensure!(by_id.status == 200, "a DPO reads by id: {}", by_id.text());
    let none = server
        .get_as(&format!("/v1/consents?site={SITE}&reference=0000-0000-0000-0000"), "authorization", &token)
        .await?;
    let nothing = none.status == 404 || (none.status == 200 && !none.text().contains("record\":\""));
    ensure!(nothing, "an unknown code finds nothing: {} {}", none.status, none.text());
    Ok(())
}

avow_tests::on_both!(
    the_secret_opens_the_record_and_nothing_else_does,
    the_answer_proves_itself,
    a_reference_code_finds_the_record_for_a_dpo_only,
);
