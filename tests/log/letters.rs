//! A record as a letter: read by somebody else's program, with a receipt inside that can be verified.

use crate::receipts::path;
use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::server::TestServer;
use avow_tests::stranger::keys;
use avow_tests::tools;
use std::path::Path;
use std::process::Command;

/// What a program of Poppler's prints of a letter; `None` if it is not installed.
fn poppler(program: &str, arguments: &[&str], folder: &Path) -> Result<Option<String>> {
    let Some(program) = tools::installed(&[program], "") else { return Ok(None) };
    let done = Command::new(program).args(arguments).current_dir(folder).output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(Some(String::from_utf8(done.stdout)?))
}

async fn a_letter_says_what_the_record_says_and_brings_its_receipt(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = server.draft().await?.decide(&[("video", true), ("analytics", false), ("marketing", false)]);
    // An Arabic page: the purposes stand in the letter as they were shown.
    let body = body.with("/locale", "ar");
    let answer = server.post(&body).await?;
    ensure!(answer.status == 201, "{}", answer.text());
    let reply =
        server.get_as(&format!("{}&format=pdf", path(body.id())), "avow-secret", body.secret()).await?;
    ensure!(reply.status == 200 && reply.header("content-type") == "application/pdf", "{}", reply.text());
    let code = answer.json()["reference"].as_str().context("a code")?.to_owned();
    ensure!(reply.header("content-disposition").contains(&code), "{}", reply.header("content-disposition"));
    let file = server.file("letter.pdf", "")?;
    std::fs::write(&file, &reply.body)?;
    let folder = file.parent().context("a folder")?;

    let Some(text) = poppler("pdftotext", &["-layout", "letter.pdf", "-"], folder)? else {
        return tools::skip("Poppler");
    };
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "something was allowed, something refused or left as it was",
        &code,
        body.id(),
        "The Shop, 1 High Street, London",
        "contrast 7.00 to 1, visible",
        answer.json()["commitment"].as_str().context("a commitment")?,
        "What this does not prove",
    ] {
        ensure!(words.contains(said), "{said} in {words}");
    }
    // An answer through the page's own controls was not given on the banner, and the letter does not quote one.
    let own = server.draft().await?.refusal().with("/surface", "page");
    server.post(&own).await?;
    let reply = server.get_as(&format!("{}&format=pdf", path(own.id())), "avow-secret", own.secret()).await?;
    std::fs::write(folder.join("own.pdf"), &reply.body)?;
    let own = poppler("pdftotext", &["-layout", "own.pdf", "-"], folder)?.context("pdftotext")?;
    ensure!(own.contains("controls of the page’s own") && !own.contains("Cookies on The Shop"), "{own}");
    let banner = server.draft().await?.refusal();
    server.post(&banner).await?;
    let reply =
        server.get_as(&format!("{}&format=pdf", path(banner.id())), "avow-secret", banner.secret()).await?;
    std::fs::write(folder.join("banner.pdf"), &reply.body)?;
    let banner = poppler("pdftotext", &["-layout", "banner.pdf", "-"], folder)?.context("pdftotext")?;
    ensure!(banner.contains("Cookies on The Shop"), "{banner}");
    let info = poppler("pdfinfo", &["letter.pdf"], folder)?.context("pdfinfo")?;
    ensure!(info.lines().any(|line| line.starts_with("Tagged:") && line.ends_with("yes")), "{info}");
    poppler("pdfdetach", &["-saveall", "letter.pdf"], folder)?.context("pdfdetach")?;
    let receipt = folder.join("receipt.json").display().to_string();
    let key = keys(&server).await?[0].to_string();
    let verified = server.avow(&["verify", "receipt", &receipt, "--key", &key])?;
    ensure!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let policy = std::fs::read_to_string(folder.join("policy-1.json"))?;
    ensure!(policy.contains("أفلام من شركة أخرى."), "the texts that were shown");
    Ok(())
}

async fn a_letter_is_for_who_may_read_the_record(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let body = server.draft().await?.refusal();
    server.post(&body).await?;
    let url = format!("{}&format=pdf", path(body.id()));
    ensure!(server.get(&url).await?.status == 401);
    ensure!(server.get_as(&url, "avow-secret", "AAAAAAAAAAAAAAAAAAAAAA").await?.status == 404);
    let officer = format!("Bearer {}", server.token("dpo")?);
    let reply = server.get_as(&url, "authorization", &officer).await?;
    ensure!(reply.status == 200 && reply.body.starts_with(b"%PDF-1.7"), "{}", reply.status);
    let erase = server.request(reqwest::Method::DELETE, &format!("/v1/consents/{}?site=shop", body.id()));
    ensure!(erase.header("avow-secret", body.secret()).send().await?.status() == 200);
    ensure!(
        server.get_as(&url, "authorization", &officer).await?.status == 410,
        "what is erased is not printed"
    );
    Ok(())
}

avow_tests::on_both!(
    a_letter_says_what_the_record_says_and_brings_its_receipt,
    a_letter_is_for_who_may_read_the_record,
);
