//! Publishing: versions never change, old ones are accepted for a time, mistakes are named.

use anyhow::{Context, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::policy::{self, SITE};
use avow_tests::server::TestServer;
use avow_tests::time::until;

async fn a_superseded_version_is_still_accepted(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let old = server.draft().await?;
    server.publish(&policy::toml("").replace("Counts visits.", "Counts visits and pages."))?;
    until("the new version", || async {
        let policy = server.get(&format!("/v1/sites/{SITE}/policy")).await?.json();
        Ok((policy["version"] == 2).then_some(()))
    })
    .await?;
    let reply = server.post(old.grant()).await?;
    ensure!(reply.status == 201, "who saw version 1 may answer it: {} {}", reply.status, reply.text());
    let new = server.draft().await?;
    ensure!(server.post(new.grant()).await?.status == 201, "and version 2");
    let crossed = new.grant().with("/policy/version", 1);
    ensure!(server.post(crossed).await?.problem()? == "unknown-version", "number and hash must fit");
    Ok(())
}

async fn publishing_the_same_again_makes_no_version(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    server.publish(&policy::toml(""))?;
    let policy = server.get(&format!("/v1/sites/{SITE}/policy")).await?.json();
    ensure!(policy["version"] == 1, "{}", policy["version"]);
    Ok(())
}

async fn mistakes_are_named_with_file_line_and_rule(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let good = policy::toml("");
    let cases = [
        (
            "basis = \"consent\"\nlawful_basis = \"consent\"",
            "basis = \"legitimate_interests\"\nlawful_basis = \"consent\"",
        ),
        ("category = \"analytics\"", "category = \"necessary\""),
        ("id = \"analytics\"", "id = \"Analytics!\""),
        ("kind = \"local\"", "kind = \"crystal\""),
        ("schema = 1", "schema = 2"),
        ("[look]", "[look]\nblink = true"),
    ];
    for (from, to) in cases {
        let bad = good.replacen(from, to, 1);
        ensure!(bad != good, "the case {to} spoils something");
        let path = server.file("bad.toml", &bad)?;
        let done = server.avow(&["site", "publish", &path.display().to_string()])?;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        ensure!(!done.status.success(), "{to} was accepted");
        let named = said.split("bad.toml:").nth(1).and_then(|rest| rest.split([':', ' ']).next());
        let line = named.and_then(|line| line.parse::<usize>().ok());
        line.with_context(|| format!("{to}: the message names file and line: {said}"))?;
    }
    let policy = server.get(&format!("/v1/sites/{SITE}/policy")).await?.json();
    ensure!(policy["version"] == 1, "nothing of it was published");
    Ok(())
}

avow_tests::on_both!(
    a_superseded_version_is_still_accepted,
    publishing_the_same_again_makes_no_version,
    mistakes_are_named_with_file_line_and_rule,
);
