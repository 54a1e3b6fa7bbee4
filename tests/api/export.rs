//! The export: whole, filtered, the same over HTTP and on the command line, and safe to open.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::TestServer;

async fn both_doors_give_the_same_bytes(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    let bodies: Vec<_> = (0..7).map(|at| if at % 2 == 0 { draft.grant() } else { draft.refusal() }).collect();
    for body in &bodies {
        ensure!(server.post(body).await?.status == 201, "stored");
    }
    let token = format!("Bearer {}", server.token("dpo")?);
    for format in ["csv", "ndjson"] {
        let by_command = server.avow_ok(&["export", "--site", SITE, "--format", format])?;
        let path = format!("/v1/export?site={SITE}&format={format}");
        let by_http = server.get_as(&path, "authorization", &token).await?;
        ensure!(by_http.status == 200, "{} {}", by_http.status, by_http.text());
        ensure!(by_http.text() == by_command, "{format} differs:\n{}\n{by_command}", by_http.text());
        for body in &bodies {
            ensure!(by_command.contains(body.id()), "every record is in the {format}");
            ensure!(!by_command.contains(body.secret()), "and no secret");
        }
    }
    let by_one = format!("/v1/export?site={SITE}&format=ndjson&record={}", bodies[3].id());
    let one = server.get_as(&by_one, "authorization", &token).await?;
    ensure!(
        one.text().lines().count() == 1 && one.text().contains(bodies[3].id()),
        "one record: {}",
        one.text()
    );
    let none = server.avow_ok(&["export", "--site", SITE, "--format", "ndjson", "--version", "9"])?;
    ensure!(none.is_empty(), "no record answers version 9: {none}");
    Ok(())
}

async fn an_export_needs_a_dpo_of_that_site(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let path = format!("/v1/export?site={SITE}&format=csv");
    let bare = server.get(&path).await?;
    ensure!(bare.status == 401 && bare.problem()? == "unauthorized", "{} {}", bare.status, bare.text());
    let guess = server.get_as(&path, "authorization", "Bearer 0123456789").await?;
    ensure!(guess.status == 401, "{} {}", guess.status, guess.text());
    let token = format!("Bearer {}", server.token("dpo")?);
    let elsewhere = server.get_as("/v1/export?site=nowhere&format=csv", "authorization", &token).await?;
    ensure!(elsewhere.status.is_client_error(), "a token is for one site: {}", elsewhere.status);
    let odd = server.get_as(&format!("/v1/export?site={SITE}&format=xls"), "authorization", &token).await?;
    ensure!(odd.status.is_client_error(), "an unknown format is refused: {}", odd.status);
    odd.problem()?;
    Ok(())
}

async fn a_spreadsheet_cannot_be_made_to_calculate(kind: Kind) -> Result<()> {
    // The locale and the theme come from outside and go into columns of their own.
    let server = TestServer::on(kind).await?;
    let draft = server.draft().await?;
    for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"] {
        // Refused or stored: both are safe, as long as no cell begins with it.
        server.post(draft.refusal().with("/ui/theme", text)).await?;
        server.post(draft.refusal().with("/locale", text)).await?;
    }
    ensure!(server.post(draft.refusal()).await?.status == 201, "the control");
    let csv = server.avow_ok(&["export", "--site", SITE, "--format", "csv"])?;
    ensure!(csv.lines().count() >= 2, "a head and a record: {csv}");
    for cell in csv.lines().flat_map(|line| line.split(',')) {
        let bare = cell.trim_start_matches('"');
        let danger =
            bare.starts_with(['=', '+', '@', '\t', '\r']) || (bare.starts_with('-') && bare.len() > 1);
        ensure!(!danger, "a cell that calculates: {cell}");
    }
    Ok(())
}

async fn records_of_a_superseded_version_stay_apart(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let first = server.draft().await?.refusal();
    ensure!(server.post(&first).await?.status == 201, "stored under version 1");
    server.publish(&policy::toml("").replace("Counts visits.", "Counts visits and pages."))?;
    let old = server.avow_ok(&["export", "--site", SITE, "--format", "ndjson", "--version", "1"])?;
    ensure!(old.contains(first.id()), "version 1: {old}");
    let new = server.avow_ok(&["export", "--site", SITE, "--format", "ndjson", "--version", "2"])?;
    ensure!(new.is_empty(), "version 2 has none yet: {new}");
    Ok(())
}

async fn the_file_is_the_same_as_the_output(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    ensure!(server.post(server.draft().await?.refusal()).await?.status == 201, "stored");
    let printed = server.avow_ok(&["export", "--site", SITE, "--format", "csv"])?;
    let path = server.file("out.csv", "")?;
    std::fs::remove_file(&path)?;
    server.avow_ok(&["export", "--site", SITE, "--format", "csv", "--out", &path.display().to_string()])?;
    let written = std::fs::read_to_string(&path).context("read the export")?;
    ensure!(written == printed, "{written}\n{printed}");
    Ok(())
}

avow_tests::on_both!(
    both_doors_give_the_same_bytes,
    an_export_needs_a_dpo_of_that_site,
    a_spreadsheet_cannot_be_made_to_calculate,
    records_of_a_superseded_version_stay_apart,
    the_file_is_the_same_as_the_output,
);
