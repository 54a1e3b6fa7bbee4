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

async fn publishing_names_the_languages_that_no_native_speaker_has_reviewed(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let say = |name: &str, policy: &str, command: &str| -> Result<String> {
        let path = server.file(name, policy)?;
        let done = server.avow(&["site", command, &path.display().to_string()])?;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        ensure!(done.status.success(), "{command} {name}: {said}");
        Ok(said)
    };
    let built_in = policy::in_languages(&policy::toml(""), &["en", "cy", "ar"])?;
    for command in ["check", "publish"] {
        let said = say("built-in.toml", &built_in, command)?;
        ensure!(
            said.contains("no native speaker has reviewed the built-in texts of en, cy, ar yet"),
            "{command}: {said}"
        );
    }
    // The control: where the owner has written every text, nobody else's is used.
    let welsh = include_str!("../../server/languages/cy.toml");
    let (_, texts) = welsh.split_once("[texts]").context("texts")?;
    let one = policy::in_languages(&policy::toml(""), &["en", "cy"])?;
    let own = format!("{one}\n[texts.cy]{texts}");
    for command in ["check", "publish"] {
        let said = say("own.toml", &own, command)?;
        ensure!(said.contains("the built-in texts of en yet"), "{command}: {said}");
    }
    Ok(())
}

async fn two_sites_of_one_registrable_domain_are_refused(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let declared = "domains = [\"www.shop.example\", \"*.branch.example\", \"shop.localhost\"]";
    let jobs = |domains: &str| {
        policy::toml("").replacen("site = \"shop\"", "site = \"jobs\"", 1).replacen(
            declared,
            &format!("domains = {domains}"),
            1,
        )
    };
    let publish = |policy: &str| {
        let path = server.file("jobs.toml", policy)?;
        server.avow(&["site", "publish", &path.display().to_string()])
    };
    for (domains, taken) in [
        ("[\"jobs.shop.example\"]", "www.shop.example"),
        ("[\"jobs.example\",\n  \"shop.example\"]", "www.shop.example"),
        ("[\"a.b.branch.example\"]", "*.branch.example"),
        ("[\"shop.localhost\"]", "shop.localhost"),
        ("[\"*.localhost\"]", "shop.localhost"),
    ] {
        let done = publish(&jobs(domains))?;
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let line = if domains.contains('\n') { 6 } else { 5 };
        ensure!(!done.status.success(), "{domains} was accepted");
        for part in
            [format!("jobs.toml:{line}:"), "[domain-taken]".to_owned(), format!("site {SITE} (`{taken}`)")]
        {
            ensure!(said.contains(&part), "{domains}: `{part}` is not in {said}");
        }
        // What is wrong with the file alone is all that can be checked without the database.
        let path = server.file("jobs.toml", &jobs(domains))?;
        server.avow_ok(&["site", "check", &path.display().to_string()])?;
    }
    ensure!(server.get("/v1/sites/jobs/policy").await?.status == 404, "nothing of it was published");
    let done = publish(&jobs("[\"jobs.shops.example\", \"jobs.localhost\"]"))?;
    ensure!(done.status.success(), "the control: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

async fn two_who_publish_at_once_do_not_both_get_the_domain(kind: Kind) -> Result<()> {
    let server = TestServer::on(kind).await?;
    let declared = "domains = [\"www.shop.example\", \"*.branch.example\", \"shop.localhost\"]";
    for round in 0..4 {
        let mut files = Vec::new();
        for name in ["one", "two", "three"] {
            let host = format!("{name}.round{round}.example");
            let policy = policy::toml("")
                .replacen("site = \"shop\"", &format!("site = \"{name}{round}\""), 1)
                .replacen(declared, &format!("domains = [{host:?}]"), 1);
            files.push(server.file(&format!("{name}{round}.toml"), &policy)?.display().to_string());
        }
        let publish = |file| server.avow(&["site", "publish", file]);
        let all = tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                let running: Vec<_> = files.iter().map(|file| scope.spawn(move || publish(file))).collect();
                running.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
            })
        });
        let mut published = 0;
        for done in all {
            let done = done?;
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            ensure!(done.status.success() || said.contains("[domain-taken]"), "{said}");
            published += usize::from(done.status.success());
        }
        ensure!(published == 1, "{published} of three have the domain");
    }
    Ok(())
}

avow_tests::on_both!(
    two_sites_of_one_registrable_domain_are_refused,
    two_who_publish_at_once_do_not_both_get_the_domain,
    a_superseded_version_is_still_accepted,
    publishing_the_same_again_makes_no_version,
    mistakes_are_named_with_file_line_and_rule,
    publishing_names_the_languages_that_no_native_speaker_has_reviewed,
);
