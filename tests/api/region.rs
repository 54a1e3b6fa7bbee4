//! The law of where a visitor is: found by their address, believed by its seal, and kept in the record.

use anyhow::{Context as _, Result, ensure};
use avow_tests::database::Kind;
use avow_tests::decision::{Body, Draft};
use avow_tests::geo;
use avow_tests::policy::{self, SITE, following, opting_out};
use avow_tests::server::{Reply, Setup, TestServer};
use avow_tests::time::until;
use reqwest::Method;
use serde_json::{Value, json};

async fn region(server: &TestServer, headers: &[(&str, &str)]) -> Result<Value> {
    let draft = server.draft().await?;
    let mut request = server.request(Method::GET, &format!("/site/{SITE}/{}/region.json", draft.hash()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let reply = Reply::read(request.send().await?).await?;
    ensure!(reply.status == 200, "{} {}", reply.status, reply.text());
    ensure!(reply.header("cache-control") == "private, no-store", "{:?}", reply.headers);
    ensure!(reply.header("access-control-allow-origin") == "*", "{:?}", reply.headers);
    ensure!(reply.header("set-cookie").is_empty(), "no identifier: {:?}", reply.headers);
    Ok(reply.json()["regime"].clone())
}

fn row(regime: &Value) -> &str {
    let id = regime["id"].as_str().unwrap_or_default();
    id.split('.').next().unwrap_or_default()
}

async fn the_law_of_where_a_visitor_is_decides_and_is_recorded(kind: Kind) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("geo.mmdb");
    std::fs::write(
        &file,
        geo::file(&[
            ("203.0.113.0/24", "GB", None),
            ("198.51.100.0/24", "FR", None),
            ("192.0.2.0/24", "US", Some("CA")),
        ])?,
    )?;
    let flags = ["--geo", &file.display().to_string(), "--trusted-proxy", "loopback"].map(str::to_owned);
    let setup =
        Setup { policies: vec![following(&policy::toml(""))], flags: flags.into(), ..Setup::on(kind) };
    let server = TestServer::start(setup).await?;
    for (address, id, behaviour, exempt, refusal) in [
        ("203.0.113.9", "gb", "consent_first", true, 180),
        ("198.51.100.9", "fr", "consent_first", false, 180),
        ("192.0.2.9", "us-ca", "consent_first", false, 400),
        ("8.8.8.8", "strictest", "consent_first", false, 180),
        ("not an address", "strictest", "consent_first", false, 180),
    ] {
        let regime = region(&server, &[("x-forwarded-for", address)]).await?;
        ensure!(row(&regime) == id, "{address}: {regime}");
        ensure!(regime["behaviour"] == behaviour && regime["exemptions"] == exempt, "{address}: {regime}");
        ensure!(regime["refusal_days"] == refusal, "{address}: {regime}");
        let named = regime["id"].as_str().context("an id")?;
        let draft = server.draft().await?.in_regime(named);
        let reply = server.post(&draft.grant()).await?;
        ensure!(reply.status == 201, "{} {}", reply.status, reply.text());
        let record: Value = serde_json::from_str(reply.json()["record"].as_str().context("a record")?)?;
        let source = if id == "strictest" { "default" } else { "geo" };
        ensure!(record["regime"] == json!({ "id": id, "source": source }), "{record}");
        ensure!(!record.to_string().contains(address), "no address in {record}");
    }
    // Two who ask from one country have one answer: it tells nobody from anybody.
    let (one, other) = (
        region(&server, &[("x-forwarded-for", "203.0.113.9")]).await?,
        region(&server, &[("x-forwarded-for", "203.0.113.200")]).await?,
    );
    ensure!(one == other, "{one} and {other}");
    let log = server.log();
    for address in ["203.0.113", "198.51.100", "192.0.2"] {
        ensure!(!log.contains(address), "{address} is in the log");
    }
    Ok(())
}

/// Where nothing needs consent there is nothing to refuse: who says no objects, and the record says so.
async fn a_no_to_what_is_exempt_is_an_objection(kind: Kind) -> Result<()> {
    let only_exempt = following(&policy::toml(""))
        .replace("id = \"video\"\ncategory = \"functional\"\nbasis = \"consent\"\nlawful_basis = \"consent\"", "id = \"video\"\ncategory = \"functional\"\nbasis = \"appearance\"\nlawful_basis = \"legitimate_interests\"");
    let end = only_exempt.find("[[purpose]]\nid = \"marketing\"").context("the last purpose")?;
    let texts = only_exempt.find("# Words of its own").context("texts follow")?;
    let policy = format!("{}{}", &only_exempt[..end], &only_exempt[texts..]);
    let policy = policy.replacen("refusal_record = \"keep\"", "refusal_record = \"none\"", 1);
    let flags = ["--country-header", "x-country", "--trusted-proxy", "loopback"].map(str::to_owned);
    let server =
        TestServer::start(Setup { policies: vec![policy], flags: flags.into(), ..Setup::on(kind) }).await?;
    for (country, event) in [("GB", Some("objected")), ("FR", None)] {
        let regime = region(&server, &[("x-country", country)]).await?;
        let draft = server.draft().await?.in_regime(regime["id"].as_str().context("an id")?);
        let body = draft.refusal();
        let reply = server.post(&body).await?;
        // In France it is a refusal, of which this policy keeps no record; an objection is kept as a withdrawal is.
        ensure!(
            reply.status == if event.is_some() { 201 } else { 200 },
            "{country}: {} {}",
            reply.status,
            reply.text()
        );
        let told = reply.json()["event"].clone();
        ensure!(told == event.unwrap_or("refused"), "{country}: {told}");
    }
    ensure!(server.records()?.len() == 1, "one is kept");
    Ok(())
}

/// Who leaves on what was on without an answer says nothing about it: no record claims a consent.
async fn what_is_left_on_is_not_answered(kind: Kind) -> Result<()> {
    let flags = ["--country-header", "x-country", "--trusted-proxy", "loopback"].map(str::to_owned);
    let policies = vec![opting_out(&policy::toml(""))];
    let server = TestServer::start(Setup { policies, flags: flags.into(), ..Setup::on(kind) }).await?;
    let draft_in = async |country: &str| -> Result<Draft> {
        let regime = region(&server, &[("x-country", country)]).await?;
        Ok(server.draft().await?.in_regime(regime["id"].as_str().context("an id")?))
    };
    let silent = async |country: &str| -> Result<Body> {
        Ok(draft_in(country).await?.decide(&[("marketing", false)]).with("/control", "save"))
    };
    for (country, behaviour, event) in [
        ("US-CA", "rights_first", "objected"),
        ("CA-ON", "notice_first", "objected"),
        // A no counts also where it is a part of the question.
        ("GB", "consent_first", "refused"),
        ("FR", "consent_first", "refused"),
        ("", "consent_first", "refused"),
    ] {
        let regime = region(&server, &[("x-country", country)]).await?;
        ensure!(regime["behaviour"] == behaviour, "{country}: {regime}");
        let body = silent(country).await?;
        let reply = server.post(&body).await?;
        ensure!(reply.status == 201, "{country}: {} {}", reply.status, reply.text());
        let record: Value = serde_json::from_str(reply.json()["record"].as_str().context("a record")?)?;
        ensure!(record["event"] == event, "{country}: {record}");
        let decisions = record["decisions"].as_array().context("decisions")?;
        ensure!(decisions.len() == 1 && decisions[0]["purpose"] == "marketing", "{country}: {record}");
        // The same again is the same, with the seal of the same cookie.
        let again = server.post(&body).await?;
        ensure!(again.status == 200 && again.json()["seal"] == reply.json()["seal"], "{}", again.text());
    }
    // Everything is answered by who accepts or rejects everything, and something by who saves.
    let draft = draft_in("US-CA").await?;
    for body in [draft.decide(&[("marketing", false)]), draft.decide(&[]).with("/control", "save")] {
        let reply = server.post(&body).await?;
        ensure!(
            reply.status == 422 && reply.problem()? == "missing-purpose",
            "{} {}",
            reply.status,
            reply.text()
        );
    }
    // Silence beside a yes is possible on what was on alone: a signal turns marketing off, and France asks for all.
    let some = &[("video", true), ("analytics", false)];
    let signalled = draft.decide(some).with("/control", "save").with("/signals/gpc", true);
    for body in [signalled, draft_in("FR").await?.decide(some).with("/control", "save")] {
        let reply = server.post(&body).await?;
        ensure!(
            reply.status == 422 && reply.problem()? == "missing-purpose",
            "{} {}",
            reply.status,
            reply.text()
        );
    }
    let reply = server.post(&draft.decide(some).with("/control", "save")).await?;
    ensure!(reply.json()["event"] == "partially_given", "{} {}", reply.status, reply.text());
    let reply = server.post(&draft.decide(&[("video", true)]).with("/control", "save")).await?;
    ensure!(reply.json()["event"] == "partially_given", "not everything: {}", reply.text());
    // A no counts although its region is not believed any more.
    let late = silent("US-CA").await?.with("/regime", "us-ca.1.AAAAAAAAAAAAAAAAAAAAAA");
    let reply = server.post(&late).await?;
    ensure!(reply.status == 201, "{} {}", reply.status, reply.text());
    // A grant needs an act, wherever it is given: it holds everywhere.
    let by_script = draft.grant().with("/input", "script");
    let reply = server.post(&by_script).await?;
    ensure!(reply.problem()? == "grant-without-gesture", "{} {}", reply.status, reply.text());
    Ok(())
}

/// The same of a form that needs no script: its options are set as things are.
async fn what_a_form_leaves_on_is_not_answered(kind: Kind) -> Result<()> {
    let flags = ["--country-header", "x-country", "--trusted-proxy", "loopback"].map(str::to_owned);
    let policies = vec![opting_out(&policy::toml(""))];
    let server = TestServer::start(Setup { policies, flags: flags.into(), ..Setup::on(kind) }).await?;
    let send = async |country: &str, answers: &[(&str, &str)]| -> Result<Reply> {
        let regime = region(&server, &[("x-country", country)]).await?;
        let mut form = vec![
            ("button", "save"),
            ("language", "en"),
            ("regime", regime["id"].as_str().unwrap_or_default()),
        ];
        let names: Vec<String> = answers.iter().map(|(id, _)| format!("purpose.{id}")).collect();
        form.extend(names.iter().map(String::as_str).zip(answers.iter().map(|(_, answer)| *answer)));
        let fields: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = server.request(Method::POST, &format!("/page/{SITE}/answer")).body(fields.join("&"));
        let by_hand = [
            ("origin", policy::ORIGIN),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-user", "?1"),
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let request = by_hand.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Reply::read(request.send().await?).await
    };
    let all = [("video", "on"), ("analytics", "on"), ("marketing", "on")];
    let reply = send("US-CA", &all).await?;
    ensure!(reply.status == 200 && reply.json()["event"] == "", "{} {}", reply.status, reply.text());
    ensure!(reply.header("set-cookie").is_empty() && server.records()?.is_empty(), "nothing was answered");
    let reply = send("US-CA", &[("video", "on"), ("analytics", "on"), ("marketing", "off")]).await?;
    ensure!(reply.json()["event"] == "objected", "{}", reply.text());
    let cookie = reply.header("set-cookie");
    ensure!(cookie.contains(".marketing:0~_on:1."), "{cookie}");
    ensure!(
        cookie.contains("; Max-Age=3455999") || cookie.contains("; Max-Age=34560000"),
        "400 days: {cookie}"
    );
    let records = server.records()?;
    ensure!(records.len() == 1 && !serde_json::to_string(&records)?.contains("video"), "{records:?}");
    // Where the same form asks, the same options are consent.
    let reply = send("FR", &[("video", "on"), ("analytics", "on"), ("marketing", "off")]).await?;
    ensure!(reply.json()["event"] == "partially_given", "{}", reply.text());
    ensure!(reply.header("set-cookie").contains("video:1~analytics:1~marketing:0."), "{:?}", reply.headers);
    Ok(())
}

async fn what_anybody_may_write_is_not_believed(kind: Kind) -> Result<()> {
    let policies = vec![following(&policy::toml(""))];
    let flags = vec!["--country-header".to_owned(), "CF-IPCountry".to_owned()];
    let stranger =
        TestServer::start(Setup { policies: policies.clone(), flags: flags.clone(), ..Setup::on(kind) })
            .await?;
    let spoofed = [("cf-ipcountry", "US"), ("x-forwarded-for", "203.0.113.9")];
    ensure!(row(&region(&stranger, &spoofed).await?) == "strictest", "no proxy is trusted");
    let draft = stranger.draft().await?;
    // A no counts however it comes: then under the policy's own regime.
    let no = stranger.post(&draft.refusal().with("/regime", "gb.500000.AAAAAAAAAAAAAAAAAAAAAA")).await?;
    ensure!(no.status == 201, "{} {}", no.status, no.text());
    let record: Value = serde_json::from_str(no.json()["record"].as_str().context("a record")?)?;
    ensure!(record["regime"] == json!({ "id": "strictest", "source": "default" }), "{record}");
    for forged in ["gb", "us-ca", "gb.500000.AAAAAAAAAAAAAAAAAAAAAA", "gb..", ""] {
        let reply = stranger.post(&draft.grant().with("/regime", forged)).await?;
        ensure!(
            reply.status == 422 && reply.problem()? == "invalid",
            "{forged}: {} {}",
            reply.status,
            reply.text()
        );
    }
    // Statistics that need no consent there need one here, with all that belongs to it.
    for (path, value) in [("/input", json!("script")), ("/ui/reject", json!(null))] {
        let reply = stranger
            .post(
                &draft
                    .decide(&[("video", false), ("analytics", true), ("marketing", false)])
                    .with(path, value),
            )
            .await?;
        ensure!(reply.problem()? == "grant-without-gesture", "{path}: {} {}", reply.status, reply.text());
    }
    let yes = stranger.post(&draft.grant()).await?;
    let record: Value = serde_json::from_str(yes.json()["record"].as_str().context("a record")?)?;
    ensure!(
        record["decisions"].as_array().is_some_and(|all| all.iter().all(|one| one["basis"] == "consent")),
        "{record}"
    );
    let flags = [flags, vec!["--trusted-proxy".to_owned(), "loopback".to_owned()]].concat();
    let behind = TestServer::start(Setup { policies, flags, ..Setup::on(kind) }).await?;
    for (header, id) in
        [("CH", "ch"), ("us-va", "us-va"), ("XX", "strictest"), ("T1", "strictest"), ("", "strictest")]
    {
        ensure!(row(&region(&behind, &[("cf-ipcountry", header)]).await?) == id, "{header}");
    }
    // Where nobody says for whom a proxy asks, the place would be the proxy's.
    ensure!(row(&region(&behind, &[]).await?) == "strictest", "no header");
    // What the visitor wrote stands beside what the proxy did: which is which nobody knows.
    let twice = [("cf-ipcountry", "US"), ("cf-ipcountry", "FR")];
    ensure!(row(&region(&behind, &twice).await?) == "strictest", "two values are none");
    // A region of another installation is none of this one's.
    let regime = region(&behind, &[("cf-ipcountry", "US")]).await?;
    let foreign = stranger.post(&draft.grant().with("/regime", regime["id"].clone())).await?;
    ensure!(foreign.status == 422, "{} {}", foreign.status, foreign.text());
    Ok(())
}

async fn a_site_that_treats_all_alike_has_one_regime(kind: Kind) -> Result<()> {
    let flags = ["--country-header", "x-country", "--trusted-proxy", "loopback"].map(str::to_owned);
    let server = TestServer::start(Setup { flags: flags.into(), ..Setup::on(kind) }).await?;
    let regime = region(&server, &[("x-country", "US-CA")]).await?;
    ensure!(regime["id"] == "gb" && regime["behaviour"] == "consent_first", "{regime}");
    let script = server.get(&format!("/site/{SITE}.js")).await?.text();
    ensure!(!script.contains("\"region\""), "its pages do not ask");
    let nowhere = server.get(&format!("/site/{SITE}/{}/region.json", "0".repeat(64))).await?;
    ensure!(nowhere.status == 404, "{}", nowhere.status);
    Ok(())
}

/// How often the running server could not use its file.
async fn refused(server: &TestServer) -> Result<u64> {
    let metrics = server.get("/metrics").await?.text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("avow_geo_refused_total "));
    Ok(line.map(str::parse).transpose()?.unwrap_or(0))
}

async fn a_new_file_is_taken_up_by_a_running_server(kind: Kind) -> Result<()> {
    let mut server = TestServer::start(Setup {
        policies: vec![following(&policy::toml(""))],
        flags: ["--trusted-proxy", "loopback"].map(str::to_owned).into(),
        ..Setup::on(kind)
    })
    .await?;
    let program = server.process().id();
    let from = [("x-forwarded-for", "203.0.113.9")];
    ensure!(row(&region(&server, &from).await?) == "strictest", "without a file nothing is known");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("new.mmdb");
    let good = geo::file(&[("203.0.113.0/24", "DE", None)])?;
    std::fs::write(&file, &good[..good.len() / 2])?;
    let done = server.avow(&["geo", "install", &file.display().to_string()])?;
    ensure!(!done.status.success(), "half a file is none");
    std::fs::write(&file, &good)?;
    server.avow_ok(&["geo", "install", &file.display().to_string()])?;
    let shown = server.avow_ok(&["geo", "show", "203.0.113.9"])?;
    ensure!(shown.trim() == "DE\tde", "{shown}");
    // It looks every ten seconds.
    let now_in = async |wanted: &'static str| {
        until(wanted, || async { Ok((row(&region(&server, &from).await?) == wanted).then_some(())) }).await
    };
    now_in("de").await?;
    ensure!(refused(&server).await? == 0, "nothing was refused so far");

    // Somebody copies past `avow geo install`, and the copy breaks off.
    let installed = server.database().data().join("geo.mmdb");
    let next = geo::file(&[("203.0.113.0/24", "FR", None), ("198.51.100.0/24", "GB", None)])?;
    std::fs::write(&installed, &next[..next.len() / 2])?;
    until("the half file to be refused", || async { Ok((refused(&server).await? > 0).then_some(())) })
        .await?;
    ensure!(row(&region(&server, &from).await?) == "de", "the file before is still in use");
    std::fs::write(&installed, &next)?;
    now_in("fr").await?;

    // Taken away, it is not true any longer.
    std::fs::remove_file(&installed)?;
    now_in("strictest").await?;
    ensure!(
        server.process().is_running()? && server.process().id() == program,
        "it was one server all along"
    );
    Ok(())
}

avow_tests::on_both!(
    the_law_of_where_a_visitor_is_decides_and_is_recorded,
    what_anybody_may_write_is_not_believed,
    a_no_to_what_is_exempt_is_an_objection,
    what_is_left_on_is_not_answered,
    what_a_form_leaves_on_is_not_answered,
    a_site_that_treats_all_alike_has_one_regime,
    a_new_file_is_taken_up_by_a_running_server
);
